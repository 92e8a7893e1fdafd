"""Does the page of shattered gradients ask, answer, and say whether the paper is met?"""

from dataclasses import replace

import pytest

from resnet_viz.runs import RunStatus, StudyStore
from resnet_viz.studies import QUESTIONS
from tests.pages.figures import figures
from tests.pages.opening import open_page, press_key, rerun, text_of


@pytest.fixture
def small(monkeypatch):
    """The question about two depths, one seed and few points, so that it is answered in seconds."""
    question = QUESTIONS["shattering"]
    few = {"specs": ["plain-8", "resnet-8-A", "plain-14", "resnet-14-A"], "seeds": [0], "points": 32, "pictures": 20}
    monkeypatch.setitem(QUESTIONS, "shattering", replace(question, defaults=question.defaults | few))


def test_the_correlation_is_asked_for_with_and_without_batch_norm(lab_store, small):
    page = open_page("shattering")
    assert not figures(page)
    text = text_of(press_key(page, "ask_shattering"))
    (study,) = StudyStore(lab_store).studies("shattering")
    near = StudyStore(lab_store).answer(study.id).query("lag == 1 and net == 'plain-14'")["correlation"].iloc[0]
    assert f"{near:.2f} at 14 layers" in text
    assert study.id in text
    assert "32 points a line" in text
    assert len(figures(page)) == 2
    assert "Choose **without** above" in text
    page.button_group(key="shattering_norm").select(False)
    text = text_of(press_key(rerun(page), "ask_shattering"))
    assert "At 14 layers, in plain nets it is" in text
    newest = StudyStore(lab_store).studies("shattering")[0]
    assert newest.params["specs"][0] == "plain-8~batch_norm.0"
    page.button_group(key="shattering_measure").select("width")
    assert len(figures(rerun(page))) == 2


def test_a_question_that_cannot_be_answered_is_a_sentence(lab_store, small, monkeypatch):
    question = QUESTIONS["shattering"]
    bad = replace(question, defaults=question.defaults | {"dataset": "cifar10"})
    monkeypatch.setitem(QUESTIONS, "shattering", bad)
    page = open_page("shattering")
    shown = text_of(press_key(page, "ask_shattering"))
    assert "CIFAR-10 is not on this machine yet; the Data page fetches it." in shown
    assert StudyStore(lab_store).studies("shattering")[0].status is RunStatus.FAILED
