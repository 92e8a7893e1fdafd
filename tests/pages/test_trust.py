"""Does the page of trust check every map it is asked about, say which fail, and rank methods on many pictures?"""

import pytest
from streamlit.testing.v1 import AppTest

from resnet_viz.explain import AttributionError
from resnet_viz.runs import StudyStore
from resnet_viz.studies import QUESTIONS
from resnet_viz.ui.trust import FIRST_METHODS
from tests.pages.figures import figures
from tests.pages.opening import SECONDS, open_page, press_key, rerun, text_of


@pytest.fixture(autouse=True)
def nobody_is_asked_first(monkeypatch):
    """A page has its checks when it has run, whatever the machine is expected to need for them."""
    monkeypatch.setattr("resnet_viz.ui.jobs.PATIENCE", SECONDS)
    monkeypatch.setattr("resnet_viz.ui.attributions.AT_ONCE", 1e6)
    monkeypatch.setattr("resnet_viz.ui.attributions.MOST_SECONDS", 1e6)


def open_trust(runs, **link: str) -> AppTest:
    wished = {"nets": ",".join(f"run:{run.id}" for run in runs), "methods": "saliency,guided_backprop"}
    return open_page("trust", **(wished | link))


def chart(page: AppTest, key: str) -> dict:
    return figures(page)[key]


def test_maps_are_checked_with_numbers_formulas_curves_and_a_cascade(lab_store, trained):
    page = open_trust(trained[1])
    assert not page.error
    table = page.dataframe[0].value
    assert table[["net", "method"]].to_numpy().tolist() == [
        ["plain-8", "Saliency"], ["ResNet-8 (A)", "Saliency"],
        ["plain-8", "Guided Backprop"], ["ResNet-8 (A)", "Guided Backprop"],
    ]  # fmt: skip
    assert table.drop(columns=["net", "method", "completeness", "verdict"]).notna().all(axis=None)
    assert set(table["verdict"]) <= {"changes", "does not change"}
    for formula in (r"\int_0^1", r"\mathbb{E}_I", r"\max_{", r"\operatorname{Spearman}"):
        assert formula in text_of(page)
    assert len(chart(page, "deletion")["data"]) == 2 * 2 * 3  # nets, panels, two methods and random order
    assert len(chart(page, "cascade")["data"]) == 4
    assert sum("rows-of-pictures" in element.proto.body for element in page.get("html")) == 4  # nets by methods


def test_a_map_that_stays_under_random_weights_is_named(lab_store, trained, monkeypatch):
    monkeypatch.setattr("resnet_viz.explain.randomization.STAYS", -1.0)
    page = open_trust(trained[1], methods="input_x_gradient")
    assert "Input x Gradient of plain-8" in page.warning[0].value
    assert "does not change" in page.warning[0].value
    assert page.dataframe[0].value["verdict"].tolist() == ["does not change"] * 2


def test_checks_that_take_long_are_announced_and_begun_with_a_click(lab_store, trained, monkeypatch):
    monkeypatch.setattr("resnet_viz.ui.attributions.AT_ONCE", 0.0)
    page = open_trust(trained[1], methods="deconvolution")
    assert "for the checks of 2 maps" in page.info[0].value
    assert not page.dataframe
    assert len(press_key(page, "agree").dataframe[0].value) == 2


def test_a_check_that_cannot_be_made_is_a_sentence(lab_store, trained, monkeypatch):
    def refuse(*_):
        raise AttributionError("There is no room for it.")

    monkeypatch.setattr("resnet_viz.explain.trust.attribute", refuse)
    page = open_trust(trained[1], methods="deep_lift")
    assert [error.value for error in page.error] == ["There is no room for it."]
    assert any(button.key == "go_on_jobs" for button in page.button)


def test_a_link_that_makes_no_sense_shows_the_page_as_it_begins(home, monkeypatch):
    monkeypatch.setattr("resnet_viz.ui.attributions.AT_ONCE", 0.0)  # nothing is begun
    page = open_page("trust", nets="run:x", methods="magic", picture="x", **{"class": "<b>"})
    assert not page.error
    assert page.multiselect(key="checked_methods").value == list(FIRST_METHODS)
    assert not page.query_params.keys() & {"nets", "methods", "picture", "class"}


def test_methods_are_ranked_on_many_pictures_with_their_uncertainty(lab_store, trained, monkeypatch):
    few = QUESTIONS["trust"].defaults | {"pictures": 3, "methods": ["saliency", "deep_lift"]}
    monkeypatch.setitem(QUESTIONS["trust"].defaults, "pictures", few["pictures"])
    monkeypatch.setitem(QUESTIONS["trust"].defaults, "methods", few["methods"])
    page = open_trust(trained[1])
    press_key(page, "ask_trust")
    (study,) = StudyStore(lab_store).studies("trust")
    assert study.params["runs"] == [run.id for run in trained[1]]
    table = page.dataframe[1].value
    assert table["mean place"].is_monotonic_increasing
    assert sorted(table["method"]) == ["DeepLift", "DeepLift", "Saliency", "Saliency"]
    assert table["deletion"].str.contains(" ± ").all()
    assert "Means of 3 test pictures" in text_of(page)
    assert "(?nets=run:" in text_of(page)  # where hits and mass inside are known
    assert study.id in text_of(page)
    assert [trace["name"] for trace in chart(page, "trust_dots")["data"]] == ["plain-8", "ResNet-8 (A)"]
    page.segmented_control(key="trust_measure").set_value("similarity")
    assert "likeness" in chart(rerun(page), "trust_dots")["layout"]["xaxis"]["title"]["text"]
