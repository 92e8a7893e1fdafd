"""Does the page of lesions ask, answer, and let a reader delete blocks?"""

import shutil
from dataclasses import asdict, replace

import pytest

from resnet_viz.runs import RunStatus, StudyStore
from resnet_viz.settings import Settings
from resnet_viz.training import TrainingConfig
from tests.conftest import work_on
from tests.pages.opening import open_page, press_key, rerun, text_of


def open_lesions(runs):
    return open_page("lesions", nets=runs[0].comparison)


def test_lesions_are_asked_for_answered_and_tried_by_hand(lab_store, trained):
    _, runs = trained
    page = open_lesions(runs)
    press_key(page, "ask_lesions")
    (study,) = StudyStore(lab_store).studies("lesions")
    assert study.params["runs"] == [run.id for run in runs]
    shown = text_of(page)
    assert "Without one of 1 blocks" in shown
    assert study.id in shown
    assert all(one.id in shown for one in runs)
    page.button_group(key="deleted_blocks").select("stage1.block1")
    assert [metric.label for metric in rerun(page).metric] == ["plain-8", "ResNet-8 (A)"]
    assert all(metric.delta.endswith("points") for metric in page.metric)


def test_what_is_told_of_nets_is_of_those_that_their_runs_have_now(lab_store, trained, tmp_path):
    home, runs = trained
    (tmp_path / "weights").unlink()
    shutil.copytree(home / "weights", tmp_path / "weights")
    page = open_lesions(runs)
    press_key(page, "ask_lesions")
    (study,) = StudyStore(lab_store).studies("lesions")
    assert any(study.id in caption.value for caption in page.caption)
    for run in runs:
        assert lab_store.resume(run.id, asdict(replace(TrainingConfig(**run.config), more_epochs=(2,))))
        work_on(lab_store, Settings(), run)
    page = open_lesions(runs)
    assert page.button(key="ask_lesions")
    assert not any(study.id in caption.value for caption in page.caption)
    shown = [float(metric.value.partition("%")[0]) / 100 for metric in page.metric]
    now = [lab_store.run(run.id).test_error for run in runs]
    # Of the same 397 pictures; but a run may test itself in bfloat16, and the page asks in 32 bits.
    assert shown == pytest.approx(now, abs=0.01)
    assert shown != pytest.approx([run.test_error for run in runs], abs=0.1)


def test_a_question_that_waits_for_a_worker_that_is_gone_is_answered_for_who_looks(lab_store, trained):
    _, runs = trained
    params = {"runs": [run.id for run in runs], "pictures": 397}
    studies = StudyStore(lab_store)
    left = studies.ask("lesions", params)
    page = open_lesions(runs)
    assert studies.study(left.id).status is RunStatus.FINISHED
    assert "Without one of 1 blocks" in text_of(page)
