"""Does a run arrive in another installation as it left this one, and does a bad file change nothing?"""

import contextlib
import hashlib
import json
import random
import stat
import zipfile
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from resnet_viz.cli import main
from resnet_viz.nets import NetSpec
from resnet_viz.runs import (
    BundleError,
    Owner,
    RunShelf,
    RunStatus,
    RunStore,
    RunWriter,
    read_bundle,
    recorded_stores,
    take_out,
)
from resnet_viz.runs.bundle import MANIFEST, NEEDED
from resnet_viz.runs.schema import KINDS
from resnet_viz.settings import Settings
from resnet_viz.training import LimitError, continue_run, continue_sweep, load_net, preset, queue_sweep, stop_sweep
from resnet_viz.training.transfer import export_run, import_run

READS = ("steps", "evaluations", "gradient_norms", "weight_norms", "update_norms", "responses")


@pytest.fixture
def nobody_works(monkeypatch):
    """The queue is looked at here, not who takes from it."""
    for module in ("queue", "sweep"):
        monkeypatch.setattr(f"resnet_viz.training.{module}.see_to_runs", lambda *_: None)


@pytest.fixture
def bundle(trained, tmp_path) -> Path:
    """The residual net of `trained` as a file."""
    home, runs = trained
    settings = Settings(home=home)
    export_run(RunStore(settings.store_url), settings, runs[1], tmp_path / "run.zip")
    return tmp_path / "run.zip"


def rewrite(source: Path, changes: dict[str, bytes | None], honest: bool = True) -> Path:
    """The bundle with files changed, added or (None) taken away; an honest manifest says so."""
    with zipfile.ZipFile(source) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    files = {name: data for name, data in (files | changes).items() if data is not None}
    if honest:
        manifest = json.loads(files[MANIFEST])
        manifest["files"] = {
            name: {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
            for name, data in files.items()
            if name != MANIFEST
        }
        files[MANIFEST] = json.dumps(manifest).encode()
    target = source.with_name("changed.zip")
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return target


def run_of(source: Path) -> dict:
    with zipfile.ZipFile(source) as archive:
        return json.loads(archive.read("run.json"))


def edit_run(source: Path, **fields) -> Path:
    return rewrite(source, {"run.json": json.dumps(run_of(source) | fields).encode()})


def test_a_run_arrives_as_it_left(trained, bundle, store):
    home, runs = trained
    there = RunStore(Settings(home=home).store_url)
    run = import_run(store, Settings(), bundle)
    for read in READS:
        assert getattr(store, read)(run.id).equals(getattr(there, read)(run.id)), read
    assert store.samples(run.id) == there.samples(run.id)
    for name in ("spec", "config", "status", "test_error", "total_steps", "created_at", "comparison"):
        assert getattr(run, name) == getattr(runs[1], name), name
    assert run.facts.items() <= runs[1].facts.items()
    assert not {"host", "pid", "attempts"} & run.facts.keys()
    ours, theirs = (load_net(one, Settings()).state_dict() for one in (run, runs[1]))
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)
    assert Path(run.weights).is_relative_to(Settings().home)


def test_name_note_and_tags_go_with_a_run(trained, store, tmp_path, home):
    (run,) = store.add_comparison([(asdict(NetSpec("resnet", 8)), asdict(preset("digits")))])
    store.request(run.id, "stop")
    RunShelf(store).edit([run.id], "the best", "two\nlines", ["week 3", "baseline"])
    export_run(store, Settings(), store.run(run.id), tmp_path / "run.zip")
    there = RunStore(f"sqlite:///{tmp_path}/other.sqlite")
    taken = import_run(there, Settings(home=tmp_path / "other"), tmp_path / "run.zip")
    assert (taken.name, taken.note) == ("the best", "two\nlines")
    assert RunShelf(there).tags() == {run.id: ["baseline", "week 3"]}


