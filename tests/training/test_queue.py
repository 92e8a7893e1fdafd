"""Is more than an installation allows refused with a sentence, and is a grid what it says?"""

import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from resnet_viz.nets import NetSpec, SpecError
from resnet_viz.runs import Owner, RunStatus, RunWriter
from resnet_viz.settings import Settings
from resnet_viz.training import (
    ConfigError,
    Grid,
    LimitError,
    continue_run,
    continue_sweep,
    preset,
    queue,
    queue_runs,
    queue_sweep,
    stop_sweep,
)
from resnet_viz.training.queue import see_to_runs

SMALL = (NetSpec("resnet", 8), preset("digits"))


@pytest.fixture(autouse=True)
def nobody_works(monkeypatch):
    """The queue is looked at here, not who takes from it."""
    monkeypatch.setattr(queue, "see_to_runs", lambda store, settings: None)
    monkeypatch.setattr("resnet_viz.training.sweep.see_to_runs", lambda store, settings: None)


@pytest.mark.parametrize(
    ("limits", "wanted", "sentence"),
    [
        ({"max_depth": 100}, (NetSpec("resnet", 110), preset("digits")), "has 110 layers, and at most 100"),
        ({"max_epochs": 10}, (SMALL[0], preset("digits", epochs=11)), "11 epochs are too many: at most 10"),
        ({"max_epochs": 10}, (SMALL[0], preset("digits", epochs=5, more_epochs=(6,))), "11 epochs are too many"),
        ({"max_multiply_adds": 1e6}, SMALL, r"takes 0\.0 billion multiply-adds .* 0.001 billion"),
        ({"max_queue": 0}, SMALL, "0 runs are queued or running, and at most 0"),
        ({"keep_free": 1e9}, SMALL, "GB of disk are free"),
    ],
)
def test_a_limit_is_enforced_whatever_asked_and_nothing_is_queued(store, home, limits, wanted, sentence):
    with pytest.raises(LimitError, match=sentence):
        queue_runs(store, Settings(**limits), [wanted])
    with pytest.raises(LimitError, match=sentence):
        queue_sweep(store, Settings(**limits), [[wanted]])
    assert store.runs() == []


def test_a_run_that_would_be_too_long_is_not_continued(store, home):
    (run,) = queue_runs(store, Settings(), [SMALL])
    RunWriter(store, store.claim(Owner.here())).end(RunStatus.FINISHED)
    with pytest.raises(LimitError, match="505 epochs"):
        continue_run(store, Settings(), store.run(run.id), epochs=500)
    assert continue_run(store, Settings(), store.run(run.id), epochs=3)
    assert store.run(run.id).config["more_epochs"] == [3]
    assert store.run(run.id).status is RunStatus.QUEUED


def test_a_grid_has_every_combination_once_plain_nets_without_shortcuts():
    grid = Grid((8, 14), shortcuts=("A", "B"), orders=("original", "preact"), seeds=range(3))
    comparisons = grid.comparisons(preset("digits", seed=5))
    assert len(comparisons) == 2 * 2 * 3
    names = [spec.name for spec, _ in comparisons[0]]
    assert names == ["plain-8", "ResNet-8 (A)", "ResNet-8 (B)"]
    assert {config.seed for wanted in comparisons for _, config in wanted} == {5, 6, 7}
    everything = [(spec, config) for wanted in comparisons for spec, config in wanted]
    assert len(set(everything)) == len(everything) == 2 * 2 * 3 * 3
    assert Grid(()).comparisons(preset("digits")) == []
    with pytest.raises(SpecError, match="20 or 26"):
        Grid((21,)).comparisons(preset("digits"))


def test_a_sweep_is_stopped_and_continued_together(store, home):
    settings = Settings()
    sweep = queue_sweep(store, settings, Grid((8,), seeds=range(3)).comparisons(preset("digits")))
    runs = store.sweep(sweep)
    assert len(runs) == 6
    assert len({run.comparison for run in runs}) == 3
    RunWriter(store, store.claim(Owner.here(), run_id=runs[0].id)).end(RunStatus.FINISHED)
    stop_sweep(store, sweep)
    assert [run.status for run in store.sweep(sweep)] == [RunStatus.FINISHED] + [RunStatus.STOPPED] * 5
    assert continue_sweep(store, settings, sweep) == 5
    assert [run.status for run in store.sweep(sweep)] == [RunStatus.FINISHED] + [RunStatus.QUEUED] * 5


def test_the_same_sweep_twice_is_one(store, home):
    wanted = Grid((8, 14), seeds=range(2)).comparisons(preset("digits"))
    sweep = queue_sweep(store, Settings(), wanted)
    assert queue_sweep(store, Settings(), wanted) == sweep
    assert queue_sweep(store, Settings(), wanted[1:]) == sweep  # it has all of them
    assert len(store.runs()) == len(store.sweep(sweep)) == 8


def test_two_clicks_at_once_make_one_sweep(store, home):
    wanted = Grid((8, 14), seeds=range(2)).comparisons(preset("digits"))
    with ThreadPoolExecutor(4) as pool:
        sweeps = set(pool.map(lambda _: queue_sweep(store, Settings(), wanted), range(4)))
    assert len(sweeps) == 1
    assert len(store.sweep(sweeps.pop())) == 8


def test_a_sweep_of_which_some_are_in_another_is_refused_and_names_them(store, home):
    first, *others = Grid((8,), seeds=range(5)).comparisons(preset("digits", seed=3))
    sweep = queue_sweep(store, Settings(), [first])
    with pytest.raises(LimitError, match=rf"1 of 5 comparisons .*plain-8, ResNet-8 \(A\), seed 3: {sweep}\)"):
        queue_sweep(store, Settings(), [*others, first])
    assert len(store.runs()) == 2
    stop_sweep(store, sweep)
    assert len(store.sweep(queue_sweep(store, Settings(), [*others, first]))) == 10


def test_a_comparison_that_was_started_alone_joins_a_sweep_that_has_it(store, home):
    wanted = Grid((8,), seeds=range(3)).comparisons(preset("digits"))
    alone = queue_runs(store, Settings(), wanted[1])
    runs = store.sweep(queue_sweep(store, Settings(), wanted))
    assert len(runs) == len(store.runs()) == 6
    assert {run.id for run in alone} < {run.id for run in runs}


def test_runs_of_a_sweep_are_trained_in_the_order_in_which_they_were_asked_for(store, home):
    wanted = Grid((8,), families=("plain",), seeds=range(20)).comparisons(preset("digits"))
    sweep = queue_sweep(store, Settings(), wanted)
    assert [run.config["seed"] for run in store.sweep(sweep)] == list(range(20))


def test_a_cluster_that_is_not_installed_is_a_sentence(store, home, monkeypatch):
    monkeypatch.setitem(sys.modules, "resnet_viz.training.cluster", None)
    with pytest.raises(ConfigError, match=r"pip install 'resnet-viz\[cluster\]'"):
        see_to_runs(store, Settings(executor="ray"))


def test_numbers_that_make_no_sense_are_refused_before_the_queue(store, home):
    with pytest.raises(ConfigError, match="more_epochs"):
        replace(SMALL[1], more_epochs=(0,))
