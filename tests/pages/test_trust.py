"""Does the page of trust check every map it is asked about, say which fail, and rank methods on many pictures?"""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from resnet_viz.explain import AttributionError
from resnet_viz.runs import StudyStore
from resnet_viz.studies import QUESTIONS
from tests.pages.figures import figures
from tests.pages.waiting import SECONDS, wait

PAGE = str(Path(__file__).parents[2] / "pages" / "trust.py")


def open_page(runs, **link: str) -> AppTest:
    page = AppTest.from_file(PAGE, default_timeout=SECONDS)
    wished = {"nets": ",".join(f"run:{run.id}" for run in runs)} if runs else {}
    for name, value in (wished | {"methods": "saliency,guided_backprop"} | link).items():
        page.query_params[name] = value
    return wait(page.run())


def text_of(page: AppTest) -> str:
    shown = [*page.markdown, *page.caption, *page.info, *page.warning, *page.error]
    return "\n".join(str(part.value) for part in shown)


def chart(page: AppTest, key: str) -> dict:
    return figures(page)[key]


def test_maps_are_checked_with_numbers_formulas_curves_and_a_cascade(lab_store, trained):
    page = open_page(trained[1])
    assert not page.exception
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
    page = open_page(trained[1], methods="input_x_gradient")
    assert "Input x Gradient of plain-8" in page.warning[0].value
    assert "does not change" in page.warning[0].value
    assert page.dataframe[0].value["verdict"].tolist() == ["does not change"] * 2


def test_checks_that_take_long_are_announced_and_begun_with_a_click(lab_store, trained, monkeypatch):
    monkeypatch.setattr("resnet_viz.ui.attributions.AT_ONCE", 0.0)
    page = open_page(trained[1], methods="deconvolution")
    assert "for the checks of 2 maps" in page.info[0].value
    assert not page.dataframe
    page.button(key="agree").click()
    assert len(wait(page.run()).dataframe[0].value) == 2


def test_a_check_that_cannot_be_made_is_a_sentence(lab_store, trained, monkeypatch):
    def refuse(*_):
        raise AttributionError("There is no room for it.")

    monkeypatch.setattr("resnet_viz.explain.trust.attribute", refuse)
    page = open_page(trained[1], methods="deep_lift")
    assert not page.exception
    assert [error.value for error in page.error] == ["There is no room for it."]
    assert any(button.key == "go_on_jobs" for button in page.button)


@pytest.mark.parametrize("link", [{"methods": "magic"}, {"nets": "run:x"}, {"class": "<b>"}])
def test_a_link_that_makes_no_sense_shows_the_page_as_it_begins(lab_store, trained, link, monkeypatch):
    monkeypatch.setattr("resnet_viz.ui.attributions.AT_ONCE", 0.0)  # nothing is begun
    page = open_page(trained[1], **link)
    assert not page.exception
    assert not page.error


def test_methods_are_ranked_on_many_pictures_with_their_uncertainty(lab_store, trained, monkeypatch):
    few = QUESTIONS["trust"].defaults | {"pictures": 3, "methods": ["saliency", "deep_lift"]}
    monkeypatch.setitem(QUESTIONS["trust"].defaults, "pictures", few["pictures"])
    monkeypatch.setitem(QUESTIONS["trust"].defaults, "methods", few["methods"])
    page = open_page(trained[1])
    page.button(key="ask_trust").click()
    wait(page.run())
    assert not page.exception
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
    page.segmented_control(key="trust_measure").set_value("similarity").run()
    assert not page.exception
    assert "likeness" in chart(page, "trust_dots")["layout"]["xaxis"]["title"]["text"]
