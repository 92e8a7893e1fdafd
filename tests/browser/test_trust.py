"""Does a reader see which maps can be trusted: numbers and pictures of recorded nets, and ranks on many pictures?"""

import re

from playwright.sync_api import Page, expect

from tests.browser.driving import choose, expect_maps
from tests.browser.server import Server

SMALL = "run:be2b7625,run:8cf6e05c"  # recorded
CASCADE = ".rows-of-pictures img"


def test_a_reader_sees_what_random_weights_do_to_maps_and_takes_another_method(page: Page, server: Server) -> None:
    page.goto(f"{server.url}/trust?nets={SMALL}&methods=saliency,guided_backprop")
    main = page.get_by_test_id("stMain")
    expect_maps(page, CASCADE, 4, "Check the maps")  # a row of pictures for each method of each net
    expect(main.get_by_text("plain-20 (8 filters wide) says")).to_be_visible()
    main.get_by_text("What these numbers are").click()
    expect(main.locator(".katex").first).to_be_visible()
    expect(main.locator(".katex-error")).to_have_count(0)
    choose(page, "Methods", "Input x Gradient")
    expect_maps(page, CASCADE, 6, "Check the maps")
    page.wait_for_url("**methods=saliency%2Cguided_backprop%2Cinput_x_gradient**")


def test_recorded_rankings_are_there(page: Page, server: Server) -> None:
    page.goto(f"{server.url}/trust?methods=saliency")
    main = page.get_by_test_id("stMain")
    expect(main.get_by_text(re.compile(r"Means of \d+ test pictures"))).to_be_visible()
    expect(main.get_by_text("recorded with the project").first).to_be_visible()
    expect(main.get_by_text("do not change under random weights: Guided Backprop").first).to_be_visible()
