"""What does a net answer? The classes that it holds most likely, net beside net."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go

from resnet_viz.plots.style import as_text, lay_out, pick_colors

TOP = 5


@dataclass(frozen=True)
class Answer:
    """One net's probabilities for one picture, (classes,)."""

    name: str
    family: str
    probabilities: np.ndarray


def class_bars(answers: Sequence[Answer], classes: Sequence[str]) -> go.Figure:
    """Probabilities in % as bars, every net for the same classes: those that some net holds most likely."""
    likeliest = np.max([answer.probabilities for answer in answers], axis=0).argsort()[::-1][:TOP]
    names = [as_text(str(classes[i])) for i in likeliest]
    figure = go.Figure()
    for answer, color in zip(answers, pick_colors(answer.family for answer in answers), strict=True):
        figure.add_bar(
            x=answer.probabilities[likeliest] * 100,
            y=names,
            orientation="h",
            name=as_text(answer.name),
            marker={"color": color, "pattern": {"shape": "/" if answer.family == "plain" else ""}},
            hovertemplate="%{x:.1f} %",
        )
    lay_out(figure, x="probability, %", y="", height=90 + 44 * len(names))
    figure.update_layout(barmode="group", hovermode="closest")
    figure.update_xaxes(range=[0, 100])
    return figure.update_yaxes(type="category", autorange="reversed")
