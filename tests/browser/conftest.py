"""A real server and a real browser, one of each for all tests here; a reader's page for each."""

import os
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from tests.browser.driving import AT_REST as AT_REST  # benchmarks take it from here
from tests.browser.evidence import Contexts, Readers, folder_of, keep_evidence
from tests.browser.server import PATIENCE, Server

# The shell has no window around its pages that would have to be drawn.
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium-headless-shell")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

expect.set_options(timeout=PATIENCE)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Keep what was seen of a test that failed, while its pages are open, and say in its report where that lies."""
    report = yield
    found = getattr(item, "funcargs", {})
    if report.failed and call.when != "teardown":
        folder = keep_evidence(folder_of(item), found.get("contexts"), found.get("server"))
        report.sections.append(("What was seen", f"pictures of the pages, console and log of the server: {folder}"))
    return report


@pytest.fixture(autouse=True)
def nothing_outlives_a_test() -> None:
    """In place of the one for all tests: server and browser outlive a test, and so does what they have ready.

    `Server.clear` waits until every worker has ended.
    """


@pytest.fixture(scope="session")
def shared_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("house"))
    yield server
    server.end()


@pytest.fixture
def server(shared_server: Server) -> Iterator[Server]:
    """The server that all tests of a process share, with an empty home."""
    if not shared_server.is_up:  # a test that killed it has failed
        shared_server.start()
    shared_server.log_seen = shared_server.log.stat().st_size
    yield shared_server
    shared_server.clear()


@pytest.fixture(scope="session")
def readers() -> Iterator[Readers]:
    if not Path(CHROMIUM).exists():
        pytest.fail(f"the browser tests need Chromium at {CHROMIUM}; `make test` installs it")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield Readers(browser)
        browser.close()


@pytest.fixture
def contexts(request: pytest.FixtureRequest, readers: Readers, server: Server) -> Iterator[Contexts]:
    """What makes the pages of a test, and fails it at its end where a script of one has failed, or a page broke.

    They close before the server's home is emptied.
    """
    found = Contexts(readers)
    yield found
    problems = found.problems()
    kept = keep_evidence(folder_of(request.node), found, server) if problems else None
    found.close()
    assert not problems, f"{problems}; {kept} has what was seen"


@pytest.fixture
def page(contexts: Contexts) -> Page:
    return contexts.new_page()
