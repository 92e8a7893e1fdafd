"""Do the files of a deleted run go with it, wherever they lie, and no others?"""

from dataclasses import asdict

import pytest

from resnet_viz.nets import NetSpec
from resnet_viz.runs import Owner, RunShelf, RunStatus, RunStore, RunWriter, ShelfError
from resnet_viz.runs.records import Checkpoint
from resnet_viz.settings import Settings
from resnet_viz.training import LimitError, delete_runs, preset
from resnet_viz.training.storage import Storage

KINDS = ("1.2.safetensors", "1.2.state", "1.4.safetensors", "epoch0.safetensors", "epoch1.safetensors", "safetensors")


def add_ended(store: RunStore, storage: Storage, seed: int) -> str:
    """A run that has left every kind of file."""
    (run,) = store.add_comparison([(asdict(NetSpec("plain", 8)), asdict(preset("digits", seed=seed)))])
    claim = store.claim(Owner.here(), run_id=run.id)
    assert claim is not None
    writer = RunWriter(store, claim)
    for kind in KINDS:
        storage.write(f"weights/{run.id}.{kind}", b"weights")
    weights, state = f"weights/{run.id}.1.2.safetensors", f"weights/{run.id}.1.2.state"
    writer.keep_checkpoint(Checkpoint(2, 1, 1, 0.5, weights, "0" * 64, state, "0" * 64), storage.locate(weights))
    writer.end(RunStatus.FINISHED)
    return run.id


def files_of(storage: Storage, run_id: str) -> list[str]:
    return Storage(f"{storage.place}/weights").find(f"{run_id}.")


@pytest.fixture(params=["folder", "memory", "brackets"])
def storage(request, home, tmp_path, monkeypatch) -> Storage:
    place = "memory://kept/here" if request.param == "memory" else str(tmp_path / f"a [{request.param}] *")
    monkeypatch.setenv("RESNET_VIZ_STORAGE", place)
    return Storage(place)


def test_all_files_of_deleted_runs_go_and_those_of_others_stay(store, storage):
    gone, kept = add_ended(store, storage, 0), add_ended(store, storage, 1)
    storage.write(f"weights/{gone}x.safetensors", b"of another")
    logs = Settings().home / "logs"
    logs.mkdir()
    for run_id in (gone, kept):
        (logs / f"{run_id}.log").write_text("said")
    assert len(files_of(storage, gone)) == len(KINDS)
    assert delete_runs(store, Settings(), [gone]) == []
    assert files_of(storage, gone) == []
    assert len(files_of(storage, kept)) == len(KINDS)
    assert Storage(f"{storage.place}/weights").find(f"{gone}x") == [f"{gone}x.safetensors"]
    assert [path.name for path in logs.iterdir()] == [f"{kept}.log"]
    assert [run.id for run in store.runs()] == [kept]


def test_files_that_lie_where_the_storage_was_before_go_as_well(store, home, tmp_path, monkeypatch):
    before = Storage(str(tmp_path / "before"))
    gone = add_ended(store, before, 0)
    monkeypatch.setenv("RESNET_VIZ_STORAGE", str(tmp_path / "now"))
    assert delete_runs(store, Settings(), [gone]) == []
    assert files_of(before, gone) == []


def test_an_archived_run_without_any_file_is_deleted(store, home):
    (run,) = store.add_comparison([({}, {})])
    store.request(run.id, "stop")
    RunShelf(store).archive([run.id])
    assert delete_runs(store, Settings(), [run.id]) == []
    assert store.runs(archived=True) == []


def test_files_that_cannot_be_deleted_are_told_and_the_run_is_gone(store, home, monkeypatch):
    storage = Storage(Settings().storage_url)
    gone = add_ended(store, storage, 0)

    def refuse(self, name):
        raise PermissionError("read-only")

    monkeypatch.setattr(Storage, "delete", refuse)
    (trouble,) = delete_runs(store, Settings(), [gone])
    assert gone in trouble
    assert "read-only" in trouble
    assert store.runs() == []


def test_nothing_goes_where_one_of_the_runs_is_at_work(store, home):
    storage = Storage(Settings().storage_url)
    ended = add_ended(store, storage, 0)
    (active,) = store.add_comparison([({}, {"seed": 1})])
    with pytest.raises(ShelfError, match="cannot be deleted"):
        delete_runs(store, Settings(), [ended, active.id])
    assert len(files_of(storage, ended)) == len(KINDS)
    assert len(store.runs()) == 2


def test_a_demonstration_deletes_nothing(store, home, monkeypatch):
    ended = add_ended(store, Storage(Settings().storage_url), 0)
    monkeypatch.setenv("RESNET_VIZ_DEMO", "1")
    with pytest.raises(LimitError, match="demonstration"):
        delete_runs(store, Settings(), [ended])
    assert len(store.runs()) == 1
