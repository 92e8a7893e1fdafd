"""Does a reader find the story at the door, and does every step lead to a page set up for it?"""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PATIENCE, Server

expect.set_options(timeout=PATIENCE)
FIGURES = 5


def wait_for_figures(page: Page) -> None:
    page.wait_for_function(f"() => document.querySelectorAll('.figure .main-svg').length >= {FIGURES}")


@pytest.mark.parametrize("width", [420, 1280])
def test_home_tells_its_story_in_figures_and_fits_the_screen(page: Page, house: Server, width: int):
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(house.url)
    expect(page.get_by_role("heading", level=1)).to_have_text("Understand residual networks")
    wait_for_figures(page)
    expect(page.get_by_test_id("stException")).to_have_count(0)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_try_it_opens_a_page_set_up_for_the_step(page: Page, house: Server):
    page.goto(house.url)
    wait_for_figures(page)
    page.get_by_role("link", name="all depths, and a grid of your own").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Does a deeper net learn worse?")
    expect(page.get_by_role("combobox", name="Runs")).to_have_value(re.compile("CIFAR-10"))
    assert "grid=" in page.url
    page.get_by_role("link", name="Home", exact=True).click()
    wait_for_figures(page)
    page.get_by_role("link", name="train both, and watch").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Which of the two learns?")
    assert page.url.startswith(f"{house.url}/train")
