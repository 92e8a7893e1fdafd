"""What does the store cost? Appends a second, a page's read of a long run, and the share of the loop's time.

python -m benchmarks.store [--url postgresql+psycopg://...] > benchmarks/store.md

A run of 64,000 steps and 110 layers (ResNet-110 by the paper's recipe) is written in chunks as a worker reports them,
and read as the pages do: every 64 steps at once (what a page shows of long runs), and every step. The share of the
loop's time is that of the calls that a worker makes between two steps: the writing itself is done by another thread.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path
from unittest import mock

import numpy as np
import pandas as pd

from benchmarks.machine import describe
from resnet_viz.nets import NetSpec
from resnet_viz.runs import Owner, RunStore, RunWriter
from resnet_viz.runs.schema import KINDS
from resnet_viz.settings import Settings
from resnet_viz.training import preset
from resnet_viz.training.outbox import Outbox
from resnet_viz.training.worker import work

STEPS, LAYERS, CHUNK = 64_000, 110, 16
ROUNDS = 7


def write_long_run(store: RunStore) -> tuple[str, float]:
    """Write the run; its id, and the steps that were appended a second."""
    run = store.add_comparison([(asdict(NetSpec("resnet", 110)), {"dataset": "cifar10"})])[0]
    claim = store.claim(Owner.here(), run_id=run.id)
    assert claim is not None
    writer = RunWriter(store, claim)
    layers = [f"layer{i}" for i in range(LAYERS)]
    writer.describe({"layers": layers, "norm_layers": layers}, STEPS)
    draw = np.random.default_rng(0)
    seconds = 0.0
    for first in range(1, STEPS + 1, CHUNK):
        rows = pd.DataFrame({"step": np.arange(first, first + CHUNK), "loss": 1.0, "error": 0.5, "learning_rate": 0.1})
        numbers = {kind: draw.random((CHUNK, LAYERS), np.float32) for kind in KINDS}
        start = time.perf_counter()
        writer.append(rows, numbers, 1.0)
        seconds += time.perf_counter() - start
    return run.id, STEPS / seconds


def time_call(call: Callable[[], object]) -> float:
    """Milliseconds of a call, the median of some."""
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return statistics.median(times) * 1e3


def share_of_loop(store: RunStore, home: Path) -> float:
    """The share of a short run's time that its training thread spends on handing over what is recorded."""
    run = store.add_comparison([(asdict(NetSpec("resnet", 20)), asdict(preset("digits", epochs=10)))])[0]
    claim = store.claim(Owner.here(), run_id=run.id)
    assert claim is not None
    spent = [0.0]
    put = Outbox.put

    def timed(outbox: Outbox, write: Callable[[], object]) -> None:
        start = time.perf_counter()
        put(outbox, write)
        spent[0] += time.perf_counter() - start

    with mock.patch.object(Outbox, "put", timed):
        ended = work(store, Settings(home=home), claim)
    return spent[0] / ended.seconds


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--url", default="", help="of an empty database; SQLite in a temporary folder unless given")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        store = RunStore(asked.url or f"sqlite:///{folder}/runs.sqlite")
        run_id, speed = write_long_run(store)
        print("# The store\n")
        print(describe())
        print(f"{store.engine.dialect.name}; {STEPS:,} steps of {LAYERS} layers, written {CHUNK} at a time.\n")
        print("| what | measured |")
        print("|---|---|")
        print(f"| steps appended a second | {speed:,.0f} |")
        for by_block, title in ((True, "every 64 steps"), (False, "every step")):
            steps = time_call(partial(store.steps, run_id, by_block=by_block))
            norms = time_call(partial(store.gradient_norms, run_id, by_block=by_block))
            print(f"| {title}: loss and error | {steps:.0f} ms |")
            print(f"| {title}: a number of every layer | {norms:.0f} ms |")
        print(f"| all runs, as the picker reads them | {time_call(store.runs):.1f} ms |")
        print(f"| of a worker's training thread (ResNet-20 on digits) | {share_of_loop(store, Path(folder)):.2%} |")


if __name__ == "__main__":
    main()
