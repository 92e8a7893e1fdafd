"""Can a map be trusted? Curves of deletion and insertion, likeness under random weights, and methods ranked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import ArrayLike
from plotly.colors import sample_colorscale, unlabel_rgb
from plotly.subplots import make_subplots

from resnet_viz.plots.style import COLORS, HEIGHT, SYMBOLS, lay_out, pick_colors

MARKS = ("circle", "square", "diamond", "cross", "x", "triangle-up")  # of methods, beside their shade and dash
LINES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
GAP = 0.24  # between rows of panels, times their number, as a share of the figure
CHANCE = "rgba(128,128,128,0.9)"
PANEL, ROW, FRAME = 250, 30, 130  # pixels: a panel of curves, a method among the dots, and what is around them


@dataclass(frozen=True, eq=False)
class CheckedMap:
    """What the checks of one map came to, for the curves.

    `curves` has columns share, deletion and insertion, `chance` the same for pixels in random order; `likeness` is how
    much the map is like that of the trained net after each of `parts` was drawn anew.
    """

    method: str
    net: str
    family: str
    curves: pd.DataFrame
    chance: pd.DataFrame
    parts: Sequence[str]
    likeness: np.ndarray


def deletion_curves(checked: Sequence[CheckedMap]) -> go.Figure:
    """The probability of the class without (left) and with only (right) the pixels named first; a row a net."""
    nets = list(dict.fromkeys(one.net for one in checked))
    titles = [f"{net}: {what}" for net in nets for what in ("deletion", "insertion")]
    figure = make_subplots(
        len(nets), 2, shared_xaxes=True, shared_yaxes=True, subplot_titles=titles, vertical_spacing=GAP / len(nets)
    )
    hover = "%{x:.0%} of the pixels: %{y:.1%}"
    for column, name in enumerate(("deletion", "insertion"), start=1):
        for one, style in _styled(checked):
            row = nets.index(one.net) + 1
            line = _line(one.method, one.net, one.curves["share"], one.curves[name], style, hover)
            figure.add_trace(line.update(showlegend=row == column == 1), row, column)
        for row, net in enumerate(nets, start=1):
            chance = next(one.chance for one in checked if one.net == net)
            style = {"mode": "lines", "line": {"color": CHANCE, "width": 3}}
            line = _line("random order", net, chance["share"], chance[name], style, hover)
            figure.add_trace(line.update(showlegend=row == column == 1), row, column)
    lay_out(figure, x="", y="", height=PANEL * len(nets) + 90, panels=True)
    figure.update_layout(legend={"y": 1 + 36 / (PANEL * len(nets))}, hovermode="closest")
    figure.update_annotations(font_size=13)
    figure.update_xaxes(title="share of the pixels", row=len(nets))
    figure.update_xaxes(tickformat=".0%")
    return figure.update_yaxes(title="probability", rangemode="tozero", col=1)


def _styled(checked: Sequence[CheckedMap]) -> list[tuple[CheckedMap, dict[str, Any]]]:
    """Each map with how its line is drawn: methods of a net differ in shade of its family's color, dash and mark."""
    methods = list(dict.fromkeys(one.method for one in checked))
    found = []
    for one in checked:
        i = methods.index(one.method)
        shades = COLORS[one.family]
        color = shades[i % len(shades)]
        marker = {"symbol": MARKS[i % len(MARKS)], "size": 6}
        found.append(
            (one, {"mode": "lines+markers", "line": {"color": color, "dash": LINES[i % len(LINES)]}, "marker": marker})
        )
    return found


def _line(name: str, net: str, x: ArrayLike, y: ArrayLike, style: Mapping[str, Any], hover: str) -> go.Scatter:
    said = f"{hover}<extra>{name}, {net}</extra>"
    return go.Scatter(x=np.asarray(x), y=np.asarray(y), name=name, legendgroup=name, hovertemplate=said, **style)


def cascade_curves(checked: Sequence[CheckedMap], bar: float) -> go.Figure:
    """How much each map is like that of the trained net while weights are drawn anew from the head on; a panel a net.

    `bar` is where a map counts as one that does not change.
    """
    nets = list(dict.fromkeys(one.net for one in checked))
    figure = make_subplots(1, len(nets), shared_yaxes=True, subplot_titles=nets)
    for one, style in _styled(checked):
        column = nets.index(one.net) + 1
        line = _line(one.method, one.net, range(len(one.parts)), one.likeness, style, "%{customdata}: %{y:.2f}")
        figure.add_trace(line.update(customdata=list(one.parts), showlegend=column == 1), 1, column)
    lay_out(figure, x="steps of the cascade", y="", height=HEIGHT + 30, panels=True)
    figure.add_hline(y=bar, line={"color": CHANCE, "dash": "dot", "width": 2})
    figure.update_layout(hovermode="closest")
    figure.update_xaxes(dtick=2)
    figure.update_yaxes(rangemode="tozero")
    return figure.update_yaxes(title="rank correlation", col=1)


def color_maps(maps: np.ndarray, signed: bool) -> np.ndarray:
    """Maps (N, H, W) as pictures uint8 (N, H, W, 3), each with its own largest absolute value as the end of the scale.

    Red speaks for the class and blue against it where maps are `signed`; else from dark to bright.
    """
    scale, low = ("RdBu_r", -1.0) if signed else ("Viridis", 0.0)
    table = np.array([unlabel_rgb(color) for color in sample_colorscale(scale, np.linspace(0, 1, 256))])
    peaks = np.abs(maps).max((1, 2), keepdims=True)
    values = maps / np.where(peaks == 0, 1, peaks)
    places = ((values - low) / (1 - low) * 255).round().clip(0, 255).astype(int)
    return table[places].round().astype(np.uint8)


def method_dots(
    means: pd.DataFrame, families: Mapping[str, str], methods: Mapping[str, str], measure: str, title: str
) -> go.Figure:
    """One measure: methods from top to bottom, a dot a net with a bar of two standard errors each way.

    `means` has columns net, method, measure, mean, error; `methods` says how each is called, in order.
    """
    figure = go.Figure()
    for (net, family), color in zip(families.items(), pick_colors(families.values()), strict=True):
        part = means[(means["net"] == net) & (means["measure"] == measure)].set_index("method")
        part = part.reindex([name for name in methods if name in part.index])
        figure.add_scatter(
            x=part["mean"].to_numpy(),
            y=[methods[name] for name in part.index],
            error_x={"array": 2 * part["error"].to_numpy(), "thickness": 1.5},
            name=net,
            mode="markers",
            marker={"color": color, "symbol": SYMBOLS[family], "size": 9},
            hovertemplate="%{y}: %{x:.3f}<extra>" + net + "</extra>",
        )
    lay_out(figure, x=title, y="", height=ROW * len(methods) + FRAME)
    figure.update_layout(hovermode="closest", margin={"l": 130})
    return figure.update_yaxes(categoryorder="array", categoryarray=list(methods.values())[::-1])