@pytest.mark.parametrize(
    "labels",
    [{"name": "x" * 81}, {"note": "x" * 2001}, {"tags": ["a,b"]}, {"tags": [3]}, {"tags": [str(i) for i in range(21)]}],
)
def test_labels_that_no_reader_could_give_are_refused(bundle, store, labels):
    with pytest.raises(BundleError):
        import_run(store, Settings(), edit_run(bundle, **labels))
    assert store.runs() == []


def test_signs_that_turn_lines_around_do_not_come_in(bundle, store):
    taken = import_run(store, Settings(), edit_run(bundle, name="a\u202eb\x00", note="\x1bc"))
    assert (taken.name, taken.note) == ("a b", "c")


def test_a_run_moves_from_sqlite_to_postgresql(trained, bundle, home, postgres_url):
    there = RunStore(Settings(home=trained[0]).store_url)
    store = RunStore(postgres_url)
    run = import_run(store, Settings(), bundle)
    for read in READS:
        assert getattr(store, read)(run.id).equals(getattr(there, read)(run.id)), read
    with pytest.raises(BundleError, match="is here already"):
        import_run(store, Settings(), bundle)


def test_means_over_blocks_and_kept_epochs_of_a_recorded_run_come_along(store, tmp_path, monkeypatch):
    recorded = [(one, run) for one in recorded_stores().values() for run in one.runs()]
    long, run = max(recorded, key=lambda pair: len(pair[0].steps(pair[1].id, by_block=True)))
    export_run(store, Settings(), run, tmp_path / "run.zip")
    with pytest.raises(BundleError, match="is here already"):  # every installation has it
        import_run(store, Settings(), tmp_path / "run.zip")
    monkeypatch.setattr("resnet_viz.training.transfer.find_run", RunStore.run)
    import_run(store, Settings(), tmp_path / "run.zip")
    for read in ("steps", "gradient_norms", "responses"):
        assert getattr(store, read)(run.id, by_block=True).equals(getattr(long, read)(run.id, by_block=True))


def test_runs_of_a_comparison_find_together_again_in_any_order(trained, store, tmp_path):
    home, runs = trained
    settings = Settings(home=home)
    for run in reversed(runs):
        export_run(RunStore(settings.store_url), settings, run, tmp_path / f"{run.id}.zip")
        import_run(store, Settings(), tmp_path / f"{run.id}.zip")
        assert run.id in [one.id for one in store.runs()]  # seen at once, also without the other
    assert [run.id for run in store.runs()] == [run.id for run in runs]


def test_a_run_is_taken_in_once(bundle, store):
    run = import_run(store, Settings(), bundle)
    weights = Path(run.weights).read_bytes()
    with pytest.raises(BundleError, match=f"run {run.id} is here already"):
        import_run(store, Settings(), bundle)
    assert Path(run.weights).read_bytes() == weights


@pytest.mark.parametrize(("status", "epochs"), [("stopped", 0), ("finished", 2)])
def test_a_run_from_elsewhere_does_not_go_on_as_it_would_begin_anew(bundle, store, status, epochs):
    run = import_run(store, Settings(), edit_run(bundle, status=status))
    with pytest.raises(LimitError, match=r"trained elsewhere.* run it again with one change"):
        continue_run(store, Settings(), run, epochs)
    assert replace(store.run(run.id), silent_for=run.silent_for) == run
    assert store.steps(run.id)["step"].max() == run.step > 0


def test_a_sweep_goes_on_without_its_runs_from_elsewhere(bundle, store, nobody_works):
    sweep = queue_sweep(store, Settings(), [[(NetSpec("resnet", 8), preset("digits"))]])
    stop_sweep(store, sweep)
    run = import_run(store, Settings(), edit_run(bundle, status="stopped", sweep=sweep))
    assert len(store.sweep(sweep)) == 2
    assert continue_sweep(store, Settings(), sweep) == 1
    assert store.run(run.id).status is RunStatus.STOPPED


