"""How do nets learn? Loss and error against steps, epochs or time: two nets or a hundred, smoothed, with their seeds.

What goes to the browser is bounded: all lines of a figure share BUDGET points, chosen so that each keeps its extremes.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import floor, isnan, log10, nan
from statistics import fmean
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.colors import hex_to_rgb
from tsdownsample import MinMaxLTTBDownsampler

from resnet_viz.plots.style import DASHES, HEIGHT, LOG_AXIS, as_text, lay_out, pick_colors

HIGHEST_LOSS = 30.0  # drawn at first; guessing among ten classes costs 2.3
MAX_POINTS = 800  # of one line; more than a screen shows
BUDGET = 40_000  # points of all lines together
FEW = 8  # nets that a legend and a hover label can name
ABSCISSAS = {"step": "training step", "epoch": "epoch", "time": "training time"}
Y_SCALES = ("usual", "linear", "log")  # the usual one is logarithmic for the loss, linear for the error
UNITS = (("s", 1.0), ("min", 60.0), ("h", 3600.0))
MOST_OF_A_UNIT = 300.0
LEAST_POINTS = 16
ROUND = (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10)  # times a power of ten: where an axis ends that grows
FAMILIES = {"plain": "plain", "resnet": "residual", "vgg": "VGG"}
RAW = {"opacity": 0.25, "showlegend": False, "hoverinfo": "skip", "hovertemplate": None, "mode": "lines"}  # faint
LEGEND_LINE, LETTERS, USUAL_LINES = 19, 46, 3  # pixels, letters in a line of half a page, lines that need no room


@dataclass(frozen=True)
class Curve:
    """What a run has to draw: its name, its family for the color, and its frames as RunStore gives them.

    Runs of one `group` differ in their seed alone; the group's name stands for them. `an_epoch` are its steps in an
    epoch, `pace` the seconds of a step; `planned` the steps that it is to reach, of a run that is still on its way.
    """

    name: str
    family: str
    steps: pd.DataFrame
    evaluations: pd.DataFrame
    group: str = ""
    an_epoch: float = nan
    pace: float = nan
    planned: float = nan


@dataclass(frozen=True)
class View:
    """How curves are drawn.

    Against `x` of ABSCISSAS, logarithmic with `x_log`, the ordinate on one of Y_SCALES. `smoothing` is the weight of
    the past in a moving average, 0 to 0.99. With `bands` runs of one group are one line with a band.
    """

    x: str = "step"
    x_log: bool = False
    y: str = "usual"
    smoothing: float = 0.0
    bands: bool = False

    @property
    def axes(self) -> str:
        """What a reader's zoom is good for: another text where an axis means something else."""
        return f"{self.x} {self.x_log} {self.y}"


USUAL = View()


def width_of_step(x: str, an_epoch: float, pace: float) -> float:
    """What a step is on an axis of ABSCISSAS: 1, a part of an epoch, or seconds; NaN where that is not known yet."""
    return {"step": 1.0, "epoch": 1 / an_epoch if an_epoch else nan, "time": pace}[x]


def abscissa(runs: Sequence[tuple[float, float]], x: str) -> tuple[str, float]:
    """The title of an axis of ABSCISSAS, and its unit in what `width_of_step` counts.

    `runs` are given by the seconds of a step and the last step.
    """
    if x != "time":
        return ABSCISSAS[x], 1.0
    longest = max((pace * last for pace, last in runs if np.isfinite(pace)), default=0.0)
    name, unit = next((one for one in UNITS if longest < MOST_OF_A_UNIT * one[1]), UNITS[-1])
    return f"{ABSCISSAS['time']}, {name}", unit


def with_room(last: float, most: float) -> float:
    """Where an axis ends that grows with `last`: at the next round number, so that it moves seldom, or at `most`."""
    power = 10 ** floor(log10(last))
    return min(most, next(end * power for end in ROUND if end * power >= last))


