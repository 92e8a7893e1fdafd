"""Do curves show what was asked: smoothed, on the axes chosen, with bands of seeds, and within the budget of points?"""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from resnet_viz.plots import Curve, View, error_curves, loss_curves
from resnet_viz.plots.curves import BUDGET, FEW, downsample, smooth, with_room


def make_curve(name: str = "plain-8", losses=(4.0, 2.0, 1.0), group: str = "plain-8", **more) -> Curve:
    steps = pd.DataFrame({"step": range(1, len(losses) + 1), "loss": losses})
    ends = pd.DataFrame({"step": [2], "train_error": [0.5], "test_error": [0.4], "test_loss": [3.0]})
    return Curve(name, name.partition("-")[0], steps, ends, group, **more)


def make_long(name: str, steps: int, seed: int = 0) -> Curve:
    noise = np.random.default_rng(seed).normal(size=steps)
    return make_curve(name, np.exp(noise) + 1, group=f"{name} {seed}", an_epoch=390, pace=0.5)


def points_of(figure) -> int:
    return sum(len(trace.x) for trace in figure.data)


@pytest.mark.parametrize("weight", [0.0, 0.5, 0.99])
def test_smoothing_is_the_debiased_moving_average_of_its_definition(weight):
    values = np.random.default_rng(0).normal(size=200)
    past, expected = 0.0, []
    for n, value in enumerate(values, start=1):
        past = weight * past + (1 - weight) * value
        expected.append(past / (1 - weight**n))
    np.testing.assert_allclose(smooth(pd.Series(values), weight), expected, rtol=1e-9)


def test_smoothing_steps_over_numbers_that_are_none():
    smoothed = smooth(pd.Series([1.0, np.nan, 3.0]), 0.5)
    assert smoothed.iloc[2] == pytest.approx((0.5 * 1 + 3) / 1.5)


def test_a_smoothed_line_stands_before_what_was_measured_which_is_faint_and_without_a_name():
    raw, smoothed = loss_curves([make_curve()], View(smoothing=0.5)).data[:2]
    assert raw.y.tolist() == [4, 2, 1]
    assert (raw.opacity < 1, raw.showlegend, raw.hoverinfo) == (True, False, "skip")
    assert smoothed.y.tolist() == pytest.approx([4, (0.5 * 4 + 2) / 1.5, (0.25 * 4 + 0.5 * 2 + 1) / 1.75])
    assert smoothed.name == "plain-8, train"


def test_steps_become_epochs_and_seconds_on_the_axis_that_says_so():
    curve = make_curve(an_epoch=2, pace=10.0)
    by_epoch = loss_curves([curve], View(x="epoch"))
    assert by_epoch.data[0].x.tolist() == [0.5, 1, 1.5]
    assert by_epoch.layout.xaxis.title.text == "epoch"
    by_time = loss_curves([curve], View(x="time"))
    assert by_time.data[0].x.tolist() == [10, 20, 30]
    assert by_time.layout.xaxis.title.text == "training time, s"
    hours = loss_curves([make_curve(an_epoch=2, pace=7200.0)], View(x="time"))
    assert hours.data[0].x.tolist() == [2, 4, 6]
    assert hours.layout.xaxis.title.text == "training time, h"


def test_a_run_whose_epochs_are_not_known_yet_is_not_drawn_by_epoch():
    assert np.isnan(loss_curves([make_curve()], View(x="epoch")).data[0].x).all()


@pytest.mark.parametrize(
    ("view", "loss", "error"), [(View(), "log", None), (View(y="linear"), None, None), (View(y="log"), "log", "log")]
)
def test_the_y_axis_is_the_usual_one_or_the_one_asked_for(view, loss, error):
    assert loss_curves([make_curve()], view).layout.yaxis.type == loss
    assert error_curves([make_curve()], view).layout.yaxis.type == error


def test_a_logarithmic_x_axis_keeps_the_first_steps_of_a_long_run():
    curve = make_long("plain-8", 64_000)
    few, usual = (loss_curves([curve], View(x_log=is_log)).data[0].x for is_log in (True, False))
    assert (few < 1000).sum() > 10 * (usual < 1000).sum()


def test_runs_of_a_group_become_their_mean_with_a_band_from_the_least_to_the_greatest():
    curves = [make_curve(losses=(4.0, 2.0, 1.0)), make_curve(losses=(2.0, 4.0)), make_curve("resnet-8", group="other")]
    band, mean, *rest = loss_curves(curves, View(bands=True)).data
    assert band.y.tolist() == [4, 4, 1, 1, 2, 2]  # greatest, then least and back
    assert band.x.tolist() == [1, 2, 3, 3, 2, 1]
    assert band.fill == "toself"
    assert mean.y.tolist() == [3, 3, 1]
    assert mean.name == "plain-8, 2 runs, train"
    assert mean.customdata.tolist() == [[2, 4, 2], [2, 4, 2], [1, 1, 1]]
    assert "resnet-8, train" in [trace.name for trace in rest], "a group of one is its own line"


