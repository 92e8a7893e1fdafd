"""Can a person walk the whole way: choose, start, watch, reload, stop, look inside, upload?"""

import re
from io import BytesIO

from PIL import Image, ImageDraw
from playwright.sync_api import Page, expect

from resnet_viz.runs import RunStatus
from tests.browser.driving import LOSS, MAPS, expect_maps, wait_for_rest, wait_for_steps
from tests.browser.server import Server, wait_until


def draw_seven() -> bytes:
    picture = Image.new("RGB", (200, 200), "white")
    ImageDraw.Draw(picture).line([(60, 50), (140, 50), (90, 160)], fill="black", width=18)
    buffer = BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


def open_tab(page: Page, name: str) -> None:
    page.get_by_role("link", name=name).click()


def test_the_whole_story(page: Page, server: Server) -> None:
    # Choose: the pair is in the URL, so a teacher can send it. It would learn for longer than anybody looks.
    page.goto(f"{server.url}/train?depth=14&epochs_digits=60&batch_size_digits=8")
    expect(page.get_by_text("Nothing was trained here yet")).to_be_visible()
    page.get_by_role("slider", name="Depth").press("ArrowRight")
    expect(page.get_by_text("ResNet-20 (A): 269,434 parameters").first).to_be_visible()

    # Start, without waiting for the estimate, and watch both curves grow.
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_text("plain-20 · running")).to_be_visible()
    expect(page.get_by_text("ResNet-20 (A) · running")).to_be_visible()
    expect(page.get_by_text(re.compile(r"step \d+ of 10500")).first).to_be_visible()
    before = wait_for_steps(page, 2)
    after = wait_for_steps(page, before[0] + 2)
    assert after[2] > 0, "the residual net's curve grows too"

    # Zoom in: new points must not take the reader's view away (test_curves.py drags); here, that the node is kept.
    page.locator(LOSS).evaluate("plot => { plot.marked = true; }")
    wait_for_steps(page, after[0])
    assert page.locator(LOSS).evaluate("plot => plot.marked"), "the node was kept"

    # Reload in the middle of the run: it is still there, and goes on.
    assert "comparison=" in page.url
    page.reload()
    expect(page.get_by_text("plain-20 · running")).to_be_visible()
    seen = wait_for_steps(page, after[0])

    # Kill the server: the workers go on, and the open tab finds the runs again by itself.
    plain, resnet = server.store.runs()
    server.kill()
    wait_until(lambda: server.store.run(plain.id).step > plain.step, "the worker has gone on without a server")
    server.start()
    found = wait_for_steps(page, seen[0] + 2)
    wait_for_steps(page, found[0])
    wait_for_rest(page)  # Streamlit loses a click on what an earlier server has drawn

    # Stop: the curves and the last weights are kept.
    page.get_by_role("button", name="Stop training").first.click()
    expect(page.get_by_text("plain-20 · stopped")).to_be_visible()
    expect(page.get_by_text("Stopped by the reader.").first).to_be_visible()
    page.get_by_role("button", name="Stop training").first.click()
    expect(page.get_by_text("ResNet-20 (A) · stopped")).to_be_visible()
    expect(page.get_by_text("not both nets have finished")).to_be_visible()
    plain, resnet = server.store.runs()
    assert wait_for_steps(page, plain.step - 1)[0] == plain.step
    assert {run.status for run in (plain, resnet)} == {RunStatus.STOPPED}

    # Gradients: a heatmap for each net, a profile that follows the slider.
    open_tab(page, "Gradients")
    heatmaps = "[aria-label^='Gradient norm of plain-20 and ResNet-20 (A): ']"
    page.wait_for_function("part => document.querySelector(part)?.calcdata?.length === 2", arg=heatmaps)
    last = max(plain.step, resnet.step)
    expect(page.get_by_text(f"step {last}: the median gradient norm").first).to_be_visible()
    page.get_by_role("slider", name="Step").press("Home")
    expect(page.get_by_text("step 1: the median gradient norm").first).to_be_visible()

    # Saliency: both nets on the same picture.
    open_tab(page, "Saliency")
    expect(page.get_by_text("A test picture: 0.")).to_be_visible()
    expect(page.get_by_text("plain-20 says")).to_be_visible()
    expect_maps(page, MAPS, 8)

    # Classify: a broken file gets a sentence, a picture gets classes.
    open_tab(page, "Classify")
    upload = page.locator("input[type=file]")
    upload.set_input_files({"name": "x.png", "mimeType": "image/png", "buffer": b"text renamed to png"})
    expect(page.get_by_text("This is not a PNG, JPEG, WebP, GIF or BMP picture")).to_be_visible()
    upload.set_input_files({"name": "seven.png", "mimeType": "image/png", "buffer": draw_seven()})
    expect(page.get_by_text("sees it: 16 x 16, gray")).to_be_visible()
    expect(page.get_by_text("ResNet-20 (A) says")).to_be_visible()
    expect(page.locator(".js-plotly-plot .bars")).to_have_count(2)
