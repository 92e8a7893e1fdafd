"""What became of the error that a net started from, which runs count, and what goes on from where?"""

from dataclasses import replace
from math import isnan

import pytest

from resnet_viz.nets import NetSpec
from resnet_viz.runs import RunStatus
from resnet_viz.training import TrainingConfig
from resnet_viz.ui.identity import (
    TrainedOn,
    can_append,
    choose_trained_on,
    name_result,
    over_seeds,
    prepare,
)
from tests.ui.making import make_run

START = make_run(NetSpec("resnet", 8), test_error=0.20)
OTHER = make_run(NetSpec("plain", 8), test_error=0.20)


def went_on(start=START, test_error=0.20, appended=2, seed=0, **changes) -> TrainedOn:
    spec = replace(NetSpec(**start.spec), appended=appended)
    return TrainedOn(start, make_run(spec, {"start": start.id, "seed": seed}, test_error=test_error, **changes))


@pytest.mark.parametrize(
    ("test_error", "outcome"),
    [(0.20, "kept"), (0.219, "kept"), (0.181, "kept"), (0.23, "lost"), (0.17, "improved")],
)
def test_within_two_points_an_error_was_kept(test_error, outcome):
    pair = went_on(test_error=test_error)
    assert pair.change == pytest.approx(100 * (test_error - 0.20))
    assert pair.outcome == outcome


def test_what_has_not_ended_has_no_outcome_but_its_state_and_what_diverged_has_lost():
    assert isnan(went_on(status=RunStatus.RUNNING).change)
    assert went_on(status=RunStatus.RUNNING).outcome == "running"
    assert went_on(status=RunStatus.DIVERGED).outcome == "lost"


def test_blocks_can_be_appended_once_to_nets_that_have_an_identity():
    assert can_append(NetSpec("resnet", 20))
    assert can_append(NetSpec("plain", 20))
    assert not can_append(NetSpec("resnet", 20, appended=1))
    assert not can_append(NetSpec("vgg", 16))


def test_the_newest_of_use_goes_before_one_that_came_to_nothing():
    failed, good, older = went_on(status=RunStatus.FAILED), went_on(), went_on()
    more = went_on(appended=4)
    assert choose_trained_on([START], 2, [failed, good, older, more]) == [good]
    assert choose_trained_on([START], 2, [failed]) == [failed]
    assert choose_trained_on([START], 4, [failed, good, more]) == [more]
    assert choose_trained_on([OTHER], 2, [good]) == []


def test_a_title_names_the_nets_by_what_became_of_them():
    assert name_result([went_on(OTHER, 0.20), went_on(START, 0.20)]) == "plain-8 and ResNet-8 (A) kept what they had"
    told = name_result([went_on(OTHER, 0.40), went_on(START, 0.10)])
    assert told == "plain-8 lost what it had, ResNet-8 (A) improved on what it had"
    assert name_result([went_on(status=RunStatus.RUNNING)]) == ""


def test_seeds_of_one_recipe_are_told_together_each_once():
    like = went_on()
    among = [like, went_on(test_error=0.3, seed=1), went_on(test_error=0.9, seed=1), went_on(appended=4, seed=2),
             went_on(seed=3, status=RunStatus.RUNNING), went_on(OTHER, seed=4)]  # fmt: skip
    found = over_seeds([like], among)
    assert found[["net", "seed", "before", "after"]].to_numpy().tolist() == [
        ["ResNet-8 (A)", 0, 0.2, 0.2],
        ["ResNet-8 (A)", 1, 0.2, 0.3],
    ]


def test_training_on_begins_where_a_run_stands_by_its_recipe():
    start = make_run(NetSpec("resnet", 8), {"iterations": 500, "more_epochs": (3,), "seed": 7})
    spec, config = prepare(start, 3, 2, 0.02)
    assert spec == NetSpec("resnet", 8, appended=3)
    changes = {"start": start.id, "epochs": 2, "iterations": 0, "more_epochs": (), "peak_lr": 0.02}
    assert config == TrainingConfig(**(start.config | changes))
