"""Does the store keep what a worker writes, and give it to pages?"""

import math
import sqlite3
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import update

from resnet_viz.runs import RunStatus, RunStore, RunWriter, StoreError
from resnet_viz.runs.queueing import OtherSweep
from resnet_viz.runs.schema import BLOCK
from resnet_viz.runs.schema import runs as table
from resnet_viz.runs.store import ALL
from tests.runs.writing import ELSEWHERE, WANTED, a_checkpoint, begin, let_lease_run_out, numbers_of, some_steps


def test_a_comparison_is_queued_in_order(store):
    added = store.add_comparison(WANTED)
    assert [run.spec["family"] for run in added] == ["plain", "resnet"]
    assert {run.status for run in added} == {RunStatus.QUEUED}
    assert [run.id for run in store.comparison(added[0].comparison)] == [run.id for run in added]
    assert store.run(added[1].id).config == {"seed": 2}


def test_the_newest_comparison_comes_first(store):
    first = store.add_comparison(WANTED)
    second = store.add_comparison(WANTED[:1])
    assert [run.id for run in store.runs()] == [second[0].id, *(run.id for run in first)]


def test_a_double_click_and_two_tabs_make_one_comparison(store):
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: store.add_comparison(WANTED)[0].comparison, range(4)))
    assert len(set(found)) == 1
    assert len(store.runs()) == 2
    for run in store.runs():
        store.request(run.id, "stop")
    assert store.add_comparison(WANTED)[0].comparison != found[0]  # the same again, once it has ended


def test_what_is_not_there_is_said(store):
    with pytest.raises(KeyError, match="no run"):
        store.run("00000000")
    assert store.comparison("00000000") == []
    assert store.sweep("00000000") == []


def test_steps_and_layer_numbers_come_back_as_written(store):
    writer = begin(store)
    writer.describe({"layers": ["a", "b", "c"], "norm_layers": ["n"]}, total_steps=10)
    norms = np.random.default_rng(0).random((7, 3), np.float32)
    writer.append(some_steps(1, 4), numbers_of(norms[:4]), seconds=2.0)
    writer.append(some_steps(5, 3), numbers_of(norms[4:]), seconds=3.5)
    pd.testing.assert_frame_equal(store.steps(writer.run_id, after=4), some_steps(5, 3))
    frame = store.gradient_norms(writer.run_id)
    assert list(frame) == ["a", "b", "c"]
    assert frame.index.tolist() == list(range(1, 8))
    assert np.array_equal(frame.to_numpy(), norms)
    assert store.gradient_norms(writer.run_id, after=4).index.tolist() == [5, 6, 7]
    assert np.array_equal(store.weight_norms(writer.run_id).to_numpy(), 2 * norms)
    assert np.array_equal(store.update_norms(writer.run_id).to_numpy(), 3 * norms)
    responses = store.responses(writer.run_id)
    assert list(responses) == ["n"]
    assert np.array_equal(responses["n"], norms[:, 0])
    now = store.run(writer.run_id)
    assert (now.step, now.progress, now.seconds_left) == (7, 0.7, 1.5)


