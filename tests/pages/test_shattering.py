"""Does the page of shattered gradients ask, answer, and say whether the paper is met?"""

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from resnet_viz.runs import RunStatus, StudyStore
from resnet_viz.studies import QUESTIONS
from resnet_viz.ui.shattering import say_agreement
from tests.pages.figures import figures

PAGE = str(Path(__file__).parents[2] / "pages" / "shattering.py")


@pytest.fixture
def small(monkeypatch):
    """The question about two depths, one seed and few points, so that it is answered in seconds."""
    question = QUESTIONS["shattering"]
    few = {"specs": ["plain-8", "resnet-8-A", "plain-14", "resnet-14-A"], "seeds": [0], "points": 32, "pictures": 20}
    monkeypatch.setitem(QUESTIONS, "shattering", replace(question, defaults=question.defaults | few))


def open_page(**parameters) -> AppTest:
    page = AppTest.from_file(PAGE, default_timeout=120)
    page.query_params.update(parameters)
    return page.run()


def shown(page: AppTest) -> str:
    assert not page.exception
    return "\n".join(element.value for element in [*page.markdown, *page.caption, *page.error])


def test_the_correlation_is_asked_for_with_and_without_batch_norm(lab_store, small):
    page = open_page()
    assert not figures(page)
    page.button(key="ask_shattering").click().run()
    text = shown(page)
    (study,) = StudyStore(lab_store).studies("shattering")
    near = StudyStore(lab_store).answer(study.id).query("lag == 1 and net == 'plain-14'")["correlation"].iloc[0]
    assert f"{near:.2f} at 14 layers" in text
    assert study.id in text
    assert "32 points a line" in text
    assert len(figures(page)) == 2
    assert "Choose **without** above" in text
    page.button_group(key="shattering_norm").select(False).run()
    page.button(key="ask_shattering").click().run()
    text = shown(page)
    assert "At 14 layers, in plain nets it is" in text
    newest = StudyStore(lab_store).studies("shattering")[0]
    assert newest.params["specs"][0] == "plain-8~batch_norm.0"
    page.button_group(key="shattering_measure").select("width").run()
    assert not page.exception


def test_a_question_that_cannot_be_answered_is_a_sentence(lab_store, small, monkeypatch):
    question = QUESTIONS["shattering"]
    bad = replace(question, defaults=question.defaults | {"dataset": "cifar10"})
    monkeypatch.setitem(QUESTIONS, "shattering", bad)
    page = open_page()
    page.button(key="ask_shattering").click().run()
    assert "CIFAR-10 is not on this machine yet; the Data page fetches it." in shown(page)
    assert StudyStore(lab_store).studies("shattering")[0].status is RunStatus.FAILED


@pytest.mark.parametrize(
    ("plain", "residual", "word"),
    [
        ([0.9, 0.0], [0.95, 0.8], "agrees**"),
        ([0.9, 0.7], [0.95, 0.8], "agrees in the order of the two"),
        ([0.9, 0.8], [0.7, 0.6], "does not agree"),
    ],
)
def test_whether_the_paper_is_met_follows_the_numbers(plain, residual, word):
    near = pd.DataFrame(
        {
            "family": ["plain"] * 2 + ["resnet"] * 2,
            "depth": [8, 56] * 2,
            "seed": 0,
            "value": [*plain, *residual],
        }
    )
    assert word in say_agreement(near)
