"""How does everything look? One color a family, told apart by color-blind readers and in gray, and one layout."""

from collections import Counter
from collections.abc import Iterable
from html import escape

import numpy as np
import plotly.graph_objects as go
from plotly.colors import sample_colorscale

# Orange, blue and green of Okabe and Ito: apart for every kind of color vision; then neighbours of them. All have a
# contrast of 3 and more on the light ground and on the dark one.
COLORS = {
    "plain": ("#D55E00", "#C07A00", "#B03A2E", "#A8642A"),
    "resnet": ("#0072B2", "#1E90C9", "#5E55C0", "#0F8BA0"),
    "vgg": ("#009E73", "#7A8C00", "#1B7F79", "#5E8C1A"),
}
DASHES = {"train": "dot", "test": "solid"}
SYMBOLS = {"plain": "square", "resnet": "circle", "vgg": "diamond"}
HEIGHT = 340
# With few ticks plotly takes powers of ten over several decades, and 2 and 5 between them within one.
SMALL_TICKS = {"ticks": "outside", "ticklen": 3}
LOG_AXIS = {"type": "log", "nticks": 5, "exponentformat": "power", "minor": SMALL_TICKS, "ticklabelstandoff": 7}


def pick_colors(families: Iterable[str]) -> list[str]:
    """A color for each net: that of its family, a shade of it where the family comes again."""
    seen: Counter[str] = Counter()
    colors = []
    for family in families:
        shades = COLORS[family]
        colors.append(shades[seen[family] % len(shades)])
        seen[family] += 1
    return colors


def shades_of(family: str, count: int) -> list[str]:
    """A color for each of `count` nets of a family, from the shallowest to the deepest."""
    middle, first, last, _spare = COLORS[family]
    places = [0.5] if count == 1 else list(np.linspace(0, 1, count))
    return list(sample_colorscale([first, middle, last], places))


def as_text(name: str) -> str:
    """A name that others gave, for a figure: plotly takes <b>, <a> and &amp; in any text for markup."""
    return escape(name, quote=False)


def lay_out(figure: go.Figure, *, x: str, y: str, height: int = HEIGHT, panels: bool = False) -> go.Figure:
    """Give a figure the common layout: axis titles, a legend above the plot, no background of its own.

    With `panels` that have titles of their own the legend stands above these.
    """
    figure.update_layout(
        height=height,
        margin={"l": 60, "r": 16, "t": 72 if panels else 40, "b": 48},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        legend={"orientation": "h", "y": 1.14 if panels else 1.02, "yanchor": "bottom", "x": 0},
        hovermode="x unified",
    )
    grid = {"gridcolor": "rgba(128,128,128,0.25)", "zeroline": False}
    figure.update_xaxes(title=x, **grid)
    figure.update_yaxes(title=y, title_standoff=8, automargin=True, ticklabelstandoff=4, **grid)
    return figure
