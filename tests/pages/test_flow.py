"""Does the page of the gradient's ways ask, answer, and say which nets have no two ways?"""

from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from resnet_viz.lab import middle_lengths, share_of_paths
from resnet_viz.paper import FINDINGS
from resnet_viz.runs import RunStore, StudyStore
from resnet_viz.studies import QUESTIONS
from resnet_viz.ui.flow import tell_lengths, tell_published

PAGE = str(Path(__file__).parents[2] / "pages" / "flow.py")


@pytest.fixture(autouse=True)
def few_pictures(monkeypatch):
    monkeypatch.setitem(QUESTIONS["flow"].defaults, "pictures", 32)
    monkeypatch.setitem(QUESTIONS["paths"].defaults, "pictures", 8)


def open_page(runs) -> AppTest:
    page = AppTest.from_file(PAGE, default_timeout=60)
    page.query_params["nets"] = runs[0].comparison
    return page.run()


def shown(page) -> str:
    assert not page.exception
    return "\n".join(element.value for element in [*page.markdown, *page.caption, *page.info])


def test_both_questions_are_asked_about_the_residual_net_alone_and_answered(lab_store, trained):
    _, (plain, residual) = trained
    page = open_page([plain, residual])
    assert "plain-8 has no shortcuts" in shown(page)
    page.button(key="ask_flow").click().run()
    page.button(key="ask_paths").click().run()
    text = shown(page)
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
    text = shown(open_page([plain]))
    assert "There is no residual net among these" in text
    assert "plain-8 has no shortcuts" in text


def forget_weights(store: RunStore, run_id: str) -> None:
    """As if the run had kept none: then its net cannot be asked."""
    with store.write() as db:
        db.exec_driver_sql("UPDATE runs SET weights = '' WHERE id = ?", (run_id,))


def test_the_published_share_stands_beside_the_one_counted_here():
    assert f"{share_of_paths(54, 5, 17):.2%}" in tell_published(FINDINGS["paths"])


def test_a_net_that_sends_no_gradient_back_gives_a_sentence():
    lengths = pd.DataFrame({"length": [0, 1], "contribution": [float("nan")] * 2})
    assert "no gradient" in tell_lengths("net", lengths)
