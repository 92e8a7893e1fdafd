"""The three ways through the house, from start to end: a student's, a teacher's, an engineer's."""

import re
import zipfile
from io import BytesIO
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from PIL import Image, ImageDraw
from playwright.sync_api import Page, expect

from resnet_viz.nets import NetSpec
from tests.browser.driving import MAPS, expect_figure, expect_heading, expect_maps, go_to, wait_for_rest
from tests.browser.evidence import Contexts
from tests.browser.server import Server

LIGHT = "rgb(255, 255, 255)"


def draw_seven() -> bytes:
    picture = Image.new("RGB", (200, 200), "white")
    ImageDraw.Draw(picture).line([(60, 50), (140, 50), (90, 160)], fill="black", width=18)
    buffer = BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


def open_to_take_away(page: Page) -> None:
    """Once the page rests, for what opens moves with what is above it."""
    wait_for_rest(page)
    page.get_by_role("button", name="Take away").first.click()


def comparison_in(url: str) -> str:
    return parse_qs(urlsplit(url).query).get("comparison", [""])[0]


def test_a_student_reads_guesses_trains_and_looks_inside(page: Page, server: Server) -> None:
    # The story, then a guess, then the answer.
    page.goto(server.url)
    expect(page.get_by_test_id("stApp")).to_have_css("background-color", LIGHT)
    expect_heading(page, "Understand residual networks")
    expect(page.locator(".figure .main-svg").first).to_be_visible()
    page.get_by_role("link", name="Guess first").last.click()
    expect_heading(page, "What would you have guessed?")
    guess = page.get_by_text("plain-20", exact=True)
    expect(guess).to_be_visible()
    wait_for_rest(page)
    guess.click()
    page.get_by_role("button", name="Uncover").click()
    expect(page.get_by_text("You guessed plain-20, and so it is.")).to_be_visible()
    expect(page.get_by_text("1 of 1 right so far")).to_be_visible()

    # A pair of one's own, started from the keyboard, to its end, with a word when it has ended.
    page.goto(f"{server.url}/train?depth=8&epochs_digits=1")
    start = page.get_by_role("button", name="Start")
    expect(start).to_be_enabled()
    expect(start).to_have_css("color", LIGHT)
    expect(start).to_have_css("background-color", "rgb(0, 114, 178)")  # 5.2 to 1
    expect(start.get_by_label("Shortcut")).to_have_css("color", LIGHT)
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text(re.compile(r"plain-8 has finished|plain-8 · finished")).first).to_be_visible()
    expect(page.get_by_text("On the training pictures the gap is")).to_be_visible()
    expect_figure(page, "Training and test loss of plain-8 and ResNet-8 (A)")

    # The gradients of every layer, and what the nets look at.
    page.get_by_role("link", name="Gradients").click()
    expect_figure(page, "Gradient norm of plain-8")
    page.get_by_role("link", name="Saliency").click()
    expect_heading(page, "What does each net look at?")
    expect(page.get_by_text("A test picture: 0.")).to_be_visible()
    expect(page.get_by_text("plain-8 says")).to_be_visible()
    expect_maps(page, MAPS, 8)
    expect_figure(page, "Maps of")

    # A picture of one's own: a broken file gets a sentence, a picture gets classes.
    page.get_by_role("link", name="Classify").click()
    upload = page.locator("input[type=file]").first
    upload.set_input_files({"name": "x.png", "mimeType": "image/png", "buffer": b"text renamed to png"})
    expect(page.get_by_text("This is not a PNG, JPEG, WebP, GIF or BMP picture")).to_be_visible()
    upload.set_input_files({"name": "seven.png", "mimeType": "image/png", "buffer": draw_seven()})
    expect_figure(page, "Most likely classes of")
    expect(page.get_by_text("sees it: 16 x 16, gray")).to_be_visible()
    expect(page.get_by_text("ResNet-8 (A) says")).to_be_visible()
    expect(page.locator(".js-plotly-plot .bars")).to_have_count(2)


