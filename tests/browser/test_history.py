"""Does the browser's Back lead to the page before, as it was left? A choice makes no step of its own."""

import re

from playwright.sync_api import Page, expect

from tests.browser.driving import choose, expect_heading, wait_for_rest
from tests.browser.server import Server


def go(page: Page, name: str, url: str) -> None:
    """To another page, by the menu."""
    page.get_by_role("link", name=name, exact=True).first.click()
    expect(page).to_have_url(url)


def expect_choices(page: Page, depth: int, family: str) -> None:
    expect(page.locator(".st-key-depth").get_by_text(str(depth), exact=True)).to_be_visible()
    expect(page.locator('.st-key-nets [aria-checked="true"], .st-key-nets [aria-pressed="true"]')).to_have_text(family)


def test_back_leads_to_the_page_before_as_it_was_left(page: Page, server: Server) -> None:
    page.goto(f"{server.url}/sweep")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    go(page, "Train", f"{server.url}/train")
    page.wait_for_function("Object.hasOwn(history, 'pushState')")
    steps = page.evaluate("history.length")

    # One choice is said in the link by Streamlit, the other by the page.
    page.locator(".st-key-depth").get_by_role("slider").press("ArrowLeft")
    expect(page).to_have_url(re.compile(r"depth=50"))
    page.locator(".st-key-nets").get_by_text("plain", exact=True).click()
    expect(page).to_have_url(re.compile(r"nets=resnet"))
    train = page.url

    go(page, "Data", f"{server.url}/data")
    choose(page, "Augmentation", "none")
    expect(page).to_have_url(re.compile(r"augmentation=none"))
    data = page.url
    assert page.evaluate("history.length") == steps + 1

    page.go_back()
    expect(page).to_have_url(train)
    expect_choices(page, 50, "residual")
    wait_for_rest(page)
    page.go_forward()
    expect(page).to_have_url(data)
    expect_heading(page, "What do they learn from?")
    wait_for_rest(page)
    page.go_back()
    expect_choices(page, 50, "residual")
    wait_for_rest(page)
    page.go_back()
    expect(page).to_have_url(f"{server.url}/sweep")
    expect_heading(page, "What if all of them were tried?")
