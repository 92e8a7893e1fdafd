"""Faults are made for real: processes are killed, disks are full, files are cut."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pandas as pd
import psutil
import pytest
from filelock import FileLock

from resnet_viz.nets import NetSpec
from resnet_viz.runs import Run, RunStore
from resnet_viz.settings import Settings
from resnet_viz.training import preset
from resnet_viz.training.executor import watch_over
from tests.conftest import PATIENCE, work_on
from tests.pages.conftest import KnownMachine

CONFIG = replace(preset("digits"), epochs=30, threads=1, precision="fp32", device="cpu")
SPEC = NetSpec("resnet", 8)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.faults)


def queue(store: RunStore, spec: NetSpec = SPEC, **changes: Any) -> Run:
    (run,) = store.add_comparison([(asdict(spec), asdict(replace(CONFIG, **changes)))])
    return run


def wait_until(store: RunStore, run: Run, condition: Callable[[Run], bool], settings: Settings | None = None) -> Run:
    """The run once the condition holds; with settings it is watched over meanwhile, as a server does.

    It fails where nothing happens to the run.
    """
    seen, deadline = None, 0.0
    while not condition(now := store.run(run.id)):
        if (now.status, now.attempt, now.step) != seen:
            seen, deadline = (now.status, now.attempt, now.step), time.monotonic() + PATIENCE
        assert time.monotonic() < deadline, f"nothing happened for {PATIENCE} s; the run is {now}"
        if settings is not None:
            watch_over(store, settings)
        time.sleep(0.1)
    return now


def has_ended(run: Run) -> bool:
    return not run.status.is_active


def history(store: RunStore, run: Run) -> list[pd.DataFrame]:
    """All that a reader sees of a run."""
    frames = [store.steps(run.id), store.evaluations(run.id), store.steps(run.id, by_block=True)]
    return [*frames, store.gradient_norms(run.id), store.update_norms(run.id), store.responses(run.id)]


def assert_same(store: RunStore, run: Run, reference: list[pd.DataFrame]) -> None:
    for ours, expected in zip(history(store, run), reference, strict=True):
        pd.testing.assert_frame_equal(ours, expected, check_exact=True)


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory, testrun_uid) -> tuple[Run, list[pd.DataFrame]]:
    """The run of SPEC and CONFIG that nothing happened to, and its history; trained once for all processes."""
    home = tmp_path_factory.getbasetemp().parent / f"undisturbed-{testrun_uid}"
    settings = Settings(home=home)
    with FileLock(f"{home}.lock"):
        store = RunStore(settings.store_url)
        run = next(iter(store.runs()), None) or work_on(store, settings, queue(store))
    return run, history(store, run)


@pytest.fixture(autouse=True)
def pages_without_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page that a test opens has no server that watches over runs beside it, and a machine that is known."""
    machine = KnownMachine()
    monkeypatch.setattr("resnet_viz.training.keep_watch", lambda *_: None)
    monkeypatch.setattr("resnet_viz.ui.services._start_to_tidy", lambda: None)
    monkeypatch.setattr("resnet_viz.ui.services._start_to_explore", lambda _store: machine)


@pytest.fixture(autouse=True)
def no_worker_is_left(home: Path) -> Iterator[None]:
    yield
    left = workers()
    for worker in left:
        worker.kill()
    psutil.wait_procs(left, timeout=PATIENCE)


def workers() -> list[psutil.Process]:
    """All workers of this test's home, with a job and without."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        if "resnet_viz.training.worker" in (process.info["cmdline"] or []):
            with suppress(psutil.Error):
                if process.environ().get("RESNET_VIZ_HOME") == os.environ["RESNET_VIZ_HOME"]:
                    found.append(process)
    return found