@dataclass(frozen=True)
class _Subject:
    """What is one line for each part: a run, or the runs of a group, with a step's width on the x axis."""

    name: str
    family: str
    color: str
    curves: list[Curve]
    width: float


def loss_curves(curves: Sequence[Curve], view: View = USUAL) -> go.Figure:
    """Training loss of every step (dotted) and test loss of every epoch (solid), by default on a logarithmic axis.

    The axis ends at HIGHEST_LOSS: in the first epochs the running averages of a deep net's batch norms have not
    settled, and its test loss can be many powers of ten above all that follows.
    """

    def read(curve: Curve, part: str) -> pd.Series:
        frame, column = (curve.steps, "loss") if part == "train" else (curve.evaluations, "test_loss")
        return _by_step(frame, column)

    figure = _draw(curves, view, read)
    figure.update_yaxes(title="cross-entropy loss")
    if view.y == "linear":
        return figure.update_yaxes(rangemode="tozero", range=_loss_range(figure, np.asarray))
    return figure.update_yaxes(range=_loss_range(figure, np.log10), **LOG_AXIS)


def error_curves(curves: Sequence[Curve], view: View = USUAL) -> go.Figure:
    """Error in %: of the training batches, averaged over each epoch (dotted), and of the test set (solid)."""
    figure = _draw(curves, view, lambda curve, part: 100 * _by_step(curve.evaluations, f"{part}_error"))
    figure.update_yaxes(title="error, %")
    _say_if_empty(figure, view)
    return figure.update_yaxes(**LOG_AXIS) if view.y == "log" else figure.update_yaxes(rangemode="tozero")


def _say_if_empty(figure: go.Figure, view: View) -> None:
    """Of nets in their first epoch: the axes that their points will need, and when they come.

    What stands there is a line that nobody sees: a range that was given and is taken back leaves the axes where they
    were before it.
    """
    ends = figure.layout.xaxis.autorangeoptions.include
    if not ends or any(len(trace.x) for trace in figure.data):
        return
    lowest = float(view.y == "log")  # a logarithmic axis has no zero
    unseen = {"mode": "lines", "line": {"width": 0}, "showlegend": False, "hoverinfo": "skip", "hovertemplate": None}
    figure.add_scatter(x=[float(view.x_log), max(ends)], y=[lowest, 100], **unseen)
    place = {"xref": "paper", "yref": "paper", "x": 0.5, "y": 0.5, "showarrow": False}
    figure.add_annotation(text="The first points come<br>at the end of the first epoch.", **place)


