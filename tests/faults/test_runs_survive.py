"""Does a run survive what happens to its worker, its files, its disk and its database?"""

import os
import random
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
import torch
from streamlit.testing.v1 import AppTest

from resnet_viz.nets import load_checkpoint
from resnet_viz.runs import Owner, Run, RunStatus, RunStore
from resnet_viz.settings import Settings
from resnet_viz.training import LimitError, continue_run, prepare_workers, queue_runs, start_workers
from resnet_viz.training.executor import _asked, _give, end_frozen, watch_over
from tests.conftest import PATIENCE
from tests.faults.conftest import CONFIG, SPEC, assert_same, has_ended, history, queue, wait_until, workers

KILLS = 6
LAST_KILL = 400  # of 630 steps: between a step and its report there are dozens
ROOT = Path(__file__).parents[2]


def test_a_worker_killed_again_and_again_leaves_no_trace(store, undisturbed, monkeypatch):
    monkeypatch.setattr("resnet_viz.runs.silence.TRIES", 1000)  # some of the kills come before anything was done
    settings, run, killed = Settings(), queue(store), 0
    for moment in (0, 0, *sorted(random.Random(0).sample(range(1, LAST_KILL), KILLS - 2))):
        prepare_workers()

        def has_come(this: Run, killed: int = killed, moment: int = moment) -> bool:
            return this.status is RunStatus.RUNNING and this.attempt > killed and this.step >= moment

        now = wait_until(store, run, has_come, settings)
        os.kill(now.owner.pid, signal.SIGKILL)
        killed = now.attempt
    ended = wait_until(store, run, has_ended, settings)
    assert ended.status is RunStatus.FINISHED
    assert ended.attempt > KILLS
    reference, expected = undisturbed
    assert_same(store, ended, expected)
    ours, theirs = (load_checkpoint(one.weights).state_dict() for one in (ended, reference))
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)


def test_after_everything_was_killed_no_run_stays_running(store, undisturbed):
    settings = Settings()
    runs = [queue(store), queue(store, seed=1)]
    start_workers(store, settings)
    for run in runs:
        wait_until(store, run, lambda now: now.step > 40, settings)
    for worker in workers():
        worker.kill()
    assert {run.status for run in store.runs()} == {RunStatus.RUNNING}  # nobody has told them
    later = RunStore(store.url)
    watch_over(later, settings)
    for run in runs:
        assert wait_until(later, run, has_ended, settings).status is RunStatus.FINISHED
    assert_same(later, runs[0], undisturbed[1])


def pause_and_damage(store: RunStore) -> tuple[Settings, str]:
    """A run in the middle, one bit of whose newest checkpoint was flipped; tests/training has more kinds."""
    settings = Settings()
    run = queue(store)
    start_workers(store, settings)
    wait_until(store, run, lambda now: len(store.checkpoints(now.id)) >= 2)
    store.request(run.id, "pause")
    assert wait_until(store, run, has_ended).status is RunStatus.PAUSED
    newest = store.checkpoints(run.id)[0]
    path = settings.home / newest.weights
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    return settings, run.id


