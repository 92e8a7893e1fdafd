"""Does the store keep what a worker writes, give it to pages, and know who works at what?"""

import math
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import update
from sqlalchemy.exc import OperationalError

from resnet_viz.runs import RunStatus, RunStore, StoreError
from resnet_viz.runs.schema import runs as table
from resnet_viz.runs.store import LEASE

WANTED = [({"family": "plain"}, {"seed": 1}), ({"family": "resnet"}, {"seed": 2})]


def some_steps(first: int, count: int, loss: float = 1.5) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "step": np.arange(first, first + count),
            "loss": loss,
            "error": 0.25,
            "learning_rate": np.linspace(0, 1, count),
        }
    )


def numbers_of(layers: np.ndarray, responses: np.ndarray | None = None) -> dict[str, np.ndarray]:
    """What a worker writes of some steps: weights and updates are twice and three times the gradients."""
    responses = layers[:, :1] if responses is None else responses
    return {"gradient": layers, "weight": 2 * layers, "update": 3 * layers, "responses": responses}


def grow_old(store: RunStore, run_id: str) -> None:
    with store.engine.begin() as db:
        db.execute(update(table).where(table.c.id == run_id).values(heartbeat_at=time.time() - LEASE - 1))


def test_a_comparison_is_queued_in_order(store):
    added = store.add_comparison(WANTED)
    assert [run.spec["family"] for run in added] == ["plain", "resnet"]
    assert {run.status for run in added} == {RunStatus.QUEUED}
    assert store.comparison(added[0].comparison) == added
    assert store.run(added[1].id).config == {"seed": 2}


def test_the_newest_comparison_comes_first(store):
    first = store.add_comparison(WANTED)
    second = store.add_comparison(WANTED[:1])
    assert [run.id for run in store.runs()] == [second[0].id, *(run.id for run in first)]


def test_what_is_not_there_is_said(store):
    with pytest.raises(KeyError, match="no run"):
        store.run("00000000")
    assert store.comparison("00000000") == []


def test_steps_and_layer_numbers_come_back_as_written(store):
    run, _ = store.add_comparison(WANTED)
    store.describe(run.id, {"layers": ["a", "b", "c"], "norm_layers": ["n"]}, total_steps=10)
    norms = np.random.default_rng(0).random((7, 3), np.float32)
    store.append(run.id, some_steps(1, 4), numbers_of(norms[:4]), seconds=2.0)
    store.append(run.id, some_steps(5, 3), numbers_of(norms[4:]), seconds=3.5)
    pd.testing.assert_frame_equal(store.steps(run.id, after=4), some_steps(5, 3))
    frame = store.gradient_norms(run.id)
    assert list(frame) == ["a", "b", "c"]
    assert frame.index.tolist() == list(range(1, 8))
    assert np.array_equal(frame.to_numpy(), norms)
    assert store.gradient_norms(run.id, after=4).index.tolist() == [5, 6, 7]
    assert np.array_equal(store.weight_norms(run.id).to_numpy(), 2 * norms)
    assert np.array_equal(store.update_norms(run.id).to_numpy(), 3 * norms)
    responses = store.responses(run.id)
    assert list(responses) == ["n"]
    assert np.array_equal(responses["n"], norms[:, 0])
    now = store.run(run.id)
    assert (now.step, now.progress, now.seconds_left) == (7, 0.7, 1.5)


def test_what_has_not_happened_yet_is_an_empty_frame(store):
    run, _ = store.add_comparison(WANTED)
    assert list(store.steps(run.id)) == ["step", "loss", "error", "learning_rate"]
    assert store.evaluations(run.id).empty
    assert store.gradient_norms(run.id).empty
    assert store.responses(run.id).empty
    assert run.seconds_left is None


def test_a_loss_that_is_no_number_is_kept_as_null_and_read_as_nan(store, home):
    run, _ = store.add_comparison(WANTED)
    store.describe(run.id, {"layers": ["a"]}, 3)
    for step, loss in ((1, math.nan), (2, math.inf)):
        store.append(run.id, some_steps(step, 1, loss), numbers_of(np.full((1, 1), np.nan, np.float32)), 1.0)
    assert store.steps(run.id)["loss"].isna().all()
    assert store.gradient_norms(run.id)["a"].isna().all()
    with sqlite3.connect(home / "runs.sqlite") as raw:
        assert raw.execute("select count(*) from steps where loss is null").fetchone() == (2,)


