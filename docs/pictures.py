"""The pictures of the docs, taken from the running app in Chromium: python -m docs.pictures (make pictures).

The app starts with an empty home, so that every page shows what ships with the project.
"""

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).parents[1]
PAGES = (
    "initialization",
    "degradation",
    "identity",
    "responses",
    "flow",
    "lesions",
    "shattering",
    "surface",
    "depth_limit",
    "neurons",
    "claims",
    "guess",
)
OWN = ("saliency", "trust", "classify")  # pages with a document of their own
WIDTH, HEIGHT, COLORS = 1180, 1280, 128
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
QUIET = '() => !document.querySelector(\'[data-testid="stSpinner"], [data-testid="stSkeleton"]\')'


def serve(home: str) -> tuple[subprocess.Popen[bytes], str]:
    """The app on a free port, once it answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port), "--server.headless=true"]
    server = subprocess.Popen(command, cwd=ROOT, env=os.environ | {"RESNET_VIZ_HOME": home}, stdout=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    while True:
        try:
            with urllib.request.urlopen(f"{url}/_stcore/health", timeout=5):
                return server, url
        except OSError:
            time.sleep(0.2)


def take(page: Page, url: str, name: str) -> None:
    """One page, in few colors, as docs/lab/NAME.png, or docs/pages/NAME.png."""
    page.goto(f"{url}/{name}")
    page.wait_for_selector("h1")
    page.wait_for_timeout(3_000)
    page.wait_for_function(QUIET)
    page.wait_for_timeout(3_000)
    picture = Image.open(BytesIO(page.screenshot()))
    picture.convert("RGB").quantize(COLORS).save(ROOT / "docs" / _folder(name) / f"{name}.png", optimize=True)


def _folder(name: str) -> str:
    return "pages" if name in OWN else "lab"


def main() -> None:
    """Take all of them."""
    for folder in ("lab", "pages"):
        (ROOT / "docs" / folder).mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as home, sync_playwright() as playwright:
        server, url = serve(home)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_context(viewport={"width": WIDTH, "height": HEIGHT}).new_page()
        page.set_default_timeout(120_000)
        for name in sys.argv[1:] or (*PAGES, *OWN):
            take(page, url, name)
        browser.close()
        server.kill()


if __name__ == "__main__":
    main()
