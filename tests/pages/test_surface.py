"""Does the page of slices ask and answer, and find a way for nets whose epochs were kept?"""

import json
from dataclasses import asdict, replace

import pytest
import torch
import torch.nn.functional as F
from sqlalchemy import update
from streamlit.testing.v1 import AppTest

from resnet_viz.nets import NetSpec
from resnet_viz.plots import say_loss
from resnet_viz.runs import RunStatus, StudyStore
from resnet_viz.runs.schema import runs as runs_table
from resnet_viz.settings import Settings
from resnet_viz.studies.slices import learned_from, nets_by_epoch
from resnet_viz.studies.subjects import StudyError, load_subject
from resnet_viz.training import preset
from resnet_viz.training.loop import choose_pictures
from tests.conftest import work_on
from tests.pages.figures import figures
from tests.pages.opening import open_page, press_key, text_of

CONFIG = preset("digits", epochs=2, subset=128, threads=1)


def open_surface(comparison: str, **link: str) -> AppTest:
    return open_page("surface", **({"nets": comparison, "points": "11", "pictures": "100"} | link))


def settings_of(tmp_path) -> Settings:
    return Settings(storage=str(tmp_path / "own"))  # the home's weights belong to other tests


def test_a_slice_is_asked_for_and_its_numbers_are_told(lab_store, trained):
    _, runs = trained
    page = open_surface(runs[0].comparison)
    assert "A slice can mislead" in text_of(page)
    assert "a way needs two or more" in text_of(page)  # they were trained for one epoch
    press_key(page, "ask_surface")
    (study,) = StudyStore(lab_store).studies("surface")
    assert study.params["runs"] == [run.id for run in runs]
    assert (study.params["points"], study.params["pictures"]) == (11, 100)
    said = text_of(page)
    for run in runs:
        subject = load_subject(lab_store, Settings(), run.id)
        x, labels = learned_from(subject, 100)
        with torch.no_grad():
            assert f"loss {say_loss(float(F.cross_entropy(subject.net(x), labels)))} at the centre" in said
    frame = StudyStore(lab_store).answer(study.id)
    assert frame.groupby("net").size().tolist() == [121, 121]
    assert "of this slice" in said  # plain against residual
    assert study.id in said
    assert len(figures(page)) == 4  # contours and heights of two nets


def test_a_link_that_holds_nonsense_opens_the_page(lab_store, trained):
    page = open_surface(trained[1][0].comparison, points="99", reach="far", norms="none", slice_seed="-3")
    assert page.button(key="ask_surface")


def test_nets_without_a_way_are_trained_again_and_then_have_one(lab_store, trained, tmp_path):
    with lab_store.write() as db:  # as if the pair had been trained for two epochs
        db.execute(update(runs_table).values(config=json.dumps(asdict(CONFIG))))
    runs = [lab_store.run(run.id) for run in trained[1]]
    page = open_surface(runs[0].comparison)
    assert "have kept their last weights alone" in text_of(page)
    press_key(page, "keep_epochs")
    again = [run for run in lab_store.runs() if run.config["keep_epochs"]]
    assert [NetSpec(**run.spec).name for run in again] == ["plain-8", "ResNet-8 (A)"]
    assert all(run.config == runs[0].config | {"keep_epochs": True} for run in again)
    assert again[0].comparison != runs[0].comparison
    assert "waiting for its turn" in "".join(bar.proto.text for bar in page.get("progress"))

    for run in again:
        assert work_on(lab_store, settings_of(tmp_path), run).status is RunStatus.FINISHED
    page = open_surface(runs[0].comparison)
    press_key(page, "ask_trajectory")
    said = text_of(page)
    assert "of its 3 nets" in said
    assert all(run.id in said for run in again)
    (study,) = StudyStore(lab_store).studies("trajectory")
    frame = StudyStore(lab_store).answer(study.id)
    path = frame[frame["what"] == "path"]
    assert path.groupby("net")["epoch"].apply(list).tolist() == [[0, 1, 2]] * 2
    assert (frame["what"] == "slice").sum() == 2 * 121
    assert (path["share_a"] + path["share_b"]).tolist() == pytest.approx([1.0] * 6)  # three nets lie on a plane
    assert path["plane_loss"].tolist() == pytest.approx(path["loss"].tolist(), rel=1e-3)
    assert len(figures(page)) == 2


def test_pictures_are_among_those_that_a_run_learned_from(lab_store, trained):
    _, (run, _) = trained
    subject = load_subject(lab_store, Settings(), run.id)
    part = replace(subject, run=replace(run, config=run.config | {"held_out": 1000, "subset": 128}))
    x, labels = learned_from(part, 400)
    assert len(x) == len(labels) == 128  # all there are
    assert len(learned_from(part, 100)[0]) == 100
    chosen = choose_pictures(len(subject.data.train_labels), part.config)
    everything, right = subject.train()  # all, in order
    assert torch.equal(x, everything[chosen])
    assert torch.equal(labels, right[chosen])
    with pytest.raises(StudyError, match="has not kept"):
        nets_by_epoch(subject)
