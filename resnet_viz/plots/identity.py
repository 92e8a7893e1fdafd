"""Can more layers do no harm? The error of nets that train on with blocks appended, against what it was before."""

from collections.abc import Mapping, Sequence

import pandas as pd
import plotly.graph_objects as go

from resnet_viz.plots.curves import USUAL, Curve, View, error_curves
from resnet_viz.plots.style import SYMBOLS, lay_out, pick_colors

APART = 0.14  # between the lines of two seeds, where nets are 1 apart


def error_against_start(curves: Sequence[Curve], before: Sequence[float], view: View = USUAL) -> go.Figure:
    """The figure of `error_curves`, and for each net the test error that it started from, 0 to 1, as a dashed line.

    Without numbers in `before` there are no such lines.
    """
    figure = error_curves(curves, view)
    for color, error in zip(pick_colors(curve.family for curve in curves), before, strict=False):
        figure.add_hline(y=100 * error, line={"color": color, "dash": "dash", "width": 1.5})
    return figure


def before_and_after(errors: pd.DataFrame, families: Mapping[str, str]) -> go.Figure:
    """Test error in % before (open) and after training on (filled), one line for each seed of each net.

    `errors` has columns net, seed, before and after (0 to 1); `families` by net, for the color.
    """
    figure = go.Figure()
    places = {net: place for place, net in enumerate(families)}
    for (net, family), color in zip(families.items(), pick_colors(families.values()), strict=True):
        part = errors[errors["net"] == net].sort_values("seed")
        for i, (seed, ends) in enumerate(zip(part["seed"], 100 * part[["before", "after"]].to_numpy(), strict=True)):
            figure.add_scatter(
                x=ends,
                y=[places[net] + APART * (i - (len(part) - 1) / 2)] * 2,
                customdata=["before", "after"],
                name=net,
                mode="lines+markers",
                line={"color": color},
                marker={"size": 10, "symbol": [f"{SYMBOLS[family]}-open", SYMBOLS[family]]},
                hovertemplate=f"seed {seed}, %{{customdata}}: %{{x:.1f}} %",
            )
    lay_out(figure, x="test error, %", y="", height=130 + 75 * len(families))
    figure.update_layout(hovermode="closest", showlegend=False)
    figure.update_xaxes(rangemode="tozero")
    return figure.update_yaxes(
        tickvals=list(places.values()), ticktext=list(places), range=[len(families) - 0.5, -0.5], automargin=True
    )


def same_error_deeper(errors: pd.DataFrame, families: Mapping[str, str]) -> go.Figure:
    """Test error in % of trained nets (filled) and of the same nets with layers that pass on what they get (open).

    `errors` has columns net, layers, deeper_layers, error and deeper_error (0 to 1); `families` by net, for the color.
    """
    figure = go.Figure()
    for (_, row), color in zip(errors.iterrows(), pick_colors(families[net] for net in errors["net"]), strict=True):
        symbol = SYMBOLS[families[row["net"]]]
        figure.add_scatter(
            x=[row["layers"], row["deeper_layers"]],
            y=[100 * row["error"], 100 * row["deeper_error"]],
            customdata=["trained", "the same with layers appended"],
            name=row["net"],
            mode="lines+markers",
            line={"color": color, "dash": "dash", "width": 2},
            marker={"size": 11, "symbol": [symbol, f"{symbol}-open"]},
            hovertemplate="%{customdata}: %{y:.1f} %",
        )
    lay_out(figure, x="layers", y="test error, %")
    figure.update_xaxes(tickvals=sorted({*errors["layers"], *errors["deeper_layers"]}))
    return figure.update_yaxes(rangemode="tozero")
