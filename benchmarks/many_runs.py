"""Do the curves of a hundred long runs stay fluid? The page's work, the figures' size, and a browser's work with them.

python -m benchmarks.many_runs > benchmarks/many_runs.md

A store gets 100 runs of 64,000 steps and 164 epochs each, all rows of them; one run is written as a worker writes it,
the others are copies of it in SQL with other losses. A real server shows 1, 10 and all of them on the page Train.

- Reading: the rows that the page asks for, when nothing of them is kept; and once they are.
- Drawing: lines are smoothed, thinned out to the points that all share, and made JSON for the browser.
- In Chromium: from opening the link to the drawn figures, a `Plotly.react` of the loss figure with new data, and a
  zoom. One reader, one tab; medians.
"""

import os
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd
from playwright.sync_api import Page, sync_playwright
from sqlalchemy import Connection, text

from benchmarks import sessions
from benchmarks.machine import describe
from resnet_viz.nets import NetSpec
from resnet_viz.plots import Curve, View, error_curves, loss_curves
from resnet_viz.runs import Owner, Run, RunStatus, RunStore, RunWriter
from resnet_viz.runs.schema import KINDS
from resnet_viz.training import preset
from tests.browser.conftest import CHROMIUM, FLAGS, PATIENCE

RUNS, STEPS, EPOCHS, AN_EPOCH, CHUNK = 100, 64_000, 164, 390, 256
COUNTS = (1, 10, 100)
ROUNDS = 5
LOSS = '.figure[aria-label^="Training and test loss"]'
DRAWN = "part => (document.querySelector(part)?.calcdata ?? []).length"
# New data of the same size as after an update; the time until plotly says that it has drawn.
REACT = """async plot => {
    const data = plot.data.map(trace => ({ ...trace, x: Float32Array.from(trace.x), y: Float32Array.from(trace.y) }));
    const start = performance.now();
    await Plotly.react(plot, data, plot.layout);
    await new Promise(resolve => requestAnimationFrame(() => setTimeout(resolve)));
    return performance.now() - start;
}"""
ZOOM = """async plot => {
    const [first, last] = [Math.random() * 2e4, 4e4 + Math.random() * 2e4], start = performance.now();
    await Plotly.relayout(plot, { "xaxis.range": [first, last] });
    await new Promise(resolve => requestAnimationFrame(() => setTimeout(resolve)));  // until it was painted
    if (plot._fullLayout.xaxis.range[0] !== first) throw Error("not zoomed");
    return performance.now() - start;
}"""


