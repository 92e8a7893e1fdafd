"""What tests of pages share: a known machine on which nobody works behind their back, trained nets, and answers."""

from collections.abc import Iterator
from dataclasses import asdict
from functools import cache

import numpy as np
import pandas as pd
import pytest
from streamlit.components.v2 import manifest_scanner

from resnet_viz.explain.jobs import Job, Jobs
from resnet_viz.nets import NetSpec
from resnet_viz.runs import Owner, Run, RunStatus, RunStore, RunWriter, StudyStore
from resnet_viz.runs.schema import KINDS
from resnet_viz.settings import Settings
from resnet_viz.training import Pace, TrainingConfig
from resnet_viz.training.devices import Device
from resnet_viz.ui import services
from resnet_viz.ui.jobs import fetches, jobs
from resnet_viz.ui.services import Machine
from tests.pages.opening import SECONDS

PACE = Pace(first=0.01, block=0.01)  # seconds
FREE_BYTES = 8e9


class KnownMachine(Machine):
    """A machine of one CPU with two cores, whose pace is known at once."""

    def __init__(self) -> None:
        super().__init__([Device("cpu", "CPU, 2 cores")], {"cpu": "fp32"}, is_known=True)

    def pace(self, spec: NetSpec, config: TrainingConfig, size: int, device: str, at_once: int) -> Pace:
        super().pace(spec, config, size, device, at_once)  # the kind of net that it is asked for is one
        return PACE


@pytest.fixture(autouse=True, scope="session")
def server() -> Iterator[None]:
    """What the tests of a process share as readers of a server do: the threads of its jobs, and what it looks up once.

    AppTest looks through all packages that are installed for parts of pages, for every page anew: 0.2 s.
    """
    jobs()
    fetches()
    services.freeze_imports()  # Streamlit collects garbage after every run of a page
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest_scanner, "scan_component_manifests", cache(manifest_scanner.scan_component_manifests))
        yield


@pytest.fixture(autouse=True)
def nobody_works_behind() -> Iterator[None]:
    """No thread of the server, no worker, no measured machine; and what a test has begun ends with it.

    What is queued stays queued, and what is asked stays asked. A test that wants the real thing sets it again.
    """
    opened: list[RunStore] = []
    asked: list[Job] = []
    ask = Jobs.ask

    def remember(self: Jobs, *args: object, **named: object) -> Job:
        asked.append(job := ask(self, *args, **named))  # type: ignore[arg-type]
        return job

    machine = KnownMachine()
    with pytest.MonkeyPatch.context() as patch:  # its own: a test can undo what it has patched
        patch.setattr("resnet_viz.training.keep_watch", lambda store, _settings: opened.append(store))
        patch.setattr("resnet_viz.training.prepare_workers", lambda: None)
        patch.setattr("resnet_viz.training.queue.start_workers", lambda *_: 0)
        patch.setattr("resnet_viz.studies.asking.start_worker", lambda *_: None)
        patch.setattr("resnet_viz.training.executor.default_at_once", lambda: 2)
        patch.setattr("resnet_viz.training.free_memory", lambda _kind: FREE_BYTES)
        patch.setattr(services, "_start_to_tidy", lambda: None)
        patch.setattr(services, "_start_to_explore", lambda _store: machine)
        patch.setattr(Jobs, "ask", remember)
        yield
        for job in asked:
            job.wanted_by.clear()  # nobody waits for it any longer
            assert job.over.wait(SECONDS), f"{job.title} does not end"
            jobs().drop(job)
            fetches().drop(job)
        services._open_store.clear()
        for store in opened:
            store.engine.dispose()


@pytest.fixture
def trained_home(trained, monkeypatch) -> list[Run]:
    """The home of `trained`, to be looked at and not changed, and its runs: plain-8 and ResNet-8 (A)."""
    home, runs = trained
    monkeypatch.setenv("RESNET_VIZ_HOME", str(home))
    monkeypatch.delenv("RESNET_VIZ_DATABASE_URL", raising=False)
    return runs


@pytest.fixture
def lab_store(trained, tmp_path, monkeypatch) -> RunStore:
    """A store of its own with the runs of `trained`; what a page asks is answered before the page runs again."""
    home, runs = trained
    store = RunStore(f"sqlite:///{tmp_path}/runs.sqlite")
    RunStore(Settings(home=home).store_url).copy_runs([run.id for run in runs], store)
    (tmp_path / "weights").symlink_to(home / "weights")
    monkeypatch.setenv("RESNET_VIZ_HOME", str(tmp_path))
    monkeypatch.delenv("RESNET_VIZ_DATABASE_URL", raising=False)

    def answer_at_once(settings: Settings) -> None:
        from resnet_viz.studies.worker import answer

        while study := StudyStore(store).claim(Owner.here()):
            answer(store, settings, study)

    monkeypatch.setattr("resnet_viz.studies.asking.start_worker", answer_at_once)
    return store


@pytest.fixture
def finish():
    """A function that queues runs as one comparison and ends them with these errors, as workers would."""

    def finish_runs(store: RunStore, wanted, errors, status: RunStatus = RunStatus.FINISHED, sweep: str = ""):
        queued = store.add_comparison([(asdict(spec), asdict(config)) for spec, config in wanted], sweep)
        for run, (train_error, test_error) in zip(queued, errors, strict=True):
            claim = store.claim(Owner.here(), run_id=run.id)
            assert claim is not None
            writer = RunWriter(store, claim)
            facts = {"train_count": 1400, "test_count": 397, "device": "CPU", "precision": "fp32", "versions": {}}
            writer.describe(facts | {"spec": run.spec}, 4)
            rows = pd.DataFrame({"step": [1, 2], "loss": [2.0, 1.0], "error": 0.9, "learning_rate": 0.1})
            writer.append(rows, dict.fromkeys(KINDS, np.ones((2, 1), np.float32)), 1.0)
            for epoch in (1, 2):
                losses = {"train_loss": 1.0, "test_loss": 1.0}
                ends = {"epoch": epoch, "step": 2 * epoch, "train_error": train_error, "test_error": test_error}
                writer.evaluate(ends | losses, 1.0)
            writer.end(status)
        return store.comparison(queued[0].comparison)

    return finish_runs
