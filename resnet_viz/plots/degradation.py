"""Does a deeper net learn worse? Final errors against depth, and curves of all depths (He et al. 2015, Figs. 1, 6)."""

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go
from plotly.colors import hex_to_rgb
from plotly.subplots import make_subplots

from resnet_viz.plots.curves import Curve
from resnet_viz.plots.style import COLORS, DASHES, SYMBOLS, lay_out, shades_of

PARTS = {"train": "training error, %", "test": "test error, %"}
TITLES = {"plain": "plain", "resnet": "residual", "vgg": "VGG"}


def errors_by_depth(errors: pd.DataFrame) -> go.Figure:
    """Final training and test error in % against depth: means over the seeds, with every run as a point.

    `errors` has a row a run: family, depth, seed, train_error, test_error (0 to 1). A band reaches from the least to
    the largest error of a depth's seeds.
    """
    figure = make_subplots(1, 2, shared_yaxes=True, subplot_titles=list(PARTS.values()))
    for column, part in enumerate(PARTS, start=1):
        for family, runs in errors.groupby("family", sort=False):
            percent = (100 * runs[f"{part}_error"]).groupby(runs["depth"])
            _add_band(figure, str(family), percent.min(), percent.max(), column)
            _add_means(figure, str(family), percent.mean(), column)
            _add_points(figure, str(family), runs, part, column)
    lay_out(figure, x="layers", y="", panels=True, height=380)
    depths = sorted(errors["depth"].unique())
    figure.update_xaxes(tickvals=depths, ticktext=[str(depth) for depth in depths])
    figure.update_yaxes(rangemode="tozero")
    return figure.update_yaxes(title="error, %", col=1)


def _add_band(figure: go.Figure, family: str, low: pd.Series, high: pd.Series, column: int) -> None:
    red, green, blue = hex_to_rgb(COLORS[family][0])
    figure.add_scatter(
        x=[*low.index, *low.index[::-1]],
        y=[*high, *low[::-1]],
        fill="toself",
        fillcolor=f"rgba({red},{green},{blue},0.18)",
        line={"width": 0},
        mode="lines",
        name=f"{TITLES[family]}, range",
        legendgroup=family,
        showlegend=False,
        hoverinfo="skip",
        row=1,
        col=column,
    )


def _add_means(figure: go.Figure, family: str, means: pd.Series, column: int) -> None:
    figure.add_scatter(
        x=means.index.to_numpy(),
        y=means.to_numpy(),
        name=TITLES[family],
        legendgroup=family,
        showlegend=column == 1,
        mode="lines+markers",
        line={"color": COLORS[family][0], "width": 2},
        marker={"size": 9, "symbol": SYMBOLS[family]},
        cliponaxis=False,
        hovertemplate="mean %{y:.1f} %",
        row=1,
        col=column,
    )


def _add_points(figure: go.Figure, family: str, runs: pd.DataFrame, part: str, column: int) -> None:
    figure.add_scatter(
        x=runs["depth"].to_numpy(),
        y=100 * runs[f"{part}_error"].to_numpy(),
        customdata=runs["seed"].to_numpy(),
        name=f"{TITLES[family]}, runs",
        legendgroup=family,
        showlegend=False,
        mode="markers",
        marker={"size": 5, "symbol": f"{SYMBOLS[family]}-open", "color": COLORS[family][0]},
        cliponaxis=False,
        hovertemplate="seed %{customdata}: %{y:.1f} %",
        row=1,
        col=column,
    )


def curves_by_depth(curves: pd.DataFrame) -> go.Figure:
    """Training (dotted) and test error (solid) in % against the step, a panel a family, a shade a depth.

    `curves` has a row for every epoch of every run: family, depth, seed, step, train_error, test_error (0 to 1); lines
    are means over the seeds. Darker is deeper (He et al. 2015, Fig. 6).
    """
    families = list(curves["family"].unique())
    figure = make_subplots(1, len(families), shared_yaxes=True, subplot_titles=[TITLES[name] for name in families])
    for column, family in enumerate(families, start=1):
        runs = curves[curves["family"] == family]
        depths = sorted(runs["depth"].unique())
        for depth, color in zip(depths, shades_of(family, len(depths)), strict=True):
            means = runs[runs["depth"] == depth].groupby("step")[["train_error", "test_error"]].mean()
            for part, dash in DASHES.items():
                figure.add_scatter(
                    x=means.index.to_numpy(),
                    y=100 * means[f"{part}_error"].to_numpy(),
                    name=f"{TITLES[family]}-{depth}",
                    legendgroup=f"{family}-{depth}",
                    showlegend=part == "test",
                    mode="lines",
                    line={"color": color, "dash": dash, "width": 2 if part == "test" else 1.5},
                    hovertemplate=f"{depth} layers, {part}: %{{y:.1f}} %<extra></extra>",
                    row=1,
                    col=column,
                )
    lay_out(figure, x="training step", y="", panels=True, height=420)
    figure.update_layout(hovermode="closest").update_xaxes(rangemode="tozero")
    figure.update_yaxes(rangemode="tozero")
    return figure.update_yaxes(title="error, %", col=1)


def error_gaps(curves: Sequence[Curve]) -> go.Figure:
    """Error in % by step, a panel a net: training dotted, test solid, and the gap between them shaded."""
    titles = [curve.name.replace(" ", "<br>") for curve in curves]  # beside one another on a phone
    figure = make_subplots(1, len(curves), shared_yaxes=True, subplot_titles=titles)
    for column, curve in enumerate(curves, start=1):
        color = COLORS[curve.family][0]
        red, green, blue = hex_to_rgb(color)
        for part, dash in DASHES.items():
            figure.add_scatter(
                x=curve.evaluations["step"].to_numpy(),
                y=100 * curve.evaluations[f"{part}_error"].to_numpy(),
                name=PARTS[part].partition(",")[0],
                legendgroup=part,
                showlegend=column == 1,
                mode="lines",
                line={"color": color, "dash": dash, "width": 2},
                fill="tonexty" if part == "test" else None,
                fillcolor=f"rgba({red},{green},{blue},0.18)",
                cliponaxis=False,
                hovertemplate="%{y:.1f} %",
                row=1,
                col=column,
            )
    lay_out(figure, x="training step", y="", panels=True)
    figure.update_annotations(font_size=13)
    figure.update_xaxes(rangemode="tozero").update_yaxes(range=[0, 100])
    return figure.update_yaxes(title="error, %", col=1)
