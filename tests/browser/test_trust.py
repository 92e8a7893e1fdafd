"""Does a reader see which maps can be trusted: numbers and pictures of recorded nets, and ranks on many pictures?"""

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import PATIENCE, Server, choose

expect.set_options(timeout=PATIENCE)

CASCADE = ".rows-of-pictures img"


def test_a_reader_sees_guided_backprop_fail_and_takes_another_method(page: Page, house: Server):
    page.goto(f"{house.url}/trust?methods=saliency,guided_backprop")
    main = page.get_by_test_id("stMain")
    begin = main.get_by_role("button", name="Check the maps")
    expect(begin.or_(main.locator(CASCADE).first)).to_be_visible()
    if begin.is_visible():  # a slow machine says what it takes, and waits for a click
        begin.click()
    expect(main.locator(CASCADE)).to_have_count(4)  # a row of pictures for each method of each net
    expect(main.get_by_text("Guided Backprop of plain-56")).to_be_visible()
    expect(page.get_by_test_id("stException")).to_have_count(0)
    main.get_by_text("What these numbers are").click()
    expect(main.locator(".katex").first).to_be_visible()
    expect(main.locator(".katex-error")).to_have_count(0)
    choose(page, "Methods", "Input x Gradient")
    if begin.is_visible():
        begin.click()
    expect(main.locator(CASCADE)).to_have_count(6)
    page.wait_for_url("**methods=saliency%2Cguided_backprop%2Cinput_x_gradient**")


def test_recorded_rankings_are_there_and_the_page_fits_a_phone(page: Page, house: Server):
    page.set_viewport_size({"width": 420, "height": 900})
    page.goto(f"{house.url}/trust?methods=saliency")
    main = page.get_by_test_id("stMain")
    expect(main.get_by_text(re.compile(r"Means of \d+ test pictures"))).to_be_visible()
    expect(main.get_by_text("recorded with the project").first).to_be_visible()
    expect(main.get_by_text("do not change under random weights: Guided Backprop").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 420