def test_an_overview_has_the_means_of_whole_blocks_however_they_came_and_after_a_rewind(store):
    writer = begin(store)
    writer.describe({"layers": ["a", "b"], "norm_layers": ["n"]}, total_steps=1000)
    draw = np.random.default_rng(0)
    count = 3 * BLOCK + 10
    rows = some_steps(1, count).assign(loss=draw.random(count), learning_rate=draw.random(count))
    norms = draw.random((count, 2), np.float32)

    def write(writer: RunWriter, first: int, last: int) -> None:
        writer.append(rows.iloc[first:last], numbers_of(norms[first:last]), 1.0)

    for first, last in ((0, 7), (7, BLOCK - 3), (BLOCK - 3, BLOCK + 40), (BLOCK + 40, BLOCK + 50)):
        write(writer, first, last)
    let_lease_run_out(store, writer.run_id)
    with store.engine.begin() as db:  # a second attempt goes on from step 64 + 40
        db.execute(update(table).values(status=RunStatus.QUEUED))
    again = begin(store, store.run(writer.run_id))
    again.rewind(BLOCK + 40, 0, 0.5)
    assert store.steps(writer.run_id)["step"].iloc[-1] == BLOCK + 40
    write(again, BLOCK + 40, count)  # more than two blocks at once
    blocks = store.steps(writer.run_id, by_block=True)
    assert blocks["step"].tolist() == [BLOCK, 2 * BLOCK, 3 * BLOCK]
    means = rows.iloc[: 3 * BLOCK].groupby((rows["step"].iloc[: 3 * BLOCK] - 1) // BLOCK).mean()
    np.testing.assert_allclose(blocks["loss"], means["loss"])
    np.testing.assert_allclose(blocks["learning_rate"], means["learning_rate"])
    layers = store.weight_norms(writer.run_id, by_block=True)
    assert layers.index.tolist() == blocks["step"].tolist()
    expected = 2 * norms[: 3 * BLOCK].reshape(3, BLOCK, 2).mean(1)
    np.testing.assert_allclose(layers.to_numpy(), expected, rtol=1e-5)
    assert store.steps(writer.run_id)["step"].tolist() == list(range(1, count + 1))  # no gap, no double step


def test_a_run_that_goes_back_has_the_errors_of_where_it_is(store):
    writer = begin(store)
    for epoch in (1, 2):
        losses = {"train_loss": 1.0, "train_error": 0.5 / epoch, "test_loss": 1.0, "test_error": 0.6 / epoch}
        writer.evaluate({"epoch": epoch, "step": 10 * epoch, **losses}, 1.0)
    writer.rewind(10, 1, 0.5)
    assert (store.run(writer.run_id).train_error, store.run(writer.run_id).test_error) == (0.5, 0.6)
    writer.rewind(0, 0, 0.0)
    assert (store.run(writer.run_id).train_error, store.run(writer.run_id).test_error) == (None, None)


def test_what_has_not_happened_yet_is_an_empty_frame(store):
    run, _ = store.add_comparison(WANTED)
    assert list(store.steps(run.id)) == ["step", "loss", "error", "learning_rate"]
    assert store.evaluations(run.id).empty
    assert store.gradient_norms(run.id).empty
    assert store.responses(run.id).empty
    assert run.seconds_left is None


def test_a_loss_that_is_no_number_is_kept_as_null_and_read_as_nan(store):
    writer = begin(store)
    writer.describe({"layers": ["a"]}, 3)
    for step, loss in ((1, math.nan), (2, math.inf)):
        writer.append(some_steps(step, 1, loss), numbers_of(np.full((1, 1), np.nan, np.float32)), 1.0)
    assert store.steps(writer.run_id)["loss"].isna().all()
    assert store.gradient_norms(writer.run_id)["a"].isna().all()
    with store.engine.connect() as db:
        assert db.exec_driver_sql("select count(*) from steps where loss is null").scalar_one() == 2


def test_a_net_without_batch_norms_has_no_responses(store):
    writer = begin(store)
    writer.describe({"layers": ["a"], "norm_layers": []}, 3)
    norms = np.ones((2, 1), np.float32)
    writer.append(some_steps(1, 2), numbers_of(norms, np.empty((2, 0), np.float32)), 1.0)
    assert store.gradient_norms(writer.run_id).shape == (2, 1)
    assert store.responses(writer.run_id).empty


def test_facts_found_later_are_added_to_those_of_the_start(store):
    writer = begin(store)
    writer.describe({"layers": ["a"]}, 3)
    writer.note({"peak_memory": 7})
    assert store.run(writer.run_id).facts == {"layers": ["a"], "peak_memory": 7}


def test_runs_are_copied_with_all_that_belongs_to_them(store, tmp_path):
    other, run = store.add_comparison(WANTED)
    writer = begin(store, run)
    writer.describe({"layers": ["a"], "norm_layers": ["n"]}, 2)
    writer.append(some_steps(1, 2), numbers_of(np.ones((2, 1), np.float32)), 1.0)
    writer.add_samples([(3, b"png")])
    writer.end(RunStatus.FINISHED)
    target = RunStore(f"sqlite:///{tmp_path}/copy.sqlite")
    store.copy_runs([run.id], target)
    assert [one.id for one in target.runs()] == [run.id]  # also without the first of its comparison
    assert target.run(run.id).facts == store.run(run.id).facts
    pd.testing.assert_frame_equal(target.steps(run.id), store.steps(run.id))
    pd.testing.assert_frame_equal(target.weight_norms(run.id), store.weight_norms(run.id))
    assert target.samples(run.id) == [(3, b"png")]
    with pytest.raises(KeyError):
        target.run(other.id)


def test_a_store_that_is_only_read_is_not_touched_and_finds_weights_beside_it(tmp_path):
    url = f"sqlite:///{tmp_path}/kept.sqlite"
    store = RunStore(url)
    writer = begin(store)
    writer.keep_checkpoint(a_checkpoint(1), "weights/w.safetensors")
    writer.end(RunStatus.FINISHED)
    store.engine.dispose()
    with sqlite3.connect(tmp_path / "kept.sqlite") as raw:
        raw.execute("PRAGMA journal_mode=DELETE")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    kept = RunStore(url, read_only=True)
    assert kept.run(writer.run_id).weights == str(tmp_path / "weights" / "w.safetensors")
    assert len(kept.runs()) == 2
    with pytest.raises(StoreError, match="readonly"):
        kept.add_comparison(WANTED)
    kept.engine.dispose()
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    with pytest.raises(StoreError, match="there is no file"):
        RunStore(f"sqlite:///{tmp_path}/absent.sqlite", read_only=True)


def test_evaluations_set_the_errors_of_the_run(store):
    writer = begin(store)
    for epoch, error in ((1, 0.5), (2, 0.125)):
        evaluation = {"epoch": epoch, "step": epoch * 10, "train_loss": 0.3, "train_error": error}
        evaluation |= {"test_loss": math.inf, "test_error": error / 2}
        writer.evaluate(evaluation, seconds=epoch * 2.0)
    frame = store.evaluations(writer.run_id)
    assert frame["test_error"].tolist() == [0.25, 0.0625]
    assert frame["test_loss"].isna().all()
    run = store.run(writer.run_id)
    assert (run.seconds, run.train_error, run.test_error) == (4.0, 0.125, 0.0625)


def test_the_last_two_checkpoints_and_the_best_are_kept(store):
    writer = begin(store)
    dropped = []
    for step, error in ((10, 0.5), (20, 0.1), (30, 0.3), (35, None), (40, 0.2)):
        dropped += [old.step for old in writer.keep_checkpoint(a_checkpoint(step, error), f"w{step}")]
    assert [one.step for one in store.checkpoints(writer.run_id)] == [40, 35, 20]
    assert dropped == [10, 30]
    assert store.run(writer.run_id).weights.endswith("w40")


def test_a_database_that_cannot_be_opened_gets_a_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    for url in ("nonsense", "oracle9://x", f"sqlite:///{tmp_path}/file/runs.sqlite"):
        with pytest.raises(StoreError, match=r"cannot be opened: .*Check RESNET_VIZ_DATABASE_URL"):
            RunStore(url)


def test_a_listing_never_cuts_a_comparison_in_two(store):
    for seed in range(4):
        store.add_comparison([(spec, {"seed": seed}) for spec, _ in WANTED])
    assert len(store.runs(comparisons=3)) == 6


def test_samples_keep_their_order_and_replace_those_of_an_earlier_attempt(store):
    writer = begin(store)
    writer.add_samples([(0, b"old")])
    writer.add_samples([(3, b"three"), (1, b"one")])
    assert store.samples(writer.run_id) == [(3, b"three"), (1, b"one")]


def test_a_choice_is_remembered(store):
    assert store.chosen("at_once") is None
    for value in (3, 4):
        store.choose("at_once", value)
    assert store.chosen("at_once") == 4


def test_all_runs_that_wait_or_are_at_work_are_known_in_the_order_of_their_claims(store):
    store.add_sweep([[({"family": "plain"}, {"seed": seed})] for seed in range(205)])
    assert [run.config["seed"] for run in store.queued()] == list(range(205))
    waiting = store.queued()
    claimed = [store.claim(ELSEWHERE).run_id for _ in range(3)]
    assert claimed == [run.id for run in waiting[:3]] == [run.id for run in store.running()]
    assert [run.id for run in store.queued()] == [run.id for run in waiting[3:]]
    assert len(store.runs(ALL)) == 205


def test_a_sweep_takes_in_what_was_started_alone_and_leaves_what_is_anothers(store):
    alone = store.add_comparison(WANTED[:1])
    sweep = store.add_sweep([WANTED[:1], WANTED])
    assert [run.id for run in store.sweep(sweep)][:1] == [run.id for run in alone]
    assert store.add_sweep([WANTED]) == store.add_sweep([WANTED[:1], WANTED]) == sweep
    with pytest.raises(OtherSweep) as refused:
        store.add_sweep([WANTED[1:], WANTED])
    assert refused.value.taken == {1: sweep}
    assert len(store.runs()) == 3  # and nothing was queued


def test_runs_of_a_sweep_are_found_together(store):
    first = store.add_comparison(WANTED, sweep="abc")
    second = store.add_comparison(WANTED[:1], sweep="abc")
    assert [run.id for run in store.sweep("abc")] == [run.id for run in first + second]


def test_pages_read_while_a_worker_writes(store):
    writer = begin(store)
    with store.engine.begin() as other:
        other.execute(update(table).values(message="half way"))
        assert store.run(writer.run_id).message == ""  # the page sees the last whole state, and does not wait