def downsample(
    x: np.ndarray, y: np.ndarray, most: int = MAX_POINTS, along: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """At most `most` of the points, chosen so that the line keeps its extremes; NaN points are left out.

    They are spread evenly over the points, or where `along` is given over its values.
    """
    finite = np.isfinite(y)
    x, y = x[finite], y[finite]
    if len(x) <= most:
        return x, y
    places = () if along is None else (np.ascontiguousarray(along[finite], float),)
    picks = MinMaxLTTBDownsampler().downsample(*places, np.ascontiguousarray(y, float), n_out=most)
    return x[picks], y[picks]


def smooth(y: pd.Series, weight: float) -> pd.Series:
    """An exponential moving average: the mean of all values so far, each weighing `weight` times its successor.

    No value stands for what came before the first, so it is not drawn to it: s_n / (1 - weight^n), where
    s_n = weight s_(n-1) + (1 - weight) y_n and s_0 = 0.
    """
    return y.ewm(alpha=1 - weight, adjust=True, ignore_na=True).mean() if weight else y


def _by_step(frame: pd.DataFrame, column: str) -> pd.Series:
    return pd.Series(frame[column].to_numpy(float), index=frame["step"].to_numpy())


def _draw(curves: Sequence[Curve], view: View, read: Callable[[Curve, str], pd.Series]) -> go.Figure:
    """All lines of all subjects; `read` gives the ordinate of a curve's part by step."""
    lasts = [(curve.pace, float(curve.steps["step"].iloc[-1])) for curve in curves if len(curve.steps)]
    title, unit = abscissa(lasts, view.x)
    subjects = _subjects(curves, view, unit)
    lines = len(subjects) * len(DASHES) * (1 + bool(view.smoothing))
    most = min(MAX_POINTS, max(LEAST_POINTS, BUDGET // max(1, lines)))
    traces: list[dict[str, Any]] = []
    for subject in subjects:
        for part in DASHES:
            measured = [read(curve, part) for curve in subject.curves]
            smoothed = [smooth(series, view.smoothing) for series in measured]
            if len(measured) > 1:
                traces += _band(subject, part, pd.concat(smoothed, axis=1).sort_index(), view, most)
                continue
            if view.smoothing:
                raw = _line(subject, part, measured[0], view, most)[0]
                traces.append(raw | RAW | {"line": raw["line"] | {"dash": "solid"}})
            traces.append(_line(subject, part, smoothed[0], view, most)[0])
    if len(subjects) > FEW:
        _name_families(traces, subjects)
    figure = go.Figure(traces)  # at once: plotly copies what it is given with every single one
    lay_out(figure, x=title, y="", height=HEIGHT + _height_of_legend(traces))
    if len(subjects) > FEW:
        figure.update_layout(hovermode="closest")
    figure.update_xaxes(autorangeoptions={"include": _ends_ahead(curves, view, unit)})  # and a reader's zoom stays
    return figure.update_xaxes(**LOG_AXIS) if view.x_log else figure


def _ends_ahead(curves: Sequence[Curve], view: View, unit: float) -> list[float]:
    """Up to where the x axis reaches for each curve that still grows: the browser measures labels anew that move."""
    ends = []
    for curve in curves:
        width = width_of_step(view.x, curve.an_epoch, curve.pace) / unit
        if len(curve.steps) and curve.planned * width > 0:
            ends.append(with_room(float(curve.steps["step"].iloc[-1]) * width, curve.planned * width))
    return ends


def _subjects(curves: Sequence[Curve], view: View, unit: float) -> list[_Subject]:
    """One for each group of several curves where bands are drawn, and for each curve else, in order."""
    groups: dict[str, list[Curve]] = {}
    for i, curve in enumerate(curves):
        groups.setdefault(curve.group if view.bands and curve.group else f"curve {i}", []).append(curve)
    colors = pick_colors(members[0].family for members in groups.values())
    return [
        _Subject(
            f"{name}, {len(members)} runs" if len(members) > 1 else members[0].name,
            members[0].family,
            color,
            members,
            _width(members, view) / unit,
        )
        for (name, members), color in zip(groups.items(), colors, strict=True)
    ]


def _width(members: Sequence[Curve], view: View) -> float:
    """The mean width of a step; of those of a group that wait for their turn it is not known yet."""
    widths = [width_of_step(view.x, curve.an_epoch, curve.pace) for curve in members]
    known = [width for width in widths if not isnan(width)]
    return fmean(known) if known else nan


def _line(subject: _Subject, part: str, series: pd.Series, view: View, most: int) -> tuple[dict[str, Any], np.ndarray]:
    """A line of a subject as plotly takes it, and the steps that it shows."""
    steps = series.index.to_numpy(float)
    steps, y = downsample(steps, series.to_numpy(), most, np.log(steps) if view.x_log else None)
    line = {
        "type": "scatter",
        "x": _small(steps * subject.width),
        "y": _small(y),
        "name": f"{as_text(subject.name)}, {part}",
        "legendgroup": f"{subject.name} {part}",
        "mode": "lines" if len(steps) > 60 else "lines+markers",
        "line": {"color": subject.color, "dash": DASHES[part], "width": 2 if part == "test" else 1.5},
        "marker": {"size": 5},
        "showlegend": True,
        "hovertemplate": "%{y:.3g}",
        "hoverlabel": {"namelength": -1},
    }
    return line, steps


def _band(subject: _Subject, part: str, table: pd.DataFrame, view: View, most: int) -> list[dict[str, Any]]:
    """The mean of a group's runs, and a band from the least to the greatest of them; of those that came so far."""
    table = table.dropna(how="all")
    means, lows, highs = table.mean(axis=1), table.min(axis=1), table.max(axis=1)
    line, steps = _line(subject, part, means, view, most)
    x, low, high = _thin_out(means.index.to_numpy(float), lows.to_numpy(), highs.to_numpy(), most // 2)
    band = {
        "x": _small(np.concatenate([x, x[::-1]]) * subject.width),
        "y": _small(np.concatenate([high, low[::-1]])),
        "mode": "lines",
        "line": {"width": 0},
        "fill": "toself",
        "fillcolor": "rgba({}, {}, {}, 0.2)".format(*hex_to_rgb(subject.color)),
        "showlegend": False,
        "hoverinfo": "skip",
        "hovertemplate": None,
    }
    ends = np.stack([lows.loc[steps], highs.loc[steps], table.loc[steps].count(axis=1)], axis=-1).astype(np.float32)
    said = "mean %{y:.3g} (%{customdata[0]:.3g} to %{customdata[1]:.3g}, %{customdata[2]:d} runs)"
    return [line | band, line | {"customdata": ends, "hovertemplate": said}]


def _thin_out(x: np.ndarray, low: np.ndarray, high: np.ndarray, most: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A band of at most `most` places: each stands for some neighbours, with the least and the greatest of theirs."""
    if len(x) <= most:
        return x, low, high
    firsts = np.linspace(0, len(x), most, endpoint=False).astype(int)
    return x[firsts], np.minimum.reduceat(low, firsts), np.maximum.reduceat(high, firsts)


def _name_families(traces: Sequence[dict[str, Any]], subjects: Sequence[_Subject]) -> None:
    """Where there are too many lines for a legend, one entry for each family and part stands for all of them."""
    families = {f"{one.name} {part}": f"{FAMILIES[one.family]}, {part}" for one in subjects for part in DASHES}
    seen = set()
    for trace in traces:
        group = families[trace["legendgroup"]]
        trace["legendgroup"] = group
        trace["line"] = trace["line"] | {"width": min(1, trace["line"]["width"])}
        trace["mode"] = trace["mode"] if len(trace["x"]) < 2 else "lines"
        if trace["showlegend"]:
            trace["hovertemplate"] += f"<extra>{trace['name']}</extra>"
            trace |= {"name": group, "showlegend": group not in seen}
            seen.add(group)


def _height_of_legend(traces: Sequence[dict[str, Any]]) -> int:
    """The pixels that a long legend takes, beyond those that every figure has for it."""
    letters = sum(len(trace["name"]) + 8 for trace in traces if trace["showlegend"])
    return LEGEND_LINE * max(0, -(-letters // LETTERS) - USUAL_LINES)


def _small(values: np.ndarray) -> np.ndarray:
    """Half the bytes on their way to the browser; a screen shows no more digits."""
    return values.astype(np.float32)


def _loss_range(figure: go.Figure, scale: Callable[[np.ndarray], np.ndarray]) -> list[float] | None:
    """Between what the losses lie on an axis, cut at HIGHEST_LOSS; None leaves the choice to plotly."""
    values = np.concatenate([trace.y for trace in figure.data]) if figure.data else np.empty(0)
    values = values[np.isfinite(values) & (values > 0)]
    if not len(values) or values.max() < HIGHEST_LOSS:
        return None
    low, high = scale(np.array([values.min(), HIGHEST_LOSS]))
    return [float(low) - 0.1 if scale is np.log10 else 0.0, float(high)]
