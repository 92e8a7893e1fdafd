"""Can a person compose nets, read how they are built, and take one away?"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect
from safetensors.torch import save_file

from resnet_viz.nets import NetSpec, build_net, save_checkpoint
from tests.browser.driving import choose, wait_for_rest
from tests.browser.server import Server


def open_page(page: Page, server: Server, link: str = "") -> None:
    page.goto(f"{server.url}/architecture{link}")
    expect(page.get_by_role("heading", name="How is it built?")).to_be_visible()


def named(page: Page, name: str) -> Locator:
    """The title above the controls of a net."""
    return page.locator("strong").get_by_text(name, exact=True)


@pytest.fixture
def fresh_server(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path / "home", measures=True)
    yield server
    server.end()


def test_the_first_visit_of_a_fresh_server_may_be_a_link_to_any_page(page: Page, fresh_server: Server) -> None:
    open_page(page, fresh_server, "?compare=resnet-110-B~order.preact")
    expect(page.get_by_role("link", name="Saliency")).to_be_visible()  # the app's own menu
    expect(page.get_by_text("ResNet-110 (B, Full pre-activation)").first).to_be_visible()


def test_composing_drawing_and_taking_a_net_away(page: Page, server: Server, tmp_path: Path) -> None:
    open_page(page, server)
    expect(named(page, "plain-20")).to_be_visible()

    # A deeper net: the drawing folds its stages, and unfolds them.
    page.get_by_role("slider", name="Depth").last.press("End")
    expect(named(page, "ResNet-1202 (A)")).to_be_visible()
    expect(page.locator(".js-plotly-plot text", has_text="... 198 more")).to_have_count(3)
    page.get_by_role("button", name="stage 3").click()
    expect(page.locator(".js-plotly-plot text", has_text="... 198 more")).to_have_count(2)
    assert "resnet-1202-A" in page.url

    # Another order of the block, in the popover; the link holds it.
    page.get_by_role("button", name="More").last.click()
    choose(page, "Block order", "Full pre-activation")
    expect(named(page, "ResNet-1202 (A, Full pre-activation)")).to_be_visible()
    page.keyboard.press("Escape")
    page.reload()
    expect(named(page, "ResNet-1202 (A, Full pre-activation)")).to_be_visible()

    # The net as a file of its own.
    wait_for_rest(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="Net as Python").click()
    source = tmp_path / "net.py"
    download.value.save_as(source)
    assert "def build() -> nn.Module" in source.read_text()
    ast.parse(source.read_text())

    # Over to training.
    page.get_by_role("button", name="Train these nets").click()
    expect(page.get_by_role("heading", name="Which of the two learns?")).to_be_visible()
    expect(page.get_by_text("Choose by depth instead")).to_be_visible()
    expect(page.get_by_text("ResNet-1202 (A, Full pre-activation)").first).to_be_visible()


def test_a_checkpoint_comes_in_through_the_browser_and_a_strange_one_is_told(
    page: Page, server: Server, tmp_path: Path
) -> None:
    mine = save_checkpoint(build_net(NetSpec("resnet", 14, "C", classes=5)), tmp_path / "mine.safetensors")
    state = build_net(NetSpec()).state_dict()
    save_file({f"x.{name}": tensor for name, tensor in state.items()}, tmp_path / "strange.safetensors")
    open_page(page, server)
    page.get_by_text("Import a net").click()
    upload = page.locator("input[type=file]")
    upload.set_input_files(tmp_path / "strange.safetensors")
    expect(page.get_by_text("its first tensor is x.")).to_be_visible()
    upload.set_input_files(mine)
    expect(page.get_by_text("mine.safetensors holds ResNet-14 (C), 5 classes")).to_be_visible()
    assert "resnet-14-C~classes.5" in page.url
