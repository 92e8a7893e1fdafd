"""How long does a reader wait for the page? A real browser, a server of its own, and the goals beside what was found.

python -m benchmarks.page_speed > benchmarks/page_speed.md

- First content: from the start of the navigation, or of the server, to the title of the page; a browser that has
  seen nothing yet.
- A slider's answer: from the key press to the first change of the page that shows what the new value gave; measured
  in the page by its own clock. On Architecture the net's name and its drawing, on Gradients the profile at the step.
- Beside a training: a plain-56 and a ResNet-56 train meanwhile, in two processes of their own, as the page starts them.
- Live updates: the loss curve was drawn again with new points. What the page does every two seconds is asked for twice
  a second here, and the store is filled as quickly: a thousand take minutes, and a slow machine keeps up.
"""

import os
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path

import numpy as np
import psutil
from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks import sessions
from benchmarks.machine import describe
from resnet_viz.nets import NetSpec
from resnet_viz.runs import RunStore, recorded_stores
from resnet_viz.settings import Settings
from resnet_viz.training import preset, start_workers
from tests.browser.conftest import AT_REST, CHROMIUM, FLAGS, PATIENCE, Server

STARTS, LOADS, MOVES = 3, 12, 40
PAUSE = 0.25  # seconds between a page at rest and the next move
TRAINING_STEPS = 20  # of each net before a move beside a training counts
UPDATES, EVERY, QUICKLY = 1000, 100, 0.5  # live updates, those between two looks at the memory, seconds between two
WARM = 200  # updates before growth is counted: caches of a fixed size fill first
GROWTH = 5.0  # MB that count as none
NODES = 100  # nodes of the page that count as none
READERS, READING = 50, 20.0  # sessions, and seconds in which they ask

TITLE = """() => new Promise(resolve => {
    const look = () => {
        if (!document.querySelector('[data-testid="stMain"] h1')) return;
        watch.disconnect();
        resolve(performance.now());
    };
    const watch = new MutationObserver(look);
    watch.observe(document, { subtree: true, childList: true });
    look();
})"""
# The next key press, and when the text of a part of the page is another one with a word in it.
ANSWER = """([part, word]) => {
    const read = () => document.querySelector(part)?.textContent ?? "";
    const before = read();
    let pressed;
    addEventListener("keydown", event => { pressed = event.timeStamp; }, { capture: true, once: true });
    window.answer = new Promise(resolve => {
        const watch = new MutationObserver(() => {
            const now = performance.now(), text = read();
            if (pressed === undefined || text === before || !text.includes(word)) return;
            watch.disconnect();
            resolve(now - pressed);
        });
        watch.observe(document.body, { subtree: true, childList: true, characterData: true });
    });
}"""
NAME, DRAWING = '[data-testid="stMain"] strong', '.figure[aria-label*="layer by layer"]'
PROFILE, LOSS = '.figure[aria-label*="by layer at step"]', '.figure[aria-label*="loss"]'
# Counts how often the figure of the loss was drawn again with another last step.
COUNT = """part => {
    const lasts = () => document.querySelector(part)?.calcdata?.map(points => points.at(-1)?.x).join();
    let before = lasts();
    window.updates = 0;
    setInterval(() => {
        const now = lasts();
        if (now !== undefined && now !== before) { before = now; window.updates += 1; }
    }, 40);
}"""
FASTER = f"""(() => {{
    const usual = window.setInterval;
    window.setInterval = (work, pause, ...rest) =>
        usual(work, pause === {sessions.REFRESH_SECONDS * 1000:.0f} ? {QUICKLY * 1000:.0f} : pause, ...rest);
}})()"""


@dataclass(frozen=True)
class Row:
    """A line of the table: what was measured, its goal and figure in words, and whether it is met."""

    what: str
    goal: str
    found: str
    is_met: bool


