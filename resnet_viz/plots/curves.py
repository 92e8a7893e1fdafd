"""How do the nets learn? Loss and error against the training step, plain over residual."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from tsdownsample import MinMaxLTTBDownsampler

from resnet_viz.plots.style import DASHES, LOG_AXIS, lay_out, pick_colors

HIGHEST_LOSS = 30.0  # drawn at first; guessing among ten classes costs 2.3
MAX_POINTS = 800  # of one line; more than a screen shows


@dataclass(frozen=True)
class Curve:
    """What a run has to draw: its name, its family for the color, and its frames as RunStore gives them."""

    name: str
    family: str
    steps: pd.DataFrame
    evaluations: pd.DataFrame


def loss_curves(curves: Sequence[Curve]) -> go.Figure:
    """Training loss of every step (dotted) and test loss of every epoch (solid), on a logarithmic axis.

    The axis ends at HIGHEST_LOSS: in the first epochs the running averages of a deep net's batch norms have not
    settled, and its test loss can be many powers of ten above all that follows.
    """
    figure = go.Figure()
    for curve, color in _colored(curves):
        step, loss = downsample(curve.steps["step"].to_numpy(), curve.steps["loss"].to_numpy())
        _add_line(figure, f"{curve.name}, train", color, "train", step, loss)
        _add_line(
            figure, f"{curve.name}, test", color, "test", curve.evaluations["step"], curve.evaluations["test_loss"]
        )
    lay_out(figure, x="training step", y="cross-entropy loss")
    return figure.update_yaxes(range=_loss_range(figure), **LOG_AXIS)


def _loss_range(figure: go.Figure) -> list[float] | None:
    """The exponents between which the losses lie, cut at HIGHEST_LOSS; None leaves the choice to plotly."""
    values = np.concatenate([trace.y for trace in figure.data]) if figure.data else np.empty(0)
    values = values[np.isfinite(values) & (values > 0)]
    if not len(values) or values.max() < HIGHEST_LOSS:
        return None
    return [float(np.log10(values.min())) - 0.1, float(np.log10(HIGHEST_LOSS))]


def error_curves(curves: Sequence[Curve]) -> go.Figure:
    """Error in %: of the training batches, averaged over each epoch (dotted), and of the test set (solid)."""
    figure = go.Figure()
    for curve, color in _colored(curves):
        for part in DASHES:
            error = curve.evaluations[f"{part}_error"] * 100
            _add_line(figure, f"{curve.name}, {part}", color, part, curve.evaluations["step"], error)
    lay_out(figure, x="training step", y="error, %")
    return figure.update_yaxes(rangemode="tozero")


def downsample(x: np.ndarray, y: np.ndarray, most: int = MAX_POINTS) -> tuple[np.ndarray, np.ndarray]:
    """At most `most` of the points, chosen so that the line keeps its extremes; NaN points are left out."""
    finite = np.isfinite(y)
    x, y = x[finite], y[finite]
    if len(x) <= most:
        return x, y
    picks = MinMaxLTTBDownsampler().downsample(np.ascontiguousarray(y), n_out=most)
    return x[picks], y[picks]


def _colored(curves: Sequence[Curve]) -> list[tuple[Curve, str]]:
    return list(zip(curves, pick_colors(curve.family for curve in curves), strict=True))


def _add_line(
    figure: go.Figure, name: str, color: str, part: str, x: pd.Series | np.ndarray, y: pd.Series | np.ndarray
) -> None:
    figure.add_scatter(
        x=np.asarray(x),
        y=np.asarray(y),
        name=name,
        mode="lines" if len(x) > 60 else "lines+markers",
        line={"color": color, "dash": DASHES[part], "width": 2 if part == "test" else 1.5},
        marker={"size": 5},
        hovertemplate="%{y:.3g}",
    )
