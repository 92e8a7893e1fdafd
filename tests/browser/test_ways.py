"""The three ways through the house, from start to end, in both themes: a student's, a teacher's, an engineer's."""

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from resnet_viz.nets import NetSpec
from resnet_viz.runs import RunStore
from resnet_viz.settings import Settings
from tests.browser.conftest import AT_REST, PATIENCE, Server
from tests.browser.test_story import draw_seven

expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="module")
def fresh_house(tmp_path_factory) -> Iterator[Server]:
    """One server for all ways, with an empty home."""
    server = Server(tmp_path_factory.mktemp("house"))
    yield server
    server.kill()


@pytest.fixture(params=["light", "dark"])
def reader(request, browser: Browser, fresh_house: Server) -> Iterator[Page]:
    """A page in one of the themes, which fails the test at its end if a script of it failed or a page broke."""
    context = browser.new_context(viewport={"width": 1280, "height": 1000}, color_scheme=request.param)
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto(fresh_house.url)
    ground = {"light": "rgb(255, 255, 255)", "dark": "rgb(17, 22, 28)"}[request.param]
    expect(page.get_by_test_id("stApp")).to_have_css("background-color", ground)
    yield page
    expect(page.get_by_test_id("stException")).to_have_count(0)
    context.close()
    assert not problems


