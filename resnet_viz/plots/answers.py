"""What does a net see, and what does it answer? Attribution maps and class bars, net beside net."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from resnet_viz.plots.style import lay_out, pick_colors

TOP = 5


@dataclass(frozen=True)
class Answer:
    """One net's probabilities for one picture, (classes,), and its attribution map (H, W) where there is one."""

    name: str
    family: str
    probabilities: np.ndarray
    attribution: np.ndarray | None = None


def saliency_maps(picture: np.ndarray, answers: Sequence[Answer], signed: bool, shared: bool = True) -> go.Figure:
    """The picture, uint8 (H, W, C), then every net's map, all on one color scale from -1 or 0 to 1.

    1 is the largest absolute value of all maps, or of each map for itself where `shared` is False.
    `signed` maps go below zero where pixels speak against the class.
    """
    maps = [np.asarray(answer.attribution, dtype=float) for answer in answers]
    peaks = [np.abs(values).max() for values in maps]
    figure = make_subplots(1, 1 + len(answers), subplot_titles=["the picture", *(a.name for a in answers)])
    figure.add_image(z=np.broadcast_to(picture, (*picture.shape[:2], 3)), row=1, col=1, hoverinfo="skip")
    for column, (answer, values) in enumerate(zip(answers, maps, strict=True), start=2):
        peak = max(peaks) if shared else peaks[column - 2]
        figure.add_heatmap(
            z=(values / (peak or 1.0)).round(3),
            coloraxis="coloraxis",
            hovertemplate="row %{y}, column %{x}: %{z:.2f}<extra>" + answer.name + "</extra>",
            row=1,
            col=column,
        )
    lay_out(figure, x="", y="", height=360)
    scale = (
        {"cmin": -1, "cmax": 1, "colorscale": "RdBu_r"} if signed else {"cmin": 0, "cmax": 1, "colorscale": "Viridis"}
    )
    figure.update_layout(
        coloraxis=scale | {"colorbar": {"title": "share of<br>largest", "thickness": 12}},
        hovermode="closest",
        margin={"l": 8, "r": 8, "t": 40, "b": 8},
    )
    figure.update_xaxes(visible=False, constrain="domain")
    figure.update_yaxes(visible=False, autorange="reversed", constrain="domain")
    for column in range(1, len(answers) + 2):
        figure.update_yaxes(scaleanchor=f"x{column if column > 1 else ''}", col=column)
    return figure


def class_bars(answers: Sequence[Answer], classes: Sequence[str]) -> go.Figure:
    """Probabilities in % as bars, every net for the same classes: those that some net holds most likely."""
    likeliest = np.max([answer.probabilities for answer in answers], axis=0).argsort()[::-1][:TOP]
    names = [str(classes[i]) for i in likeliest]
    figure = go.Figure()
    for answer, color in zip(answers, pick_colors(answer.family for answer in answers), strict=True):
        figure.add_bar(
            x=answer.probabilities[likeliest] * 100,
            y=names,
            orientation="h",
            name=answer.name,
            marker={"color": color, "pattern": {"shape": "/" if answer.family == "plain" else ""}},
            hovertemplate="%{x:.1f} %",
        )
    lay_out(figure, x="probability, %", y="", height=90 + 44 * len(names))
    figure.update_layout(barmode="group", hovermode="closest")
    figure.update_xaxes(range=[0, 100])
    return figure.update_yaxes(type="category", autorange="reversed")
