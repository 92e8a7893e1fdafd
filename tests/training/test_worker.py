"""Does a worker's process do what the store asks, and is every end of it told apart?"""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from resnet_viz.cli import main
from resnet_viz.nets import NetSpec, load_checkpoint
from resnet_viz.runs import Owner, Run, RunStatus, RunStore, RunWriter, StoreError
from resnet_viz.settings import Settings
from resnet_viz.training import executor, prepare_workers, preset, start_workers
from resnet_viz.training.storage import Storage
from resnet_viz.training.worker import Pulse, _count_here
from tests.conftest import PATIENCE, work_on


def queue(store: RunStore, depth: int = 8, **changes) -> Run:
    (run,) = store.add_comparison([(asdict(NetSpec("resnet", depth)), asdict(replace(preset("digits"), **changes)))])
    return run


def wait_until(store: RunStore, run: Run, condition) -> Run:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        now = store.run(run.id)
        if condition(now):
            return now
        time.sleep(0.1)
    raise AssertionError(f"waited {PATIENCE} s; the run is {store.run(run.id)}")


def has_ended(run: Run) -> bool:
    return not run.status.is_active


def test_a_finished_run_says_all_that_is_needed_to_repeat_it(trained):
    home, runs = trained
    for run in runs:
        assert run.status is RunStatus.FINISHED
        assert run.step == run.total_steps == 21
        assert 0 < run.test_error < 1
        facts = run.facts
        assert facts["spec"]["in_channels"] == 1
        assert facts["threads"] == 1
        assert facts["steps_by_threads"] == {"1": 21}
        assert 1e8 < facts["peak_memory"] < 1e11
        assert {"torch", "python", "resnet_viz"} <= facts["versions"].keys()
        assert len(facts["layers"]) == 8
        assert load_checkpoint(run.weights).spec == NetSpec(**facts["spec"])
    store = RunStore(Settings(home=home).store_url)
    assert len(store.samples(runs[0].id)) == 20
    assert store.gradient_norms(runs[0].id).shape == (21, 8)
    assert len(store.evaluations(runs[0].id)) == 1


@pytest.mark.process
def test_two_workers_train_side_by_side_and_outlive_their_starter(store, home):
    runs = store.add_comparison(
        [(asdict(NetSpec(f, 8)), asdict(preset("digits", epochs=2))) for f in ("plain", "resnet")]
    )
    code = "from resnet_viz.training import start_workers; from resnet_viz.settings import Settings; "
    code += "from resnet_viz.runs import RunStore; start_workers(RunStore(Settings().store_url), Settings())"
    subprocess.run([sys.executable, "-c", code], check=True)  # and is gone
    ended = [wait_until(store, run, has_ended) for run in runs]
    assert [run.status for run in ended] == [RunStatus.FINISHED] * 2, [run.message for run in ended]
    assert ended[0].ended_at - ended[0].seconds < ended[1].ended_at  # they overlapped


@pytest.mark.process
def test_a_stopped_run_stops_and_keeps_its_curve_and_weights(store):
    run = queue(store, depth=20, epochs=200)
    start_workers(store, Settings())
    wait_until(store, run, lambda now: now.step > 2)
    store.request(run.id, "stop")
    ended = wait_until(store, run, has_ended)
    assert ended.status is RunStatus.STOPPED
    assert len(store.steps(run.id)) == ended.step > 2
    assert load_checkpoint(ended.weights).spec.depth == 20


@pytest.mark.process
def test_a_worker_starts_from_any_folder_and_sigterm_ends_its_run_as_stopped(store, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run = queue(store, epochs=200)
    start_workers(store, Settings())
    os.kill(wait_until(store, run, lambda now: now.step > 2).facts["pid"], signal.SIGTERM)
    ended = wait_until(store, run, has_ended)
    assert ended.status is RunStatus.STOPPED
    assert "signal" in ended.message


def run_here(store: RunStore, run: Run, home: Path) -> Run:
    return work_on(store, Settings(home=home), run)


@pytest.mark.long
def test_a_diverged_run_says_since_when(store, home):
    ended = run_here(store, queue(store, epochs=5, peak_lr=100.0, weight_decay=1.0), home)
    assert ended.status is RunStatus.DIVERGED
    assert ended.message.startswith(f"diverged at step {ended.step}")
    assert store.steps(ended.id)["loss"].isna().sum() == 1
    assert ended.weights == ""


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"dataset": "folder", "folder": "/nowhere"}, "there is no folder or zip /nowhere"),
        ({"dataset": "imagenet"}, "data set 'imagenet' is unknown"),
    ],
)
def test_a_failed_run_says_why_in_a_sentence(store, home, changes, sentence):
    ended = run_here(store, queue(store, **changes), home)
    assert ended.status is RunStatus.FAILED
    assert sentence in ended.message