def test_a_recorded_run_does_not_go_on(store):
    run = next(run for run in recorded_stores()["digits"].runs() if not run.weights)
    with pytest.raises(LimitError, match="trained elsewhere"):
        continue_run(store, Settings(), run, epochs=1)


def test_a_run_at_work_is_not_taken_away(store):
    (run,) = store.add_comparison([({}, {})])
    with pytest.raises(BundleError, match="is queued; wait for its end"):
        take_out(store, run.id, {})


def test_a_diverged_run_without_weights_keeps_its_numbers_that_are_none(store, tmp_path, home, monkeypatch):
    (run,) = store.add_comparison([(asdict(NetSpec("resnet", 8)), asdict(preset("digits")))])
    writer = RunWriter(store, store.claim(Owner.here()))
    writer.describe({"layers": ["a"], "norm_layers": ["b"]}, 4)
    rows = pd.DataFrame({"step": [1, 2], "loss": [2.0, np.nan], "error": 0.9, "learning_rate": 0.1})
    writer.append(rows, dict.fromkeys(KINDS, np.full((2, 1), np.nan, np.float32)), 1.0)
    writer.end(RunStatus.DIVERGED, "diverged at step 2")
    export_run(store, Settings(), store.run(run.id), tmp_path / "run.zip")
    monkeypatch.setenv("RESNET_VIZ_HOME", str(tmp_path / "other"))
    other = RunStore(Settings().store_url)
    taken = import_run(other, Settings(), tmp_path / "run.zip")
    assert (taken.status, taken.weights) == (RunStatus.DIVERGED, "")
    assert other.steps(run.id).equals(store.steps(run.id))
    assert other.gradient_norms(run.id).equals(store.gradient_norms(run.id))


@pytest.mark.long
def test_the_numbers_of_a_net_that_does_not_move_are_taken_in_too(store, tmp_path, monkeypatch):
    (run,) = store.add_comparison([(asdict(NetSpec("resnet", 8)), asdict(preset("digits")))])
    writer = RunWriter(store, store.claim(Owner.here()))
    writer.describe({"layers": [str(i) for i in range(1_000)], "norm_layers": ["b"]}, 512)
    for first in (1, 257):
        steps = {"step": range(first, first + 256), "loss": 2.3, "error": 0.9, "learning_rate": 0.0}
        numbers = {kind: np.zeros((256, 1 if kind == "responses" else 1_000), np.float32) for kind in KINDS}
        writer.append(pd.DataFrame(steps), numbers, 1.0)
    writer.end(RunStatus.STOPPED)
    export_run(store, Settings(), store.run(run.id), tmp_path / "run.zip")
    monkeypatch.setenv("RESNET_VIZ_HOME", str(tmp_path / "other"))
    other = RunStore(Settings().store_url)
    import_run(other, Settings(), tmp_path / "run.zip")
    assert other.weight_norms(run.id).equals(store.weight_norms(run.id))
    assert other.weight_norms(run.id, by_block=True).equals(store.weight_norms(run.id, by_block=True))


