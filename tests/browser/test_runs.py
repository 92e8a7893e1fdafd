"""Can a person find a run, tag it, archive it and take that back, and delete it after a question?"""

import re

from playwright.sync_api import Page, expect

from resnet_viz.nets import NetSpec
from resnet_viz.runs import Run, RunShelf, RunStatus, RunWriter
from resnet_viz.training import preset
from tests.browser.driving import wait_for_rest
from tests.browser.server import Server

HEADER, ROW, MARKER = 36, 35, 18  # pixels of the table


def add_ended(server: Server, family: str) -> Run:
    """A finished run of a net of 8 layers."""
    claim = server.claim_run(NetSpec(family, 8), preset("digits"))
    writer = RunWriter(server.store, claim)
    losses = {"train_loss": 1.0, "train_error": 0.2, "test_loss": 1.0, "test_error": 0.3}
    writer.evaluate({"epoch": 1, "step": 1, **losses}, 1.0)
    writer.end(RunStatus.FINISHED)
    return server.store.run(claim.run_id)


def select_first(page: Page) -> None:
    """Click the box at the left edge of the table's first row; the table is drawn on a canvas."""
    wait_for_rest(page)
    page.get_by_test_id("stDataFrame").click(position={"x": MARKER, "y": HEADER + ROW / 2})
    expect(page.get_by_text("Selected: 1")).to_be_visible()


def test_a_run_is_found_tagged_archived_brought_back_and_deleted(page: Page, server: Server) -> None:
    store = server.store
    runs = [add_ended(server, family) for family in ("plain", "resnet")]
    weights = server.home / "weights" / f"{runs[0].id}.1.2.state"
    weights.parent.mkdir(exist_ok=True)
    weights.write_text("x")

    # Search: the link has it, and a reload finds the same.
    page.goto(f"{server.url}/runs")
    expect(page.get_by_text("2 of 2 runs are shown")).to_be_visible()
    search = page.get_by_role("searchbox", name="Search")
    search.fill("plain")
    search.press("Enter")
    expect(page.get_by_text("1 of 2 runs are shown")).to_be_visible()
    expect(page).to_have_url(re.compile(r"\?q=plain$"))
    page.reload()
    expect(page.get_by_text("1 of 2 runs are shown")).to_be_visible()

    # A name that looks like markup, and a tag.
    select_first(page)
    name = page.get_by_role("textbox", name="Name")
    name.fill("<img src=x onerror=alert(1)> **b**")
    tags = page.get_by_role("combobox", name="Tags")
    tags.fill("week 3")
    tags.press("Enter")
    tags.press("Escape")  # the open list hides all else
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    assert store.run(runs[0].id).name == "<img src=x onerror=alert(1)> **b**"
    assert RunShelf(store).tags() == {runs[0].id: ["week 3"]}

    # Into the archive and out of it.
    page.get_by_role("button", name="Archive", exact=True).click()
    expect(page.get_by_text("Runs archived: 1.")).to_be_visible()
    expect(page.get_by_text("0 of 2 runs are shown; 1 of all are archived.")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("1 of 2 runs are shown; 0 of all are archived.")).to_be_visible()
    assert store.run(runs[0].id).archived_at is None

    # Delete: the question can be answered with no, and with yes. The run is selected, as it was before the archive.
    expect(page.get_by_text("Selected: 1")).to_be_visible()
    page.get_by_role("button", name="Delete…").click()
    question = page.get_by_role("dialog")
    expect(question.get_by_text("<img src=x onerror=alert(1)> **b** (plain-8)")).to_be_visible()
    question.get_by_role("button", name="Keep them").click()
    expect(question).to_have_count(0)
    assert len(store.runs()) == 2
    page.get_by_role("button", name="Delete…").click()
    question.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("Runs deleted: 1.")).to_be_visible()
    expect(question).to_have_count(0)
    assert [run.id for run in store.runs()] == [runs[1].id]
    assert not weights.exists()

    # What is left opens in Train.
    search.fill("")
    search.press("Enter")
    expect(page.get_by_text("1 of 1 runs are shown")).to_be_visible()
    select_first(page)
    page.get_by_role("button", name="Open in Train").click()
    expect(page.get_by_text("ResNet-8 (A) · finished")).to_be_visible()
    assert page.locator("[onerror]").count() == 0
