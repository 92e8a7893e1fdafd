"""Do names that look like markup, and errors that quote them, show as the text that they are?"""

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from resnet_viz.ui.text import JOINER, cell, plain

ROOT = Path(__file__).parents[2]
NAMES = (
    "<img src=x onerror=alert(1)>", "<b>loud", "&amp;", "**bold**", "$x$", ":red[x]", ":smile:", "[a](http:x)",
    "`code`", "# head", "__under__", "=1+1", "www.example.org", "a -> b",
)  # fmt: skip
RAW = re.compile(r"(?<!\\)(<img|<b>|&amp;|\*\*bold|\$x|:red|:smile|\[a\]|`code)")


@pytest.fixture
def pile(tmp_path) -> Path:
    """Classes of such names, one of them with so few pictures that the page warns of it."""
    draw = np.random.default_rng(0)
    for name in NAMES:
        for part, count in (("train", 3), ("test", 1)):
            folder = tmp_path / "pile" / part / name
            folder.mkdir(parents=True)
            for i in range(count):
                Image.fromarray(draw.integers(0, 256, (32, 32, 3), np.uint8)).save(folder / f"{i}.png")
    (tmp_path / "pile" / "train" / NAMES[0] / "<i>.png").write_text("no picture")
    return tmp_path / "pile"


def shown(page: AppTest) -> list[str]:
    kinds = (page.title, page.markdown, page.caption, page.info, page.error, page.warning, page.success)
    return [str(element.value) for kind in kinds for element in kind]


def open_with(name: str, folder: str) -> AppTest:
    page = AppTest.from_file(str(ROOT / "pages" / f"{name}.py"), default_timeout=60)
    page.run()
    page.selectbox(key="data").select("folder").run()
    return page.text_input(key="folder").input(folder).run()


@pytest.mark.parametrize("name", NAMES)
def test_what_markdown_would_take_for_a_sign_is_escaped(name):
    said = plain(name)
    assert not RAW.search(said)
    assert said.replace("\\", "").replace(JOINER, "") == name


def test_other_text_stays_as_it_is():
    for text in ("batch_size is 1; it must be a whole number from 2", "Zürich, a/b (c) 1.5 % - d: e", "/tmp/x_y/z.png"):
        assert plain(text) == text
    assert plain("two\nlines") == "two lines"
    assert plain("1. one") == "1\\. one"


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", " =1"])
def test_a_cell_never_begins_a_formula(text):
    assert cell(text) == f"'{text}"
    assert cell("a=1") == "a=1"


def test_the_data_page_shows_names_as_text(home, pile):
    page = open_with("data", str(pile))
    assert not page.exception
    assert any("has only 3 training pictures" in text for text in shown(page))
    assert not [text for text in shown(page) if RAW.search(text)]


@pytest.mark.parametrize("name", ["train", "data", "sweep"])
def test_a_path_like_markup_is_quoted_as_text(home, name):
    page = open_with(name, "/nowhere/:material/delete:/[a](http://x)/<img src=x>/**b**")
    assert not page.exception
    for _ in range(100):  # until the machine is known
        if page.error:
            break
        page.run()
    (error,) = page.error
    assert "there is no folder or zip" in error.value
    assert not RAW.search(error.value)
    assert f":{JOINER}material" in error.value


def test_a_link_cannot_put_its_own_words_on_the_page(home):
    page = AppTest.from_file(str(ROOT / "pages" / "architecture.py"), default_timeout=60)
    page.query_params["compare"] = "[log in](http://example.org)"
    page.run()
    assert not page.exception
    assert page.error
    assert not [text for text in shown(page) if "[log in](" in text]
