"""How is a net built? Boxes and ways around them, drawn from top to bottom, and what each part costs."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Protocol

import plotly.graph_objects as go

from resnet_viz.plots.style import HEIGHT, pick_colors

ROW = 26  # pixels of a box and the gap below it
HALF_WIDTH, HALF_HEIGHT = 1.0, 0.36  # of a box, in the units of the axes
REACH, BLOCK_REACH = 0.55, 0.9  # how far a shortcut swings out, of a net and of one block
JOIN_GAP = 0.12  # between a shortcut's end and the sign where it meets the branch
TOP = -1.7  # where a drawing begins; its first box is at 0
GRAY = "rgba(128,128,128,0.55)"
FILLS = {  # see-through, for both themes
    "convolution": "rgba(0,114,178,0.20)",
    "fold": "rgba(128,128,128,0.10)",
    "max pooling": "rgba(0,158,115,0.25)",
    "average pooling": "rgba(0,158,115,0.25)",
    "fully connected": "rgba(213,94,0,0.25)",
}
STEP_FILLS = {"conv": FILLS["convolution"], "norm": "rgba(204,121,167,0.25)", "other": "rgba(240,228,66,0.25)"}
Trace = dict[str, Any]


@dataclass(frozen=True)  # what is drawn can be read-only
class Drawable(Protocol):
    """What a box must say; see resnet_viz.nets for one."""

    label: str
    about: str
    kind: str
    part: str
    block: int
    shortcut: str
    map_side: int


def net_drawing(boxes: Sequence[Drawable], size: int) -> go.Figure:
    """A net from the picture (top) to its scores: a box a layer, solid shortcuts, dashed ones where sizes change.

    As in He et al. 2015, Fig. 3. At the left stands the side of the map in pixels where it changes.
    """
    rows = {kind: [i for i, box in enumerate(boxes) if box.kind == kind] for kind in FILLS}
    traces = [_boxes(rows[kind], fill, dotted=kind == "fold") for kind, fill in FILLS.items() if rows[kind]]
    ways: dict[str, list[tuple[float, float]]] = {"identity": [], "resized": []}
    for _, group in groupby(enumerate(boxes), key=lambda item: (item[1].part, item[1].block)):
        members = list(group)
        if way := members[0][1].shortcut:
            ways[way].append((members[0][0] - 0.5, members[-1][0] + 0.5))
    for way, spans in ways.items():
        if spans:
            traces.append(_way(spans, f"{way} shortcut", dashed=way == "resized"))
    traces.append(_texts(0, range(len(boxes)), [(box.label, box.about) for box in boxes], "layers"))
    changes = [i for i, box in enumerate(boxes) if box.map_side != (boxes[i - 1].map_side if i else size)]
    sides = [(f"{size} px", "the picture"), *((f"{boxes[i].map_side} px", "side of the map") for i in changes)]
    traces.append(_texts(-HALF_WIDTH - 0.08, [-1, *changes], sides, "map", "middle left"))
    traces.append(_texts(0, [-1], [("picture", f"{size} x {size} pixels")], "picture"))
    return _figure(traces, rows=len(boxes) + 2)


def block_drawing(
    before: Sequence[tuple[str, str]],
    branch: Sequence[tuple[str, str]],
    around: Sequence[tuple[str, str]],
    after: Sequence[tuple[str, str]],
    join: str,
    projects: bool,
) -> go.Figure:
    """One block: its steps from x (top) to H(x), what is on the shortcut at the right, and where the two meet.

    The shortcut leaves at the top, a projection behind `before`.
    """
    main = [*before, *branch]
    meeting = len(main) if join else -1
    steps = [*main, *([(join, "the branch and the shortcut meet here")] if join else []), *after]
    kinds = [_step_kind(label) if i != meeting else "" for i, (label, _) in enumerate(steps)]
    rows = {kind: [i for i, found in enumerate(kinds) if found == kind] for kind in STEP_FILLS}
    traces = [_boxes(rows[kind], fill) for kind, fill in STEP_FILLS.items() if rows[kind]]
    if join:
        start = (len(before) if projects else 0) - 0.5
        traces.append(_way([(start, meeting)], "shortcut", dashed=projects, reach=BLOCK_REACH, gap=JOIN_GAP))
        middle = (start + meeting) / 2
        places = [middle + i - (len(around) - 1) / 2 for i in range(len(around))]
        x = HALF_WIDTH + BLOCK_REACH + 0.08
        traces.append(_texts(x, places, around, "on the shortcut", "middle right"))
    ends = [("x", "what comes in"), *steps, ("H(x)", "what goes out")]
    traces.append(_texts(0, range(-1, len(ends) - 1), ends, "steps"))
    return _figure(traces, rows=len(ends) + 1, right=4.6 if join else 1.8)


def _step_kind(label: str) -> str:
    return "conv" if "conv" in label else "norm" if label == "batch norm" else "other"


def _boxes(rows: Iterable[int], fill: str, dotted: bool = False) -> Trace:
    """Boxes at these rows as one trace: a thousand shapes would be slow."""
    x: list[float | None] = []
    y: list[float | None] = []
    for row in rows:
        x += [-HALF_WIDTH, HALF_WIDTH, HALF_WIDTH, -HALF_WIDTH, -HALF_WIDTH, None]
        y += [row - HALF_HEIGHT, row - HALF_HEIGHT, row + HALF_HEIGHT, row + HALF_HEIGHT, row - HALF_HEIGHT, None]
    line = {"color": GRAY, "width": 1, "dash": "dot" if dotted else "solid"}
    style = {"mode": "lines", "fill": "toself", "fillcolor": fill, "line": line, "hoverinfo": "skip"}
    return {"x": x, "y": y, "name": "boxes", **style}


def _way(
    spans: Iterable[tuple[float, float]], name: str, dashed: bool, reach: float = REACH, gap: float = 0.0
) -> Trace:
    """Ways around the boxes from a start to an end, as one broken line."""
    out = HALF_WIDTH + reach
    x: list[float | None] = []
    y: list[float | None] = []
    for start, end in spans:
        x += [0, out - 0.2, out, out, out - 0.2, gap, None]
        y += [start, start, start + 0.25, end - 0.25, end, end, None]
    line = {"color": pick_colors(["resnet"])[0], "dash": "dash" if dashed else "solid", "width": 2}
    return {"x": x, "y": y, "mode": "lines", "line": line, "hoverinfo": "skip", "name": name}


def _texts(
    x: float, rows: Iterable[float], texts: Iterable[tuple[str, str]], name: str, position: str = "middle center"
) -> Trace:
    """Words at these rows, each with what the pointer tells about it."""
    y, (words, about) = list(rows), zip(*texts, strict=True)
    place = {"x": [x] * len(y), "y": y, "mode": "text", "textposition": position, "name": name}
    return place | {"text": words, "hovertext": about, "hovertemplate": "%{hovertext}<extra></extra>"}


def _figure(traces: list[Trace], rows: int, right: float = 1.8) -> go.Figure:
    # In one call: each later update would cost milliseconds.
    layout = {
        "height": ROW * rows,
        "margin": {"l": 0, "r": 0, "t": 0, "b": 0},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "showlegend": False,
        "hovermode": "closest",
        "dragmode": False,
        "xaxis": {"visible": False, "range": [-1.8, right], "fixedrange": True},
        "yaxis": {"visible": False, "range": [TOP + rows, TOP], "fixedrange": True},
    }
    return go.Figure({"data": traces, "layout": layout})


def stage_bars(costs: Sequence[tuple[str, str, dict[str, tuple[int, int]]]]) -> go.Figure:
    """Parameters and multiply-adds of each part, net beside net.

    `costs` holds for each net its name, its family and by part (stem, stage1, ...) those two counts.
    """
    parts = sorted({part for _, _, cost in costs for part in cost}, key=_place_of)
    traces = []
    for (name, family, cost), color in zip(costs, pick_colors(family for _, family, _ in costs), strict=True):
        bar: Trace = {"type": "bar", "x": parts, "name": name, "legendgroup": name + color, "hovertemplate": "%{y:,}"}
        bar["marker"] = {"color": color, "pattern": {"shape": "/" if family == "plain" else ""}}
        for i, axis in enumerate(("", "2")):
            y = [cost.get(part, (0, 0))[i] for part in parts]
            traces.append(bar | {"y": y, "xaxis": f"x{axis}", "yaxis": f"y{axis}", "showlegend": i == 0})
    titles = [(0.22, "parameters"), (0.78, "multiply-adds")]
    heading = {"xref": "paper", "yref": "paper", "y": 1, "yanchor": "bottom", "showarrow": False}
    grid = {"gridcolor": "rgba(128,128,128,0.25)", "zeroline": False}
    layout = {
        "height": HEIGHT,
        "margin": {"l": 48, "r": 8, "t": 64, "b": 32},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "barmode": "group",
        "legend": {"orientation": "h", "x": 0, "y": 1.12, "yanchor": "bottom"},
        "annotations": [heading | {"x": x, "text": text} for x, text in titles],
        "xaxis": {"domain": [0, 0.44]},
        "xaxis2": {"domain": [0.56, 1], "anchor": "y2"},
        "yaxis": grid | {"exponentformat": "SI"},
        "yaxis2": grid | {"exponentformat": "SI", "anchor": "x2"},
    }
    return go.Figure({"data": traces, "layout": layout})  # in one call, as above


def _place_of(part: str) -> tuple[int, str]:
    return {"stem": 0, "head": 2}.get(part, 1), part
