"""What does training do to every layer? Gradients, weights, updates and responses, by step and by depth."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from resnet_viz.plots.style import LOG_AXIS, lay_out, pick_colors

MAX_COLUMNS = 300  # steps drawn in a heatmap
BESIDE_BRANCH = re.compile(r"\.(shortcut|gate)\.")
FLOOR = 1e-12  # stands for zero on a logarithmic scale


@dataclass(frozen=True)
class Norms:
    """A number of every layer of one run: its name, its family, and the frame as RunStore gives it (index step)."""

    name: str
    family: str
    frame: pd.DataFrame

    @property
    def main_path(self) -> pd.DataFrame:
        """The layers that the depth counts, numbered 1 to depth; projections and gates are left out."""
        frame = self.frame[[name for name in self.frame if not BESIDE_BRANCH.search(str(name))]]
        return frame.set_axis(range(1, frame.shape[1] + 1), axis=1)


def layer_heatmap(runs: Sequence[Norms], quantity: str = "gradient norm") -> go.Figure:
    """Layer by step, one panel a run, on one color scale: log10 of the quantity."""
    figure = make_subplots(1, len(runs), subplot_titles=[run.name for run in runs], shared_yaxes=True)
    for column, run in enumerate(runs, start=1):
        frame = _thin_out(run.main_path)
        figure.add_heatmap(
            x=frame.index.to_numpy(),
            y=frame.columns.to_numpy(),
            z=np.log10(np.maximum(frame.to_numpy().T, FLOOR)).round(2),
            coloraxis="coloraxis",
            hovertemplate="step %{x}, layer %{y}: 10^%{z:.2f}<extra>" + run.name + "</extra>",
            row=1,
            col=column,
        )
    lay_out(figure, x="training step", y="", height=420)
    figure.update_layout(
        coloraxis={
            "colorscale": "Viridis",
            "colorbar": {"title": {"text": f"log₁₀ {quantity}", "side": "right"}, "thickness": 12},
        },
        hovermode="closest",
    )
    figure.update_yaxes(title="layer (1 is next to the picture)", col=1)
    return figure


def layer_profile(runs: Sequence[Norms], step: int, quantity: str = "gradient norm") -> go.Figure:
    """The quantity against the layer at one step (the nearest recorded one), all runs in one plot; logarithmic."""
    figure = go.Figure()
    for run, color in zip(runs, pick_colors(run.family for run in runs), strict=True):
        frame = run.main_path
        if frame.empty:
            continue
        nearest = frame.index[np.abs(frame.index.to_numpy() - step).argmin()]
        figure.add_scatter(
            x=frame.columns.to_numpy(),
            y=np.maximum(frame.loc[nearest].to_numpy(dtype=float), FLOOR),
            name=f"{run.name}, step {nearest}",
            mode="lines+markers",
            line={"color": color, "width": 2},
            marker={"size": 4},
            hovertemplate="%{y:.2e}",
        )
    lay_out(figure, x="layer (1 is next to the picture)", y=quantity)
    return figure.update_yaxes(**LOG_AXIS)


def _thin_out(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.iloc[:: max(1, -(-len(frame) // MAX_COLUMNS))]
