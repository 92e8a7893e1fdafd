"""Does a reader find the story at the door, and does every step lead to a page set up for it?"""

import re

from playwright.sync_api import Page, expect

from tests.browser.driving import expect_heading, expect_to_fit
from tests.browser.server import Server

FIGURES = 5


def wait_for_figures(page: Page) -> None:
    expect(page.locator(".figure:has(.main-svg)")).to_have_count(FIGURES)


def test_home_tells_its_story_in_figures_and_each_leads_to_a_page_set_up_for_it(page: Page, server: Server) -> None:
    page.goto(server.url)
    expect_heading(page, "Understand residual networks")
    wait_for_figures(page)
    expect_to_fit(page)
    page.get_by_role("link", name="all depths, and a grid of your own").click()
    expect_heading(page, "Does a deeper net learn worse?")
    expect(page.get_by_role("combobox", name="Runs")).to_have_value(re.compile("CIFAR-10"))
    assert "grid=" in page.url
    page.get_by_role("link", name="Home", exact=True).click()
    wait_for_figures(page)
    page.get_by_role("link", name="train both, and watch").click()
    expect_heading(page, "Which of the two learns?")
    assert page.url.startswith(f"{server.url}/train")
