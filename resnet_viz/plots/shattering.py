"""How fast do gradients forget where they were taken? Their correlation by lag, and by the depth of the net."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from resnet_viz.plots.style import COLORS, SYMBOLS, lay_out, shades_of

TITLES = {"plain": "plain", "resnet": "residual"}
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
NOISE = {"brown": "longdash", "white": "dot"}
LAST_LAG = 64
GRAY = "#808080"


def correlation_by_lag(curves: pd.DataFrame, noise: pd.DataFrame) -> go.Figure:
    """Autocorrelation against lag, means over the seeds, one line a depth: plain nets left, residual ones right.

    `curves` as lab.gradient_shattering gives them; `noise` has columns kind ("white", "brown"), lag, correlation.
    """
    families = [family for family in TITLES if (curves["family"] == family).any()]
    figure = make_subplots(1, len(families), shared_yaxes=True, subplot_titles=[TITLES[f] for f in families])
    for column, family in enumerate(families, start=1):
        part = curves[curves["family"] == family]
        depths = sorted(part["depth"].unique())
        for depth, color, dash in zip(depths, shades_of(family, len(depths)), _dashes(len(depths)), strict=True):
            mean = part[part["depth"] == depth].groupby("lag")["correlation"].mean()
            line = {"color": color, "dash": dash, "width": 2}
            _add_line(figure, mean, f"{depth} layers", line, column)
        for kind, dash in NOISE.items():
            mean = noise[noise["kind"] == kind].groupby("lag")["correlation"].mean()
            line = {"color": GRAY, "dash": dash, "width": 1.5}
            _add_line(figure, mean, f"{kind} noise", line, column)
    lay_out(figure, x="lag, points of the line", y="", height=440, panels=True)
    # At the foot of the figure: on a narrow screen the legend has many rows.
    figure.update_layout(legend={"yref": "container", "y": 0}, margin={"t": 40, "b": 140})
    figure.update_yaxes(range=[-0.15, 1.05])
    return figure.update_yaxes(title="correlation of gradients", col=1)


def correlation_by_depth(near: pd.DataFrame, noise: float, y: str) -> go.Figure:
    """One number of every net against its depth: means of the seeds, bars from the least to the most.

    `near` has columns family, depth, seed, value; `noise` is what a random walk comes to, dashed; y names the axis.
    """
    figure = go.Figure()
    for family, title in TITLES.items():
        groups = near[near["family"] == family].groupby("depth")["value"]
        mean, low, high = groups.mean(), groups.min(), groups.max()
        figure.add_scatter(
            x=mean.index.to_numpy(),
            y=mean.to_numpy(),
            error_y={"array": np.asarray(high - mean), "arrayminus": np.asarray(mean - low), "thickness": 1},
            name=title,
            mode="lines+markers",
            line={"color": COLORS[family][0]},
            marker={"size": 8, "symbol": SYMBOLS[family]},
            hovertemplate="%{y:.2f}",
        )
    line = {"color": GRAY, "dash": NOISE["brown"], "width": 1.5}
    figure.add_hline(y=noise, line=line, annotation={"text": "brown noise", "font": {"size": 11}})
    lay_out(figure, x="depth, layers", y=y)
    return figure.update_yaxes(rangemode="tozero")


def _add_line(figure: go.Figure, values: pd.Series, name: str, line: dict[str, object], column: int) -> None:
    near = values[values.index <= LAST_LAG]
    figure.add_scatter(
        x=near.index.to_numpy(),
        y=near.to_numpy(),
        name=name,
        legendgroup=name,
        showlegend=column == 1,
        mode="lines",
        line=line,
        hovertemplate="%{y:.2f}",
        row=1,
        col=column,
    )


def _dashes(count: int) -> list[str]:
    return [DASHES[i % len(DASHES)] for i in range(count)]
