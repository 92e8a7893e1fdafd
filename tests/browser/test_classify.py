"""Does a reader get answers for many pictures at once, a sentence for a broken one, a table, and the way to why?"""

from io import BytesIO
from pathlib import Path

import pandas as pd
from PIL import Image, ImageDraw
from playwright.sync_api import FilePayload, Page, expect

from tests.browser.server import Server


def seven() -> bytes:
    picture = Image.new("L", (64, 64), 255)
    ImageDraw.Draw(picture).line([(14, 12), (50, 12), (28, 54)], fill=0, width=8)
    buffer = BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


def test_many_pictures_are_answered_and_one_leads_on_to_its_saliency(
    page: Page, server: Server, tmp_path: Path
) -> None:
    page.goto(f"{server.url}/classify?nets=run%3Ae486bfd8%2Crun%3A28b243b2")
    main = page.get_by_test_id("stMain")
    expect(main.get_by_text("These are test pictures")).to_be_visible()
    expect(main.get_by_text("ResNet-56 (A) says 0")).to_be_visible()
    main.get_by_role("button", name="More nets").click()
    expect(page.get_by_text("ResNet-50 (torchvision): 98 MB")).to_be_visible()  # published nets, with their size
    page.keyboard.press("Escape")

    files = {"seven.png": seven(), "broken.png": seven()[:50], "again": seven()}
    page.locator("input[type=file]").first.set_input_files(
        [FilePayload(name=name, mimeType="image/png", buffer=data) for name, data in files.items()]
    )
    expect(main.get_by_text("broken.png: The picture is broken")).to_be_visible()
    expect(main.get_by_text("ResNet-56 (A) says 7")).to_be_visible()

    with page.expect_download() as download:
        main.get_by_role("button", name="All answers as CSV").click()
    download.value.save_as(tmp_path / "answers.csv")
    answers = pd.read_csv(tmp_path / "answers.csv")
    assert answers["picture"].tolist() == ["seven.png"] * 2 + ["again"] * 2
    assert answers[answers["net"] == "ResNet-56 (A)"]["class_1"].tolist() == [7, 7]

    main.get_by_role("button", name="Why? Look at the saliency").click()
    page.wait_for_url("**/saliency**")
    expect(main.get_by_text("Seven.png. plain-56 says")).to_be_visible()