def heading(page: Page, text: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(text)


def figure(page: Page, alt: str) -> None:
    """Wait until a figure that is said to show this is drawn."""
    expect(page.locator(f'[aria-label^="{alt}"] .main-svg').first).to_be_visible()


def go_to(page: Page, name: str) -> None:
    """A page of the laboratory by the menu."""
    page.get_by_text("Laboratory").first.click()
    page.get_by_role("menuitem", name=name).click()


def open_to_take_away(page: Page) -> None:
    """Once the page rests, for what opens moves with what is above it."""
    page.locator(AT_REST).wait_for(state="attached")
    page.get_by_role("button", name="Take away").first.click()


def store_of(server: Server) -> RunStore:
    return RunStore(Settings(home=Path(server.environment["RESNET_VIZ_HOME"])).store_url)


def comparison_in(url: str) -> str:
    return parse_qs(urlsplit(url).query).get("comparison", [""])[0]


def test_a_student_reads_guesses_trains_and_looks_inside(reader: Page, fresh_house: Server):
    # The story, then a guess, then the answer.
    heading(reader, "Understand residual networks")
    expect(reader.locator(".figure .main-svg").first).to_be_visible()
    reader.get_by_role("link", name="Guess first").last.click()
    heading(reader, "What would you have guessed?")
    reader.get_by_text("plain-20", exact=True).click()
    reader.get_by_role("button", name="Uncover").click()
    expect(reader.get_by_text("You guessed plain-20, and so it is.")).to_be_visible()
    expect(reader.get_by_text("1 of 1 right so far")).to_be_visible()

    # A pair of one's own, started from the keyboard, to its end, with a word when it has ended.
    reader.goto(f"{fresh_house.url}/train?depth=8&epochs_digits=1")
    start = reader.get_by_role("button", name="Start")
    expect(start).to_be_enabled()
    expect(start).to_have_css("color", "rgb(255, 255, 255)")
    expect(start).to_have_css("background-color", "rgb(0, 114, 178)")  # 5.2 to 1 in both themes
    expect(start.get_by_label("Shortcut")).to_have_css("color", "rgb(255, 255, 255)")
    reader.keyboard.press("Control+Enter")
    expect(reader.get_by_text(re.compile(r"plain-8 has finished|plain-8 · finished")).first).to_be_visible()
    expect(reader.get_by_text("On the training pictures the gap is")).to_be_visible()
    figure(reader, "Training and test loss of plain-8 and ResNet-8 (A)")

    # The gradients of every layer, and what the nets look at.
    reader.get_by_role("link", name="Gradients").click()
    figure(reader, "Gradient norm of plain-8")
    reader.get_by_role("link", name="Saliency").click()
    heading(reader, "What does each net look at?")
    figure(reader, "Maps of")

    # A picture of one's own.
    reader.get_by_role("link", name="Classify").click()
    reader.locator("input[type=file]").first.set_input_files(
        {"name": "seven.png", "mimeType": "image/png", "buffer": draw_seven()}
    )
    figure(reader, "Most likely classes of")


def test_a_teacher_sets_up_a_link_and_a_class_finds_that_view(reader: Page, fresh_house: Server):
    # What is claimed, and the seeds behind it.
    go_to(reader, "Claims")
    heading(reader, "What is claimed, and what holds here?")
    expect(reader.get_by_text(re.compile(r"Of \d+ claims"))).to_be_visible()
    go_to(reader, "Degradation")
    figure(reader, "Final training and test error of plain and residual nets")
    reader.get_by_role("radio", name="test error").click()
    expect(reader).to_have_url(re.compile("error_of_verdicts=test"))

    # The link to this view, without what chooses.
    reader.locator(".st-key-corner").get_by_test_id("stPopoverButton").locator("visible=true").click()
    reader.get_by_text("Hide the controls").click()
    link = reader.get_by_test_id("stPopoverBody").get_by_test_id("stCode")
    expect(link).to_contain_text("hide=controls")
    address = link.inner_text().strip()
    pupil = reader.context.browser.new_page()
    pupil.set_default_timeout(PATIENCE)
    pupil.goto(address)
    figure(pupil, "Final training and test error of plain and residual nets")
    expect(pupil.get_by_text("Which beats which?")).to_be_visible()
    for control in ("combobox", "radio"):
        assert not [one for one in pupil.get_by_role(control).all() if one.is_visible()]
    pupil.close()

    # In the other language, and back: the choice stays.
    reader.goto(f"{fresh_house.url}/degradation?error_of_verdicts=test")
    reader.get_by_role("button", name="中文").click()
    expect(reader.get_by_role("heading", level=1)).to_contain_text(re.compile("[\u4e00-\u9fff]"))
    expect(reader).to_have_url(re.compile("error_of_verdicts=test"))
    expect(reader).to_have_url(re.compile("lang=zh"))
    reader.locator(AT_REST).wait_for(state="attached")  # a button that moves between press and release was not clicked
    reader.get_by_role("button", name="English").click()
    heading(reader, "Does a deeper net learn worse?")

    # Recorded runs side by side, smoothed, as one page for the class.
    reader.goto(f"{fresh_house.url}/train?runs=28b243b2,e486bfd8&smoothing=0.6&x=epoch")
    figure(reader, "Training and test loss of")
    chip = reader.locator("[data-tag]").first  # in the color of all text, which keeps its contrast in both themes
    assert chip.evaluate("chip => getComputedStyle(chip).color === getComputedStyle(document.querySelector('p')).color")
    open_to_take_away(reader)
    with reader.expect_download() as download:
        reader.get_by_role("button", name="Report").click()
    report = Path(download.value.path()).read_text(encoding="utf-8")
    assert "28b243b2" in report
    assert "Plotly.newPlot(" in report
    assert store_of(fresh_house).count_active() == 0


def test_an_engineer_composes_trains_tags_and_takes_away(reader: Page, fresh_house: Server, tmp_path: Path):
    # A net of one's own as code, and its drawing as a picture.
    slug = NetSpec("resnet", 8, "B", in_channels=3).to_slug()
    reader.goto(f"{fresh_house.url}/architecture?compare=plain-8,{slug}")
    figure(reader, "plain-8, layer by layer")
    with reader.expect_download() as download:
        reader.get_by_role("button", name="Net as Python").click()
    compile(Path(download.value.path()).read_text(), "net.py", "exec")
    reader.get_by_text("Take away").first.click()
    starts = {"SVG": b"<svg", "PNG": b"\x89PNG", "HTML": b"<!doctype html>"}
    for kind, start in starts.items():
        with reader.expect_download() as download:
            reader.get_by_role("button", name=f"Take away {kind}: plain-8").click()
        assert Path(download.value.path()).read_bytes().startswith(start)
    alone = tmp_path / "plain-8.html"
    download.value.save_as(alone)
    elsewhere = reader.context.browser.new_context(offline=True)
    page = elsewhere.new_page()
    page.goto(alone.as_uri())
    expect(page.locator("#figure .main-svg").first).to_be_visible()
    elsewhere.close()

    # Train it, and find the run in the table.
    others = {
        run.comparison for run in store_of(fresh_house).runs()
    }  # of an earlier reader; the newest is shown at first
    reader.goto(f"{fresh_house.url}/train?specs=plain-8,{slug}&epochs_digits=1")
    reader.get_by_role("button", name="Start").click()
    reader.wait_for_url(lambda url: comparison_in(url) not in {"", *others})
    comparison = comparison_in(reader.url)
    expect(reader.get_by_text("· finished")).to_have_count(2)
    reader.get_by_role("link", name="Runs").click()
    reader.get_by_role("searchbox", name="Search").fill("plain-8")
    reader.get_by_role("searchbox", name="Search").press("Enter")
    expect(reader.get_by_text(re.compile(r"runs? (is|are) shown")).first).to_be_visible()

    # Take the run away as a bundle that another program can read.
    reader.goto(f"{fresh_house.url}/train?comparison={comparison}")
    figure(reader, "Training and test loss of")
    open_to_take_away(reader)
    with reader.expect_download() as download:
        reader.get_by_role("button", name="Bundle").first.click()
    target = tmp_path / "run.zip"
    download.value.save_as(target)
    with zipfile.ZipFile(target) as bundle:
        assert "run.json" in bundle.namelist()
    with reader.expect_download() as download:
        reader.get_by_role("button", name="Script").first.click()
    compile(Path(download.value.path()).read_text(), "run.py", "exec")

    # How the machine fares, and what the laboratory knows about such nets before training.
    go_to(reader, "Initialization")
    figure(reader, "Gradient norm of every layer of")