def fill(store: RunStore) -> list[Run]:
    """The runs: the first one through a worker's writer, the others from its rows."""
    nets = [NetSpec(("plain", "resnet")[i % 2], 20) for i in range(RUNS)]
    config = preset("digits", epochs=EPOCHS)
    runs = store.add_comparison([(asdict(net), asdict(config) | {"seed": i // 2}) for i, net in enumerate(nets)])
    claim = store.claim(Owner.here(), run_id=runs[0].id)
    assert claim is not None
    writer = RunWriter(store, claim)
    writer.describe({"layers": ["fc"], "norm_layers": ["bn"], "train_count": AN_EPOCH * 128}, STEPS)
    draw = np.random.default_rng(0)
    for first in range(1, STEPS + 1, CHUNK):
        step = np.arange(first, first + CHUNK)
        loss = 0.05 + 2.3 * np.exp(-step / 9_000) * draw.uniform(0.5, 1.5, CHUNK)
        rows = pd.DataFrame({"step": step, "loss": loss, "error": loss / 3, "learning_rate": 0.1})
        writer.append(rows, dict.fromkeys(KINDS, np.ones((CHUNK, 1), np.float32)), first / 20)
    for epoch in range(1, EPOCHS + 1):
        values = dict.fromkeys(("train_loss", "train_error", "test_loss", "test_error"), float(draw.uniform(0.1, 0.9)))
        writer.evaluate({"epoch": epoch, "step": epoch * AN_EPOCH, **values}, STEPS / 20)
    writer.end(RunStatus.FINISHED)
    with store.write() as db:
        for run in runs[1:]:
            _copy(db, runs[0].id, run.id)
    return store.runs()


def _copy(db: Connection, source: str, target: str) -> None:
    ids = {"source": source, "target": target}
    noisy = "abs(random() % 1000) / 1000.0 + 0.5"
    for table, columns in (
        ("steps", f"step, loss * ({noisy}), error, learning_rate"),
        ("overview", f"step, loss * ({noisy}), error, learning_rate, gradient, weight, update_, responses"),
        (
            "evaluations",
            f"epoch, step, train_loss, train_error * ({noisy}), test_loss * ({noisy}), test_error * ({noisy})",
        ),
    ):
        columns = columns.replace("update_", '"update"')
        db.execute(text(f"INSERT INTO {table} SELECT :target, {columns} FROM {table} WHERE run_id = :source"), ids)
    state = "status, facts, step, total_steps, seconds, train_error, test_error, attempt"
    db.execute(
        text(f"UPDATE runs SET ({state}) = (SELECT {state} FROM runs WHERE id = :source) WHERE id = :target"), ids
    )


def seconds_of(call: Callable[[], object]) -> float:
    """The time of one call."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def read(store: RunStore, runs: list[Run]) -> list[Curve]:
    """What the page reads of these runs."""
    return [
        Curve(
            run.id,
            run.spec["family"],
            store.steps(run.id, by_block=True),
            store.evaluations(run.id),
            run.spec["family"],
        )
        for run in runs
    ]


def median(call: Callable[[], float]) -> float:
    """Milliseconds, the median of some calls that give seconds."""
    return 1e3 * statistics.median(call() for _ in range(ROUNDS))


def open_page(page: Page, url: str, lines: int) -> float:
    """Seconds from a link to the drawn figure."""
    start = time.perf_counter()
    page.goto(url)
    page.wait_for_function(f"([part, lines]) => ({DRAWN})(part) >= lines", arg=[LOSS, lines])
    return time.perf_counter() - start


def measure_page(port: int, runs: list[Run]) -> list[float]:
    """In ms: the first opening, another reader's, a react and a zoom."""
    url = f"http://127.0.0.1:{port}/train?runs={','.join(run.id for run in runs)}"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 1400})
        page.set_default_timeout(PATIENCE)
        opened = [1e3 * open_page(page, url, 2 * len(runs)) for _ in range(2)]
        plot = page.locator(LOSS)
        found = [median(lambda script=script: plot.evaluate(script) / 1e3) for script in (REACT, ZOOM)]  # type: ignore[misc]
        browser.close()
    return [*opened, *found]


def main() -> None:
    """Print the tables."""
    print("# Many long runs\n")
    print(describe())
    with tempfile.TemporaryDirectory() as home:
        store = RunStore(f"sqlite:///{home}/runs.sqlite")
        runs = fill(store)
        size = os.path.getsize(Path(home) / "runs.sqlite") / 1e6
        print(f"{RUNS} runs of {STEPS:,} steps and {EPOCHS} epochs; a database of {size:,.0f} MB.\n")
        print("| runs | reading | drawing | smoothed | with bands | points | both figures |")
        print("|---|---|---|---|---|---|---|")
        for count in COUNTS:
            some = runs[:count]
            reading = median(lambda some=some: seconds_of(lambda: read(store, some)))  # type: ignore[misc]
            curves = read(store, some)
            times = []
            for view in (View(), View(smoothing=0.9), View(bands=True)):
                figures: list[str] = []

                def draw(curves: list[Curve] = curves, view: View = view, figures: list[str] = figures) -> None:
                    figures[:] = [make(curves, view).to_json() for make in (loss_curves, error_curves)]

                times.append((median(lambda draw=draw: seconds_of(draw)), sum(map(len, figures))))  # type: ignore[misc]
            points = sum(len(trace.x) for trace in loss_curves(curves).data)
            drawing = " | ".join(f"{spent:.0f} ms" for spent, _ in times)
            print(f"| {count} | {reading:.0f} ms | {drawing} | {points:,} | {times[0][1] / 1e3:.0f} kB |", flush=True)
        print("\n| runs | first opening | opening again | react | zoom |")
        print("|---|---|---|---|---|")
        server, port = sessions.serve(home)
        try:
            for count in COUNTS:
                found = measure_page(port, runs[:count])
                print(f"| {count} | {' | '.join(f'{spent:,.0f} ms' for spent in found)} |", flush=True)
        finally:
            server.kill()
            server.wait()


if __name__ == "__main__":
    main()
