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
WINDOW = {"viewport": {"width": 1280, "height": 1400}}
# What moves is drawn sixty times a second, by the cores that the tests need. It ends at once: scripts wait for its end.
STILL = """
new MutationObserver((_, observer) => {
    if (document.head) {
        observer.disconnect();
        const style = document.createElement("style");
        style.textContent = `*, *::before, *::after {
            animation-duration: 1ms !important;
            animation-iteration-count: 1 !important;
            transition-duration: 1ms !important;
        }`;
        document.head.append(style);
    }
}).observe(document, { childList: true, subtree: true });
"""
KEPT_IN_A_BROWSER = "cookies,local_storage,indexeddb"  # and not what it has loaded: every page loads the same scripts


class Readers:
    """The browser contexts of all tests, by the options that made them: as many readers as look at once."""

    def __init__(self, browser: Browser) -> None:
        self.browser = browser
        self._kinds: dict[BrowserContext, str] = {}
        self._idle: list[BrowserContext] = []

    def borrow(self, **options: Any) -> BrowserContext:
        """A context that nobody uses, with options as `Browser.new_context` has them: the size, the theme, ..."""
        kind = repr(sorted(options.items()))
        for context in self._idle:
            if self._kinds[context] == kind:
                self._idle.remove(context)
                return context
        context = self.browser.new_context(**(WINDOW | options))
        context.set_default_timeout(PATIENCE)
        context.add_init_script(STILL)
        self._kinds[context] = kind
        return context

    def give_back(self, context: BrowserContext) -> None:
        """Close the pages of a context, and have it forget what they have kept; one that cannot is closed itself."""
        pages = context.pages
        try:
            for page in pages:
                asked = {"origin": page.url, "storageTypes": KEPT_IN_A_BROWSER}
                context.new_cdp_session(page).send("Storage.clearDataForOrigin", asked)
                page.close()
        except Error:  # a page has crashed
            pages = []
        if pages:  # without one, nothing was forgotten
            self._idle.append(context)
        else:
            context.close()


class Contexts:
    """The pages of a test, whose consoles are kept."""

    def __init__(self, readers: Readers) -> None:
        self.readers = readers
        self.console: list[str] = []
        self.errors: list[str] = []  # scripts that ended by one, and dialogs: no page of ours opens any
        self.pages: list[Page] = []
        self._borrowed: list[BrowserContext] = []

    def new_page(self, **options: Any) -> Page:
        """A page of a reader of its own, with options as `Browser.new_context` has them: the size, the theme, ..."""
        context = self.readers.borrow(**options)
        self._borrowed.append(context)
        page = context.new_page()
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self._note(f"uncaught: {error}"))
        page.on("dialog", self._dismiss)
        self.pages.append(page)
        return page

    def problems(self) -> list[str]:
        """What no page may end with: errors of scripts, dialogs, and an error of the program that a page shows."""
        found = list(self.errors)
        for page in self.pages:
            with suppress(Error):  # one that has crashed or was closed shows nothing
                found += page.get_by_test_id("stException").all_inner_texts()
        return found

    def close(self) -> None:
        """Close all pages."""
        for context in self._borrowed:
            self.readers.give_back(context)

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
