"""Does the page of initialization compute at once, follow its controls, and survive links that hold nonsense?"""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from resnet_viz.nets import NetSpec
from resnet_viz.ui.initialization import PRESETS, say_growth
from tests.pages.figures import figures

PAGE = str(Path(__file__).parents[2] / "pages" / "initialization.py")


def open_page(**parameters) -> AppTest:
    page = AppTest.from_file(PAGE, default_timeout=60)
    page.query_params.update({"start_depth": "8"} | parameters)
    return page.run()


def shown(page: AppTest) -> str:
    assert not page.exception
    return "\n".join(element.value for element in [*page.markdown, *page.caption])


def test_both_nets_are_drawn_and_judged(home):
    page = open_page()
    text = shown(page)
    assert "**plain-8**: the median gradient norm is" in text
    assert "**ResNet-8 (A)**: the median gradient norm is" in text
    assert text.count("they are **healthy**") == 2
    assert "unlikely to be caused by vanishing gradients" in text
    assert len(figures(page)) == 2


@pytest.mark.parametrize("label", PRESETS)
def test_a_preset_sets_the_controls(home, label):
    page = open_page()
    page.button(key=f"preset_{label}").click().run()
    text = shown(page)
    for key, value in PRESETS[label].items():
        assert page.session_state[key] == value
    assert ("they **vanish**" in text) == ("No batch norm" in label)
    assert ("Without batch norm the scale" in text) == ("No batch norm" in label)


def test_gradients_that_are_too_small_for_a_number_are_told_in_words(home):
    page = open_page(start_depth="56")
    page.button(key="preset_No batch norm, naive normal").click().run()
    text = shown(page)
    assert "layers the gradient is exactly 0: too small for a float32 number." in text


def test_a_deeper_net_than_the_live_ones_is_computed_too(home, monkeypatch):
    monkeypatch.setattr("resnet_viz.ui.initialization.LIVE", 8)
    assert "plain-14" in shown(open_page(start_depth="14"))


def test_a_link_that_holds_nonsense_opens_the_page_with_what_there_is(home):
    page = open_page(start_depth="9", start_shortcut="Z", start_seed="many", start_weights="none")
    assert "ResNet-56 (A)" in shown(page)


def test_what_is_said_of_the_growth_follows_the_numbers():
    spec = NetSpec("resnet", 20)
    assert "grow towards the picture. So they do not vanish" in say_growth(spec, 1.1)
    assert "do not grow" in say_growth(spec, 0.99)
    assert "sigmoids" in say_growth(NetSpec("resnet", 20, activation="sigmoid"), 0.9)
