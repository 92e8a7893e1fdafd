"""Do the drawings show every box and every way around it?"""

from dataclasses import dataclass
from typing import Any

from resnet_viz.plots import block_drawing, net_drawing, stage_bars


@dataclass
class Box:
    label: str
    part: str
    block: int
    shortcut: str
    map_side: int = 32
    kind: str = "convolution"
    about: str = "about"


BOXES: list[Any] = [
    Box("stem", "stem", 0, ""),
    Box("a", "stage1", 1, "identity"),
    Box("b", "stage1", 1, "identity"),
    Box("c", "stage1", 2, "identity"),
    Box("...", "stage1", 3, "", kind="fold"),
    Box("d", "stage2", 1, "resized", 16),
    Box("e", "stage2", 1, "resized", 16),
    Box("fc", "head", 0, "", 1, kind="fully connected"),
]


def trace(figure, name):
    return next(trace for trace in figure.data if trace.name == name)


def test_every_box_has_its_words_and_every_block_its_way_around():
    figure = net_drawing(BOXES, 32)
    assert list(trace(figure, "layers").text) == [box.label for box in BOXES]
    identity, resized = trace(figure, "identity shortcut"), trace(figure, "resized shortcut")
    assert (identity.line.dash, resized.line.dash) == ("solid", "dash")
    assert [identity.y[0], identity.y[5], identity.y[7], identity.y[12]] == [0.5, 2.5, 2.5, 3.5]
    assert min(y for y in resized.y if y is not None) == 4.5
    assert sum(y is None for y in identity.y) == 2
    drawn = [y for trace in figure.data if trace.name == "boxes" for y in trace.y if y is None]
    assert len(drawn) == len(BOXES)


def test_the_side_of_the_map_stands_where_it_changes():
    sides = trace(net_drawing(BOXES, 32), "map")
    assert list(zip(sides.text, sides.y, strict=True)) == [("32 px", -1), ("16 px", 5), ("1 px", 7)]


def test_a_drawing_grows_with_its_boxes_and_keeps_its_scale():
    small, large = net_drawing(BOXES, 32), net_drawing(BOXES * 100, 32)
    for figure in (small, large):
        bottom, top = figure.layout.yaxis.range
        assert figure.layout.height / (bottom - top) == 26
    assert len(large.data) == len(small.data)


def test_a_block_shows_its_steps_and_where_the_ways_meet():
    before, branch = [("batch norm", "")], [("3x3 conv, 16", ""), ("ReLU", "")]
    figure = block_drawing(before, branch, [("identity", "")], [], "⊕", projects=False)
    assert list(trace(figure, "steps").text) == ["x", "batch norm", "3x3 conv, 16", "ReLU", "⊕", "H(x)"]
    assert trace(figure, "shortcut").y[0] == -0.5
    assert trace(figure, "shortcut").y[-2] == 3
    projection = block_drawing(before, branch, [("1x1 conv, 16", "")], [], "⊕", projects=True)
    assert trace(projection, "shortcut").y[0] == 0.5
    assert trace(projection, "shortcut").line.dash == "dash"
    plain = block_drawing(before, branch, [], [], "", projects=False)
    assert not [trace for trace in plain.data if trace.name == "shortcut"]


def test_bars_stand_in_the_order_of_the_net():
    costs = {"stem": (1, 2), "stage1": (3, 4), "stage2": (5, 6), "head": (7, 8)}
    figure = stage_bars([("1. a", "plain", costs), ("2. b", "resnet", {"stage3": (9, 10)})])
    assert list(figure.data[0].x) == ["stem", "stage1", "stage2", "stage3", "head"]
    assert list(figure.data[0].y) == [1, 3, 5, 0, 7]
    assert list(figure.data[1].y) == [2, 4, 6, 0, 8]
    assert list(figure.data[2].y) == [0, 0, 0, 9, 0]