def test_a_failed_heartbeat_is_not_the_last(store, monkeypatch):
    run = queue(store)
    writer = RunWriter(store, store.claim(Owner.here()))
    store.request(run.id, "pause")
    answers = iter([StoreError("the database does not answer"), None])

    def beat():
        if error := next(answers, None):
            raise error
        return RunWriter.beat(writer)

    monkeypatch.setattr("resnet_viz.training.worker.ASK_SECONDS", 0.02)
    monkeypatch.setattr("resnet_viz.training.worker.BEAT", 0.0)
    monkeypatch.setattr(writer, "beat", beat)
    with Pulse(writer, is_alone=False) as pulse:
        deadline = time.monotonic() + PATIENCE
        while pulse.asked is None and time.monotonic() < deadline:
            time.sleep(0.02)
    assert str(pulse.asked) == "paused by the reader"


@pytest.mark.process
def test_a_worker_in_waiting_takes_the_next_run(store):
    prepare_workers()
    waiting = [spare.pid for spare in executor._spares]
    assert len(waiting) == executor.SPARES
    prepare_workers()
    assert [spare.pid for spare in executor._spares] == waiting  # not more of them
    executor._spares[0].kill()  # one has died meanwhile: the next takes its place
    executor._spares[0].wait()
    run = queue(store, epochs=1)
    start_workers(store, Settings())
    ended = wait_until(store, run, has_ended)
    assert ended.status is RunStatus.FINISHED
    assert ended.facts["pid"] == waiting[1]


@pytest.mark.process
def test_a_worker_in_waiting_ends_with_its_starter():
    code = "from resnet_viz.training import executor, prepare_workers; executor.SPARES = 1; prepare_workers(); "
    code += "print(*(spare.pid for spare in executor._spares))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    deadline = time.monotonic() + PATIENCE
    while any(is_running(int(pid)) for pid in done.stdout.split()):
        assert time.monotonic() < deadline
        time.sleep(0.2)


def is_running(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False


def test_an_unforeseen_error_is_a_sentence_too(store, home, monkeypatch):
    def refuse(*_):
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes\n#0 0x7f")

    monkeypatch.setattr("resnet_viz.training.worker.load_dataset", refuse)
    ended = run_here(store, queue(store), home)
    assert ended.status is RunStatus.FAILED
    assert ended.message == "out of memory: try a smaller batch or depth"


@pytest.mark.long
def test_a_database_that_does_not_answer_a_look_costs_no_run(store, home, monkeypatch):
    asked = []

    def count(this: RunStore) -> int:
        if this.engine.url != store.engine.url:  # of pages that were looked at before
            return 0
        asked.append(time.monotonic())
        if len(asked) > 1:  # the first time is at the start
            raise StoreError("the database does not answer; try again in a moment")
        return 0

    monkeypatch.setattr(RunStore, "count_queued", count)
    monkeypatch.setattr("resnet_viz.training.threads.LOOK_SECONDS", 0.05)
    ended = run_here(store, queue(store, epochs=2), home)
    assert (ended.status, ended.message) == (RunStatus.FINISHED, "")
    assert len(asked) > 1


def test_threads_are_shared_with_the_runs_of_this_machine_alone(store):
    queue(store)
    queue(store, seed=1)
    assert _count_here(store) == 2
    store.claim(Owner("elsewhere", 1, 1.0))
    assert _count_here(store) == 1
    store.claim(Owner.here())
    assert _count_here(store) == 1


@pytest.mark.long
def test_an_old_checkpoint_that_cannot_be_deleted_costs_no_run(store, home, monkeypatch, capfd):
    def refuse(*_):
        raise PermissionError(13, "not allowed")

    monkeypatch.setattr("resnet_viz.training.keeper.AT_LEAST", 0.0)
    monkeypatch.setattr(Storage, "delete", refuse)
    ended = run_here(store, queue(store, epochs=4), home)
    assert ended.status is RunStatus.FINISHED
    assert "not allowed" in capfd.readouterr().err  # the log says so


@pytest.mark.long
@pytest.mark.parametrize("error", [RuntimeError("no such host"), KeyError("x")])
def test_what_a_storage_raises_ends_a_run_in_a_sentence(store, home, monkeypatch, error):
    def refuse(*_):
        raise error

    monkeypatch.setattr(Storage, "write", refuse)
    ended = run_here(store, queue(store, epochs=2), home)
    assert ended.status is RunStatus.FAILED
    assert type(error).__name__ in ended.message


@pytest.mark.long
def test_what_ends_the_outbox_ends_the_run_in_a_sentence(store, home, monkeypatch):
    def refuse(*_):
        raise ValueError("numbers of another net")

    monkeypatch.setattr(RunWriter, "append", refuse)
    ended = run_here(store, queue(store, epochs=2), home)
    assert ended.status is RunStatus.FAILED
    assert "numbers of another net" in ended.message


# -- the command line -------------------------------------------------------------------------------------------------


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "resnet_viz", "train", *words]


