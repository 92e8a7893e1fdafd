"""Are questions answered by a process of its own, and does every trouble become a sentence?"""

import shutil
import subprocess
import sys
import time
from dataclasses import asdict, replace

import pandas as pd
import pytest

from resnet_viz.nets import NetSpec
from resnet_viz.runs import Owner, RunStatus, RunStore, StudyStore
from resnet_viz.settings import Settings
from resnet_viz.studies import QUESTIONS, ask, find_answer, find_answers, find_study, see_to_questions
from resnet_viz.studies.cost import START, Passes, estimate_answer
from resnet_viz.studies.worker import answer
from resnet_viz.training import Pace, TrainingConfig
from tests.conftest import PATIENCE, work_on


@pytest.fixture
def asked(trained, tmp_path):
    """A store of its own with two trained nets, its settings, and parameters of a question about them."""
    home, runs = trained
    settings = Settings(home=tmp_path)
    store = RunStore(settings.store_url)
    RunStore(Settings(home=home).store_url).copy_runs([run.id for run in runs], store)
    (tmp_path / "weights").symlink_to(home / "weights")
    return store, settings, {"runs": [run.id for run in runs], "pictures": 50}


@pytest.mark.process
def test_a_process_answers_and_the_answer_is_found_by_the_question(asked):
    store, settings, params = asked
    assert find_study(store, "lesions", params) is None
    study = ask(store, settings, "lesions", params)
    wait_for(store, study.id)
    found = find_answer(store, "lesions", params)
    assert found.study.id == study.id
    assert not found.is_recorded
    assert found.frame["net"].unique().tolist() == ["plain-8", "ResNet-8 (A)"]
    assert {"date", "device", "threads", "versions"} <= found.study.facts.keys()
    assert find_answer(store, "lesions", params | {"pictures": 51}) is None


def wait_for(store, study_id):
    deadline = time.monotonic() + PATIENCE
    while StudyStore(store).study(study_id).status.is_active:
        assert time.monotonic() < deadline
        time.sleep(0.2)


@pytest.fixture
def left(asked):
    """A question that waits behind one whose worker is gone: its id."""
    store, _, params = asked
    studies = StudyStore(store)
    first = studies.ask("lesions", params | {"pictures": 51})
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as worker:
        assert studies.claim(Owner.of(worker.pid)).id == first.id
    return studies.ask("lesions", params).id


@pytest.mark.process
def test_a_question_behind_one_whose_worker_is_gone_is_answered(asked, left):
    store, settings, params = asked
    see_to_questions(store, settings)
    wait_for(store, left)
    assert find_answer(store, "lesions", params).study.id == left
    assert find_study(store, "lesions", params | {"pictures": 51}).status is RunStatus.FAILED


@pytest.mark.process
def test_who_looks_every_second_starts_one_worker_and_none_where_one_is_at_work(asked, left, monkeypatch):
    started = []
    monkeypatch.setattr("resnet_viz.studies.asking.start_worker", started.append)
    store, settings, _ = asked
    for _ in range(3):
        see_to_questions(store, settings)
    assert started == [settings]
    monkeypatch.setattr("resnet_viz.studies.asking.PATIENCE", -1.0)
    assert StudyStore(store).claim(Owner.here()).id == left
    see_to_questions(store, settings)
    assert started == [settings]


@pytest.mark.long
def test_an_answer_about_a_net_that_learned_more_since_is_none(trained, tmp_path):
    home, (run, _) = trained
    settings = Settings(home=tmp_path)
    store = RunStore(settings.store_url)
    RunStore(Settings(home=home).store_url).copy_runs([run.id], store)
    shutil.copytree(home / "weights", tmp_path / "weights")
    params = {"runs": [run.id], "pictures": 50}
    before = answer_here(store, settings, "lesions", params)
    assert find_answer(store, "lesions", params).study.id == before.id
    assert store.resume(run.id, asdict(replace(TrainingConfig(**run.config), more_epochs=(1,))))
    assert work_on(store, settings, store.run(run.id)).status is RunStatus.FINISHED
    assert find_answer(store, "lesions", params) is None
    assert before.id not in [answer.study.id for answer in find_answers(store, "lesions")]
    after = answer_here(store, settings, "lesions", params)
    assert find_answer(store, "lesions", params).study.id == after.id


@pytest.mark.long
def test_an_answer_that_does_not_say_which_nets_were_asked_is_found(asked):
    store, _, params = asked
    study = StudyStore(store).ask("lesions", params)
    StudyStore(store).claim(Owner.here())
    StudyStore(store).finish(study.id, pd.DataFrame({"net": ["plain-8"]}), {"date": "2026-01-01"}, 1.0)
    assert find_answer(store, "lesions", params).study.id == study.id


def answer_here(store, settings, kind, params):
    studies = StudyStore(store)
    studies.ask(kind, params)
    study = studies.claim(Owner.here())
    assert study is not None
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


@pytest.mark.long
def test_an_answer_that_was_stopped_goes_on_no_further(asked, monkeypatch):
    store, settings, params = asked

    def last_long(subjects, params, tell):
        StudyStore(store).stop(StudyStore(store).studies()[0].id)
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            time.sleep(0.1)
            tell(0.1)
        return pd.DataFrame()

    monkeypatch.setitem(QUESTIONS, "lesions", replace(QUESTIONS["lesions"], answer=last_long))
    assert answer_here(store, settings, "lesions", params).status is RunStatus.STOPPED


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
