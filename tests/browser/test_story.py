"""Can a person walk the whole way: choose, start, watch, reload, stop, look inside?"""

import re

from playwright.sync_api import Page, expect

from resnet_viz.runs import RunStatus
from tests.browser.driving import LOSS, wait_for_rest, wait_for_steps
from tests.browser.server import Server, wait_until


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
    page.get_by_role("link", name="Gradients").click()
    heatmaps = "[aria-label^='Gradient norm of plain-20 and ResNet-20 (A): ']"
    page.wait_for_function("part => document.querySelector(part)?.calcdata?.length === 2", arg=heatmaps)
    last = max(plain.step, resnet.step)
    expect(page.get_by_text(f"step {last}: the median gradient norm").first).to_be_visible()
    page.get_by_role("slider", name="Step").press("Home")
    expect(page.get_by_text("step 1: the median gradient norm").first).to_be_visible()
