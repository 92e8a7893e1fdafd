"""Does the page of initialization compute at once, follow its controls, and survive links that hold nonsense?"""

from streamlit.testing.v1 import AppTest

from resnet_viz.ui.initialization import PRESETS
from tests.pages.figures import figures
from tests.pages.opening import open_page, press_key, text_of


def open_start(**parameters: str) -> AppTest:
    return open_page("initialization", **({"start_depth": "8"} | parameters))


def test_both_nets_are_drawn_and_judged(home):
    page = open_start()
    text = text_of(page)
    assert "**plain-8**: the median gradient norm is" in text
    assert "**ResNet-8 (A)**: the median gradient norm is" in text
    assert text.count("they are **healthy**") == 2
    assert "unlikely to be caused by vanishing gradients" in text
    assert len(figures(page)) == 2


def test_a_preset_sets_the_controls(home):
    page = open_start()
    for label, values in PRESETS.items():
        text = text_of(press_key(page, f"preset_{label}"))
        for key, value in values.items():
            assert page.session_state[key] == value
        assert ("they **vanish**" in text) == ("No batch norm" in label)
        assert ("Without batch norm the scale" in text) == ("No batch norm" in label)


def test_gradients_that_are_too_small_for_a_number_are_told_in_words(home):
    text = text_of(press_key(open_start(start_depth="56"), "preset_No batch norm, naive normal"))
    assert "layers the gradient is exactly 0: too small for a float32 number." in text


def test_a_deeper_net_than_the_live_ones_is_computed_too(home, monkeypatch):
    monkeypatch.setattr("resnet_viz.ui.initialization.LIVE", 8)
    assert "plain-14" in text_of(open_start(start_depth="14"))


def test_a_link_that_holds_nonsense_opens_the_page_with_what_there_is(home):
    page = open_start(start_depth="9", start_shortcut="Z", start_seed="many", start_weights="none")
    assert "ResNet-56 (A)" in text_of(page)