def open_new(browser: Browser, script: str = "") -> Page:
    """A page in a browser without cache, cookies or history."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    if script:
        page.add_init_script(script)
    return page


def first_content(browser: Browser, url: str) -> tuple[float, float]:
    """When the title stood, in seconds from the navigation, and by the clock of the wall."""
    page = open_new(browser)
    page.goto(url, wait_until="commit")
    seconds = page.evaluate(TITLE) / 1000
    moment = page.evaluate("performance.timeOrigin") / 1000 + seconds
    page.context.close()
    return seconds, moment


def starts(browser: Browser) -> list[float]:
    """Seconds from the start of a server to the title in the browser."""
    found = []
    for _ in range(STARTS):
        with tempfile.TemporaryDirectory() as home:
            start = time.time()
            server = Server(Path(home))
            found.append(first_content(browser, server.url)[1] - start)
            server.kill()
    return found


def answers(page: Page, slider: str, part: str, word: str, back: str, forth: str) -> list[float]:
    """Seconds from each key press to the change that shows its result; the slider ends where it was."""
    control = page.get_by_role("slider", name=slider).first
    found = []
    for number in range(MOVES):
        page.locator(AT_REST).wait_for(state="attached")
        time.sleep(PAUSE)
        page.evaluate(ANSWER, [part, word])
        control.press(forth if number < MOVES // 2 else back)
        found.append(page.evaluate("window.answer") / 1000)
    return found


def sliders(browser: Browser, url: str, comparison: str) -> dict[str, list[float]]:
    """The answers of both pages."""
    page = open_new(browser)
    page.goto(f"{url}/architecture")
    page.locator(f"{DRAWING} text").first.wait_for(state="attached")
    depth = ("Depth", "ArrowLeft", "ArrowRight")
    found = {
        "Architecture, depth: the net's name": answers(page, depth[0], NAME, "plain", *depth[1:]),
        "Architecture, depth: its drawing": answers(page, depth[0], DRAWING, "picture", *depth[1:]),
    }
    page.goto(f"{url}/gradients?comparison={comparison}")
    page.locator(f"{PROFILE} text").first.wait_for(state="attached")
    found["Gradients, step: the profile"] = answers(page, "Step", PROFILE, "step", "ArrowRight", "ArrowLeft")
    page.context.close()
    return found


def provide_runs(store: RunStore) -> str:
    """Put the recorded plain-56 and ResNet-56 of digits into a store, as Start would train them; their comparison."""
    recorded = recorded_stores()["digits"]
    pair = [run for run in recorded.runs() if run.spec["depth"] == 56 and run.spec["family"] == "plain"]
    comparison = pair[-1].comparison  # seed 0
    recorded.copy_runs([run.id for run in recorded.comparison(comparison)], store)
    return comparison


@contextmanager
def training(store: RunStore) -> Iterator[None]:
    """While two nets train, each in a process of its own."""
    config = preset("digits", epochs=500)
    runs = store.add_comparison([(asdict(NetSpec(family, 56)), asdict(config)) for family in ("plain", "resnet")])
    start_workers(store, Settings())
    try:
        while any((now := store.run(run.id)).step < TRAINING_STEPS for run in runs):
            if not now.status.is_active:
                raise RuntimeError(f"run {now.id} is {now.status}: {now.message}")
            time.sleep(0.2)
        yield
    finally:
        for run in runs:
            store.request(run.id, "stop")
        while any(store.run(run.id).status.is_active for run in runs):
            time.sleep(0.2)


def watch_memory(browser: Browser) -> np.ndarray:
    """Rows of (updates, MB of the server, MB of the page's live JavaScript objects, nodes of the page).

    The last row is of the same page opened anew: what it holds is the curves, and no leak.
    """
    with tempfile.TemporaryDirectory() as home:
        ended = threading.Event()
        comparison, writer = sessions.grow(RunStore(f"sqlite:///{home}/runs.sqlite"), ended, QUICKLY / 2, each=1)
        server, page = Server(Path(home)), open_new(browser, FASTER)
        try:
            page.goto(f"{server.url}/train?comparison={comparison}")
            page.locator(f"{LOSS} text").first.wait_for(state="attached")
            page.evaluate(COUNT, LOSS)
            return np.array(list(_looks(page, psutil.Process(server.process.pid))))
        finally:
            page.context.close()
            ended.set()
            writer.join()
            server.kill()


def _looks(page: Page, server: psutil.Process) -> Iterator[tuple[float, float, float, int]]:
    browser = page.context.new_cdp_session(page)

    def look(updates: int) -> tuple[float, float, float, int]:
        page.wait_for_function("least => window.updates >= least", arg=updates, polling=100, timeout=600_000)
        browser.send("HeapProfiler.collectGarbage")
        heap = browser.send("Runtime.getHeapUsage")["usedSize"]
        nodes = browser.send("Memory.getDOMCounters")["nodes"]
        return page.evaluate("window.updates"), server.memory_info().rss / 1e6, heap / 1e6, nodes

    for updates in range(EVERY, UPDATES + 1, EVERY):
        yield look(updates)
    page.reload()
    page.locator(f"{LOSS} text").first.wait_for(state="attached")
    page.evaluate(COUNT, LOSS)
    yield look(10)


def growth(looks: np.ndarray, column: int) -> float:
    """The slope of a straight line through what was seen after WARM updates, per 1,000 updates."""
    later = looks[looks[:, 0] >= WARM]  # the page that was opened anew has fewer
    return float(np.polyfit(later[:, 0], later[:, column], 1)[0] * 1000)


def slow(seconds: list[float], goal: float, what: str) -> Row:
    """A line about the 95th percentile."""
    median, late, last = np.quantile(seconds, [0.5, 0.95, 1.0])
    found = f"{late * 1e3:.0f} ms (median {median * 1e3:.0f}, slowest {last * 1e3:.0f}, of {len(seconds)})"
    return Row(what, f"95th percentile < {goal * 1e3:.0f} ms", found, late < goal)


def median_of(seconds: list[float], goal: float, what: str) -> Row:
    """A line about the median."""
    middle = float(np.median(seconds))
    found = f"{middle:.2f} s (slowest {max(seconds):.2f}, of {len(seconds)})"
    return Row(what, f"< {goal:.0f} s", found, middle < goal)


def measure(browser: Browser) -> Iterator[Row]:
    """All that needs a browser."""
    seconds = starts(browser)
    with tempfile.TemporaryDirectory() as home:
        os.environ["RESNET_VIZ_HOME"] = home  # of the workers, too
        store = RunStore(Settings().store_url)
        comparison = provide_runs(store)
        server = Server(Path(home))
        try:
            first_content(browser, server.url)
            loads = [first_content(browser, server.url)[0] for _ in range(LOADS)]
            yield median_of(loads, 1.0, "A warm server: opening the page to first content")
            yield median_of(seconds, 5.0, "Start of the server to first content")
            for what, times in sliders(browser, server.url, comparison).items():
                yield slow(times, 0.2, what)
            with training(store):
                for what, times in sliders(browser, server.url, comparison).items():
                    yield slow(times, 0.4, f"{what}, two nets training")
        finally:
            server.kill()
    yield from memory(watch_memory(browser))


def memory(looks: np.ndarray) -> Iterator[Row]:
    """The server's growth, and what a tab holds after all updates beyond the same page opened anew."""
    first, last, anew = looks[0], looks[-2], looks[-1]
    more = growth(looks, 1)
    found = f"{more:+.1f} MB ({first[1]:.0f} MB after {EVERY}, {last[1]:.0f} at the end)"
    yield Row("1,000 live updates: memory of the server", f"growth < {GROWTH:.0f} MB", found, more < GROWTH)
    for column, what, unit, goal in ((2, "JavaScript in the tab", " MB", GROWTH), (3, "nodes of the tab", "", NODES)):
        more = last[column] - anew[column]
        found = (
            f"{more:+.1f}{unit} ({first[column]:.0f}, at the end {last[column]:.0f}, opened anew {anew[column]:.0f})"
        )
        yield Row(f"1,000 live updates: {what}, beyond a new one", f"< {goal:.0f}{unit}", found, bool(more < goal))


def measure_sessions() -> Row:
    """How many updates a second all readers of a training get."""
    served = sessions.measure(READERS, READING)
    late = 1e3 * served.slow(0.95)
    found = f"{served.speed:.1f} a second, {served.in_time:.0%} within 1 s (95th percentile {late:.0f} ms)"
    what = f"{READERS} sessions, each asking for an update a second"
    return Row(what, "40 updates a second", found, served.speed >= 40)


def main() -> None:
    """Print the table."""
    start = time.monotonic()
    print("# The speed of the page\n")
    print(describe(), flush=True)
    print("| | goal | found | met | load |\n|---|---|---|---|---|")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        rows = [_print(row) for row in measure(browser)]
        version = browser.version
        browser.close()
    rows.append(_print(measure_sessions()))
    print(
        f"\n{sum(row.is_met for row in rows)} of {len(rows)} goals are met. Chromium {version}, headless, without a "
        f"GPU, shares the {psutil.cpu_count()} cores with the server (Streamlit {metadata.version('streamlit')}) and "
        f"all else. Load: what ran or waited for a core in the minute before, all of it; with more than it has "
        f"cores the figures tell of the others. Memory: the slope of a straight line from {WARM} to {UPDATES:,} "
        f"updates. Took {(time.monotonic() - start) / 60:.1f} minutes; load at the end {os.getloadavg()[0]:.1f}."
    )


def _print(row: Row) -> Row:
    met, load = "yes" if row.is_met else "**no**", os.getloadavg()[0]
    print(f"| {row.what} | {row.goal} | {row.found} | {met} | {load:.1f} |", flush=True)
    return row


if __name__ == "__main__":
    main()
