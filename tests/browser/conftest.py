"""A real server, a real browser."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from playwright.sync_api import Page, TimeoutError, sync_playwright

ROOT = Path(__file__).parents[2]
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
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
AT_REST = '[data-testid="stApp"][data-test-script-state="notRunning"]'  # what moves under the mouse is not clicked
PATIENCE = 120_000  # milliseconds; the browser shares its cores with the training it watches


class Server:
    """The dashboard as `make run` starts it, on a port of its own."""

    def __init__(self, home: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = os.environ | {"RESNET_VIZ_HOME": str(home)}
        self.start()

    def start(self) -> None:
        command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(self.port)]
        self.process = subprocess.Popen(
            command, cwd=ROOT, env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        deadline = time.monotonic() + PATIENCE / 1000
        while True:
            try:
                with urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=5):
                    return
            except OSError:
                assert time.monotonic() < deadline, "the server does not answer"
                time.sleep(0.2)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


def choose(page: Page, control: str, option: str) -> None:
    """Take an option from a drop-down; a page that is drawn again closes an open list, which is then opened again."""
    for _ in range(12):
        page.get_by_role("combobox", name=control).click()
        try:
            return page.get_by_role("option", name=option).click(timeout=PATIENCE / 12)
        except TimeoutError:
            continue
    pytest.fail(f"the list of {control} does not stay open")


@pytest.fixture
def server(home):
    """A fresh one, for what trains, asks anew or changes runs."""
    server = Server(home)
    yield server
    server.kill()


@pytest.fixture(scope="session")
def house(tmp_path_factory):
    """One for all who only look: with an empty home, which they leave empty."""
    server = Server(tmp_path_factory.mktemp("house"))
    yield server
    server.kill()


@pytest.fixture(scope="session")
def browser():
    if not Path(CHROMIUM).exists():
        pytest.fail(f"the browser tests need Chromium at {CHROMIUM}; `make test` installs it")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser):
    """A page that fails the test at its end if a script of it failed."""
    context = browser.new_context(viewport={"width": 1280, "height": 1400})
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    yield page
    context.close()
    assert not problems
