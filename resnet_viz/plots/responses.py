"""How strongly does each layer answer, and how large are its weights? He et al. 2015, Fig. 7, and its neighbour."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from resnet_viz.plots.style import LOG_AXIS, SYMBOLS, lay_out, pick_colors

LAYER = "layer"  # 1 is next to the picture; two panels leave no room for more on a narrow screen


def response_profile(frame: pd.DataFrame, families: Mapping[str, str]) -> go.Figure:
    """The response of each layer in its place (left) and sorted by size (right), all nets in one plot; no unit.

    Dotted at 1, where a batch norm begins. `frame` as lab.layer_responses gives it, with a column net; `families` by
    net, for the color.
    """
    figure = _two_panels("by layer", "sorted, the largest first", shared_yaxes=True)
    for net, part in _parts(frame, families):
        _add(figure, families, net, part, "response", 1, "%{customdata}: %{y:.3g}")
        largest_first = part.sort_values("response", ascending=False, kind="stable")
        _add(figure, families, net, largest_first, "response", 2, "%{customdata}: %{y:.3g}")
    lay_out(figure, x=LAYER, y="", panels=True)
    figure.update_xaxes(title="rank", col=2)
    figure.add_hline(y=1, line={"color": "gray", "dash": "dot", "width": 1})
    return figure.update_yaxes(title="response (standard deviation)", col=1)


def weight_profile(frame: pd.DataFrame, families: Mapping[str, str]) -> go.Figure:
    """The root mean square of each layer's weights (left), and their 2-norm (right), all nets in one plot; no unit.

    Both axes are logarithmic: in a plain net that does not learn, weights grow to many times the others. `frame` and
    `families` as in `response_profile`.
    """
    columns = {"weight_rms": "root mean square", "weight_norm": "2-norm"}
    figure = _two_panels(columns["weight_rms"], columns["weight_norm"])
    for net, part in _parts(frame, families):
        for panel, column in enumerate(columns, start=1):
            _add(figure, families, net, part, column, panel, "%{customdata}: %{y:.4g}")
    lay_out(figure, x=LAYER, y="", panels=True)
    return figure.update_yaxes(**LOG_AXIS)


def _two_panels(left: str, right: str, shared_yaxes: bool = False) -> go.Figure:
    return make_subplots(1, 2, shared_yaxes=shared_yaxes, subplot_titles=[left, right], horizontal_spacing=0.08)


def _parts(frame: pd.DataFrame, families: Mapping[str, str]) -> list[tuple[str, pd.DataFrame]]:
    return [(net, frame[frame["net"] == net]) for net in families]


def _add(
    figure: go.Figure, families: Mapping[str, str], net: str, part: pd.DataFrame, column: str, panel: int, hover: str
) -> None:
    """A line of one net; its layers are numbered from left to right as they come."""
    color = dict(zip(families, pick_colors(families.values()), strict=True))[net]
    figure.add_scatter(
        x=np.arange(1, len(part) + 1),
        y=part[column].to_numpy(),
        customdata=part["layer"].to_numpy(),
        name=net,
        legendgroup=net,
        showlegend=panel == 1,
        mode="lines+markers",
        line={"color": color},
        marker={"size": 6, "symbol": SYMBOLS[families[net]]},
        hovertemplate=hover,
        row=1,
        col=panel,
    )
