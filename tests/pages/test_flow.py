"""Does the page of the gradient's ways ask, answer, and say which nets have no two ways?"""

import pytest

from resnet_viz.lab import middle_lengths
from resnet_viz.paper import FINDINGS
from resnet_viz.runs import RunStore, StudyStore
from resnet_viz.studies import QUESTIONS
from tests.pages.opening import open_page, press_key, text_of


@pytest.fixture(autouse=True)
def few_pictures(monkeypatch):
    monkeypatch.setitem(QUESTIONS["flow"].defaults, "pictures", 32)
    monkeypatch.setitem(QUESTIONS["paths"].defaults, "pictures", 8)


def test_both_questions_are_asked_about_the_residual_net_alone_and_answered(lab_store, trained):
    _, (plain, residual) = trained
    page = open_page("flow", nets=plain.comparison)
    assert "plain-8 has no shortcuts" in text_of(page)
    press_key(page, "ask_flow")
    text = text_of(press_key(page, "ask_paths"))
    studies = StudyStore(lab_store)
    for kind in ("flow", "paths"):
        (study,) = studies.studies(kind)
        assert study.params["runs"] == [residual.id]
        assert study.id in text
    shares = studies.answer(studies.studies("flow")[0].id)
    assert f"share is {shares['share'].median():.0%} in the median" in text
    assert f"larger one in {(shares['share'] > 0.5).sum()} of 3 blocks" in text
    lengths = studies.answer(studies.studies("paths")[0].id)
    low, high, part = middle_lengths(lengths)
    assert f"paths of **{low} to {high} blocks**" in text
    assert f"**{100 * part:.3g} % of all paths**" in text
    assert plain.id not in text
    assert FINDINGS["paths"].text in text


def test_nets_without_a_shortcut_give_a_sentence(lab_store, trained):
    _, (plain, residual) = trained
    forget_weights(lab_store, residual.id)
    text = text_of(open_page("flow", nets=plain.comparison))
    assert "There is no residual net among these" in text
    assert "plain-8 has no shortcuts" in text


def forget_weights(store: RunStore, run_id: str) -> None:
    """As if the run had kept none: then its net cannot be asked."""
    with store.write() as db:
        db.exec_driver_sql("UPDATE runs SET weights = '' WHERE id = ?", (run_id,))
