"""Can a person start a sweep, stop it, let it go on, and look at one of its comparisons?"""

import re
from pathlib import Path

from playwright.sync_api import Page, expect

from resnet_viz.runs import RunStatus, RunStore
from resnet_viz.settings import Settings
from tests.browser.conftest import PATIENCE, Server

expect.set_options(timeout=PATIENCE)


def test_a_sweep_is_started_stopped_continued_and_looked_at(page: Page, server: Server, home: Path):
    page.goto(f"{server.url}/sweep")
    expect(page.get_by_text("6 runs")).to_be_visible()
    for depth in ("14", "20"):
        page.get_by_role("button", name=f"Remove {depth}").click()
        page.wait_for_timeout(500)
    expect(page.get_by_text("2 runs", exact=True)).to_be_visible()
    expect(page.get_by_text(re.compile(r"About [\d.]+ (s|min)"))).to_be_visible()
    page.get_by_role("button", name="Start the sweep").click()
    expect(page.get_by_text("of 2 runs have ended")).to_be_visible()
    assert "sweep=" in page.url

    # Stop all of it at once, then let it go on where it stands.
    page.get_by_role("button", name="Stop all").click()
    store = RunStore(Settings().store_url)
    page.wait_for_timeout(1000)
    expect(page.get_by_role("button", name="Go on")).to_be_enabled()
    assert not store.count_active()
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_text("2 of 2 runs have ended")).to_be_visible()
    assert {run.status for run in store.runs()} == {RunStatus.FINISHED}
    assert {run.sweep for run in store.runs()} == {re.search(r"sweep=(\w+)", page.url).group(1)}

    page.get_by_role("button", name="Show its curves").click()
    expect(page.get_by_text("plain-8 · finished")).to_be_visible()
    expect(page.get_by_text("ResNet-8 (A) · finished")).to_be_visible()
