"""How is text of others shown: names of files, folders and classes, and what an error says of them? As it is."""

import re

import streamlit as st

from resnet_viz.ui.language import sentence

JOINER = "\u2060"  # takes no room; between two characters it says that they belong to no sign
# What begins something in Markdown: anywhere, and at the start of a line.
ANYWHERE = re.compile(r"([\\`*\[\]<>&$~|#^]|:(?=\S)|(?<![^\W_])_|_(?![^\W_]))")
AT_START = re.compile(r"^(\d*)([-+=.)])")
# What Streamlit replaces after Markdown was read, when an escape is gone: icons and emoji, links, arrows and dashes.
SIGNS = {
    re.compile(r"([:@])(?=\S)"): r"\1" + JOINER,
    re.compile(r"(www)(?=\.)", re.IGNORECASE): r"\1" + JOINER,
    re.compile(r"(?<!\S)([<>~-])(->|[>=-])(?!\S)"): r"\1" + JOINER + r"\2",
}


def plain(text: str) -> str:
    """Text as Markdown of one line that shows it character by character."""
    for sign, broken in SIGNS.items():
        text = sign.sub(broken, text)
    return AT_START.sub(r"\1\\\2", ANYWHERE.sub(r"\\\1", " ".join(text.split())))


def refuse(error: Exception) -> None:
    """Say on the page what is wrong, as a sentence."""
    st.error(plain(sentence(str(error))))


def cell(text: str) -> str:
    """Text for a table that may end in a spreadsheet, where =, +, - and @ would begin a formula."""
    return f"'{text}" if text.lstrip().startswith(("=", "+", "-", "@")) else text
