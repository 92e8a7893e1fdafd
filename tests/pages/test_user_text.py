"""Do names that look like markup, and errors that quote them, show as the text that they are?"""

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from resnet_viz.ui.text import JOINER
from tests.pages.opening import open_page, text_of

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


def test_the_data_page_shows_names_as_text(home, pile):
    shown = text_of(open_page("data", data="folder", folder=str(pile)))
    assert "has only 3 training pictures" in shown
    assert not RAW.search(shown)


@pytest.mark.parametrize("name", ["train", "data", "sweep"])
def test_a_path_like_markup_is_quoted_as_text(home, name):
    path = "/nowhere/:material/delete:/[a](http://x)/<img src=x>/**b**"
    (error,) = open_page(name, data="folder", folder=path).error
    assert "there is no folder or zip" in error.value
    assert not RAW.search(error.value)
    assert f":{JOINER}material" in error.value
