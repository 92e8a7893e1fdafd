"""How does everything look? One color a family, told apart by color-blind readers and in gray, and one layout."""

import plotly.graph_objects as go

# Orange and blue of Okabe and Ito: apart for every kind of color vision, and in lightness.
COLORS = {"plain": "#D55E00", "resnet": "#0072B2"}
DASHES = {"train": "dot", "test": "solid"}
HEIGHT = 340
LOG_AXIS = {"type": "log", "dtick": 1, "exponentformat": "power", "minor": {"ticks": "outside", "ticklen": 3}}


def lay_out(figure: go.Figure, *, x: str, y: str, height: int = HEIGHT) -> go.Figure:
    """Give a figure the common layout: axis titles, a legend above the plot, no background of its own."""
    figure.update_layout(
        height=height,
        margin={"l": 60, "r": 16, "t": 40, "b": 48},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
        hovermode="x unified",
    )
    grid = {"gridcolor": "rgba(128,128,128,0.25)", "zeroline": False}
    figure.update_xaxes(title=x, **grid)
    figure.update_yaxes(title=y, **grid)
    return figure
