"""Does every page show what it has, in the dark theme and on a phone, on a machine where nothing was trained?"""

import re
from pathlib import Path

from playwright.sync_api import expect

from tests.browser.driving import expect_to_fit
from tests.browser.evidence import Contexts
from tests.browser.server import ROOT, Server

PHONE = {"viewport": {"width": 420, "height": 900}, "color_scheme": "dark"}
DARK = "rgb(17, 22, 28)"
NOTHING = "Nothing was trained here yet"
# What a page shows of recorded runs and answers, or says where it has none.
SHOWN = {
    "architecture": "VGG-16 (batch norm)",
    "claims": "claims:",
    "classify": "ResNet-56 (A) says",
    "data": "1,400 training and 397 test pictures",
    "degradation": "Which beats which?",
    "depth_limit": "1202",
    "flow": "gradient",
    "gradients": NOTHING,
    "guess": "Your guess",
    "home": "Understand residual networks",
    "identity": "The same net with more layers",
    "initialization": "Do gradients",
    "lesions": "Without one of",
    "neurons": "never",
    "responses": "parameters of residual branches",
    "runs": NOTHING,
    "saliency": "A test picture: airplane.",
    "shattering": "correlation",
    "surface": "A slice can mislead.",
    "sweep": "No sweep was started here yet",
    "train": NOTHING,
    "trust": "do not change under random weights: Guided Backprop",
}
# Long names and deep nets; maps that no machine asks a reader about.
LINKS = {
    "architecture": "?compare=plain-56,resnet-56-exclusive,resnet-152-B~stem.imagenet,vgg-16",
    "home": "",
    "saliency": "?methods=saliency",
    "trust": "?methods=saliency",
}
# As the browser's own button does, which does not start the app anew.
BACK_TO = "address => { history.pushState({}, '', address); dispatchEvent(new PopStateEvent('popstate')); }"
DRAWN = {"home": ".figure:has(.main-svg) >> nth=4", "saliency": ".js-plotly-plot .heatmaplayer image"}


def test_every_page_is_looked_at() -> None:
    assert sorted(SHOWN) == sorted(path.stem for path in Path(ROOT, "pages").glob("*.py"))


def test_every_page_in_the_dark_fits_a_phone(contexts: Contexts, server: Server) -> None:
    page = contexts.new_page(**PHONE)
    page.goto(f"{server.url}/train")
    title = page.get_by_role("heading", level=1)
    for name, text in SHOWN.items():
        before = title.inner_text()
        page.evaluate(BACK_TO, f"/{'' if name == 'home' else name}{LINKS.get(name, '')}")
        expect(title).not_to_have_text(before)
        main = page.get_by_test_id("stMain")
        expect(main.get_by_text(re.compile(re.escape(text), re.IGNORECASE)).first).to_be_visible()
        if name in DRAWN:
            expect(page.locator(DRAWN[name]).first).to_be_visible()
        expect(page.get_by_test_id("stApp")).to_have_css("background-color", DARK)
        expect_to_fit(page)
        assert not contexts.problems(), page.url


def test_what_is_pressed_and_what_was_chosen_keep_their_contrast_in_the_dark(
    contexts: Contexts, server: Server
) -> None:
    page = contexts.new_page(color_scheme="dark")
    page.goto(f"{server.url}/train?runs=28b243b2")
    start = page.get_by_role("button", name="Start")
    for part in (start, start.get_by_label("Shortcut")):
        expect(part).to_have_css("color", "rgb(255, 255, 255)")
    expect(start).to_have_css("background-color", "rgb(0, 114, 178)")  # 5.2 to 1
    chip = page.locator("[data-tag]").first
    assert chip.evaluate("chip => getComputedStyle(chip).color === getComputedStyle(document.querySelector('p')).color")
