"""Is text of others, in Markdown and in tables, the text that it is?"""

import re

import pytest

from resnet_viz.ui.text import JOINER, cell, plain

SIGNS = re.compile(r"(?<!\\)(<img|<b>|&amp;|\*\*bold|\$x|:red|:smile|\[a\]|`code)")


@pytest.mark.parametrize(
    "name",
    [
        "<img src=x onerror=alert(1)>", "<b>loud", "&amp;", "**bold**", "$x$", ":red[x]", ":smile:", "[a](http:x)",
        "`code`", "# head", "__under__", "=1+1", "www.example.org", "a -> b", "- item", "~~gone~~", "me@example.org",
    ],
)  # fmt: skip
def test_what_markdown_would_take_for_a_sign_is_escaped(name):
    said = plain(name)
    assert said != name
    assert not SIGNS.search(said)
    assert said.replace("\\", "").replace(JOINER, "") == name


def test_other_text_stays_as_it_is():
    for text in ("batch_size is 1; it must be a whole number from 2", "Zürich, a/b (c) 1.5 % - d: e", "/tmp/x_y/z.png"):
        assert plain(text) == text


def test_lines_become_one_and_no_list():
    assert plain("two\nlines") == "two lines"
    assert plain("1. one") == "1\\. one"


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", " =1"])
def test_a_cell_never_begins_a_formula(text):
    assert cell(text) == f"'{text}"
    assert cell("a=1") == "a=1"
