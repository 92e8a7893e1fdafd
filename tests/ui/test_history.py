"""What has been read of runs stays within bounds, is read once, and is read anew where a run took steps back?"""

from dataclasses import replace
from math import isnan
from typing import Any

import numpy as np
import pandas as pd
import pytest

from resnet_viz.plots import View
from resnet_viz.runs import RunStatus
from resnet_viz.ui import curves, history
from resnet_viz.ui.history import LONG, QUANTITIES, Shelf, is_long, state_of, steps_so_far
from tests.ui.making import make_run

RUN = make_run(status=RunStatus.RUNNING, step=2)


class Store:
    """Hands out the steps of a run behind a given one, and remembers what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, bool]] = []

    def steps(self, run_id: str, after: int, by_block: bool) -> pd.DataFrame:
        self.asked.append((after, by_block))
        return pd.DataFrame({"step": np.arange(after + 1, self.last + 1)})

    last = 2


@pytest.fixture
def store(monkeypatch) -> Store:
    found, shelf = Store(), Shelf()
    monkeypatch.setattr(history, "store_with", lambda _run: found)
    monkeypatch.setattr(history, "_shelf", lambda: shelf)
    return found


def test_what_was_read_is_kept_within_bounds_and_the_longest_unused_goes():
    frame = pd.DataFrame({"x": np.zeros(1000)})  # 8 kB and its index
    shelf = Shelf(20_000)
    for name in ("a", "b"):
        shelf.put(name, "1", frame)
    assert shelf.find("a", "1") is frame
    shelf.put("c", "1", frame)
    assert shelf.find("b", "1") is None
    assert shelf.find("a", "1") is frame
    assert shelf.find("a", "2") is None, "of another state"
    assert shelf.bytes <= 20_000


def test_a_frame_in_place_of_another_counts_once():
    frame, shelf = pd.DataFrame({"x": np.zeros(1000)}), Shelf(20_000)
    for state in "123":
        shelf.put("a", state, frame)
    assert shelf.bytes == frame.memory_usage().sum()


def test_only_steps_that_are_new_are_asked_for(store):
    assert steps_so_far(RUN)["step"].tolist() == [1, 2]
    store.last = 5
    assert steps_so_far(replace(RUN, step=5))["step"].tolist() == [1, 2, 3, 4, 5]
    assert store.asked == [(0, False), (2, False)]


def test_a_run_that_began_another_attempt_is_read_from_the_start(store):
    steps_so_far(replace(RUN, facts={"attempts": [{}]}))
    steps_so_far(replace(RUN, facts={"attempts": [{}, {}]}))
    assert [after for after, _ in store.asked] == [0, 0]


def test_long_runs_are_read_as_means(store):
    assert not is_long(replace(RUN, step=LONG))
    assert is_long(replace(RUN, step=LONG + 1))
    steps_so_far(replace(RUN, step=LONG + 1))
    assert store.asked == [(0, True)]


def test_the_state_of_a_run_changes_with_what_its_figures_show():
    same = replace(RUN, silent_for=9.0, seconds=99.0)
    others = [
        replace(RUN, step=3), replace(RUN, status=RunStatus.FINISHED), replace(RUN, test_error=0.3),
        replace(RUN, facts={"attempts": [{}]}),
    ]  # fmt: skip
    assert state_of([same]) == state_of([RUN])
    assert len({state_of([one]) for one in (RUN, *others)}) == 5


def test_the_update_of_a_layer_is_told_for_the_size_of_its_weights():
    class Norms:
        def update_norms(self, *which):
            return pd.DataFrame({"a": [1.0, 3.0]})

        def weight_norms(self, *which):
            return pd.DataFrame({"a": [10.0, 10.0]})

    norms: Any = Norms()
    assert QUANTITIES["update"].read(norms, "run", 0, False)["a"].tolist() == [0.1, 0.3]


@pytest.mark.parametrize(
    ("ends", "facts", "steps"),
    [
        ({"epoch": [1, 2], "step": [22, 44]}, {}, 22.0),  # as the first epoch says
        ({"epoch": [], "step": []}, {"train_count": 1400}, 21.0),  # in batches of 64
        ({"epoch": [], "step": []}, {"train_count": 50}, 1.0),  # fewer than a batch has
    ],
)
def test_steps_of_an_epoch_are_those_recorded_or_those_to_come(monkeypatch, ends, facts, steps):
    monkeypatch.setattr(curves, "evaluations_so_far", lambda _run: pd.DataFrame(ends))
    assert curves.steps_of_epoch(replace(RUN, facts=facts)) == steps


def test_without_data_and_steps_neither_epoch_nor_pace_is_known(monkeypatch):
    monkeypatch.setattr(curves, "evaluations_so_far", lambda _run: pd.DataFrame({"epoch": [], "step": []}))
    assert isnan(curves.steps_of_epoch(replace(RUN, facts={})))
    assert isnan(curves.pace_of(replace(RUN, step=0)))
    assert curves.pace_of(replace(RUN, step=50, seconds=5.0)) == 0.1


def test_a_view_of_numbers_as_recorded_needs_no_words():
    assert curves.say_view([RUN], View()) == ""


def test_what_a_view_does_to_the_numbers_is_said():
    assert "mean over 64" in curves.say_view([replace(RUN, step=LONG + 1)], View())
    assert "$s_n / (1 - 0.60^n)$" in curves.say_view([RUN], View(smoothing=0.6))
    assert "a band from the least to the" in curves.say_view([RUN], View(bands=True))
    assert "at each run's mean pace" in curves.say_view([RUN], View(x="time"))


def test_of_many_nets_a_description_names_four():
    names = curves._name_all([replace(RUN, id=f"{i}", config=RUN.config | {"seed": i}) for i in range(6)])
    assert names.count("ResNet-20") == 4
    assert names.endswith(" and 2 more")
