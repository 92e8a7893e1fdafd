"""Who works at what, and what becomes of a run whose worker is gone? Claims, heartbeats, leases."""

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from resnet_viz.runs import LostRun, Owner, RunStatus, RunStore
from resnet_viz.runs.silence import TRIES
from tests.runs.writing import ELSEWHERE, WANTED, a_checkpoint, begin, let_lease_run_out, numbers_of, some_steps


@pytest.fixture
def impatient(monkeypatch):
    """An observer that waits for a beat for a moment only."""
    monkeypatch.setattr("resnet_viz.runs.silence.LEASE", 0.05)
    monkeypatch.setattr("resnet_viz.runs.silence.DOUBT", 0.05)


def wait_and_recover(store: RunStore) -> list[str]:
    """The runs that were taken from their workers, at the first look or after a moment."""
    first = store.recover()
    threading.Event().wait(0.1)
    return first + store.recover()


def test_a_run_is_claimed_once_by_many_who_try(store):
    store.add_comparison(WANTED[:1])
    with ThreadPoolExecutor(8) as pool:
        claims = list(pool.map(lambda i: store.claim(Owner("here", i, 1.0), 2), range(8)))
    assert sum(claim is not None for claim in claims) == 1


def test_as_many_as_may_are_at_work_on_a_machine_the_oldest_first(store):
    runs = store.add_comparison(WANTED) + store.add_comparison(WANTED[:1])
    with ThreadPoolExecutor(6) as pool:
        claims = [claim for claim in pool.map(lambda _: store.claim(ELSEWHERE, 2), range(6)) if claim]
    assert {claim.run_id for claim in claims} == {run.id for run in runs[:2]}
    assert store.claim(ELSEWHERE, 2) is None
    assert store.claim(Owner("a third host", 1, 1.0), 2).run_id == runs[2].id  # a machine of its own
    assert store.count_running(ELSEWHERE.host) == 2
    assert store.count_queued() == 0


def test_a_run_whose_worker_went_silent_is_queued_again_and_given_up_after_some_attempts(store, impatient):
    (run,) = store.add_comparison(WANTED[:1])
    for attempt in range(1, TRIES + 1):
        assert begin(store, run).claim.attempt == attempt
        assert wait_and_recover(store) == [run.id]
    ended = store.run(run.id)
    assert ended.status is RunStatus.INTERRUPTED
    assert "3 times in a row" in ended.message
    assert store.resume(run.id)
    begin(store, run).keep_checkpoint(a_checkpoint(10), "w")  # progress: the count begins anew
    assert wait_and_recover(store) == [run.id]
    assert store.run(run.id).status is RunStatus.QUEUED


def test_a_clock_that_jumps_kills_nobody(store, monkeypatch):
    writer = begin(store)
    store.recover()
    let_lease_run_out(store, writer.run_id)  # as if the database's clock had jumped ahead
    assert store.recover() == []
    monkeypatch.setattr("resnet_viz.runs.silence.DOUBT", 0.05)
    threading.Event().wait(0.1)
    writer.beat()
    assert store.recover() == []  # it was heard of meanwhile
    assert store.run(writer.run_id).status is RunStatus.RUNNING


@pytest.mark.process
def test_a_process_that_is_gone_is_known_at_once_and_a_stranger_with_its_number_is_not_it(store):
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    owner = Owner.of(process.pid)
    assert not owner.is_gone
    assert Owner(owner.host, owner.pid, owner.started - 1).is_gone  # the number was used before
    writer = begin(store, owner=owner)
    assert store.recover() == []
    process.kill()
    process.wait()
    assert owner.is_gone
    assert store.recover() == [writer.run_id]


def test_a_worker_that_was_taken_for_dead_cannot_write(store, impatient):
    writer = begin(store)
    writer.describe({"layers": ["a"], "norm_layers": []}, 3)
    assert writer.asked() == ""
    wait_and_recover(store)
    late = [
        writer.beat,
        writer.asked,
        lambda: writer.say("late"),
        lambda: writer.append(some_steps(1, 1), numbers_of(np.ones((1, 1), np.float32)), 1.0),
        lambda: writer.keep_checkpoint(a_checkpoint(1), "late"),
        lambda: writer.end(RunStatus.FINISHED),
    ]
    for write in late:
        with pytest.raises(LostRun):
            write()
    second = begin(store, store.run(writer.run_id))  # also once another has it
    for write in late:
        with pytest.raises(LostRun):
            write()
    assert store.steps(writer.run_id).empty
    assert store.checkpoints(writer.run_id) == []
    second.end(RunStatus.FINISHED)
    assert store.run(writer.run_id).message == ""


def test_what_is_asked_reaches_the_worker_and_a_waiting_run_at_once(store):
    first, second = store.add_comparison(WANTED)
    writer = begin(store, first)
    for run in (first, second):
        store.request(run.id, "pause")
    assert writer.asked() == writer.beat() == "pause"
    assert store.run(first.id).status is RunStatus.RUNNING
    assert store.run(second.id).status is RunStatus.PAUSED
    store.request(second.id, "stop")
    assert store.run(second.id).status is RunStatus.STOPPED
    writer.end(RunStatus.PAUSED)
    assert store.resume(first.id)
    assert store.resume(second.id)
    assert not store.resume(first.id)  # it waits already
    assert {run.status for run in store.runs()} == {RunStatus.QUEUED}


def test_a_run_that_was_asked_to_stop_and_died_is_stopped(store, impatient):
    writer = begin(store)
    store.request(writer.run_id, "stop")
    wait_and_recover(store)
    assert store.run(writer.run_id).status is RunStatus.STOPPED


def test_an_ended_run_stays_ended_but_a_finished_one_can_learn_on(store):
    writer = begin(store)
    writer.end(RunStatus.FINISHED)
    with pytest.raises(LostRun):
        writer.end(RunStatus.DIVERGED, "diverged at step 3")
    assert not store.resume(writer.run_id)
    assert store.resume(writer.run_id, {"seed": 1, "more_epochs": [2]})
    assert store.run(writer.run_id).config["more_epochs"] == [2]


def test_a_diverged_run_does_not_go_on(store):
    writer = begin(store)
    writer.end(RunStatus.DIVERGED, "diverged at step 3")
    assert not store.resume(writer.run_id)
