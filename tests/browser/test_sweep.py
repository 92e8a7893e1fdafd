"""Can a person start a sweep, stop it, let it go on, and look at its curves?"""

import re

from playwright.sync_api import Page, expect

from resnet_viz.runs import Run, RunStatus
from tests.browser.driving import wait_for_rest
from tests.browser.server import Server, wait_until


def runs_of_sweep(page: Page, server: Server) -> list[Run]:
    """The runs of the sweep that the address names."""
    found = re.search(r"sweep=(\w+)", page.url)
    assert found is not None
    return server.store.sweep(found.group(1))


def wait_for_steps(page: Page, server: Server, attempt: int) -> None:
    """Wait until both runs have trained in this attempt."""
    wait_until(
        lambda: all(run.attempt == attempt and run.step and run.status is RunStatus.RUNNING
                    for run in runs_of_sweep(page, server)),
        "both runs of the sweep train",
    )  # fmt: skip


def make_endless(page: Page) -> None:
    """Let each run have 10,500 steps, which nobody waits for."""
    page.get_by_role("slider", name="Epochs").press("End")
    expect(page).to_have_url(re.compile("epochs_digits=60"))
    page.get_by_text("The recipe in detail").click()
    batch = page.get_by_role("spinbutton", name="Batch size")
    batch.fill("8")
    batch.press("Enter")
    expect(page).to_have_url(re.compile("batch_size_digits=8"))
    wait_for_rest(page)


def stop(page: Page) -> None:
    page.get_by_role("button", name="Stop all").click()
    expect(page.get_by_role("button", name="Stop all")).to_be_disabled()
    expect(page.get_by_role("button", name="Go on")).to_be_enabled()


def test_a_sweep_is_stopped_and_continued_and_its_curves_are_looked_at(page: Page, server: Server) -> None:
    page.goto(f"{server.url}/sweep")
    expect(page.get_by_text("6 runs")).to_be_visible()
    for depth in ("14", "20"):
        wait_for_rest(page)
        page.get_by_role("button", name=f"Remove {depth}").click()
        expect(page.get_by_role("button", name=f"Remove {depth}")).to_have_count(0)
    expect(page.get_by_text("2 runs", exact=True)).to_be_visible()
    expect(page.get_by_text(re.compile(r"About [\d.]+ (s|min)"))).to_be_visible()
    make_endless(page)
    page.get_by_role("button", name="Start the sweep").click()
    expect(page.get_by_text("0 of 2 runs have ended")).to_be_visible()
    assert "sweep=" in page.url

    # Stop all of it at once, then let it go on where it stands.
    wait_for_steps(page, server, attempt=1)
    stop(page)
    stopped = runs_of_sweep(page, server)
    assert {run.status for run in stopped} == {RunStatus.STOPPED}
    page.get_by_role("button", name="Go on").click()
    wait_for_steps(page, server, attempt=2)
    assert all(now.step >= before.step for now, before in zip(runs_of_sweep(page, server), stopped, strict=True))
    stop(page)

    assert {run.spec["family"] for run in runs_of_sweep(page, server)} == {"plain", "resnet"}

    page.get_by_role("button", name="Show its curves").click()
    expect(page.get_by_text("plain-8 · stopped")).to_be_visible()
    expect(page.get_by_text("ResNet-8 (A) · stopped")).to_be_visible()