def bad_files(bundle: Path, tmp_path: Path):
    """Files that are no good bundle, each with a word of its refusal."""
    whole = bundle.read_bytes()
    yield b"", "not a whole bundle"
    yield b"PK\3\4 nothing", "not a whole bundle"
    for tenths in range(1, 10):
        yield whole[: len(whole) * tenths // 10], "not a whole bundle"
    for name in NEEDED:
        yield rewrite(bundle, {name: None}), f"has no {name}|does not hold"
    yield rewrite(bundle, {"steps.csv": b"step,loss\n1,2\n"}, honest=False), "its checksum differs"
    yield rewrite(bundle, {"steps.csv": b"step,loss\n1,2\n"}), "cannot be read"
    yield rewrite(bundle, {"steps.csv": b"\xff\xfe\0"}), "cannot be read"
    head = b"step,loss,error,learning_rate\n"
    for steps in (b"1,1,1,1\n1,1,1,1\n", b"2,1,1,1\n1,1,1,1\n", b"99999999999,1,1,1\n", b"x,1,1,1\n", b",1,1,1\n"):
        yield rewrite(bundle, {"steps.csv": head + steps}), "cannot be read"
    yield rewrite(bundle, {"layers.safetensors": b"no tensors"}), "cannot be read"
    yield rewrite(bundle, {"weights.safetensors": b"no tensors"}), "the weights cannot be used"
    yield rewrite(bundle, {"weights/0.safetensors": b"no tensors"}), "epochs that the run has kept"
    yield rewrite(bundle, {"samples/0.png": b"no picture"}), "does not know"
    yield rewrite(bundle, {"samples/99.png": b"one more"}), "sample pictures"
    yield rewrite(bundle, {MANIFEST: b"[]"}, honest=False), "layout None"
    yield rewrite(bundle, {MANIFEST: b"{" * 100_000}, honest=False), "is not JSON"
    yield rewrite(bundle, {MANIFEST: b'{"layout": 2}'}, honest=False), "update this program"
    yield rewrite(bundle, {MANIFEST: None}, honest=False), "has no manifest.json"
    yield rewrite(bundle, {"run.json": b"[1]"}), "fields of a run"
    yield rewrite(bundle, {"steps.csv": b"0\n" * 50_000_000}), "more than 200 to 1"
    for name in ("../../evil.safetensors", "/etc/passwd", "weights/../x", "weights\\1.safetensors", "run.json/"):
        yield rewrite(bundle, {name: b"x"}, honest=False), "no bundle of a run"
    for name in ("weights/1.safetensors\0.png", "C:evil", "WEIGHTS.SAFETENSORS"):
        yield rewrite(bundle, {name: b"x"}, honest=False), "no bundle of a run|does not hold|checksum"
    yield edit_run(bundle, id="../../x"), "ids of the run"
    yield edit_run(bundle, id="abcd\n"), "ids of the run"
    yield edit_run(bundle, status="running"), "one that has ended"
    yield edit_run(bundle, seconds="many"), "seconds of the run"
    yield edit_run(bundle, created_at=float("nan")), "created_at of the run is no number"
    yield edit_run(bundle, spec={"family": "resnet", "depth": 10**12}), "does not know"
    yield edit_run(bundle, config={"epochs": 0}), "does not know"
    yield edit_run(bundle, config={"evil": 1}), "does not know"
    yield edit_run(bundle, facts={}), "does not know"
    yield edit_run(bundle, config={"dataset": "nosuch"}), "'nosuch', a data set that this version has not"
    yield edit_run(bundle, config={"folder": 7}), "is no text"
    yield edit_run(bundle, seconds=10**400), "seconds of the run is no number"
    yield edit_run(bundle, created_at=1e12), "created_at of the run is no number"  # no calendar has that day
    yield edit_run(bundle, ended_at=-1), "ended_at of the run is no number"
    yield edit_run(bundle, step=2**31), "step of the run is no number"
    yield edit_run(bundle, position=-1), "position of the run is no number"
    labels = run_of(bundle)["samples"]
    yield edit_run(bundle, samples=[10**400, *labels[1:]]), "labels of the samples"
    yield edit_run(bundle, samples=["seven", *labels[1:]]), "labels of the samples"
    facts = run_of(bundle)["facts"]
    yield edit_run(bundle, facts=facts | {"layers": [1] * len(facts["layers"])}), "layers of the run are not all names"
    yield edit_run(bundle, facts=facts | {"train_count": "many"}), "train_count of the run is 'many'"
    for kept in (None, ["x"], [True], 1.0, {}):
        yield edit_run(bundle, facts=facts | {"kept_epochs": kept}), "kept_epochs of the run is"
    for wrong in (1, -1, [0], 10**300):
        yield edit_run(bundle, facts=facts | {"kept_epochs": wrong}), "epochs that the run has kept"
    head = b"epoch,step,train_loss,train_error,test_loss,test_error\n"
    yield rewrite(bundle, {"evaluations.csv": head + b"1,99999999999,1,1,1,1\n"}), "cannot be read"


@pytest.mark.long
def test_what_is_no_bundle_gets_a_sentence_and_changes_nothing(bundle, store, tmp_path):
    count = 0
    for data, sentence in bad_files(bundle, tmp_path):
        path = data
        if isinstance(data, bytes):
            path = tmp_path / "bad.zip"
            path.write_bytes(data)
        with pytest.raises(BundleError, match=sentence):
            import_run(store, Settings(), path)
        count += 1
    assert count > 40
    assert store.runs() == []
    assert not [path for path in Settings().home.rglob("*") if path.is_file() and "sqlite" not in path.name]


def test_bytes_that_are_flipped_anywhere_are_found(bundle, store, tmp_path):
    whole, draw = bundle.read_bytes(), random.Random(0)
    refused = 0
    for _ in range(300):
        broken = bytearray(whole)
        for _ in range(draw.randrange(1, 4)):
            broken[draw.randrange(len(whole) if draw.random() < 0.5 else 400) - draw.choice((0, 900))] = draw.randrange(
                256
            )
        (tmp_path / "bad.zip").write_bytes(broken)
        try:
            assert read_bundle(tmp_path / "bad.zip") == read_bundle(bundle)  # a byte that nobody reads: a time, a flag
        except BundleError:
            refused += 1
    assert refused > 150


def test_a_name_twice_a_link_and_an_encrypted_file_are_refused(bundle, store, tmp_path):
    for change in ("twice", "encrypted", "link"):
        path = tmp_path / f"{change}.zip"
        path.write_bytes(bundle.read_bytes())
        if change == "encrypted":
            data = bytearray(path.read_bytes())
            place = data.rindex(b"PK\1\2")
            data[place + 8] |= 1
            path.write_bytes(bytes(data))
        else:
            info = zipfile.ZipInfo("run.json" if change == "twice" else "weights/0.safetensors")
            info.external_attr = (stat.S_IFLNK | 0o777) << 16 if change == "link" else 0
            warned = (
                pytest.warns(UserWarning, match="Duplicate name") if change == "twice" else contextlib.nullcontext()
            )
            with warned, zipfile.ZipFile(path, "a") as archive:
                archive.writestr(info, b"/etc/passwd")
        with pytest.raises(BundleError):
            import_run(store, Settings(), path)
    assert store.runs() == []


def test_a_write_that_fails_leaves_no_weights_behind(bundle, store, monkeypatch):
    def fail(*_):
        raise BundleError("the database says no")

    monkeypatch.setattr("resnet_viz.training.transfer.put_in", fail)
    with pytest.raises(BundleError, match="says no"):
        import_run(store, Settings(), bundle)
    assert not list(Settings().home.rglob("*.safetensors"))


def test_the_command_line_exports_and_imports(trained, home, tmp_path, monkeypatch, capsys):
    there, runs = trained
    monkeypatch.setenv("RESNET_VIZ_HOME", str(there))
    assert main(["export", runs[0].id, "--to", str(tmp_path / "away"), "--bundle", "--csv"]) == 0
    written = sorted(path.name for path in (tmp_path / "away").iterdir())
    assert f"run-{runs[0].id}.zip" in written
    assert f"run-{runs[0].id}-gradient_norms.csv" in written
    monkeypatch.setenv("RESNET_VIZ_HOME", str(home))
    assert main(["import", str(tmp_path / "away" / f"run-{runs[0].id}.zip")]) == 0
    assert "plain-8" in capsys.readouterr().out
    assert main(["import", str(tmp_path / "away" / f"run-{runs[0].id}-steps.csv")]) == 2
    assert "not a whole bundle" in capsys.readouterr().err
    assert main(["export", "nothere"]) == 2
    assert "there is no run nothere" in capsys.readouterr().err
