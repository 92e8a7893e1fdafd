"""Can a person look into their own pictures, and train on them by a recipe of their own?"""

from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.driving import choose
from tests.browser.server import Server


def make_pile(place: Path) -> Path:
    """A folder of two classes of colored noise, 40 pictures each, one of them in it twice and one broken."""
    draw = np.random.default_rng(0)
    for label, name in enumerate(("dim", "bright")):
        (place / name).mkdir(parents=True)
        for i in range(40):
            pixels = draw.integers(0, 128, (40, 40, 3)) + 127 * label
            Image.fromarray(pixels.astype(np.uint8)).save(place / name / f"{i:02}.png")
    (place / "dim" / "copy.png").write_bytes((place / "dim" / "00.png").read_bytes())
    (place / "dim" / "text.png").write_text("text renamed to png")
    return place


def test_own_pictures_are_looked_into_and_learned_from(page: Page, server: Server, tmp_path: Path) -> None:
    pile = make_pile(tmp_path / "pile")

    # Look: the picture page tells what is in the folder and what is wrong with it.
    page.goto(f"{server.url}/data")
    expect(page.get_by_text("1,400 training and 397 test pictures")).to_be_visible()
    choose(page, "Data set", "A folder of pictures")
    expect(page.get_by_text("Name the folder or zip first")).to_be_visible()
    folder = page.get_by_role("textbox", name="Folder or zip on this machine")
    folder.fill(str(pile / "dim" / "00.png"))
    folder.press("Enter")
    expect(page.get_by_text("is no zip file that can be read")).to_be_visible()
    folder.fill(str(pile))
    folder.press("Enter")
    expect(page.get_by_text("test pictures in 2 classes, 32 x 32 pixels, color")).to_be_visible()
    page.get_by_text("1 files were skipped").click()
    expect(page.locator('[aria-label^="Training pictures of bright, dim"]').first).to_be_visible()
    choose(page, "Augmentation", "mixup")
    expect(page.get_by_text("two pictures and their labels in one")).to_be_visible()

    # Learn: the choice goes along to the Train page; a recipe of one's own is what is queued.
    page.get_by_role("link", name="Train").click()
    expect(page.get_by_role("textbox", name="Folder or zip on this machine")).to_have_value(str(pile))
    page.get_by_role("slider", name="Depth").press("Home")
    page.get_by_text("The recipe in detail").click()
    choose(page, "Optimizer", "AdamW")
    batch = page.get_by_role("spinbutton", name="Batch size")
    batch.fill("16")
    batch.press("Enter")
    page.get_by_role("slider", name="Epochs").press("Home")
    expect(page.get_by_text("Memory: about")).to_be_visible()
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_text("a gap of")).to_be_visible()
    runs = server.store.runs()
    assert [run.config["optimizer"] for run in runs] == ["adamw", "adamw"]
    assert {(run.config["batch_size"], run.config["epochs"], run.total_steps) for run in runs} == {(16, 1, 4)}
    assert all(run.facts["form"]["classes"] == ["bright", "dim"] for run in runs)
