"""Can a person walk the laboratory: look at what is recorded, ask anew, delete a block, guess, and read the claims?"""

import re

from playwright.sync_api import Page, expect

from resnet_viz.runs import RunStatus
from tests.browser.driving import go_to, wait_for_rest
from tests.browser.server import Server, wait_until


def test_blocks_are_deleted_and_a_question_is_asked_anew(page: Page, server: Server) -> None:
    page.goto(server.url)
    go_to(page, "Lesions")
    expect(page.get_by_text(re.compile(r"Without one of \d+ blocks")).first).to_be_visible()
    expect(page.get_by_text("recorded with the project").first).to_be_visible()
    page.get_by_role("button", name="1.2", exact=True).click()
    expect(page.get_by_text(re.compile(r"[+-−]\d+\.\d points")).first).to_be_visible()

    # Asked again, a process in the background answers, and the page shows the new answer by itself.
    page.get_by_role("button", name="Ask again").first.click()
    expect(page.get_by_text("measured here").first).to_be_visible()
    (study,) = server.studies.studies("lesions")
    assert study.status is RunStatus.FINISHED
    expect(page.get_by_text(study.id).first).to_be_visible()


def test_a_slow_question_can_be_stopped(page: Page, server: Server) -> None:
    page.goto(f"{server.url}/surface")
    page.get_by_text("41", exact=True).click()
    page.get_by_role("button", name="Measure").first.click()
    page.get_by_test_id("stMain").get_by_role("button", name="Stop").click()  # not the header's
    expect(page.get_by_text("Stopped by the reader.")).to_be_visible()
    (study,) = server.studies.studies("surface")
    assert study.status is RunStatus.STOPPED


def test_gradients_at_initialization_follow_the_controls(page: Page, server: Server) -> None:
    page.goto(f"{server.url}/initialization")
    expect(page.get_by_text(re.compile("plain-56")).first).to_be_visible()
    page.get_by_role("slider", name="Depth").press("ArrowRight")
    expect(page.get_by_text(re.compile("plain-62")).first).to_be_visible()


def test_a_guess_is_scored_and_claims_are_judged_and_run_again(page: Page, server: Server) -> None:
    page.goto(f"{server.url}/guess?question=shortcut")
    guess = page.get_by_text("ResNet-56 (A)", exact=True).last
    expect(guess).to_be_visible()
    wait_for_rest(page)
    guess.click()
    page.get_by_role("button", name="Uncover").click()
    expect(page.get_by_text("and so it is.")).to_be_visible()
    expect(page.get_by_text("1 of 1")).to_be_visible()

    go_to(page, "Claims")
    expect(page.get_by_text("A deeper plain net ends with a higher error than a shallower one.")).to_be_visible()
    card = page.locator("[data-testid='stVerticalBlock']").filter(
        has_text="The deeper a residual net is, the less does a single layer change the signal."
    )
    card.last.get_by_role("button", name="Run it again").click()
    expect(page.get_by_text("Started. You can leave this page")).to_be_visible()
    wait_until(lambda: not any(one.status.is_active for one in server.studies.studies()), "both questions are answered")
    found = server.studies.studies("responses")
    assert [study.status for study in found] == [RunStatus.FINISHED] * 2, [study.message for study in found]
    # The page judges by the new answers, by itself.
    expect(page.get_by_text(re.compile("|".join(study.id for study in found))).first).to_be_visible()
