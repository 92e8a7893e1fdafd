"""Can runs be named, tagged, pinned, archived and deleted, by two readers at once, on both databases?"""

import threading

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import func, select

from resnet_viz.runs import LostRun, Owner, RunShelf, RunStatus, RunStore, RunWriter, ShelfError, StudyStore
from resnet_viz.runs.records import Checkpoint
from resnet_viz.runs.schema import KINDS, metadata
from resnet_viz.runs.shelf import MOST_NAME, MOST_NOTE, MOST_TAG, MOST_TAGS

WANTED = [({"family": family}, {"seed": 0}) for family in ("plain", "resnet")]


@pytest.fixture
def shelf(store) -> RunShelf:
    return RunShelf(store)


@pytest.fixture
def ids(store) -> list[str]:
    """Two runs that were stopped before they began."""
    runs = store.add_comparison(WANTED)
    for run in runs:
        store.request(run.id, "stop")
    return [run.id for run in runs]


def fill(store: RunStore, run_id: str) -> None:
    """Give a run rows in every table that has rows of runs."""
    assert store.resume(run_id)
    claim = store.claim(Owner.here(), run_id=run_id)
    assert claim is not None
    writer = RunWriter(store, claim)
    writer.describe({"layers": ["a"], "norm_layers": ["n"]}, 128)
    steps = pd.DataFrame({"step": range(1, 65), "loss": 1.0, "error": 0.5, "learning_rate": 0.1})
    writer.append(steps, dict.fromkeys(KINDS, np.ones((64, 1), np.float32)), 1.0)
    losses = {"train_loss": 1.0, "train_error": 0.5, "test_loss": 1.0, "test_error": 0.5}
    writer.evaluate({"epoch": 1, "step": 64, **losses}, 1.0)
    writer.add_samples([(3, b"png")])
    writer.keep_checkpoint(Checkpoint(64, 1, 1, 0.5, "weights/w", "0" * 64, "weights/s", "0" * 64), "weights/w")
    writer.end(RunStatus.FINISHED)


def count_rows(store: RunStore, run_id: str) -> dict[str, int]:
    with store.read() as db:
        return {
            table.name: db.execute(
                select(func.count())
                .select_from(table)
                .where((table.c.id if "id" in table.c else table.c.run_id) == run_id)
            ).scalar_one()
            for table in metadata.sorted_tables
            if table.name == "runs" or "run_id" in table.c
        }


def test_a_run_gets_a_name_and_a_note_and_loses_them_again(store, shelf, ids):
    shelf.rename(ids[0], "  my \n best\u202e one\x00 ")
    shelf.write_note(ids[0], " two\r\nlines \x07 \n")
    assert store.run(ids[0]).name == "my best one"
    assert store.run(ids[0]).note == "two\nlines"
    assert (store.run(ids[1]).name, store.run(ids[1]).note) == ("", "")
    shelf.rename(ids[0], "")
    shelf.write_note(ids[0], "")
    assert (store.run(ids[0]).name, store.run(ids[0]).note) == ("", "")


@pytest.mark.parametrize("text", ["<b>x</b> **y** $z$", "=1+1", "实验 😀", "a'; DROP TABLE runs; --"])
def test_any_text_is_kept_as_it_is(store, shelf, ids, text):
    shelf.edit([ids[0]], name=text, note=text, add=[text])
    run = store.run(ids[0])
    assert (run.name, run.note, shelf.tags()) == (text, text, {ids[0]: [text]})


def test_texts_have_their_limits_and_a_sentence_says_which(store, shelf, ids):
    shelf.edit(ids[:1], name="n" * MOST_NAME, note="n" * MOST_NOTE, add=["n" * MOST_TAG])
    with pytest.raises(ShelfError, match="the name has 81 characters; 80 are kept"):
        shelf.rename(ids[0], "n" * (MOST_NAME + 1))
    with pytest.raises(ShelfError, match="the note has 2,001 characters; 2,000 are kept"):
        shelf.write_note(ids[0], "n" * (MOST_NOTE + 1))
    with pytest.raises(ShelfError, match="the tag has 31 characters; 30 are kept"):
        shelf.tag(ids, add=["n" * (MOST_TAG + 1)])
    for tag in ("", "  ", "a,b"):
        with pytest.raises(ShelfError, match="without a comma"):
            shelf.tag(ids, add=[tag])
    shelf.tag(ids[:1], add=[f"t{i}" for i in range(MOST_TAGS - 1)])
    with pytest.raises(ShelfError, match="20 tags"):
        shelf.edit(ids[:1], name="never", add=["one more"])
    assert store.run(ids[0]).name == "n" * MOST_NAME  # whole or not at all
    shelf.tag(ids[:1], add=["one more"], remove=["t0"])
    assert len(shelf.tags()[ids[0]]) == MOST_TAGS


def test_tags_are_added_and_removed_and_come_in_order(shelf, ids):
    shelf.tag(ids, add=["week 3", "Baseline", "week 3"])
    shelf.tag(ids[:1], add=["baseline", "Baseline"], remove=["week 3", "absent"])
    assert shelf.tags() == {ids[0]: ["Baseline", "baseline"], ids[1]: ["Baseline", "week 3"]}


