"""Does a reader see what nets look at: recorded ones at once, any method, any layer, and can slow maps be stopped?"""

from playwright.sync_api import Page, expect

from tests.browser.driving import choose, expect_maps, wait_for_rest
from tests.browser.server import Server

ALL_MAPS = ".js-plotly-plot .heatmaplayer image"


def test_a_reader_compares_maps_takes_another_method_and_a_layer(page: Page, server: Server) -> None:
    page.goto(f"{server.url}/saliency?methods=saliency,grad_cam")
    main = page.get_by_test_id("stMain")
    expect(main.get_by_text("A test picture: airplane.")).to_be_visible()
    expect_maps(page, ALL_MAPS, 5)  # two nets by two methods, and the difference
    choose(page, "Methods", "Deconvolution")
    expect_maps(page, ALL_MAPS, 7)
    page.wait_for_url("**methods=saliency%2Cgrad_cam%2Cdeconvolution**")
    page.reload()
    expect_maps(page, ALL_MAPS, 7)

    main.get_by_text("The layer that Grad-CAM looks at").click()
    drawing = page.locator('[aria-label^="plain-56, layer by layer"]')
    drawing.get_by_text("3x3 conv, 32, /2").first.click(force=True)  # the plot's own layer takes the click
    expect(main.get_by_role("combobox", name="Layer of plain-56")).to_have_value("stage2.block1")


def test_slow_maps_are_announced_can_be_stopped_and_go_on(page: Page, server: Server) -> None:
    page.goto(f"{server.url}/saliency?methods=occlusion")
    main = page.get_by_test_id("stMain")
    expect_maps(page, ALL_MAPS, 3)
    main.get_by_role("button", name="Parameters").click()
    copies = page.get_by_role("spinbutton", name="Noisy copies")
    copies.fill("32")
    copies.press("Enter")
    # The noise last: what is announced, and agreed to, is then for that many copies.
    choose(page, "Noise around the picture", "SmoothGrad: the mean over")
    page.keyboard.press("Escape")
    expect(main.get_by_text("for 2 maps; you can leave this page")).to_be_visible()
    wait_for_rest(page)
    main.get_by_role("button", name="Make the maps").click()
    main.get_by_role("button", name="Stop").click()
    expect(main.get_by_role("button", name="Stopped before the end: go on")).to_be_visible()
    main.get_by_role("button", name="Stopped before the end: go on").click()
    expect(main.get_by_role("button", name="Stop", exact=True)).to_be_visible()
    main.get_by_role("button", name="Stop", exact=True).click()
