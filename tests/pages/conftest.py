"""What tests of the laboratory's pages share: trained nets to ask, and somebody who answers at once."""

import pytest

from resnet_viz.runs import Owner, RunStore, StudyStore
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