def test_readers_who_tag_a_run_at_once_lose_nothing_of_each_other(store, shelf, ids):
    start = threading.Barrier(4)

    def tag(name: str) -> None:
        start.wait()
        for i in range(5):
            RunShelf(store).tag(ids, add=[f"{name}{i}", "both"])

    readers = [threading.Thread(target=tag, args=[name]) for name in "abc"]
    for reader in readers:
        reader.start()
    start.wait()
    for reader in readers:
        reader.join()
    expected = sorted([f"{name}{i}" for name in "abc" for i in range(5)] + ["both"])
    assert shelf.tags() == dict.fromkeys(ids, expected)


def test_an_archived_run_leaves_the_lists_and_comes_back_whole(store, shelf, ids):
    shelf.archive(ids[:1])
    assert [run.id for run in store.runs()] == ids[1:]  # also where the first of a comparison is gone
    assert [run.id for run in store.runs(archived=True)] == ids
    assert [run.id for run in store.comparison(store.run(ids[0]).comparison)] == ids
    assert store.run(ids[0]).archived_at > 0
    shelf.restore(ids[:1])
    assert [run.id for run in store.runs()] == ids
    shelf.archive(ids)
    assert store.runs() == []


def test_archived_comparisons_do_not_count_where_the_newest_are_asked_for(store, shelf, ids):
    newer = [store.add_comparison([({}, {"seed": seed})])[0] for seed in (1, 2)]
    store.request(newer[1].id, "stop")
    shelf.archive([newer[1].id])
    assert [run.id for run in store.runs(comparisons=2)] == [newer[0].id, *ids]


def test_a_run_that_goes_on_is_no_longer_archived(store, shelf, ids):
    shelf.archive(ids)
    assert store.resume(ids[0])
    assert [run.id for run in store.runs()] == ids[:1]


def test_pins_are_set_and_taken_away(store, shelf, ids):
    shelf.pin(ids[1:])
    assert [bool(run.pinned_at) for run in store.runs()] == [False, True]
    shelf.pin(ids, pinned=False)
    assert [run.pinned_at for run in store.runs()] == [None, None]


def test_a_run_at_work_is_neither_archived_nor_deleted_and_nor_are_those_beside_it(store, shelf, ids):
    active = store.add_comparison([({}, {"seed": 7})])[0].id
    for _ in range(2):  # queued, then running
        with pytest.raises(ShelfError, match=f"run {active} is (queued|running) and cannot be deleted; stop it"):
            shelf.delete([*ids, active])
        with pytest.raises(ShelfError, match="cannot be archived"):
            shelf.archive([*ids, active])
        store.claim(Owner.here())
    assert len(store.runs()) == 3


def test_a_deleted_run_leaves_no_row_and_others_keep_theirs(store, shelf, ids):
    for run_id in ids:
        fill(store, run_id)
    shelf.tag(ids, add=["t"])
    before = count_rows(store, ids[1])
    assert min(before.values()) > 0, before
    shelf.delete(ids[:1])
    assert set(count_rows(store, ids[0]).values()) == {0}
    assert count_rows(store, ids[1]) == before
    assert [run.id for run in store.runs()] == ids[1:]


def test_answers_about_a_deleted_run_go_with_it(store, shelf, ids):
    studies = StudyStore(store)
    about = [studies.ask("lesions", {"pictures": 100, "runs": asked}).id for asked in (ids[:1], ids[1:], ids)]
    other = studies.ask("shattering", {"specs": ["plain-8"]}).id
    assert shelf.count_answers(ids[:1]) == 2
    shelf.delete(ids[:1])
    assert {study.id for study in studies.studies()} == {about[1], other}
    assert studies.tell(about[0], 0.5) is False  # who is answering learns of it


def test_a_worker_whose_run_was_deleted_writes_nothing(store, shelf, ids):
    store.resume(ids[0])
    writer = RunWriter(store, store.claim(Owner.here(), run_id=ids[0]))
    store.request(ids[0], "stop")
    writer.end(RunStatus.STOPPED)
    shelf.delete(ids)
    with pytest.raises(LostRun):
        writer.beat()
    assert store.runs() == []


def test_runs_that_start_from_others_are_named(store, shelf, ids):
    later = store.add_comparison([({}, {"seed": 0, "start": ids[0]})])[0].id
    store.request(later, "stop")
    shelf.archive([later])
    assert [run.id for run in shelf.dependents(ids)] == [later]
    assert shelf.dependents([*ids, later]) == []


def test_what_is_gone_is_said_and_nothing_is_changed(store, shelf, ids):
    shelf.delete(ids[:1])
    for change in (
        lambda: shelf.rename(ids[0], "x"),
        lambda: shelf.tag(ids, add=["x"]),
        lambda: shelf.pin(ids),
        lambda: shelf.archive(ids),
        lambda: shelf.restore(ids),
        lambda: shelf.delete(ids),
    ):
        with pytest.raises(ShelfError, match=f"there is no run {ids[0]} any more"):
            change()
    (run,) = store.runs()
    assert (run.pinned_at, run.archived_at, shelf.tags()) == (None, None, {})


def test_copies_keep_what_their_reader_made_of_them(store, shelf, ids, tmp_path):
    shelf.edit(ids[:1], name="mine", note="a note", add=["t"])
    target = RunStore(f"sqlite:///{tmp_path}/copy.sqlite")
    store.copy_runs(ids, target)
    assert (target.run(ids[0]).name, target.run(ids[0]).note) == ("mine", "a note")
    assert RunShelf(target).tags() == {ids[0]: ["t"]}
