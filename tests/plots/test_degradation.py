"""Do the figures of degradation show every run, its mean and its range, and a shade a depth?"""

import pandas as pd
import pytest

from resnet_viz.plots import COLORS, Curve, curves_by_depth, error_gaps, errors_by_depth
from resnet_viz.plots.style import shades_of

ERRORS = pd.DataFrame(
    [
        ("plain", 20, 0, 0.10, 0.20),
        ("plain", 20, 1, 0.20, 0.40),
        ("plain", 56, 0, 0.50, 0.60),
        ("resnet", 20, 0, 0.05, 0.10),
        ("resnet", 56, 0, 0.04, 0.08),
    ],
    columns=["family", "depth", "seed", "train_error", "test_error"],
)


def lines(figure, name):
    return [trace for trace in figure.data if trace.name == name]


def test_means_ranges_and_runs_are_in_percent_training_beside_test():
    figure = errors_by_depth(ERRORS)
    train, test = lines(figure, "plain")
    assert train.x.tolist() == [20, 56]
    assert train.y.tolist() == pytest.approx([15, 50])
    assert test.y.tolist() == pytest.approx([30, 60])
    band = lines(figure, "plain, range")[1]
    assert list(zip(band.x, band.y, strict=True)) == [(20, 40.0), (56, 60.0), (56, 60.0), (20, 20.0)]
    assert lines(figure, "plain, runs")[0].y.tolist() == pytest.approx([10, 20, 50])
    assert lines(figure, "plain, runs")[0].customdata.tolist() == [0, 1, 0]
    assert (train.line.color, lines(figure, "residual")[0].line.color) == (COLORS["plain"][0], COLORS["resnet"][0])
    assert [text.text for text in figure.layout.annotations] == ["training error, %", "test error, %"]
    assert "%" in figure.layout.yaxis.title.text
    assert list(figure.layout.xaxis.tickvals) == [20, 56]


def test_the_legend_names_each_family_once():
    shown = [trace.name for trace in errors_by_depth(ERRORS).data if trace.showlegend]
    assert shown == ["plain", "residual"]


def make_curves() -> pd.DataFrame:
    rows = [
        (family, depth, seed, step, 0.1 * (seed + 1), 0.2)
        for family in ("plain", "resnet")
        for depth in (20, 32, 56)
        for seed in (0, 1)
        for step in (10, 20)
    ]
    return pd.DataFrame(rows, columns=["family", "depth", "seed", "step", "train_error", "test_error"])


def test_curves_are_means_over_seeds_training_dotted_a_panel_a_family():
    figure = curves_by_depth(make_curves())
    train, test = lines(figure, "plain-20")
    assert (train.line.dash, test.line.dash) == ("dot", "solid")
    assert train.x.tolist() == [10, 20]
    assert train.y.tolist() == pytest.approx([15, 15])
    assert test.y.tolist() == pytest.approx([20, 20])
    assert [text.text for text in figure.layout.annotations] == ["plain", "residual"]
    assert {trace.xaxis for trace in lines(figure, "residual-56")} == {"x2"}


def test_a_depth_has_one_shade_and_deeper_is_another():
    figure = curves_by_depth(make_curves())
    shades = {trace.name: trace.line.color for trace in figure.data}
    assert len(set(shades.values())) == 6
    assert len(set(shades_of("plain", 5))) == 5
    assert len(shades_of("resnet", 1)) == 1


def test_one_family_alone_has_one_panel():
    curves = make_curves()
    figure = curves_by_depth(curves[curves["family"] == "plain"])
    assert [text.text for text in figure.layout.annotations] == ["plain"]


def test_gaps_are_between_training_and_test_error_a_panel_a_net():
    ends = pd.DataFrame({"step": [4, 8], "train_error": [0.5, 0.0], "test_error": [0.6, 0.3]})
    figure = error_gaps([Curve(name, "resnet", pd.DataFrame(), ends) for name in ("ResNet-20", "ResNet-1202")])
    train, test = figure.data[:2]
    assert train.y.tolist() == [50, 0]
    assert test.y.tolist() == [60, 30]
    assert (train.line.dash, test.line.dash, test.fill) == ("dot", "solid", "tonexty")
    assert [text.text for text in figure.layout.annotations] == ["ResNet-20", "ResNet-1202"]
    assert [trace.showlegend for trace in figure.data] == [True, True, False, False]
