"""Do the figures of untrained nets show the numbers they were given?"""

import numpy as np
import pandas as pd
import pytest

from resnet_viz.plots import COLORS, correlation_by_depth, correlation_by_lag, initialization_profile

FAMILIES = {"plain-8": "plain", "ResNet-8 (A)": "resnet"}


def layers(gradients):
    one = pd.DataFrame({"layer": [f"l{i}" for i in range(1, 5)], "position": range(1, 5), "activation": 1.0})
    return pd.concat([one.assign(net=net, gradient=values) for net, values in zip(FAMILIES, gradients, strict=True)])


def test_a_profile_has_one_line_a_net_in_the_color_of_its_family():
    figure = initialization_profile(layers([[1, 2, 3, 4], [5, 6, 7, 8]]), FAMILIES)
    assert [trace.name for trace in figure.data] == list(FAMILIES)
    assert [trace.line.color for trace in figure.data] == [COLORS["plain"][0], COLORS["resnet"][0]]
    assert [trace.marker.symbol for trace in figure.data] == ["square", "circle"]
    assert figure.data[1].y.tolist() == [5, 6, 7, 8]
    assert figure.data[0].x.tolist() == [1, 2, 3, 4]
    assert figure.layout.yaxis.type == "log"
    assert "gradient" in figure.layout.yaxis.title.text
    other = initialization_profile(layers([[1, 2, 3, 4]] * 2), FAMILIES, "activation")
    assert other.data[0].y.tolist() == [1] * 4
    assert "deviation" in other.layout.yaxis.title.text


def test_what_a_logarithm_has_no_place_for_is_a_gap():
    figure = initialization_profile(layers([[0, 1e-30, np.inf, np.nan], [0, 0, 0, 0]]), FAMILIES)
    np.testing.assert_array_equal(figure.data[0].y, [np.nan, 1e-30, np.nan, np.nan])
    assert np.isnan(figure.data[1].y).all()


@pytest.mark.parametrize(("least", "step"), [(1.0, "D2"), (1e-4, 1), (1e-30, 4)])
def test_the_ticks_are_few_enough_to_be_read(least, step):
    figure = initialization_profile(layers([[least, 1, 1, 1], [1, 1, 1, 2]]), FAMILIES)
    assert figure.layout.yaxis.dtick == step


def curves():
    rows = [
        {"family": family, "depth": depth, "seed": seed, "lag": lag, "correlation": depth + seed + lag / 100}
        for family in ("plain", "resnet")
        for depth in (8, 20)
        for seed in (0, 1)
        for lag in range(100)
    ]
    return pd.DataFrame(rows)


def test_lines_by_lag_are_means_of_the_seeds_with_the_noise_in_each_panel():
    noise = pd.DataFrame({"kind": ["white", "white", "brown", "brown"], "lag": [0, 1] * 2, "correlation": [1, 0, 1, 1]})
    figure = correlation_by_lag(curves(), noise)
    names = [trace.name for trace in figure.data]
    assert names == ["8 layers", "20 layers", "brown noise", "white noise"] * 2
    assert [trace.showlegend for trace in figure.data] == [True] * 4 + [False] * 4
    assert {trace.xaxis for trace in figure.data[:4]} == {"x"}
    assert {trace.xaxis for trace in figure.data[4:]} == {"x2"}
    assert figure.data[1].y[:2].tolist() == pytest.approx([20.5, 20.51])
    assert figure.data[0].line.dash == figure.data[4].line.dash != figure.data[1].line.dash
    assert max(figure.data[0].x) == 64
    assert figure.data[3].y.tolist() == [1, 0]


def test_points_by_depth_are_means_with_their_range():
    near = pd.DataFrame(
        {
            "family": ["plain"] * 3 + ["resnet"],
            "depth": [8, 8, 20, 8],
            "seed": [0, 1, 0, 0],
            "value": [0.2, 0.6, 0.1, 1],
        }
    )
    figure = correlation_by_depth(near, 0.98, "correlation at lag 1")
    plain, residual = figure.data
    assert plain.x.tolist() == [8, 20]
    assert plain.y.tolist() == pytest.approx([0.4, 0.1])
    assert plain.error_y.array.tolist() == pytest.approx([0.2, 0])
    assert plain.error_y.arrayminus.tolist() == pytest.approx([0.2, 0])
    assert residual.y.tolist() == [1]
    assert figure.layout.shapes[0].y0 == 0.98
    assert figure.layout.yaxis.title.text == "correlation at lag 1"
