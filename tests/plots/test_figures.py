"""Does a figure show the numbers it was given, on the axes it claims?"""

import numpy as np
import pandas as pd
import pytest

from resnet_viz.plots import (
    COLORS,
    Answer,
    Curve,
    Norms,
    class_bars,
    class_counts,
    error_curves,
    layer_heatmap,
    layer_profile,
    loss_curves,
    pick_colors,
)
from resnet_viz.plots.curves import HIGHEST_LOSS, MAX_POINTS, downsample


def make_curve(family: str, steps: int = 50, test_loss: float = 1.0) -> Curve:
    frame = pd.DataFrame({"step": range(1, steps + 1), "loss": np.linspace(2, 1, steps)})
    ends = pd.DataFrame(
        {"step": [steps // 2, steps], "train_error": [0.5, 0.25], "test_error": [0.5, 0.3], "test_loss": test_loss}
    )
    return Curve(f"{family}-8", family, frame, ends)


def make_norms(family: str, scale: float) -> Norms:
    names = ["conv1", "stage1.block1.conv1", "stage2.block1.shortcut.0", "fc"]
    values = scale * np.outer([1.0, 2.0, 3.0], [1, 10, 1e6, 100])
    return Norms(f"{family}-8", family, pd.DataFrame(values, columns=names, index=pd.Index([1, 2, 3], name="step")))


def test_loss_curves_show_every_step_in_the_color_of_the_family():
    figure = loss_curves([make_curve("plain"), make_curve("resnet")])
    assert [trace.name for trace in figure.data] == [
        "plain-8, train", "plain-8, test", "resnet-8, train", "resnet-8, test",
    ]  # fmt: skip
    assert figure.data[0].y == pytest.approx(np.linspace(2, 1, 50))
    assert {trace.line.color for trace in figure.data[2:]} == {COLORS["resnet"][0]}
    assert figure.layout.yaxis.type == "log"


def test_a_test_loss_beyond_all_bounds_does_not_flatten_the_rest():
    figure = loss_curves([make_curve("plain", test_loss=1e8)])
    assert 10 ** figure.layout.yaxis.range[1] == pytest.approx(HIGHEST_LOSS)
    assert figure.layout.yaxis.range[0] < 0
    assert loss_curves([make_curve("plain")]).layout.yaxis.range is None


def test_error_curves_are_in_percent():
    figure = error_curves([make_curve("plain")])
    assert figure.data[0].y.tolist() == [50, 25]
    assert figure.data[1].y.tolist() == [50, 30]
    assert "%" in figure.layout.yaxis.title.text


@pytest.mark.parametrize("draw", [loss_curves, error_curves])
def test_curves_without_a_point_are_an_empty_plot(draw):
    empty = Curve("plain-8", "plain", make_curve("plain").steps[:0], make_curve("plain").evaluations[:0])
    assert all(len(trace.y) == 0 for trace in draw([empty]).data)


def test_downsampling_keeps_the_extremes_and_drops_nan():
    x = np.arange(64_000)
    y = np.sin(x / 3000)
    y[40_000], y[100] = 50.0, np.nan
    few_x, few_y = downsample(x, y)
    assert len(few_x) <= MAX_POINTS
    assert few_y.max() == 50.0
    assert np.isfinite(few_y).all()
    assert np.array_equal(downsample(x[:10], y[:10])[1], y[:10])


def test_the_heatmaps_share_one_scale_and_leave_projections_out():
    figure = layer_heatmap([make_norms("plain", 1.0), make_norms("resnet", 1e-3)])
    assert {trace.coloraxis for trace in figure.data} == {"coloraxis"}
    assert figure.data[0].y.tolist() == [1, 2, 3]
    np.testing.assert_allclose(figure.data[0].z[:, 0], [0, 1, 2])
    np.testing.assert_allclose(figure.data[1].z[:, 0], [-3, -2, -1])


def test_a_long_run_is_drawn_with_bounded_columns():
    frame = pd.DataFrame({"a": np.ones(5000), "b": np.ones(5000)}, index=pd.RangeIndex(1, 5001))
    assert len(layer_heatmap([Norms("n", "plain", frame)]).data[0].x) <= 300


def test_a_profile_shows_the_nearest_recorded_step():
    figure = layer_profile([make_norms("plain", 1.0)], step=99)
    assert figure.data[0].y.tolist() == [3, 30, 300]
    assert "step 3" in figure.data[0].name


def test_a_norm_of_zero_survives_the_logarithm():
    figure = layer_heatmap([make_norms("plain", 0.0)])
    assert np.isfinite(figure.data[0].z).all()


def make_answers() -> list[Answer]:
    chances = [np.array([0.7, 0.2, 0.1]), np.array([0.1, 0.0, 0.9])]
    families = ("plain", "resnet")
    return [Answer(f, f, c) for f, c in zip(families, chances, strict=True)]


def test_class_bars_show_the_same_classes_for_every_net_the_likeliest_first():
    figure = class_bars(make_answers(), ["cat", "dog", "ship"])
    assert [trace.y.tolist() if hasattr(trace.y, "tolist") else list(trace.y) for trace in figure.data] == [
        ["ship", "cat", "dog"]
    ] * 2
    assert figure.data[0].x.tolist() == pytest.approx([10, 70, 20])


def test_nets_of_one_family_are_told_apart_and_the_first_has_the_familys_color():
    colors = pick_colors(["plain", "resnet", "resnet", "vgg", "resnet"])
    assert len(set(colors)) == 5
    assert [colors[0], colors[1], colors[3]] == [COLORS[family][0] for family in ("plain", "resnet", "vgg")]


def test_names_of_classes_are_text_and_no_markup():
    counts = pd.DataFrame({"class": ["<b>b", "&amp;", "cat"], "train": [1, 2, 3], "test": [1, 1, 1]})
    assert list(class_counts(counts).data[0].x) == ["&lt;b&gt;b", "&amp;amp;", "cat"]
