"""Is what the page says before the start what a run then takes? Time and memory, told and measured.

python -m benchmarks.estimates > benchmarks/estimates.md

Each case is told first, as the Train page does it, and then trained in a process of its own, alone on the machine,
on random pictures: seconds from the first step to the end, and the most memory that the process held.
"""

import argparse
import json
import subprocess
import sys
import time

import numpy as np

from benchmarks.machine import describe
from resnet_viz.data import ImageData, PictureFormat
from resnet_viz.nets import NetSpec
from resnet_viz.training import (
    EpochDone,
    TrainingConfig,
    count_cores,
    estimate_memory,
    estimate_seconds,
    find_devices,
    measure_pace,
    resolve_precision,
    train,
)
from resnet_viz.training.allocator import keep_freed_memory
from resnet_viz.training.memory import peak_memory

CASES: list[tuple[NetSpec, int, int, int, int, bool]] = [  # net, side, batch, training pictures, epochs, recomputes
    (NetSpec("resnet", 8), 16, 64, 1400, 4, False),
    (NetSpec("resnet", 56), 16, 64, 1400, 1, False),
    (NetSpec("plain", 20), 32, 128, 2560, 1, False),
    (NetSpec("resnet", 56), 32, 128, 1280, 1, False),
    (NetSpec("resnet", 20, "C", order="preact"), 32, 64, 1920, 1, False),
    (NetSpec("resnet", 110), 32, 64, 512, 1, False),
    (NetSpec("resnet", 110), 32, 64, 512, 1, True),
    (NetSpec("resnet", 29, "B", block="bottleneck"), 32, 64, 1280, 1, False),
    (NetSpec("vgg", 18), 32, 64, 512, 1, False),
    (NetSpec("resnet", 18, "B", stem="imagenet"), 96, 32, 320, 1, False),
    (NetSpec("resnet", 1202), 32, 16, 48, 1, True),
]
TESTS = 100


def train_case(number: int) -> None:
    """Train one case in this process, and print its seconds and its memory as JSON."""
    spec, side, batch, count, epochs, recomputes = CASES[number]
    keep_freed_memory()
    draw = np.random.default_rng(0)
    pictures, labels = draw.integers(0, 256, (count, side, side, 3), np.uint8), draw.integers(0, 10, count)
    form = PictureFormat(side, 3, tuple("0123456789"), (0.5,) * 3, (0.25,) * 3)
    tests = np.zeros((TESTS, side, side, 3), np.uint8), np.zeros(TESTS, np.int64)
    data = ImageData(pictures, labels, *tests, form)
    config = TrainingConfig(epochs=epochs, batch_size=batch, recompute="on" if recomputes else "off", threads=1)
    import torch

    torch.set_num_threads(count_cores())
    seconds = [report.seconds for report in train(spec, config, data) if isinstance(report, EpochDone)]
    print(json.dumps({"seconds": seconds[-1], "memory": peak_memory("cpu")}))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--case", type=int)
    asked = parser.parse_args()
    if asked.case is not None:
        return train_case(asked.case)
    cpu = find_devices()[-1]
    precision = resolve_precision("auto", cpu)
    print("# Estimates\n")
    print(describe())
    print("| net | pictures | told, s | taken, s | taken / told | told, GB | taken, GB | taken / told |")
    print("|---|---|---|---|---|---|---|---|")
    for number, (spec, side, batch, count, epochs, recomputes) in enumerate(CASES):
        config = TrainingConfig(epochs=epochs, batch_size=batch)
        pace = measure_pace(spec, config, side, cpu, precision, at_once=1)
        told = estimate_seconds(spec, config, pace, count, TESTS, recomputes)
        memory = estimate_memory(spec, config, side, count, recomputes) / 1e9
        time.sleep(1.0)
        call = [sys.executable, "-m", "benchmarks.estimates", "--case", str(number)]
        answer = json.loads(subprocess.run(call, check=True, capture_output=True, text=True).stdout.splitlines()[-1])
        taken, held = answer["seconds"], answer["memory"] / 1e9
        again = ", blocks computed again" if recomputes else ""
        pictures = f"{epochs} x {count} of {side}x{side}, batches of {batch}"
        print(
            f"| {spec.name}{again} | {pictures} | {told:.1f} | {taken:.1f} | "
            f"{taken / told:.2f} | {memory:.2f} | {held:.2f} | {held / memory:.2f} |",
            flush=True,
        )
    print("\nOne round each: the machine's own drift is in the ratios.")
    return None


if __name__ == "__main__":
    main()