@pytest.mark.long
def test_the_command_line_trains_and_prints_json_last(store, capsys):
    words = "--family resnet --depth 8 --shortcut A --dataset digits --epochs 1 --seed 3 --json"
    assert main(["train", *words.split()]) == 0
    out, err = capsys.readouterr()
    told = json.loads(out.splitlines()[-1])
    expected = {"state": "finished", "family": "resnet", "depth": 8, "shortcut": "A", "dataset": "digits", "seed": 3}
    assert expected.items() <= told.items()
    assert told["epochs"] == 1
    assert 0 < told["test_error"] < 1
    assert 0 < told["train_error"] < 1
    assert told["seconds"] > 0
    assert store.run(told["run_id"]).status is RunStatus.FINISHED
    assert "21/21" in err


def test_the_command_line_takes_every_part_of_a_recipe(store, capsys):
    words = "--depth 8 --epochs 1 --optimizer adam --schedule cosine --subset 128 --augmentation cutout --no-nesterov "
    words += "--label-smoothing 0.1 --clip-norm 1 --threads 1 --keep-epochs --json"
    assert main(["train", *words.split()]) == 0
    run = store.run(json.loads(capsys.readouterr().out.splitlines()[-1])["run_id"])
    parts = {"optimizer": "adam", "schedule": "cosine", "subset": 128, "augmentation": "cutout", "nesterov": False}
    parts |= {"label_smoothing": 0.1, "clip_norm": 1.0, "threads": 1, "keep_epochs": True}
    assert parts.items() <= run.config.items()
    assert run.total_steps == 2
    assert run.facts["train_count"] == 128


def test_the_command_line_refuses_with_a_sentence(home, capsys):
    assert main(["train", "--depth", "21"]) == 2
    assert capsys.readouterr().err.strip() == "depth 21 is not 6n+2; try 20 or 26"


@pytest.mark.parametrize(
    ("name", "value"), [("RESNET_VIZ_HOME", "/proc/nowhere"), ("RESNET_VIZ_DATABASE_URL", "oracle9://x")]
)
def test_settings_that_cannot_work_get_a_sentence(home, monkeypatch, capsys, name, value):
    monkeypatch.setenv(name, value)
    assert main(["train", "--depth", "8"]) == 2
    assert "cannot be opened" in capsys.readouterr().err


def hear_ctrl_c() -> None:
    """A shell that runs the tests in the background lets all that they start ignore SIGINT."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.process
def test_ctrl_c_leaves_a_run_that_is_told_from_a_finished_one(store):
    process = subprocess.Popen(
        command("--depth", "8", "--epochs", "300", "--json"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=hear_ctrl_c,
    )
    deadline = time.monotonic() + PATIENCE
    while not (store.runs() and store.runs()[0].step > 2):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert json.loads(out.splitlines()[-1])["state"] == "stopped"
    assert "Traceback" not in err
    assert store.runs()[0].status is RunStatus.STOPPED