def test_a_teacher_sets_up_a_link_and_a_class_finds_that_view(page: Page, contexts: Contexts, server: Server) -> None:
    # What is claimed, and the seeds behind it.
    page.goto(server.url)
    go_to(page, "Claims")
    expect_heading(page, "What is claimed, and what holds here?")
    expect(page.get_by_text(re.compile(r"Of \d+ claims"))).to_be_visible()
    go_to(page, "Degradation")
    expect_figure(page, "Final training and test error of plain and residual nets")
    page.get_by_role("radio", name="test error").click()
    expect(page).to_have_url(re.compile("error_of_verdicts=test"))

    # The link to this view, without what chooses.
    page.locator(".st-key-corner").get_by_test_id("stPopoverButton").locator("visible=true").click()
    page.get_by_text("Hide the controls").click()
    link = page.get_by_test_id("stPopoverBody").get_by_test_id("stCode")
    expect(link).to_contain_text("hide=controls")
    address = link.inner_text().strip()
    pupil = contexts.new_page()
    pupil.goto(address)
    expect_figure(pupil, "Final training and test error of plain and residual nets")
    expect(pupil.get_by_text("Which beats which?")).to_be_visible()
    for control in ("combobox", "radio"):
        assert not [one for one in pupil.get_by_role(control).all() if one.is_visible()]
    pupil.close()

    # In the other language, and back: the choice stays.
    page.goto(f"{server.url}/degradation?error_of_verdicts=test")
    page.get_by_role("button", name="中文").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(re.compile("[\u4e00-\u9fff]"))
    expect(page).to_have_url(re.compile("error_of_verdicts=test"))
    expect(page).to_have_url(re.compile("lang=zh"))
    wait_for_rest(page)  # a button that moves between press and release was not clicked
    page.get_by_role("button", name="English").click()
    expect_heading(page, "Does a deeper net learn worse?")

    # Recorded runs side by side, smoothed, as one page for the class.
    page.goto(f"{server.url}/train?runs=28b243b2,e486bfd8&smoothing=0.6&x=epoch")
    expect_figure(page, "Training and test loss of")
    chip = page.locator("[data-tag]").first  # in the color of all text, which keeps its contrast in both themes
    assert chip.evaluate("chip => getComputedStyle(chip).color === getComputedStyle(document.querySelector('p')).color")
    open_to_take_away(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="Report").click()
    report = Path(download.value.path()).read_text(encoding="utf-8")
    assert "28b243b2" in report
    assert "Plotly.newPlot(" in report
    assert server.store.count_active() == 0


def test_an_engineer_composes_trains_tags_and_takes_away(
    page: Page, contexts: Contexts, server: Server, tmp_path: Path
) -> None:
    # A net of one's own as code, and its drawing as a picture.
    slug = NetSpec("resnet", 8, "B", in_channels=3).to_slug()
    page.goto(f"{server.url}/architecture?compare=plain-8,{slug}")
    expect_figure(page, "plain-8, layer by layer")
    with page.expect_download() as download:
        page.get_by_role("button", name="Net as Python").click()
    compile(Path(download.value.path()).read_text(), "net.py", "exec")
    page.get_by_text("Take away").first.click()
    starts = {"SVG": b"<svg", "PNG": b"\x89PNG", "HTML": b"<!doctype html>"}
    for kind, start in starts.items():
        with page.expect_download() as download:
            page.get_by_role("button", name=f"Take away {kind}: plain-8").click()
        assert Path(download.value.path()).read_bytes().startswith(start)
    alone = tmp_path / "plain-8.html"
    download.value.save_as(alone)
    elsewhere = contexts.new_page(offline=True)
    elsewhere.goto(alone.as_uri())
    expect(elsewhere.locator("#figure .main-svg").first).to_be_visible()
    elsewhere.close()

    # Train it, and find the run in the table.
    page.goto(f"{server.url}/train?specs=plain-8,{slug}&epochs_digits=1")
    page.get_by_role("button", name="Start").click()
    page.wait_for_url(lambda url: comparison_in(url) != "")
    comparison = comparison_in(page.url)
    expect(page.get_by_text("· finished")).to_have_count(2)
    page.get_by_role("link", name="Runs").click()
    page.get_by_role("searchbox", name="Search").fill("plain-8")
    page.get_by_role("searchbox", name="Search").press("Enter")
    expect(page.get_by_text(re.compile(r"runs? (is|are) shown")).first).to_be_visible()

    # Take the run away as a bundle that another program can read.
    page.goto(f"{server.url}/train?comparison={comparison}")
    expect_figure(page, "Training and test loss of")
    open_to_take_away(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="Bundle").first.click()
    target = tmp_path / "run.zip"
    download.value.save_as(target)
    with zipfile.ZipFile(target) as bundle:
        assert "run.json" in bundle.namelist()
    with page.expect_download() as download:
        page.get_by_role("button", name="Script").first.click()
    compile(Path(download.value.path()).read_text(), "run.py", "exec")

    # How the machine fares, and what the laboratory knows about such nets before training.
    go_to(page, "Initialization")
    expect_figure(page, "Gradient norm of every layer of")
