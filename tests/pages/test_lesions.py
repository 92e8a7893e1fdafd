"""Does the page of lesions ask, answer, and let a reader delete blocks?"""

from dataclasses import asdict, replace

import torch

from resnet_viz.nets import load_checkpoint, save_checkpoint
from resnet_viz.runs import Checkpoint, Owner, RunStatus, RunWriter, StudyStore
from resnet_viz.training import TrainingConfig
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


def test_what_is_told_of_nets_is_of_those_that_their_runs_have_now(lab_store, trained, digits, tmp_path):
    _, runs = trained
    page = press_key(open_lesions(runs), "ask_lesions")
    (study,) = StudyStore(lab_store).studies("lesions")
    assert study.id in text_of(page)
    for one in runs:  # goes on, and becomes a net that says 0 to every picture
        net = load_checkpoint(one.weights)
        last = net.head.fc
        assert isinstance(last, torch.nn.Linear)
        torch.nn.init.zeros_(last.weight)
        last.bias.data = torch.eye(10)[0]
        assert lab_store.resume(one.id, asdict(replace(TrainingConfig(**one.config), more_epochs=(2,))))
        writer = RunWriter(lab_store, lab_store.claim(Owner.here(), run_id=one.id))
        place = save_checkpoint(net, tmp_path / f"{one.id}.safetensors")
        writer.keep_checkpoint(Checkpoint(63, 3, 2, None, place.name, "", "", ""), str(place))
        writer.end(RunStatus.FINISHED)
    page = open_lesions(runs)
    assert page.button(key="ask_lesions")
    assert study.id not in text_of(page)
    assert [metric.value for metric in page.metric] == [f"{(digits.test_labels != 0).mean():.1%} error"] * 2


def test_a_question_that_waits_for_a_worker_that_is_gone_is_answered_for_who_looks(lab_store, trained):
    _, runs = trained
    params = {"runs": [run.id for run in runs], "pictures": 397}
    studies = StudyStore(lab_store)
    left = studies.ask("lesions", params)
    page = open_lesions(runs)
    assert studies.study(left.id).status is RunStatus.FINISHED
    assert "Without one of 1 blocks" in text_of(page)
