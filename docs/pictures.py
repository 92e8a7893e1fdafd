"""The pictures of the documents, taken from the running app in Chromium: python -m docs.pictures [NAME ...].

`make pictures` takes all of them. Two servers show the pages: one with an empty home, where every page has what ships
with the project, and one where a pair and a small grid have just been trained, for the pages about one's own runs.
"""

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from resnet_viz.runs import RunStore
from resnet_viz.settings import Settings

ROOT = Path(__file__).parents[1]
WIDTH, COLORS = 1180, 256  # pixels, and colors of a picture
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium-headless-shell")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
# Nothing is on its way: no spinner, no figure, no price, no progress that has not reached its end.
QUIET = """() => !document.querySelector('[data-testid="stSpinner"], [data-testid="stSkeleton"], .figure-wait')
  && !document.querySelector('[data-testid="stStatusWidget"]')
  && !/the time estimate follows|Time not known yet/.test(document.body.innerText)
  && [...document.querySelectorAll('[role="progressbar"]')].every((bar) => bar.getAttribute("aria-valuenow") >= 100)"""
SLOWEST = 180_000  # milliseconds until a page is quiet
GRIDS = (("56",), ("8", "14", "20", "--seeds", "0", "1"))  # what is trained for the pages about one's own runs
OWN = ("train", "sweep", "runs", "gradients")


@dataclass(frozen=True)
class Shot:
    """A picture: the page's address, how far down it goes; of a part, words at its top and its end, and margins."""

    address: str
    height: int = 1280
    first: str = ""
    last: str = ""
    margins: tuple[int, int] = (12, 12)  # pixels above and below


def shots(pair: str) -> dict[str, Shot]:
    """Every picture by its file; `pair` is the comparison that was trained here."""
    recorded = {f"pages/{page}": Shot(page) for page in _pages() if page not in (*OWN, "home")}
    return recorded | {
        "pages/home": Shot(""),
        "pages/architecture": Shot("architecture", 3000, "The whole net", "Basic block and bottleneck"),
        "pages/saliency": Shot("saliency", 1640),
        "pages/trust": Shot("trust", 1900),
        "pages/train": Shot(f"train?comparison={pair}", 1650),
        "pages/sweep": Shot("sweep", 1900),
        "pages/runs": Shot("runs", 820),
        "pages/gradients": Shot(f"gradients?comparison={pair}"),
        "train": Shot(f"train?comparison={pair}&hide=controls", 2400, "training error", "it fails to learn", (66, 12)),
        "claims": Shot("claims", 2400, "Deeper nets", "Runs e712aa73", (12, 106)),
        "saliency": Shot("saliency", 2400, "A test picture: airplane.", "Red speaks for the class"),
    }


def _pages() -> list[str]:
    return sorted(path.stem for path in (ROOT / "pages").glob("*.py"))


@contextmanager
def served(home: str) -> Iterator[str]:
    """The address of the app on a free port, once it answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port), "--server.headless=true"]
    server = subprocess.Popen(command, cwd=ROOT, env=os.environ | {"RESNET_VIZ_HOME": home}, stdout=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    try:
        while not _answers(url):
            time.sleep(0.2)
        yield url
    finally:
        server.terminate()
        server.wait()


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/_stcore/health", timeout=5):
            return True
    except OSError:
        return False


def train_some(home: str) -> str:
    """Train a pair and a small grid, as a reader would: the pair's comparison."""
    for grid in GRIDS:
        command = [sys.executable, "-m", "resnet_viz", "sweep", "--depths", *grid]
        environment, quiet = os.environ | {"RESNET_VIZ_HOME": home}, subprocess.DEVNULL
        subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=quiet, stderr=quiet)
    runs = RunStore(Settings(home=Path(home)).store_url).runs()
    return next(run.comparison for run in runs if str(run.spec["depth"]) in GRIDS[0])


def take(page: Page, url: str, name: str, shot: Shot) -> None:
    """One picture, in few colors, as docs/NAME.png."""
    page.set_viewport_size({"width": WIDTH, "height": shot.height})
    page.goto(f"{url}/{shot.address}")
    page.wait_for_selector("h1")
    _wait(page)
    if (agree := page.locator(".st-key-agree button")).count():  # to maps that take long on a machine that is busy
        agree.click()
        _wait(page)
    picture = Image.open(BytesIO(page.screenshot())).convert("RGB")
    if shot.first:
        top, _ = _edges(page, shot.first)
        _, bottom = _edges(page, shot.last)
        above, below = shot.margins
        picture = picture.crop((0, top - above, WIDTH, bottom + below))
    picture.quantize(COLORS).save(ROOT / "docs" / f"{name}.png", optimize=True)


def _wait(page: Page) -> None:
    """Until the page is quiet."""
    page.wait_for_timeout(3_000)
    page.wait_for_function(QUIET)
    page.wait_for_timeout(2_000)


def _edges(page: Page, words: str) -> tuple[int, int]:
    """Where words begin and end, in pixels from the top."""
    box = page.get_by_test_id("stMain").get_by_text(words).first.bounding_box()
    assert box is not None, words
    return round(box["y"]), round(box["y"] + box["height"])


def main() -> None:
    """Take all of them, or those that are named."""
    wanted = sys.argv[1:] or list(shots(""))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_context(color_scheme="light").new_page()
        page.set_default_timeout(SLOWEST)
        for are_own in (False, True):
            names = [name for name in wanted if (Path(name).name in OWN) is are_own]
            if not names:
                continue
            with tempfile.TemporaryDirectory() as home:
                pair = train_some(home) if are_own else ""
                with served(home) as url:
                    for name in names:
                        take(page, url, name, shots(pair)[name])
        browser.close()


if __name__ == "__main__":
    main()
