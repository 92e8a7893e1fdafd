"""Do the figures of trust show every map, chance beside it, and the bar that a verdict goes by?"""

import numpy as np
import pandas as pd
import pytest

from resnet_viz.plots import COLORS, CheckedMap, cascade_curves, color_maps, deletion_curves, method_dots

SHARE = np.linspace(0, 1, 5)


def make_checked(method: str, family: str, likeness=(1.0, 0.5, 0.1)) -> CheckedMap:
    curves = pd.DataFrame({"share": SHARE, "deletion": 1 - SHARE, "insertion": SHARE})
    chance = curves.assign(deletion=0.5, insertion=0.5)
    parts = ["trained", "head", "stem"]
    return CheckedMap(method, f"{family}-8", family, curves, chance, parts, np.array(likeness))


def test_deletion_and_insertion_stand_beside_one_another_with_chance_in_both():
    figure = deletion_curves([make_checked(m, f) for f in ("plain", "resnet") for m in ("Saliency", "Grad-CAM")])
    by_name = [trace for trace in figure.data if trace.name == "Saliency"]
    assert [trace.y.tolist() for trace in by_name] == [(1 - SHARE).tolist()] * 2 + [SHARE.tolist()] * 2
    assert [trace.line.color for trace in by_name] == [COLORS["plain"][0], COLORS["resnet"][0]] * 2
    assert [trace.xaxis for trace in by_name] == ["x", "x3", "x2", "x4"]
    assert sum(trace.name == "random order" for trace in figure.data) == 4
    assert [trace.name for trace in figure.data if trace.showlegend].count("Saliency") == 1
    methods = {trace.name: (trace.line.dash, trace.marker.symbol) for trace in figure.data if trace.marker.symbol}
    assert len(set(methods.values())) == 2


def test_a_cascade_is_drawn_with_the_bar_and_the_names_of_its_parts():
    figure = cascade_curves([make_checked("Saliency", "plain"), make_checked("Saliency", "resnet")], 0.75)
    assert [trace.y.tolist() for trace in figure.data] == [[1.0, 0.5, 0.1]] * 2
    assert list(figure.data[0].customdata) == ["trained", "head", "stem"]
    assert {shape.y0 for shape in figure.layout.shapes} == {0.75}


def test_maps_are_colored_by_sign_and_each_by_its_own_largest_value():
    maps = np.zeros((3, 2, 2))
    maps[0, 0, 0], maps[0, 0, 1], maps[1, 0, 0] = 2.0, -2.0, 0.01
    colored = color_maps(maps, signed=True)
    assert (colored.shape, colored.dtype) == ((3, 2, 2, 3), np.uint8)
    red, blue, small, nothing = colored[0, 0, 0], colored[0, 0, 1], colored[1, 0, 0], colored[2, 0, 0]
    assert red[0] > red[2]
    assert blue[2] > blue[0]
    assert (small == red).all()
    assert nothing.min() > 230  # white: a map of nothing has no color
    dark, bright = color_maps(np.array([[[0.0, 1.0]]]), signed=False)[0, 0]
    assert bright.sum() > dark.sum()


def test_dots_have_bars_of_two_standard_errors_and_stand_in_the_order_given():
    rows = [(net, method, "deletion", 0.2, 0.01) for net in ("a", "b") for method in ("saliency", "random")]
    means = pd.DataFrame(rows, columns=["net", "method", "measure", "mean", "error"])
    methods = {"random": "random order", "saliency": "Saliency", "grad_cam": "Grad-CAM"}
    figure = method_dots(means, {"a": "plain", "b": "resnet"}, methods, "deletion", "deletion area")
    first, second = figure.data
    assert list(first.y) == ["random order", "Saliency"]
    assert first.error_x.array.tolist() == pytest.approx([0.02, 0.02])
    assert (first.marker.color, second.marker.color) == (COLORS["plain"][0], COLORS["resnet"][0])
    assert list(figure.layout.yaxis.categoryarray)[-1] == "random order"  # plotly counts from below