def test_a_net_without_batch_norms_has_no_responses(store):
    run, _ = store.add_comparison(WANTED)
    store.describe(run.id, {"layers": ["a"], "norm_layers": []}, 3)
    norms = np.ones((2, 1), np.float32)
    store.append(run.id, some_steps(1, 2), numbers_of(norms, np.empty((2, 0), np.float32)), 1.0)
    assert store.gradient_norms(run.id).shape == (2, 1)
    assert store.responses(run.id).empty


def test_facts_found_later_are_added_to_those_of_the_start(store):
    run, _ = store.add_comparison(WANTED)
    store.describe(run.id, {"layers": ["a"]}, 3)
    store.note(run.id, {"peak_memory": 7})
    assert store.run(run.id).facts == {"layers": ["a"], "peak_memory": 7}


def test_runs_are_copied_with_all_that_belongs_to_them(store, tmp_path):
    other, run = store.add_comparison(WANTED)
    store.describe(run.id, {"layers": ["a"], "norm_layers": ["n"]}, 2)
    store.append(run.id, some_steps(1, 2), numbers_of(np.ones((2, 1), np.float32)), 1.0)
    store.add_samples(run.id, [(3, b"png")])
    target = RunStore(f"sqlite:///{tmp_path}/copy.sqlite")
    store.copy_runs([run.id], target)
    assert target.runs() == []  # a list begins with the first of a comparison
    assert target.run(run.id) == store.run(run.id)
    pd.testing.assert_frame_equal(target.steps(run.id), store.steps(run.id))
    pd.testing.assert_frame_equal(target.weight_norms(run.id), store.weight_norms(run.id))
    assert target.samples(run.id) == [(3, b"png")]
    with pytest.raises(KeyError):
        target.run(other.id)


def test_a_store_that_is_only_read_is_not_touched_and_finds_weights_beside_it(tmp_path):
    url = f"sqlite:///{tmp_path}/kept.sqlite"
    store = RunStore(url)
    run, _ = store.add_comparison(WANTED)
    store.end(run.id, RunStatus.FINISHED, weights=Path("weights/w.safetensors"))
    store.engine.dispose()
    with sqlite3.connect(tmp_path / "kept.sqlite") as raw:
        raw.execute("PRAGMA journal_mode=DELETE")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    kept = RunStore(url, read_only=True)
    assert kept.run(run.id).weights == str(tmp_path / "weights" / "w.safetensors")
    assert len(kept.runs()) == 2
    with pytest.raises(OperationalError, match="readonly"):
        kept.add_comparison(WANTED)
    kept.engine.dispose()
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    with pytest.raises(StoreError, match="there is no file"):
        RunStore(f"sqlite:///{tmp_path}/absent.sqlite", read_only=True)


def test_evaluations_set_the_errors_of_the_run(store):
    run, _ = store.add_comparison(WANTED)
    for epoch, error in ((1, 0.5), (2, 0.125)):
        evaluation = {"epoch": epoch, "step": epoch * 10, "train_loss": 0.3, "train_error": error}
        evaluation |= {"test_loss": math.inf, "test_error": error / 2}
        store.evaluate(run.id, evaluation, seconds=epoch * 2.0)
    frame = store.evaluations(run.id)
    assert frame["test_error"].tolist() == [0.25, 0.0625]
    assert frame["test_loss"].isna().all()
    assert store.run(run.id).seconds == 4.0
    assert (store.run(run.id).train_error, store.run(run.id).test_error) == (0.125, 0.0625)