def test_without_bands_runs_of_a_group_are_lines_of_their_own():
    assert len(loss_curves([make_curve(), make_curve()]).data) == 4


def test_a_band_of_a_long_run_keeps_its_extremes_in_few_points():
    curves = [make_long("plain-8", 20_000, seed) for seed in range(2)]
    curves = [Curve(c.name, c.family, c.steps, c.evaluations, "one") for c in curves]
    band = loss_curves(curves, View(bands=True)).data[0]
    highest = max(curve.steps["loss"].max() for curve in curves)
    assert len(band.x) <= 800
    assert band.y.max() == pytest.approx(highest, rel=1e-6)


@pytest.mark.long
@pytest.mark.parametrize("smoothing", [0.0, 0.9])
def test_a_hundred_long_runs_share_the_budget_of_points(smoothing):
    curves = [make_long(f"plain-{i}", 3_000, i) for i in range(100)]
    figure = loss_curves(curves, View(smoothing=smoothing))
    assert points_of(figure) <= BUDGET
    assert len(figure.to_json()) < 1_000_000
    assert len([trace for trace in figure.data if trace.showlegend]) == 2  # plain, train and plain, test
    assert "plain-77, test" in "".join(trace.hovertemplate or "" for trace in figure.data)
    assert figure.layout.hovermode == "closest"


def test_few_runs_are_named_in_the_legend():
    figure = loss_curves([make_curve(f"plain-{i}", group=str(i)) for i in range(FEW)])
    assert [trace.showlegend for trace in figure.data] == [True] * (2 * FEW)
    assert figure.layout.height > loss_curves([make_curve()]).layout.height, "a long legend takes nothing of the plot"


def test_the_name_of_a_run_is_text_and_no_markup():
    assert loss_curves([make_curve("plain-<b>")]).data[0].name == "plain-&lt;b&gt;, train"


def test_points_are_spread_over_values_where_these_are_given():
    x = np.arange(1, 10_001, dtype=float)
    few, _ = downsample(x, np.sin(x), 100, along=np.log(x))
    assert (few < 100).sum() > 20, "evenly over the points it would be one"


def test_a_view_says_when_a_zoom_is_good_for_it():
    assert View(smoothing=0.5, bands=True).axes == View().axes
    assert len({View().axes, View(x="epoch").axes, View(x_log=True).axes, View(y="log").axes}) == 4


@pytest.mark.parametrize(("last", "end"), [(1, 1), (401, 500), (1000, 1000), (1001, 1200), (0.31, 0.4), (7900, 7920)])
def test_an_axis_that_grows_ends_at_a_round_number_or_where_the_run_will(last, end):
    assert with_room(last, most=7920) == pytest.approx(end)


def test_labels_of_a_growing_axis_stay_where_they_are_for_many_steps():
    assert len({with_room(last, most=100_000) for last in range(400, 2400)}) == 9


@pytest.mark.parametrize(("x", "end"), [("step", 25), ("epoch", 12), ("time", 250)])
def test_a_run_on_its_way_has_room_before_it_and_an_ended_one_none(x, end):
    facts: dict[str, Any] = {"losses": np.ones(23), "an_epoch": 2, "pace": 10.0}  # 23 steps: 11.5 epochs, 230 s
    axis = loss_curves([make_curve(**facts, planned=400.0)], View(x)).layout.xaxis
    assert axis.autorangeoptions.include == pytest.approx((end,))
    assert axis.range is None  # it is the reader's: a zoom outlives new points
    assert not loss_curves([make_curve(**facts)], View(x)).layout.xaxis.autorangeoptions.include


def test_the_error_of_a_first_epoch_has_the_axes_it_will_need_and_says_when_it_comes():
    arrived = make_curve(losses=np.ones(23), planned=400.0)
    waiting = replace(arrived, evaluations=arrived.evaluations[:0])
    for view, least in ((View(), 0), (View(x_log=True, y="log"), 1)):
        figure = error_curves([waiting], view)
        unseen = figure.data[-1]
        assert (unseen.x, unseen.y, unseen.line.width, unseen.showlegend) == ((least, 25), (least, 100), 0, False)
        assert (figure.layout.xaxis.range, figure.layout.yaxis.range) == (None, None)
        assert "first epoch" in figure.layout.annotations[0].text
    figure = error_curves([arrived])
    assert (len(figure.data), figure.layout.annotations) == (2, ())
