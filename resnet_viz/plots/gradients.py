"""What does training do to every layer? Gradients, weights, updates and responses, by step and by depth."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from math import nan

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from resnet_viz.plots.curves import abscissa, width_of_step
from resnet_viz.plots.style import LOG_AXIS, as_text, lay_out, pick_colors

MAX_COLUMNS = 300  # steps drawn in a heatmap
BESIDE_BRANCH = re.compile(r"\.(shortcut|gate)\.")
FLOOR = 1e-12  # stands for zero on a logarithmic scale


@dataclass(frozen=True)
class Norms:
    """A number of every layer of one run: its name, its family, and the frame as RunStore gives it (index step).

    `an_epoch` are the run's steps in an epoch, `pace` the seconds of a step.
    """

    name: str
    family: str
    frame: pd.DataFrame
    an_epoch: float = nan
    pace: float = nan

    @property
    def main_path(self) -> pd.DataFrame:
        """The layers that the depth counts, numbered 1 to depth; projections and gates are left out."""
        frame = self.frame[[name for name in self.frame if not BESIDE_BRANCH.search(str(name))]]
        return frame.set_axis(range(1, frame.shape[1] + 1), axis=1)

    def by_size(self, step: int) -> list[int]:
        """The layers' numbers, from the least to the greatest at the recorded step that is nearest."""
        frame = self.main_path
        sizes = frame.to_numpy()[frame.index.get_loc(self.nearest(step))]
        return [int(place) + 1 for place in np.argsort(sizes, kind="stable")]

    def nearest(self, step: int) -> int:
        """The recorded step that is nearest to one."""
        return int(self.frame.index[np.abs(self.frame.index.to_numpy() - step).argmin()])


@dataclass(frozen=True)
class LayerView:
    """How numbers of layers are drawn.

    Steps on the axis `x` of ABSCISSAS, logarithmic with `x_log`; the numbers logarithmic with `log`; the layers in
    their order, or where `sorted_at` is a step by their size at it.
    """

    x: str = "step"
    x_log: bool = False
    log: bool = True
    sorted_at: int | None = None


IN_ORDER = LayerView()


def layer_heatmap(runs: Sequence[Norms], quantity: str = "gradient norm", view: LayerView = IN_ORDER) -> go.Figure:
    """Layer by step, one panel a run, on one color scale: of the quantity, or of its logarithm to base 10."""
    figure = make_subplots(1, len(runs), subplot_titles=[as_text(run.name) for run in runs], shared_yaxes=True)
    title, unit = abscissa([(run.pace, float(run.frame.index.max())) for run in runs if len(run.frame)], view.x)
    for column, run in enumerate(runs, start=1):
        frame = _thin_out(run.main_path)
        frame = frame if view.sorted_at is None else frame[run.by_size(view.sorted_at)]
        values = frame.to_numpy(float).T  # (layers, steps)
        figure.add_heatmap(
            x=frame.index.to_numpy() * (width_of_step(view.x, run.an_epoch, run.pace) / unit),
            y=np.arange(1, len(values) + 1),
            z=np.log10(np.maximum(values, FLOOR)).round(2) if view.log else values.astype(np.float32),
            customdata=np.repeat(frame.columns.to_numpy()[:, None], len(frame), axis=1),
            coloraxis="coloraxis",
            hovertemplate="%{x:.4~g}, layer %{customdata}: "
            + ("10^%{z:.2f}" if view.log else "%{z:.3g}")
            + f"<extra>{as_text(run.name)}</extra>",
            row=1,
            col=column,
        )
    lay_out(figure, x=title, y="", height=420)
    scale = {"title": {"text": f"log₁₀ {quantity}" if view.log else quantity, "side": "right"}, "thickness": 12}
    figure.update_layout(coloraxis={"colorscale": "Viridis", "colorbar": scale}, hovermode="closest")
    figure.update_yaxes(title=_title_of_layers(quantity, view), col=1)
    return figure.update_xaxes(**LOG_AXIS) if view.x_log else figure


def layer_profile(
    runs: Sequence[Norms], step: int, quantity: str = "gradient norm", view: LayerView = IN_ORDER
) -> go.Figure:
    """The quantity against the layer at one step (the nearest recorded one), all runs in one plot."""
    figure = go.Figure()
    for run, color in zip(runs, pick_colors(run.family for run in runs), strict=True):
        frame = run.main_path
        if frame.empty:
            continue
        nearest = run.nearest(step)
        values = frame.loc[nearest]
        values = values if view.sorted_at is None else values[run.by_size(view.sorted_at)]
        figure.add_scatter(
            x=np.arange(1, len(values) + 1),
            y=np.maximum(values.to_numpy(dtype=float), FLOOR),
            customdata=values.index.to_numpy(),
            name=f"{as_text(run.name)}, step {nearest}",
            mode="lines+markers",
            line={"color": color, "width": 2},
            marker={"size": 4},
            hovertemplate="layer %{customdata}: %{y:.2e}",
        )
    lay_out(figure, x=_title_of_layers(quantity, view), y=quantity)
    return figure.update_yaxes(**LOG_AXIS) if view.log else figure.update_yaxes(rangemode="tozero")


def _title_of_layers(quantity: str, view: LayerView) -> str:
    if view.sorted_at is None:
        return "layer (1 is next to the picture)"
    return f"layers by {quantity} at step {view.sorted_at}"


def _thin_out(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.iloc[:: max(1, -(-len(frame) // MAX_COLUMNS))]
