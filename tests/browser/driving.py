"""What does a reader do on every page: choose, go on, wait until it rests, look whether it fits the screen?"""

from playwright.sync_api import Page, TimeoutError, expect

AT_REST = '[data-testid="stApp"][data-test-script-state="notRunning"]'  # what moves under the mouse is not clicked
MAPS = ".st-key-maps .heatmaplayer image"  # of Saliency, without their difference
LOSS = '.figure[aria-label^="Training and test loss"]'
LAST_STEPS = f"""least => {{
    const lines = document.querySelector('{LOSS}')?.calcdata ?? [];
    const last = lines.map(points => points.at(-1)?.x || 0);
    return last[0] > least && last;
}}"""
OPENINGS, OPEN = 48, 5_000  # how often a list is opened, and milliseconds in which its option is clicked


def wait_for_rest(page: Page) -> None:
    """Wait until the page is not being drawn."""
    page.locator(AT_REST).wait_for(state="attached")


def choose(page: Page, control: str, option: str) -> None:
    """Take an option from a drop-down; a page that is drawn again closes an open list, which is then opened again."""
    box = page.get_by_role("combobox", name=control)
    for _ in range(OPENINGS):
        wait_for_rest(page)
        if box.get_attribute("aria-expanded") != "true":
            box.click()
        try:
            return page.get_by_role("option", name=option).click(timeout=OPEN)
        except TimeoutError:
            continue
    raise AssertionError(f"the list of {control} does not stay open")


def go_to(page: Page, name: str) -> None:
    """A page of the laboratory by the menu."""
    page.get_by_text("Laboratory").first.click()
    page.get_by_role("menuitem", name=name).click()


def expect_heading(page: Page, text: str) -> None:
    """Wait until a page with this title is there."""
    expect(page.get_by_role("heading", level=1)).to_have_text(text)


def expect_figure(page: Page, alt: str) -> None:
    """Wait until a figure that is said to show this is drawn."""
    expect(page.locator(f'[aria-label^="{alt}"] .main-svg').first).to_be_visible()


def expect_maps(page: Page, maps: str, count: int, button: str = "Make the maps") -> None:
    """Wait for so many maps; a slow machine says what they take, and waits for a click."""
    begin = page.get_by_test_id("stMain").get_by_role("button", name=button)
    expect(begin.or_(page.locator(maps).nth(count - 1)).first).to_be_attached()  # some are folded away
    if begin.is_visible():
        begin.click()
    expect(page.locator(maps)).to_have_count(count)


def wait_for_steps(page: Page, least: float) -> list[float]:
    """The last step that each line of the loss shows, as plotly.js drew it, once the first is past another."""
    found: list[float] = page.wait_for_function(LAST_STEPS, arg=least).json_value()
    return found


def expect_to_fit(page: Page) -> None:
    """No page scrolls sideways, once all of it is drawn."""
    wait_for_rest(page)
    assert page.viewport_size is not None
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]
