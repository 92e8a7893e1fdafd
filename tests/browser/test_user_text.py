"""Does a name that looks like markup run, or show as anything but text, in a real browser?"""

from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.driving import choose
from tests.browser.server import Server

NAMES = ("<img src=x onerror=alert(1)>", "<b>loud", "$x$ **y**", ":smile: :red[x]", "[a](http:x)")
PATH = "/nowhere/:material/delete:/[log in](http:/example.org)/www.example.org/<img src=x onerror=alert(1)>/ -> /**b**"
JOINER = "\u2060"


def make_pile(place: Path) -> Path:
    draw = np.random.default_rng(0)
    for name in NAMES:
        for part, count in (("train", 3), ("test", 1)):
            (place / part / name).mkdir(parents=True)
            for i in range(count):
                Image.fromarray(draw.integers(0, 256, (40, 40, 3), np.uint8)).save(place / part / name / f"{i}.png")
    return place


def test_names_that_look_like_markup_are_shown_as_they_are(page: Page, server: Server, tmp_path: Path) -> None:
    page.goto(f"{server.url}/data")
    choose(page, "Data set", "A folder of pictures")
    folder = page.get_by_role("textbox", name="Folder or zip on this machine")

    # A path: quoted in a sentence, word for word, with no link, icon, arrow or picture made of it.
    folder.fill(PATH)
    folder.press("Enter")
    said = page.get_by_test_id("stAlert").filter(has_text="there is no folder or zip")
    expect(said).to_be_visible()
    assert PATH in said.inner_text().replace(JOINER, "")
    assert said.locator("a, img, strong, [data-testid=stIconMaterial]").count() == 0

    # Class names: in warnings, beside the samples, and on the axis of the figure.
    folder.fill(str(make_pile(tmp_path / "pile")))
    folder.press("Enter")
    expect(page.get_by_text("in 5 classes, 32 x 32 pixels, color")).to_be_visible()
    rows = page.locator(".rows-of-pictures").first
    expect(rows).to_be_visible()
    axis = page.locator(".xtick text")
    expect(axis).to_have_count(len(NAMES))
    for name in NAMES:
        expect(rows.get_by_text(name, exact=True)).to_be_visible()
        assert name in [text.text_content() for text in axis.all()]
    warning = page.get_by_test_id("stAlert").filter(has_text="has only 3 training pictures")
    assert any(f"{name} has only 3" in warning.inner_text().replace(JOINER, "") for name in NAMES)
    assert page.locator("[onerror]").count() == 0
    assert page.locator(".xtick text tspan[style*=bold], .xtick text a").count() == 0
