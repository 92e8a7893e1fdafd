"""Is a file made when it is asked for and not before, once, and is a sentence there where it cannot be made?"""

import json
from typing import Any

from streamlit.testing.v1 import AppTest

from tests.pages.opening import SECONDS, press_key, rerun

CODE = """
import streamlit as st
from resnet_viz.runs import BundleError
from resnet_viz.ui.files import File, offer_files

def make(name):
    made = st.session_state.setdefault("made", [])
    made.append(name)
    if len(made) <= st.session_state.get("broken_off", 0):
        st.rerun()
    return name.upper() if name == "text" else name.encode()

def refuse():
    raise BundleError("the weights of run 1 are gone")

offer_files(File("Text", "a.csv", lambda: make("text")), File("Bytes", "b.zip", lambda: make("bytes")))
offer_files(File("Never", "c.bin", refuse))
"""


def sent(page: AppTest) -> list[tuple[dict[str, Any], bytes]]:
    """What the browser gets: about each file, and the file."""
    parts = [element.proto.bytes.split(b"\n", 1) for element in page.get("bidi_component")]
    return [(json.loads(head), content) for head, content in parts]


def new_page() -> AppTest:
    return AppTest.from_string(CODE, default_timeout=SECONDS)


def test_a_file_is_made_when_it_is_asked_for_and_sent_once():
    page = rerun(new_page())
    assert "made" not in page.session_state
    assert not sent(page)

    ((head, content),) = sent(press_key(page, "take_a.csv"))
    assert head["name"] == "a.csv"
    assert head["type"] == "text/csv"
    assert content == b"TEXT"
    assert page.session_state["made"] == ["text"]

    assert not sent(rerun(page))  # another choice on the page: it is not made again

    ((again, _),) = sent(press_key(page, "take_a.csv"))
    assert again["id"] != head["id"]  # by which the browser knows that it is asked for once more
    ((head, content),) = sent(press_key(page, "take_b.zip"))
    assert head["type"] == "application/zip"
    assert content == b"bytes"


def test_a_page_that_runs_again_while_a_file_is_made_makes_it_again():
    page = new_page()
    page.session_state["broken_off"] = 2
    ((head, content),) = sent(press_key(rerun(page), "take_a.csv"))
    assert (head["name"], content) == ("a.csv", b"TEXT")
    assert page.session_state["made"] == ["text"] * 3


def test_a_file_that_cannot_be_made_is_a_sentence():
    page = press_key(rerun(new_page()), "take_c.bin")
    assert [error.value for error in page.error] == ["the weights of run 1 are gone."]
    assert not rerun(page).error
