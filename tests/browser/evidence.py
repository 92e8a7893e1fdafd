"""What was seen when a browser test failed? Pictures of its pages, the browser's console, and the server's log."""

import os
import re
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Dialog, Error, Page

from tests.browser.server import PATIENCE, ROOT, Server

FOLDER = Path(os.environ.get("BROWSER_FAILURES", ROOT / ".browser-failures"))
SHOT = 20_000  # milliseconds; a page that hangs has no picture


class Contexts:
    """All browser contexts of a test, whose consoles are kept."""

    def __init__(self, browser: Browser) -> None:
        self.browser = browser
        self.console: list[str] = []
        self.errors: list[str] = []  # scripts that ended by one, and dialogs: no page of ours opens any
        self._open: list[BrowserContext] = []

    def new_page(self, **options: Any) -> Page:
        """A page in a context of its own, with options as `Browser.new_context` has them: the size, the theme, ..."""
        context = self.browser.new_context(**({"viewport": {"width": 1280, "height": 1400}} | options))
        context.set_default_timeout(PATIENCE)
        context.on("console", self._hear)
        context.on("weberror", lambda error: self._note(f"uncaught: {error.error}"))
        context.on("dialog", self._dismiss)
        self._open.append(context)
        return context.new_page()

    @property
    def pages(self) -> list[Page]:
        """Those that are open."""
        return [page for context in self._open for page in context.pages]

    def problems(self) -> list[str]:
        """What no page may end with: errors of scripts, dialogs, and an error of the program that a page shows."""
        found = list(self.errors)
        for page in self.pages:
            with suppress(Error):  # a page that has crashed shows nothing
                found += page.get_by_test_id("stException").all_inner_texts()
        return found

    def close(self) -> None:
        """Close all pages."""
        for context in self._open:
            context.close()

    def _hear(self, message: ConsoleMessage) -> None:
        self.console.append(f"{message.type}: {message.text} ({message.location.get('url', '')})")

    def _dismiss(self, dialog: Dialog) -> None:
        self._note(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _note(self, error: str) -> None:
        self.errors.append(error)
        self.console.append(error)


def folder_of(item: pytest.Item) -> Path:
    """Where the evidence of a test is put."""
    return FOLDER / re.sub(r"[^\w.-]+", "-", item.nodeid.rpartition("browser/")[2]).strip("-")


def keep_evidence(folder: Path, contexts: Contexts | None, server: Server | None) -> Path:
    """Write page.png and page.txt (of more pages page-2.png, ...), console.txt and server.log; the folder."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    if contexts is not None:
        _take_pictures(folder, contexts)
        (folder / "console.txt").write_text("\n".join(contexts.console), encoding="utf-8")
    if server is not None:
        (folder / "server.log").write_text(server.said(), encoding="utf-8")
    return folder


def _take_pictures(folder: Path, contexts: Contexts) -> None:
    for number, page in enumerate(contexts.pages, 1):
        name = "page" if number == 1 else f"page-{number}"
        try:
            page.screenshot(path=folder / f"{name}.png", timeout=SHOT)
            told = page.locator("body").inner_text(timeout=SHOT)  # also of what one has to scroll to
        except Error as error:
            told = f"could not be looked at: {error}"
        (folder / f"{name}.txt").write_text(f"{page.url}\n\n{told}", encoding="utf-8")
