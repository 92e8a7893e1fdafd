"""Can a person walk the whole way: choose, start, watch, reload, look inside, upload?"""

import re
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageDraw
from playwright.sync_api import Page, expect

from resnet_viz.runs import RunStatus, RunStore
from resnet_viz.settings import Settings
from tests.browser.conftest import PATIENCE, Server

expect.set_options(timeout=PATIENCE)
POINTS = """name => {
    const plot = document.querySelector(`[aria-label^="${name}"]`);
    return plot && plot.calcdata ? plot.calcdata.map(points => points.length) : [];
}"""


def wait_for_points(page: Page, name: str, least: int) -> list[int]:
    """How many points each line of a live figure has, as plotly.js drew it, once the first has more than `least`."""
    enough = f"([name, least]) => {{ const found = ({POINTS})(name); return found[0] > least && found; }}"
    return page.wait_for_function(enough, arg=[name, least]).json_value()


def draw_seven() -> bytes:
    picture = Image.new("RGB", (200, 200), "white")
    ImageDraw.Draw(picture).line([(60, 50), (140, 50), (90, 160)], fill="black", width=18)
    buffer = BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


def open_tab(page: Page, name: str) -> None:
    page.get_by_role("link", name=name).click()


def test_the_whole_story(page: Page, server: Server, home: Path):
    # Choose: the pair is in the URL, so a teacher can send it.
    page.goto(f"{server.url}/train?depth=14&epochs_digits=30")
    expect(page.get_by_text("Nothing was trained here yet")).to_be_visible()
    expect(page.get_by_text(re.compile(r"About [\d.]+ (s|min)"))).to_be_visible()
    page.get_by_role("slider", name="Depth").press("ArrowRight")
    expect(page.get_by_text("ResNet-20 (A): 269,434 parameters").first).to_be_visible()

    # Start, and watch both curves grow.
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_text("plain-20 · running")).to_be_visible()
    expect(page.get_by_text("ResNet-20 (A) · running")).to_be_visible()
    before = wait_for_points(page, "Training and test loss", 2)
    after = wait_for_points(page, "Training and test loss", before[0] + 2)
    assert after[2] > 0, "the residual net's curve grows too"

    # Zoom in: new points must not take the reader's view away (test_curves.py drags); here, that the node is kept.
    page.locator('[aria-label^="Training and test loss"]').evaluate("plot => { plot.marked = true; }")
    wait_for_points(page, "Training and test loss", after[0])
    assert page.locator('[aria-label^="Training and test loss"]').evaluate("plot => plot.marked"), "the node was kept"

    # Reload in the middle of the run: it is still there, and goes on.
    assert "comparison=" in page.url
    page.reload()
    expect(page.get_by_text("plain-20 · running")).to_be_visible()
    seen = wait_for_points(page, "Training and test loss", after[0])

    # Kill the server: the workers go on, and the open tab finds the runs again by itself.
    store = RunStore(Settings().store_url)
    step = store.runs()[0].step
    server.kill()
    server.start()
    wait_for_points(page, "Training and test loss", seen[0] + 2)
    assert store.runs()[0].step > step
    expect(page.get_by_text("plain-20 · finished")).to_be_visible(timeout=5 * PATIENCE)  # twice 630 steps
    expect(page.get_by_text("ResNet-20 (A) · finished")).to_be_visible()
    expect(page.get_by_text("a gap of")).to_be_visible()
    assert wait_for_points(page, "Training and test loss", 629)[0] == 630
    assert {run.status for run in store.runs()} == {RunStatus.FINISHED}

    # Gradients: a heatmap for each net, a profile that follows the slider.
    open_tab(page, "Gradients")
    page.wait_for_function(
        f"name => ({POINTS})(name).length === 2", arg="Gradient norm of plain-20 and ResNet-20 (A): "
    )
    expect(page.get_by_text("step 630: the median gradient norm").first).to_be_visible()
    page.get_by_role("slider", name="Step").press("Home")
    expect(page.get_by_text("step 1: the median gradient norm").first).to_be_visible()

    # Saliency: both nets on the same picture.
    open_tab(page, "Saliency")
    expect(page.get_by_text("A test picture: 0.")).to_be_visible()
    expect(page.get_by_text("plain-20 says")).to_be_visible()
    expect(page.locator(".st-key-maps .heatmaplayer image")).to_have_count(8)

    # Classify: a broken file gets a sentence, a picture gets classes.
    open_tab(page, "Classify")
    upload = page.locator("input[type=file]")
    upload.set_input_files({"name": "x.png", "mimeType": "image/png", "buffer": b"text renamed to png"})
    expect(page.get_by_text("This is not a PNG, JPEG, WebP, GIF or BMP picture")).to_be_visible()
    upload.set_input_files({"name": "seven.png", "mimeType": "image/png", "buffer": draw_seven()})
    expect(page.get_by_text("sees it: 16 x 16, gray")).to_be_visible()
    expect(page.get_by_text("ResNet-20 (A) says")).to_be_visible()
    expect(page.locator(".js-plotly-plot .bars")).to_have_count(2)


def test_stop_stops_from_the_browser(page: Page, server: Server, home: Path):
    page.goto(f"{server.url}/train?depth=20&epochs_digits=60")
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_text("plain-20 · running")).to_be_visible()
    expect(page.get_by_text(re.compile(r"step \d+ of 1260")).first).to_be_visible()
    page.get_by_role("button", name="Stop training").first.click()
    expect(page.get_by_text("plain-20 · stopped")).to_be_visible()
    expect(page.get_by_text("Stopped by the reader.").first).to_be_visible()
    page.get_by_role("button", name="Stop training").first.click()
    expect(page.get_by_text("ResNet-20 (A) · stopped")).to_be_visible()


def test_no_page_scrolls_sideways_on_a_phone(page: Page, house: Server):
    page.set_viewport_size({"width": 420, "height": 900})
    for path in ("train", "gradients"):
        page.goto(f"{house.url}/{path}")
        expect(page.get_by_text("Nothing was trained here yet")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= 420
