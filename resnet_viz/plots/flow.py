"""Which way does the gradient take? Its parts by block, and by the length of the path that it comes along."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from resnet_viz.plots.style import LOG_AXIS, SYMBOLS, lay_out, pick_colors

WAYS = {"shortcut": "solid", "branch": "dot"}
PANELS = {
    "share_of_paths": "how many of the paths have this length",
    "log10_gradient": "gradient along one path of this length",
    "contribution": "both multiplied: the part of the gradient",
}


def gradient_ways(shares: pd.DataFrame, families: Mapping[str, str]) -> go.Figure:
    """The share of the gradient through the shortcut in % by block, and below it both parts, logarithmic.

    `shares` as lab.gradient_shares gives them, with a column net; `families` by net, for the color.
    """
    titles = ["the part through the shortcut", "2-norm of both parts"]
    figure = make_subplots(2, 1, shared_xaxes=True, subplot_titles=titles, vertical_spacing=0.14)
    for (net, family), color in zip(families.items(), pick_colors(families.values()), strict=True):
        part = shares[shares["net"] == net]
        common = {"x": part["position"].to_numpy(), "customdata": part["block"].to_numpy(), "legendgroup": net}
        figure.add_scatter(
            **common,
            y=100 * part["share"].to_numpy(),
            name=net,
            mode="lines+markers",
            line={"color": color},
            marker={"size": 7, "symbol": SYMBOLS[family]},
            hovertemplate="%{customdata}: %{y:.1f} %",
            row=1,
            col=1,
        )
        for way, dash in WAYS.items():
            figure.add_scatter(
                **common,
                y=part[way].to_numpy(),
                name=f"{net}, {way}",
                showlegend=False,
                mode="lines",
                line={"color": color, "dash": dash},
                hovertemplate="%{y:.2e}",
                row=2,
                col=1,
            )
    figure.add_hline(y=50, line={"color": "gray", "dash": "dot", "width": 1}, row=1, col=1)
    lay_out(figure, x="", y="", height=540, panels=True)
    figure.update_layout(legend_y=1.08)
    figure.update_xaxes(title="block (1 is next to the picture)", row=2)
    figure.update_yaxes(title="share of the gradient, %", range=[0, 100], row=1)
    return figure.update_yaxes(title="gradient norm", **LOG_AXIS, row=2)


def path_contributions(lengths: pd.DataFrame, families: Mapping[str, str]) -> go.Figure:
    """Three panels over the length of a path: paths in %, the gradient along one, and their product in %.

    The second is logarithmic, with a band from the weakest to the strongest path taken; dotted in the third is what the
    paths of a length come to when their gradients are added up, in parts of the sum over the lengths.
    `lengths` as lab.path_lengths gives them, with a column net (Veit et al. 2016, Fig. 6).
    """
    figure = make_subplots(3, 1, shared_xaxes=True, subplot_titles=list(PANELS.values()), vertical_spacing=0.09)
    for (net, family), color in zip(families.items(), pick_colors(families.values()), strict=True):
        part = lengths[lengths["net"] == net]
        x = part["length"].to_numpy()
        together = part["together"] / part["together"].sum()
        lines = {
            1: ("%{y:.3g} % of the paths", 100 * part["paths"] / part["paths"].sum()),
            2: ("%{y:.1e}", 10.0 ** part["log10_gradient"]),
            3: ("%{y:.2f} %", 100 * part["contribution"]),
        }
        _add_band(figure, x, 10.0 ** part["low"].to_numpy(), 10.0 ** part["high"].to_numpy(), color)
        for row, (hover, y) in lines.items():
            figure.add_scatter(
                x=x,
                y=y.to_numpy(),
                name=net,
                legendgroup=net,
                showlegend=row == 1,
                mode="lines+markers",
                line={"color": color},
                marker={"size": 6, "symbol": SYMBOLS[family]},
                hovertemplate=hover,
                row=row,
                col=1,
            )
        figure.add_scatter(
            x=x,
            y=100 * together.to_numpy(),
            name=f"{net}, added up",
            legendgroup=net,
            showlegend=False,
            mode="lines",
            line={"color": color, "dash": "dot"},
            hovertemplate="%{y:.2f} %",
            row=3,
            col=1,
        )
    lay_out(figure, x="", y="", height=720, panels=True)
    figure.update_layout(legend_y=1.06)
    figure.update_xaxes(title="blocks whose branch the path goes through", row=3)
    figure.update_yaxes(title="paths, %", rangemode="tozero", row=1)
    figure.update_yaxes(title="gradient norm", type="log", exponentformat="power", nticks=6, row=2)
    return figure.update_yaxes(title="gradient, %", rangemode="tozero", row=3)


def _add_band(figure: go.Figure, x: np.ndarray, low: np.ndarray, high: np.ndarray, color: str) -> None:
    """What lies between the weakest and the strongest path of each length, in the middle panel."""
    red, green, blue = (int(color[i : i + 2], 16) for i in (1, 3, 5))
    figure.add_scatter(
        x=np.concatenate([x, x[::-1]]),
        y=np.concatenate([high, low[::-1]]),
        fill="toself",
        fillcolor=f"rgba({red},{green},{blue},0.15)",
        line={"width": 0},
        mode="lines",
        hoverinfo="skip",
        showlegend=False,
        row=2,
        col=1,
    )
