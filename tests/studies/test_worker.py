"""Are questions answered by a process of its own, and does every trouble become a sentence?"""

import time
from dataclasses import replace

import pandas as pd
import pytest

from resnet_viz.nets import NetSpec
from resnet_viz.runs import Owner, RunStatus, RunStore, StudyStore
from resnet_viz.settings import Settings
from resnet_viz.studies import QUESTIONS, ask, find_answer, find_study
from resnet_viz.studies.cost import START, Passes, estimate_answer
from resnet_viz.studies.worker import answer
from resnet_viz.training import Pace

PATIENCE = 90.0


@pytest.fixture
def asked(trained, tmp_path):
    """A store of its own with two trained nets, its settings, and parameters of a question about them."""
    home, runs = trained
    settings = Settings(home=tmp_path)
    store = RunStore(settings.store_url)
    RunStore(Settings(home=home).store_url).copy_runs([run.id for run in runs], store)
    (tmp_path / "weights").symlink_to(home / "weights")
    return store, settings, {"runs": [run.id for run in runs], "pictures": 50}


def test_a_process_answers_and_the_answer_is_found_by_the_question(asked):
    store, settings, params = asked
    assert find_study(store, "lesions", params) is None
    study = ask(store, settings, "lesions", params)
    deadline = time.monotonic() + PATIENCE
    while StudyStore(store).study(study.id).status.is_active and time.monotonic() < deadline:
        time.sleep(0.2)
    found = find_answer(store, "lesions", params)
    assert found.study.id == study.id
    assert not found.is_recorded
    assert found.frame["net"].unique().tolist() == ["plain-8", "ResNet-8 (A)"]
    assert {"date", "device", "threads", "versions"} <= found.study.facts.keys()
    assert find_answer(store, "lesions", params | {"pictures": 51}) is None


def answer_here(store, settings, kind, params):
    studies = StudyStore(store)
    studies.ask(kind, params)
    study = studies.claim(Owner.here())
    answer(store, settings, study)
    return studies.study(study.id)


def test_a_question_about_a_run_that_is_not_there_gets_a_sentence(asked):
    store, settings, params = asked
    ended = answer_here(store, settings, "lesions", params | {"runs": ["nowhere"]})
    assert (ended.status, ended.message) == (RunStatus.FAILED, "there is no run nowhere on this machine")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (MemoryError(), "out of memory"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory"), "out of memory"),
        (ZeroDivisionError("by zero"), "did not foresee"),
    ],
)
def test_an_error_nobody_foresaw_becomes_a_sentence(asked, monkeypatch, error, said):
    store, settings, params = asked

    def fail(*_):
        raise error

    monkeypatch.setitem(QUESTIONS, "lesions", replace(QUESTIONS["lesions"], answer=fail))
    ended = answer_here(store, settings, "lesions", params)
    assert ended.status is RunStatus.FAILED
    assert said in ended.message


def test_an_answer_that_was_stopped_ends_soon(asked, monkeypatch):
    store, settings, params = asked
    told = []

    def last_long(subjects, params, tell):
        while len(told) < 1000:
            StudyStore(store).stop(StudyStore(store).studies()[0].id)
            told.append(1)
            time.sleep(0.1)
            tell(0.1)
        return pd.DataFrame()

    monkeypatch.setitem(QUESTIONS, "lesions", replace(QUESTIONS["lesions"], answer=last_long))
    ended = answer_here(store, settings, "lesions", params)
    assert ended.status is RunStatus.STOPPED
    assert len(told) < 20


def test_an_estimate_counts_pictures_at_the_pace_of_the_nets():
    pace = Pace(first=0.128, block=0.256)  # a step of 128 pictures: 1 ms and 2 ms a picture
    work = [Passes(NetSpec("resnet", 8), forward=300, backward=100), Passes(NetSpec("resnet", 14), forward=300)]
    # ResNet-8: 1 ms a picture back and forth, a third of it forward; ResNet-14 has a block more in each stage: 3 ms.
    assert estimate_answer(work, [pace, pace]) == pytest.approx(START + 0.1 + 0.1 + 0.3)
    # With stochastic depth three quarters of the further blocks are computed: 1 ms and 1.5 ms a picture.
    work = [Passes(NetSpec("resnet", 14, survival=0.5), forward=0, backward=100)]
    assert estimate_answer(work, [pace]) == pytest.approx(START + 0.25)


@pytest.mark.parametrize("kind", list(QUESTIONS))
def test_every_question_says_what_it_takes(kind):
    question = QUESTIONS[kind]
    specs = [NetSpec.from_slug(slug) for slug in question.defaults.get("specs", ["plain-20", "resnet-20-A"])]
    work = question.work(specs, question.defaults)
    assert work
    assert all(one.forward + one.backward > 0 for one in work)
    assert question.title[0].isupper()
