"""Is a guess asked before the curve is uncovered, scored by what is stored, and kept nowhere?"""

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
from tests.pages.opening import button, open_app, press, rerun, text_of


def guess_and_uncover(page: AppTest, choice: str) -> str:
    """What the page says then."""
    page.radio[0].set_value(choice)
    return text_of(press(rerun(page), "Uncover"))


def numbers_drawn(page: AppTest) -> int:
    """How many numbers the figure's lines have, as text: those of a covered curve are fewer."""
    (figure,) = figures(page).values()
    return sum(len(str(trace["y"])) for trace in figure["data"])


def test_the_curve_is_covered_until_a_guess_and_the_guess_is_scored(home):
    page = open_app("guess")
    assert "ends at" not in text_of(page)
    assert button(page, "Uncover").disabled
    covered = numbers_drawn(page)
    shown = guess_and_uncover(page, "plain-20")
    assert numbers_drawn(page) > covered
    assert "You guessed **plain-20**, and so it is." in shown
    assert GUESSES["deeper"].why in shown
    assert "**1 of 1** right so far" in shown
    assert "could be chance" not in shown


def test_a_link_names_the_question_and_a_wrong_guess_is_explained(home):
    page = open_app("guess", question="shallow")
    assert GUESSES["shallow"].question in text_of(page)
    shown = guess_and_uncover(page, "plain-8")
    assert "You guessed **plain-8**; it is **about the same**." in shown
    assert "**0 of 1** right so far" in shown


def test_a_difference_that_could_be_chance_is_called_so(home):
    shown = guess_and_uncover(open_app("guess", question="vgg"), "VGG-18 (batch norm)")
    first, second = (
        [one.test_error for one in runs] for runs in GUESSES["vgg"].runs(Evidence(RunStore(Settings().store_url)))
    )
    p = ttest_ind(first, second, equal_var=False).pvalue
    assert p > 0.05
    assert f"could be chance (p = {p:.2g} by Welch's t-test)" in shown


def test_a_link_to_no_question_shows_the_first(home):
    assert GUESSES["deeper"].question in text_of(open_app("guess", question="nonsense"))


def test_every_question_has_an_answer_among_its_options(store):
    evidence = Evidence(store)
    for guess in GUESSES.values():
        assert answer_of(guess, evidence) in options(guess)


def test_figure_sentence_and_score_are_of_the_same_runs_when_ones_own_join(store, finish):
    assert right_answer(GUESSES["deeper"]) == "plain-20"
    own = []
    for seed in (0, 1):
        wanted = [(spec, preset("digits", seed=seed)) for spec in (NetSpec("plain", 20), NetSpec("plain", 56))]
        own += finish(store, wanted, [(0.5, 0.5), (0.1, 0.1)])
    assert right_answer(GUESSES["deeper"]) == "plain-56"
    shown = guess_and_uncover(open_app("guess"), "plain-56")
    assert "You guessed **plain-56**, and so it is." in shown
    assert "plain-20 ends at **50.0 %**" in shown
    ids = {one.id for one in own}
    assert all(id_ in shown for id_ in ids)
    for covered in (True, False):
        assert {id_ for found in figure_of("deeper", covered)[1].values() for id_ in found} == ids
