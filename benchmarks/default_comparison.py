"""Does the default comparison, started from the browser, show the point in time? Three seeds, a real browser.

python -m benchmarks.default_comparison [--seeds 0 1 2] > benchmarks/default_comparison.md

Each seed gets a server and a home of its own. The clock runs from the click on Start to the moment at which both
runs have ended; server and browser share the cores with the training, as on a reader's machine.
"""

import argparse
import os
import re
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from benchmarks.machine import describe
from resnet_viz.runs import Run, RunStore
from resnet_viz.settings import Settings
from tests.browser.conftest import CHROMIUM, FLAGS, Server


def compare(browser: Browser, seed: int, home: Path) -> tuple[float, list[Run]]:
    """Seconds from the click to the end of both runs, and the runs, plain first."""
    os.environ["RESNET_VIZ_HOME"] = str(home)
    server = Server(home)
    try:
        page = browser.new_context(viewport={"width": 1280, "height": 1400}).new_page()
        page.goto(f"{server.url}/train?seed={seed}")
        page.get_by_text(re.compile(r"About [\d.]+ (s|min)")).wait_for(
            timeout=120_000
        )  # the estimate: the page is ready
        start = time.monotonic()
        page.get_by_role("button", name="Start").click()
        page.get_by_text("a gap of").wait_for(timeout=600_000)
        seconds = time.monotonic() - start
        page.context.close()
    finally:
        server.kill()
    return seconds, RunStore(Settings().store_url).runs()


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    seeds = parser.parse_args().seeds
    print("# The default comparison from the browser\n")
    print(describe())
    print("| seed | click to end, s | plain-56 test error, % | ResNet-56 test error, % | gap | training errors, % |")
    print("|---|---|---|---|---|---|")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for seed in seeds:
            with tempfile.TemporaryDirectory() as home:
                seconds, (plain, resnet) = compare(browser, seed, Path(home))
            test = [100 * run.test_error for run in (plain, resnet) if run.test_error is not None]
            train = " / ".join(f"{100 * run.train_error:.1f}" for run in (plain, resnet) if run.train_error is not None)
            row = f"{seconds:.0f} | {test[0]:.1f} | {test[1]:.1f} | {test[0] - test[1]:.1f} | {train}"
            print(f"| {seed} | {row} |", flush=True)
    facts, config = resnet.facts, resnet.config
    print(
        f"\n{config['epochs']} epochs of {facts['train_count']} digits, batch {config['batch_size']}, one-cycle peak "
        f"{config['peak_lr']}, {facts['precision']}, {facts['threads']} thread(s) a net, both nets at once."
    )


if __name__ == "__main__":
    main()
