"""Is a guess asked before the curve is uncovered, scored by what is stored, and kept nowhere?"""

from pathlib import Path

import pytest
from scipy.stats import ttest_ind
from streamlit.testing.v1 import AppTest

from resnet_viz.nets import NetSpec
from resnet_viz.runs import RunStore
from resnet_viz.settings import Settings
from resnet_viz.studies import Evidence
from resnet_viz.studies.guesses import GUESSES, answer_of, options
from resnet_viz.training import preset
from resnet_viz.ui.guess import figure_of, right_answer
from tests.pages.figures import figures

APP = str(Path(__file__).parents[2] / "app.py")


def open_page(question: str = "") -> AppTest:
    page = AppTest.from_file(APP, default_timeout=120).run()
    if question:
        page.query_params["question"] = question
    return page.switch_page("pages/guess.py").run()


def shown(page: AppTest) -> str:
    boxes = [*page.markdown, *page.caption, *page.success, *page.warning]
    return "\n".join(element.value for element in boxes)


def points(page: AppTest) -> int:
    figure = next(iter(figures(page).values()))
    return max(len(trace["x"]) if isinstance(trace["x"], list) else 0 for trace in figure["data"])


def test_the_curve_is_covered_until_a_guess_and_the_guess_is_scored(home):
    page = open_page()
    assert not page.exception
    guess = GUESSES["deeper"]
    assert "ends at" not in shown(page)
    assert page.button[0].disabled
    page.radio[0].set_value("plain-20").run()
    next(button for button in page.button if button.label == "Uncover").click().run()
    assert not page.exception
    text = shown(page)
    assert "You guessed **plain-20**, and so it is." in text
    assert guess.why in text
    assert "**1 of 1** right so far" in text
    assert "could be chance" not in text


def test_a_link_names_the_question_and_a_wrong_guess_is_explained(home):
    page = open_page("shallow")
    assert GUESSES["shallow"].question in shown(page)
    page.radio[0].set_value("plain-8").run()
    next(button for button in page.button if button.label == "Uncover").click().run()
    assert "You guessed **plain-8**; it is **about the same**." in shown(page)
    assert "**0 of 1** right so far" in shown(page)


def test_a_difference_that_could_be_chance_is_called_so(home):
    page = open_page("vgg")
    page.radio[0].set_value("VGG-18 (batch norm)").run()
    next(button for button in page.button if button.label == "Uncover").click().run()
    first, second = (
        [run.test_error for run in runs] for runs in GUESSES["vgg"].runs(Evidence(RunStore(Settings().store_url)))
    )
    p = ttest_ind(first, second, equal_var=False).pvalue
    assert p > 0.05
    assert f"could be chance (p = {p:.2g} by Welch's t-test)" in shown(page)


def test_a_link_to_no_question_shows_the_first(home):
    page = open_page("nonsense")
    assert not page.exception
    assert GUESSES["deeper"].question in shown(page)


@pytest.mark.parametrize("guess", GUESSES.values(), ids=lambda guess: guess.key)
def test_every_question_has_an_answer_among_its_options(home, guess):
    evidence = Evidence(RunStore(Settings().store_url))
    assert answer_of(guess, evidence) in options(guess)


def test_figure_sentence_and_score_are_of_the_same_runs_when_ones_own_join(store, finish):
    open_page()
    guess = GUESSES["deeper"]
    assert right_answer(guess) == "plain-20"
    own = []
    for seed in (0, 1):
        wanted = [(spec, preset("digits", seed=seed)) for spec in (NetSpec("plain", 20), NetSpec("plain", 56))]
        own += finish(store, wanted, [(0.5, 0.5), (0.1, 0.1)])
    assert right_answer(guess) == "plain-56"
    page = open_page()
    page.radio[0].set_value("plain-56").run()
    next(button for button in page.button if button.label == "Uncover").click().run()
    text = shown(page)
    assert "You guessed **plain-56**, and so it is." in text
    assert "plain-20 ends at **50.0 %**" in text
    assert all(run.id in text for run in own)
    for covered in (True, False):
        assert {run_id for ids in figure_of("deeper", covered)[1].values() for run_id in ids} == {run.id for run in own}
