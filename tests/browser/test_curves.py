"""Do live curves stay where a reader has put them: zoomed, smoothed, held? Runs that a thread writes, as workers do."""

import re
import threading
from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest
from playwright.sync_api import Page, expect

from resnet_viz.nets import NetSpec
from resnet_viz.runs import RunStatus, RunWriter
from resnet_viz.runs.schema import KINDS
from resnet_viz.training import preset
from resnet_viz.ui.watch import REFRESH_SECONDS
from tests.browser.driving import LOSS, wait_for_rest, wait_for_steps
from tests.browser.server import Server, wait_until

ERROR = '.figure[aria-label^="Training and test error"]'
SLOW_LINE = f"""
const click = HTMLAnchorElement.prototype.click;
HTMLAnchorElement.prototype.click = function () {{
  setTimeout(() => click.call(this), this.href.includes("/media/") ? {3000 * REFRESH_SECONDS} : 0);
}};
"""
LAYERS = ["conv1", "conv2", "fc"]
MISSED = 60  # steps of the run that take longer than a look at the store does


class Live:
    """A run that gets ten steps twice a second, until it is told to end."""

    def __init__(self, server: Server) -> None:
        claim = server.claim_run(NetSpec("resnet", 8), preset("digits", epochs=400))
        self.comparison = server.store.run(claim.run_id).comparison
        self.writer, self.step, self.ended = RunWriter(server.store, claim), 0, threading.Event()
        self.writer.describe({"layers": LAYERS, "norm_layers": LAYERS, "train_count": 1400}, 8400)
        self.thread = threading.Thread(target=self.work, daemon=True)

    def begin(self) -> None:
        self.append()
        self.thread.start()

    def append(self) -> None:
        step = np.arange(self.step + 1, self.step + 11)
        rows = pd.DataFrame({"step": step, "loss": 1 + 1 / step, "error": 0.5, "learning_rate": 0.1})
        self.writer.append(rows, dict.fromkeys(KINDS, np.ones((10, len(LAYERS)), np.float32)), step[-1] / 20)
        self.step += 10

    def work(self) -> None:
        while not self.ended.wait(0.5):
            self.append()
            self.writer.beat()

    def end(self) -> None:
        if not self.ended.is_set():
            self.ended.set()
            if self.thread.is_alive():
                self.thread.join()
            self.writer.end(RunStatus.FINISHED)


@pytest.fixture
def begun_late(server: Server) -> Iterator[Live]:
    """A run at work that has no step yet."""
    found = Live(server)
    yield found
    found.end()


@pytest.fixture
def live(begun_late: Live) -> Live:
    begun_late.begin()
    return begun_late


def range_of(page: Page) -> list[float]:
    """Between what steps the loss is seen."""
    return page.locator(LOSS).evaluate("plot => plot._fullLayout.xaxis.range")


def zoom(page: Page) -> list[float]:
    """Drag over the middle of the loss, as a reader does; the steps between which it is then seen."""
    box = page.locator(f"{LOSS} .nsewdrag").first.bounding_box()
    assert box is not None
    first, last = ((box["x"] + part * box["width"], box["y"] + part * box["height"]) for part in (0.3, 0.7))
    page.mouse.move(*first)
    page.mouse.down()
    page.mouse.move(*last, steps=5)
    page.mouse.up()
    page.wait_for_function("part => document.querySelector(part).layout.xaxis.autorange === false", arg=LOSS)
    return range_of(page)


def test_a_zoom_outlives_new_points_and_another_smoothing(live: Live, server: Server, page: Page) -> None:
    page.goto(f"{server.url}/train")
    wait_for_steps(page, 20)
    zoomed = zoom(page)
    seen = wait_for_steps(page, wait_for_steps(page, 0)[0])[0]
    assert range_of(page) == zoomed
    page.get_by_role("slider", name="Smoothing").press("ArrowRight")
    page.wait_for_function("part => document.querySelector(part).calcdata.length === 4", arg=LOSS)
    wait_for_steps(page, seen)
    assert range_of(page) == zoomed
    page.wait_for_url("**smoothing=0.01**")


def test_a_zoom_outlives_a_figure_that_was_taken_away_and_came_back(live: Live, server: Server, page: Page) -> None:
    """As Streamlit does for a moment, where a part of a page runs again while the whole page does."""
    page.goto(f"{server.url}/train")
    wait_for_steps(page, 20)
    zoomed = zoom(page)
    page.get_by_role("radio", name="Error", exact=True).click()
    expect(page.locator(LOSS)).to_have_count(0)
    page.get_by_role("radio", name="Loss and error").click()
    wait_for_steps(page, wait_for_steps(page, 0)[0])
    assert range_of(page) == zoomed


def test_the_error_says_that_it_waits_and_then_shows_its_first_points(
    begun_late: Live, server: Server, page: Page
) -> None:
    live = begun_late
    page.goto(f"{server.url}/train")
    page.locator(f"{ERROR} text").first.wait_for(state="attached")
    live.begin()
    wait_for_steps(page, 0)
    expect(page.locator(ERROR)).to_contain_text("at the end of the first epoch")
    live.writer.evaluate(
        {"epoch": 1, "step": 10, "train_loss": 1.0, "train_error": 0.75, "test_loss": 1.0, "test_error": 0.5}, 1.0
    )
    expect(page.locator(ERROR)).not_to_contain_text("at the end of the first epoch")
    (left, right), (low, high) = page.locator(ERROR).evaluate(
        "plot => [plot._fullLayout.xaxis.range, plot._fullLayout.yaxis.range]"
    )
    assert left <= 10 < 20 <= right
    assert low <= 50 < 75 <= high < 100


def test_figures_that_are_held_stand_still_and_follow_again(live: Live, server: Server, page: Page) -> None:
    page.goto(f"{server.url}/train")
    wait_for_steps(page, 0)
    page.get_by_role("button", name="Hold").click()
    expect(page.get_by_role("button", name="Follow again")).to_be_visible()
    wait_for_rest(page)
    held = live.step  # an update that was asked for before may still come, and has no more than this
    wait_until(lambda: live.step > held + MISSED, "the run has gone on")
    assert wait_for_steps(page, 0)[0] <= held
    page.reload()
    page.get_by_role("button", name="Follow again").click()
    wait_for_steps(page, held)
    expect(page).not_to_have_url(re.compile("held"))


def test_a_file_arrives_over_a_slow_line_while_the_page_goes_on(live: Live, server: Server, page: Page) -> None:
    """Streamlit forgets a file that was made on demand once two runs of anybody's page have ended."""

    page.add_init_script(SLOW_LINE)
    page.goto(f"{server.url}/train?comparison={live.comparison}&runs=28b243b2")
    wait_for_steps(page, 0)
    page.get_by_role("button", name="Take away").first.click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Curves").click()
    assert download.value.suggested_filename == "run-28b243b2.csv"
    curves = pd.read_csv(download.value.path())
    assert curves["step"].is_monotonic_increasing
    assert curves["loss"].notna().all()


@pytest.mark.parametrize("path", ["train", "gradients"])
def test_the_end_of_a_run_comes_as_a_toast(live: Live, server: Server, page: Page, path: str) -> None:
    page.goto(f"{server.url}/{path}")
    expect(page.get_by_role("button", name="Hold")).to_be_visible()
    live.end()
    expect(page.get_by_test_id("stToast")).to_contain_text("ResNet-8 (A) has finished")
    expect(page.get_by_role("button", name="Hold")).to_have_count(0)