def test_a_run_is_claimed_once_by_many_who_try(store):
    run, _ = store.add_comparison(WANTED)
    claims: list[bool] = []
    threads = [threading.Thread(target=lambda: claims.append(store.claim(run.id, 2))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(claims) == [False] * 7 + [True]


def test_runs_wait_for_their_turn(store):
    first, second = store.add_comparison(WANTED)
    (third,) = store.add_comparison(WANTED[:1])
    assert not store.claim(second.id, 2)  # the first is older
    assert store.claim(first.id, 2)
    assert store.claim(second.id, 2)
    assert not store.claim(third.id, 2)  # two are running
    store.end(first.id, RunStatus.FINISHED)
    assert store.claim(third.id, 2)


def test_a_run_without_a_heartbeat_is_interrupted_and_nobody_waits_for_it(store):
    first, second = store.add_comparison(WANTED)
    store.claim(first.id, 1)
    grow_old(store, first.id)
    assert not store.claim(second.id, 1)
    store.mark_interrupted()
    ended = store.run(first.id)
    assert ended.status is RunStatus.INTERRUPTED
    assert "without a word" in ended.message
    assert store.claim(second.id, 1)


def test_a_run_whose_worker_was_only_asleep_is_alive_again(store):
    run, _ = store.add_comparison(WANTED)
    store.claim(run.id, 1)
    grow_old(store, run.id)
    store.mark_interrupted()
    assert store.beat(run.id, at_work=True)
    assert store.run(run.id).status is RunStatus.RUNNING
    assert store.run(run.id).ended_at is None
    store.end(run.id, RunStatus.FINISHED, weights=Path("w"))
    assert not store.beat(run.id, at_work=True)
    assert store.run(run.id).weights == str(store.folder / "w")


def test_a_database_that_cannot_be_opened_gets_a_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    (tmp_path / "no.sqlite").write_text("this is text, not a database " * 50)
    for url in ("nonsense", "oracle9://x", f"sqlite:///{tmp_path}/file/runs.sqlite", f"sqlite:///{tmp_path}/no.sqlite"):
        with pytest.raises(StoreError, match=r"cannot be opened: .*Check RESNET_VIZ_DATABASE_URL"):
            RunStore(url)


def test_many_processes_open_a_fresh_database_at_once(tmp_path):
    code = f"from resnet_viz.runs import RunStore; RunStore('sqlite:///{tmp_path}/new.sqlite')"
    opened = [subprocess.Popen([sys.executable, "-c", code], cwd=Path(__file__).parents[2]) for _ in range(6)]
    assert [process.wait() for process in opened] == [0] * 6


def test_a_listing_never_cuts_a_comparison_in_two(store):
    for _ in range(4):
        store.add_comparison(WANTED)
    assert len(store.runs(comparisons=3)) == 6


def test_a_heartbeat_keeps_a_run_alive(store):
    run, _ = store.add_comparison(WANTED)
    store.claim(run.id, 1)
    grow_old(store, run.id)
    assert store.beat(run.id, at_work=True)
    store.mark_interrupted()
    assert store.run(run.id).status is RunStatus.RUNNING


def test_stopping_reaches_the_worker_and_a_queued_run_at_once(store):
    first, second = store.add_comparison(WANTED)
    store.claim(first.id, 2)
    for run in (first, second):
        store.request_stop(run.id)
    assert store.run(first.id).status is RunStatus.RUNNING
    assert not store.beat(first.id, at_work=True)
    assert store.run(second.id).status is RunStatus.STOPPED


def test_an_ended_run_stays_ended(store):
    run, _ = store.add_comparison(WANTED)
    store.claim(run.id, 2)
    store.end(run.id, RunStatus.DIVERGED, "diverged at step 3")
    store.end(run.id, RunStatus.FINISHED)
    assert store.run(run.id).message == "diverged at step 3"
    assert not store.claim(run.id, 2)


def test_samples_keep_their_order(store):
    run, _ = store.add_comparison(WANTED)
    store.add_samples(run.id, [(3, b"three"), (1, b"one")])
    assert store.samples(run.id) == [(3, b"three"), (1, b"one")]


def test_pages_read_while_a_worker_writes(store, home):
    run, _ = store.add_comparison(WANTED)
    assert sqlite3.connect(home / "runs.sqlite").execute("pragma journal_mode").fetchone() == ("wal",)
    with store.engine.begin() as writer:
        writer.execute(update(table).values(message="half way"))
        assert store.run(run.id).message == ""  # the page sees the last whole state, and does not wait
