"""What tests of the laboratory's pages share: trained nets to ask, and somebody who answers at once."""

from dataclasses import asdict

import numpy as np
import pandas as pd
import pytest

from resnet_viz.runs import Owner, RunStatus, RunStore, RunWriter, StudyStore
from resnet_viz.runs.schema import KINDS
from resnet_viz.settings import Settings


@pytest.fixture
def lab_store(trained, tmp_path, monkeypatch) -> RunStore:
    """A store of its own with the runs of `trained`; what a page asks is answered before the page runs again."""
    home, runs = trained
    store = RunStore(f"sqlite:///{tmp_path}/runs.sqlite")
    RunStore(Settings(home=home).store_url).copy_runs([run.id for run in runs], store)
    (tmp_path / "weights").symlink_to(home / "weights")
    monkeypatch.setenv("RESNET_VIZ_HOME", str(tmp_path))

    def answer_at_once(settings: Settings) -> None:
        from resnet_viz.studies.worker import answer

        while study := StudyStore(store).claim(Owner.here()):
            answer(store, settings, study)

    monkeypatch.setattr("resnet_viz.studies.asking.start_worker", answer_at_once)
    return store


@pytest.fixture
def finish(nobody_trains):
    """A function that queues runs as one comparison and ends them with these errors, as workers would."""

    def finish_runs(store: RunStore, wanted, errors, status: RunStatus = RunStatus.FINISHED, sweep: str = ""):
        queued = store.add_comparison([(asdict(spec), asdict(config)) for spec, config in wanted], sweep)
        for run, (train_error, test_error) in zip(queued, errors, strict=True):
            writer = RunWriter(store, store.claim(Owner.here(), run_id=run.id))
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


@pytest.fixture
def nobody_trains(monkeypatch) -> None:
    """What is queued stays queued: neither a click nor the watch of the server starts a worker."""
    for name in ("queue.start_workers", "keep_watch", "prepare_workers"):
        monkeypatch.setattr(f"resnet_viz.training.{name}", lambda *_: None)
