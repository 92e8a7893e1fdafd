"""Do the figures of the identity argument and of the responses show the numbers they were given?"""

import numpy as np
import pandas as pd
import pytest

from resnet_viz.plots import (
    COLORS,
    Curve,
    before_and_after,
    error_against_start,
    error_curves,
    response_profile,
    same_error_deeper,
    weight_profile,
)

FAMILIES = {"plain-8": "plain", "ResNet-8 (A)": "resnet"}


def make_curves() -> list[Curve]:
    steps = pd.DataFrame({"step": [1, 2], "loss": [1.0, 0.5]})
    ends = pd.DataFrame({"step": [1, 2], "train_error": 0.2, "test_error": [0.4, 0.3], "test_loss": 1.0})
    return [Curve(name, family, steps, ends) for name, family in FAMILIES.items()]


def test_the_error_before_is_a_dashed_line_in_percent_in_the_color_of_its_net():
    figure = error_against_start(make_curves(), [0.25, 0.03])
    assert [(line.y0, line.y1, line.line.dash) for line in figure.layout.shapes] == [(25, 25, "dash"), (3, 3, "dash")]
    assert [line.line.color for line in figure.layout.shapes] == [COLORS["plain"][0], COLORS["resnet"][0]]
    assert [trace.y.tolist() for trace in figure.data] == [
        trace.y.tolist() for trace in error_curves(make_curves()).data
    ]


def test_without_errors_before_there_is_no_line():
    assert not error_against_start(make_curves(), []).layout.shapes


def test_every_seed_has_a_line_from_before_to_after_beside_its_net():
    rows = [("plain-8", 1, 0.1, 0.5), ("plain-8", 0, 0.2, 0.4), ("ResNet-8 (A)", 0, 0.03, 0.02)]
    figure = before_and_after(pd.DataFrame(rows, columns=["net", "seed", "before", "after"]), FAMILIES)
    assert [trace.x.tolist() for trace in figure.data] == [pytest.approx(ends) for ends in ([20, 40], [10, 50], [3, 2])]
    assert [trace.marker.symbol for trace in figure.data[1:]] == [("square-open", "square"), ("circle-open", "circle")]
    assert [round(trace.y[0]) for trace in figure.data] == [0, 0, 1]
    assert figure.data[0].y[0] != figure.data[1].y[0]
    assert list(figure.layout.yaxis.ticktext) == list(FAMILIES)
    assert "%" in figure.layout.xaxis.title.text


@pytest.fixture
def frame() -> pd.DataFrame:
    layers = {"layer": ["a", "b", "c"], "position": [1, 2, 3], "response": [0.5, 2.0, 1.0]}
    part = pd.DataFrame(layers | {"weight_rms": [0.1, 0.2, 0.3], "weight_norm": [1.0, 2.0, 3.0]})
    return pd.concat([part.assign(net=net) for net in FAMILIES], ignore_index=True)


def test_responses_stand_in_their_place_and_sorted(frame):
    figure = response_profile(frame, FAMILIES)
    place, ranked = figure.data[:2]
    assert place.y.tolist() == [0.5, 2.0, 1.0]
    assert ranked.y.tolist() == [2.0, 1.0, 0.5]
    assert ranked.customdata.tolist() == ["b", "c", "a"]
    assert [trace.line.color for trace in figure.data[::2]] == [COLORS[family][0] for family in FAMILIES.values()]
    assert {shape.y0 for shape in figure.layout.shapes} == {1}
    assert [trace.showlegend for trace in figure.data] == [True, False] * 2


def test_weights_are_shown_as_root_mean_square_and_as_norm(frame):
    figure = weight_profile(frame, FAMILIES)
    np.testing.assert_allclose(figure.data[2].y, [0.1, 0.2, 0.3])
    np.testing.assert_allclose(figure.data[3].y, [1, 2, 3])
    assert [title.text for title in figure.layout.annotations] == ["root mean square", "2-norm"]
    assert (figure.layout.yaxis.type, figure.layout.yaxis2.type) == ("log", "log")


def test_a_trained_net_is_filled_and_the_same_with_more_layers_is_open():
    rows = [("plain-8", 8, 12, 0.25, 0.25), ("ResNet-8 (A)", 8, 12, 0.02, 0.03)]
    errors = pd.DataFrame(rows, columns=["net", "layers", "deeper_layers", "error", "deeper_error"])
    figure = same_error_deeper(errors, FAMILIES)
    assert [(list(line.x), list(line.y)) for line in figure.data] == [([8, 12], [25, 25]), ([8, 12], [2, 3])]
    assert [line.marker.symbol for line in figure.data] == [("square", "square-open"), ("circle", "circle-open")]
    assert [line.line.color for line in figure.data] == [COLORS["plain"][0], COLORS["resnet"][0]]
    assert list(figure.layout.xaxis.tickvals) == [8, 12]