def test_a_damaged_checkpoint_is_told_and_the_one_before_used(store, undisturbed):
    settings, run_id = pause_and_damage(store)
    steps = [checkpoint.step for checkpoint in store.checkpoints(run_id)]
    assert continue_run(store, settings, store.run(run_id))
    ended = wait_until(store, store.run(run_id), has_ended, settings)
    assert ended.status is RunStatus.FINISHED
    assert ended.facts["damaged_checkpoints"] == [steps[0]]
    assert ended.facts["attempts"][-1]["after_step"] == steps[1]
    assert_same(store, ended, undisturbed[1])


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 2 MB."""
    if os.getuid() != 0:
        pytest.skip("only root can mount a disk of 2 MB")
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", disk], capture_output=True, text=True)
    if mounted.returncode:
        pytest.skip(f"no disk can be mounted here: {mounted.stderr.strip()}")
    yield disk
    subprocess.run(["umount", "-l", disk], check=True)


def test_a_full_disk_pauses_the_run_and_keeps_what_was_kept(store, home, small_disk, undisturbed):
    settings = Settings(storage=str(small_disk), keep_free=0.0)
    run = queue(store)
    start_workers(store, settings)
    wait_until(store, run, lambda now: len(store.checkpoints(now.id)) >= 1)
    (small_disk / "others").write_bytes(bytes(shutil.disk_usage(small_disk).free))
    paused = wait_until(store, run, has_ended)
    assert paused.status is RunStatus.PAUSED
    assert paused.message.startswith("the disk is full")
    assert "resume it" in paused.message
    assert load_checkpoint(paused.weights).spec.depth == 8  # the last one is whole
    subprocess.run(["mount", "-o", "remount,size=16m", small_disk], check=True)
    assert continue_run(store, settings, paused)
    assert wait_until(store, run, has_ended, settings).status is RunStatus.FINISHED
    assert_same(store, run, undisturbed[1])


def test_a_run_is_not_begun_where_the_disk_must_be_kept_free(store, home, small_disk):
    with pytest.raises(LimitError, match="GB are kept free"):
        queue_runs(store, Settings(storage=str(small_disk)), [(SPEC, CONFIG)])
    assert store.runs() == []


def test_a_locked_database_loses_nothing_and_the_page_says_that_it_is_older(store, home, undisturbed):
    run = queue(store)
    start_workers(store, Settings())
    before = wait_until(store, run, lambda now: now.step > 40)
    blocker = sqlite3.connect(home / "runs.sqlite", isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    process, written = psutil.Process(before.owner.pid), store.run(run.id).step
    used = process.cpu_times().user
    wait_until(store, run, lambda now: now.is_silent and process.cpu_times().user > used + 0.5)  # it trains on
    assert store.run(run.id).step == written, "nothing was written meanwhile"
    page = AppTest.from_file(str(ROOT / "pages" / "train.py"), default_timeout=60)
    page.query_params["comparison"] = run.comparison
    page.run()
    assert not page.exception
    said = " ".join(str(element.text) for element in page.get("progress")) if page.get("progress") else str(page)
    assert "what is shown is older" in said
    blocker.execute("ROLLBACK")
    blocker.close()
    assert wait_until(store, run, has_ended).status is RunStatus.FINISHED
    assert_same(store, run, undisturbed[1])


def test_out_of_memory_is_a_sentence(store):
    run = queue(store, spec=SPEC, batch_size=1400, size=0)
    limit = 5 << 30
    code = (
        f"import resource; resource.setrlimit(resource.RLIMIT_AS, ({limit}, {limit})); "
        "from resnet_viz.training.worker import main; main()"
    )
    store.resume(run.id)
    with store.engine.begin() as db:  # a net that is much too wide a batch for so little memory
        db.exec_driver_sql("UPDATE runs SET spec = replace(spec, '\"depth\": 8', '\"depth\": 434')")
        db.exec_driver_sql('UPDATE runs SET config = replace(config, \'"recompute": "auto"\', \'"recompute": "off"\')')
    worker = subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stdin=subprocess.PIPE, text=True, start_new_session=True
    )
    claim = store.claim(Owner.of(worker.pid))
    _give(worker, claim, Settings())
    ended = wait_until(store, run, has_ended)
    worker.wait(60)
    assert ended.status is RunStatus.FAILED
    assert ended.message == "out of memory: try a smaller batch or depth"
    assert resource.getrlimit(resource.RLIMIT_AS)[0] != limit


def test_a_number_that_is_used_again_belongs_to_a_stranger_who_is_not_touched(store):
    run = queue(store)
    stranger = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, start_new_session=True)
    owner = Owner.of(stranger.pid)
    store.claim(Owner(owner.host, owner.pid, owner.started - 100), run_id=run.id)
    store.request(run.id, "stop")
    _asked[(store.url, run.id, 1)] = time.monotonic() - 60
    end_frozen(store)
    store.recover()
    assert store.run(run.id).status is RunStatus.STOPPED
    stranger.communicate(b"\n")
    assert stranger.returncode == 0, "it was not touched, and ended by itself"


def test_starts_and_stops_leave_no_zombie_and_no_orphan(store):
    settings = Settings()
    for number in range(6):
        run = queue(store, seed=number)
        prepare_workers()
        start_workers(store, settings)
        if number % 2:
            wait_until(store, run, lambda now: now.step > 0)
        store.request(run.id, "stop")
        assert wait_until(store, run, has_ended, settings).status is RunStatus.STOPPED
    psutil.wait_procs([worker for worker in workers() if "--spare" not in worker.cmdline()], timeout=PATIENCE)
    watch_over(store, settings)
    children = psutil.Process().children(recursive=True)
    assert [child for child in children if child.status() == psutil.STATUS_ZOMBIE] == []
    assert [worker for worker in workers() if "--spare" not in worker.cmdline()] == []


def test_a_worker_that_slept_past_its_lease_writes_nothing_when_it_wakes(store, undisturbed, monkeypatch):
    settings = Settings()
    run = queue(store)
    start_workers(store, settings)
    first = wait_until(store, run, lambda now: len(store.checkpoints(now.id)) >= 1)
    os.kill(first.owner.pid, signal.SIGSTOP)
    with monkeypatch.context() as patience:
        patience.setattr("resnet_viz.runs.silence.LEASE", 8.0)  # of this observer; the worker sleeps anyway
        wait_until(store, run, lambda now: now.attempt == 2, settings)
    wait_until(store, run, lambda now: now.step > first.step, settings)  # a start may take longer than that
    sleeper = psutil.Process(first.owner.pid)
    os.kill(first.owner.pid, signal.SIGCONT)
    ended = wait_until(store, run, has_ended, settings)
    psutil.wait_procs([sleeper], timeout=30)
    assert ended.status is RunStatus.FINISHED
    assert ended.attempt == 2
    assert_same(store, ended, undisturbed[1])
    assert not sleeper.is_running() or sleeper.status() == psutil.STATUS_ZOMBIE


def test_a_worker_that_is_busy_with_one_step_is_stopped_with_all_that_it_started(store):
    run = queue(store, epochs=400)
    start_workers(store, Settings())
    pid = wait_until(store, run, lambda now: now.step > 10).owner.pid
    os.kill(pid, signal.SIGSTOP)  # as a step that takes minutes
    store.request(run.id, "stop")
    ended = wait_until(store, run, has_ended, Settings())
    assert ended.status is RunStatus.STOPPED
    assert Owner.of(pid).started == 0.0 or not psutil.pid_exists(pid)
    assert store.resume(run.id)


def test_two_sessions_that_press_start_at_once_make_one_comparison(home, store):
    pages = [AppTest.from_file(str(ROOT / "pages" / "train.py"), default_timeout=120).run() for _ in range(2)]
    for page in pages:
        page.slider(key="depth").set_value(8).run()
    for page in pages:
        next(button for button in page.button if button.label == "Start").click().run()
        assert not page.exception
    assert len(store.runs()) == 2
    assert len({run.comparison for run in store.runs()}) == 1
    for run in store.runs():
        store.request(run.id, "stop")
        wait_until(store, run, has_ended)


def is_beyond(step):
    return lambda run: run.step > step


def test_pause_and_resume_and_more_epochs_give_the_curve_of_one_long_run(store, undisturbed):
    settings = Settings()
    run = queue(store)
    start_workers(store, settings)
    for _ in range(2):
        now = store.run(run.id)
        wait_until(store, run, is_beyond(now.step + 30))
        store.request(run.id, "pause")
        assert wait_until(store, run, has_ended).status is RunStatus.PAUSED
        assert continue_run(store, settings, store.run(run.id))
    ended = wait_until(store, run, has_ended, settings)
    assert ended.status is RunStatus.FINISHED
    assert_same(store, ended, undisturbed[1])
    assert continue_run(store, settings, ended, epochs=2)
    longer = wait_until(store, run, has_ended, settings)
    assert longer.status is RunStatus.FINISHED
    assert longer.total_steps == ended.total_steps // 30 * 32
    assert history(store, longer)[0].iloc[: ended.total_steps].equals(undisturbed[1][0])
