"""What does each net look at? Attribution maps in rows that share a scale, nets beside one another."""

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import wrap

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from resnet_viz.plots.style import as_text, lay_out

MOST_SIDE = 112  # pixels of a map that go to the browser; larger ones are means over squares
CELL, TITLES, BAR = 180, 44, 64  # pixels of a row, above the first, and below the last
SCALES = {"row": "the largest of its row", "map": "the largest of each map"}
LINE = 20  # characters of a row's name that fit beside it
FAINT = 0.65  # of a map that lies on the picture


@dataclass(frozen=True)
class MapRow:
    """Maps (H, W) that are compared: one for each column, None where there is none yet.

    `signed` maps go below zero where pixels speak against the class.
    """

    title: str
    maps: tuple[np.ndarray | None, ...]
    signed: bool


def saliency_grid(
    pictures: Sequence[np.ndarray],
    columns: Sequence[str],
    rows: Sequence[MapRow],
    scale: str = "row",
    overlay: bool = False,
) -> go.Figure:
    """The picture at the left, then a map for each column: one row a method, all colors from -1 or 0 to 1.

    `pictures`, uint8 (H, W, C), are what the net of each column sees; the first stands at the left. 1 is the largest
    absolute value of SCALES. With `overlay` each map lies on its gray picture.
    """
    titles = ["the picture", *map(as_text, columns)] + [""] * (len(rows) - 1) * (len(columns) + 1)
    gap = {"horizontal_spacing": 0.02, "vertical_spacing": 0.04 / max(1, len(rows) - 1) if len(rows) > 1 else 0}
    figure = make_subplots(len(rows), len(columns) + 1, subplot_titles=titles, **gap)
    for r, row in enumerate(rows, 1):
        _add_picture(figure, pictures[0], r, 1)
        peaks = [np.abs(values).max() if values is not None else 0.0 for values in row.maps]
        for c, values in enumerate(row.maps, 2):
            if overlay:
                _add_picture(figure, _gray(pictures[c - 2]), r, c)
            peak = max(peaks) if scale == "row" else peaks[c - 2]
            name = f"{row.title}, {columns[c - 2]}"
            _add_map(figure, values, peak, name, r, c, FAINT if overlay else 1.0)
        middle = 1 - (r - 0.5) / len(rows)
        figure.add_annotation(
            text="<br>".join(as_text(line) for line in wrap(row.title, LINE)),
            x=0,
            y=middle,
            xref="paper",
            yref="paper",
            textangle=-90,
            xanchor="right",
            showarrow=False,
        )
    _finish(figure, any(row.signed for row in rows), TITLES + BAR + CELL * len(rows))
    return figure


def difference_map(first: np.ndarray, second: np.ndarray, names: tuple[str, str]) -> go.Figure:
    """Where the map (H, W) of one net is above that of another, each as a share of its own sum of absolute values.

    Red where the first looks more, blue where the second does; +-1 is the largest difference.
    """
    shares = [np.abs(values) / (np.abs(values).sum() or 1.0) for values in (first, second)]
    difference = shares[0] - shares[1]
    figure = make_subplots(1, 1)
    _add_map(figure, difference, np.abs(difference).max(), f"{names[0]} above {names[1]}", 1, 1)
    _finish(figure, True, 300)
    return figure.update_layout(coloraxis_colorbar_title_text=as_text(f"+ {names[0]}, - {names[1]}"))


def _add_picture(figure: go.Figure, picture: np.ndarray, row: int, column: int) -> None:
    z = np.broadcast_to(picture, (*picture.shape[:2], 3))
    side = z.shape[0]
    figure.add_image(
        z=z, dx=100 / side, dy=100 / side, x0=50 / side, y0=50 / side, row=row, col=column, hoverinfo="skip"
    )


def _gray(picture: np.ndarray) -> np.ndarray:
    return picture.mean(2, keepdims=True).astype(np.uint8)


def _add_map(
    figure: go.Figure, values: np.ndarray | None, peak: float, name: str, row: int, column: int, opacity: float = 1.0
) -> None:
    """A map on axes from 0 to 100 % of the picture, so that nets that see other sizes can share a picture."""
    if values is None:
        figure.add_heatmap(z=[[None]], x=[50], y=[50], showscale=False, row=row, col=column)
        return
    small = _reduce(np.asarray(values, dtype=float))
    place = (np.arange(len(small)) + 0.5) * 100 / len(small)
    figure.add_heatmap(
        z=(small / (peak or 1.0)).round(3),
        x=place,
        y=place,
        coloraxis="coloraxis",
        opacity=opacity,
        name=as_text(name),
        hovertemplate="%{y:.0f} % down, %{x:.0f} % across: %{z:.2f}<extra>" + as_text(name) + "</extra>",
        row=row,
        col=column,
    )


def _reduce(values: np.ndarray) -> np.ndarray:
    """A map (H, H) as means over squares, at most MOST_SIDE a side."""
    step = -(-len(values) // MOST_SIDE)
    if step == 1 or len(values) % step:
        return values
    side = len(values) // step
    return values.reshape(side, step, side, step).mean((1, 3))


def _finish(figure: go.Figure, signed: bool, height: int) -> None:
    lay_out(figure, x="", y="", height=height)
    scale = (
        {"cmin": -1, "cmax": 1, "colorscale": "RdBu_r"} if signed else {"cmin": 0, "cmax": 1, "colorscale": "Viridis"}
    )
    title = {"text": "share of the largest", "side": "top"}
    bar = {"orientation": "h", "y": 0, "yanchor": "top", "ypad": 4, "len": 0.6, "thickness": 8, "title": title}
    figure.update_layout(
        coloraxis=scale | {"colorbar": bar}, hovermode="closest", margin={"l": 24, "r": 8, "t": 44, "b": BAR}
    )
    figure.update_xaxes(visible=False, constrain="domain", range=[0, 100])
    figure.update_yaxes(visible=False, constrain="domain", range=[100, 0])
    for axis in figure.select_yaxes():
        axis.scaleanchor = axis.anchor
