"""What does a GPU give? Our step launched, compiled and recorded as a graph, several nets at once, and two ceilings.

python -m benchmarks.gpu [--device cuda] [--rounds 5] > benchmarks/gpu.md

Beside the peer of benchmarks/throughput.py, ResNet-20 and ResNet-56 take the same steps four ways in turn: the peer's
loop, ours with every kernel launched from Python, ours through torch.compile, and ours as it is (a CUDA graph on a
GPU). The ceilings are a copy within the device's memory and a large bf16 product, in the same run. A step's
operations are three times those of the forward pass; its bytes, at least, are those of every map of the net, written
and read forward and backward and read once more for the weights, two bytes a value.

Several nets: processes that train ResNet-20 at the same time, and the pace of the ten nets of Figure 6 (plain and
residual, 20 to 110), from which the time of 64,000 steps each is told.
"""

import argparse
import multiprocessing
import statistics
import time
from collections.abc import Callable, Iterator
from math import prod
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from unittest.mock import patch

import torch

from benchmarks.machine import describe
from benchmarks.throughput import BATCH, SIZE, make_data, peer_steps, seconds_a_step
from resnet_viz.data import ImageData
from resnet_viz.nets import NetSpec, layer_table
from resnet_viz.training import Device, StepsDone, preset, resolve_device, train
from resnet_viz.training import loop as training_loop
from resnet_viz.training.step import Step

STEPS = {"cpu": 3, "cuda": 200}  # of a round
AT_ONCE = (1, 2, 4, 8)
FIGURE_6 = (20, 32, 44, 56, 110)
PAPER_STEPS = 64_000
COPY_BYTES, SIDE = {"cpu": 2**28, "cuda": 2**31}, {"cpu": 1024, "cuda": 8192}


def waiter(device: Device) -> Callable[[], None]:
    """What waits until a device has done all that it was told."""
    return torch.cuda.synchronize if device.kind == "cuda" else lambda: None


def our_steps(spec: NetSpec, data: ImageData, device: Device, make_step: Callable[..., object] | None) -> Iterator[int]:
    """The project's loop, its steps made by `make_step` where one is given; yields 1 for every step reported."""
    config = preset("cifar10", batch_size=BATCH, device=device.kind, epochs=1000)
    reports = train(spec, config, data)
    with patch.object(training_loop, "make_step", make_step or training_loop.make_step):
        next(reports)
    for report in reports:
        if isinstance(report, StepsDone):
            yield from [1] * len(report.rows)


def launched(step: Step, *_: object) -> Step:
    """Every kernel from Python."""
    return step


def compiled(step: Step, *_: object) -> Step:
    """The net's forward and backward pass through torch.compile."""
    return Step(**vars(step) | {"forward": torch.compile(step.forward)})


def measure_ceilings(device: Device) -> tuple[float, float]:
    """Bytes a second of a copy (read and written), and operations a second of a bf16 product."""
    wait = waiter(device)
    source = torch.zeros(COPY_BYTES[device.kind], dtype=torch.uint8, device=device.kind)
    target = torch.empty_like(source)
    a = torch.randn(SIDE[device.kind], SIDE[device.kind], device=device.kind, dtype=torch.bfloat16)
    seconds: list[list[float]] = [[], []]
    for _ in range(7):
        for kind, act in enumerate((lambda: target.copy_(source), lambda: a @ a)):
            wait()
            start = time.perf_counter()
            act()
            wait()
            seconds[kind].append(time.perf_counter() - start)
    copy, product = (statistics.median(times[2:]) for times in seconds)
    return 2 * source.numel() / copy, 2 * a.shape[0] ** 3 / product


def count_work(spec: NetSpec) -> tuple[float, float]:
    """Bytes and operations that a step of BATCH pictures must at least move and do."""
    table = layer_table(spec, SIZE)
    values = sum(prod(shape) for shape in table["output_shape"])
    return 5 * 2.0 * values * BATCH, 3 * 2.0 * float(table["multiply_adds"].sum()) * BATCH


def compare_ways(device: Device, rounds: int, data: ImageData) -> None:
    """Print how the peer and our three ways compare, and how near the best comes to the ceilings."""
    bandwidth, speed = measure_ceilings(device)
    print(f"Ceilings: copy {bandwidth / 1e9:,.0f} GB/s, bf16 product {speed / 1e12:,.1f} TFLOPS.\n")
    print(
        "| net | peer, ms | launched | compiled | as it is | times the peer | of the copy's speed | of the product's |"
    )
    print("|---|---|---|---|---|---|---|---|")
    wait, count = waiter(device), STEPS[device.kind]
    for depth in (20, 56):
        spec = NetSpec("resnet", depth)
        ways = [peer_steps(spec, data, device)]
        ways += [our_steps(spec, data, device, make) for make in (launched, compiled, None)]
        for way in ways:
            seconds_a_step(way, 5, wait, skipped=1)  # compiling and recording are no steps
        times = [[seconds_a_step(way, count, wait, skipped=5) for way in ways] for _ in range(rounds)]
        medians = [statistics.median(column) for column in zip(*times, strict=True)]
        ratio = statistics.median(row[0] / row[-1] for row in times)
        moved, done = count_work(spec)
        cells = " | ".join(f"{seconds * 1e3:.2f}" for seconds in medians)
        shares = f"{moved / medians[-1] / bandwidth:.0%} | {done / medians[-1] / speed:.0%}"
        print(f"| {spec.name} | {cells} | **{ratio:.1f}** | {shares} |", flush=True)


def train_beside(
    spec: NetSpec, device: Device, steps: int, together: Barrier, answers: "Queue[tuple[str, float]]"
) -> None:
    """In a process of its own: the seconds a step while all others train."""
    way, wait = our_steps(spec, make_data(), device, None), waiter(device)
    seconds_a_step(way, 5, wait, skipped=1)
    together.wait()
    answers.put((spec.name, seconds_a_step(way, steps, wait, skipped=0)))
    together.wait()  # nobody leaves before the last: it would have the device alone


def train_together(specs: list[NetSpec], device: Device, steps: int) -> dict[str, float]:
    """Seconds a step of nets that train at the same time, by name (of equal ones: the last)."""
    context = multiprocessing.get_context("spawn")
    together = context.Barrier(len(specs))
    answers: Queue[tuple[str, float]] = context.Queue()
    arguments = [(spec, device, steps, together, answers) for spec in specs]
    workers = [context.Process(target=train_beside, args=args) for args in arguments]
    for worker in workers:
        worker.start()
    found = dict(answers.get() for _ in workers)
    for worker in workers:
        worker.join()
    return found


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--at-once", type=int, nargs="+", default=AT_ONCE)
    asked = parser.parse_args()
    device = resolve_device(asked.device)
    steps = STEPS[device.kind]
    print("# On a GPU\n")
    print(describe())
    print(f"Batches of {BATCH} pictures of {SIZE}x{SIZE}; medians of {asked.rounds} rounds, in turn.\n")
    compare_ways(device, asked.rounds, make_data())
    print("\n| ResNet-20 at once | pictures a second, all together |\n|---|---|")
    for count in asked.at_once:
        (seconds,) = train_together([NetSpec("resnet", 20)] * count, device, 5 * steps).values()
        print(f"| {count} | {count * BATCH / seconds:,.0f} |", flush=True)
    print("\n| nets of Figure 6, ten at once | ms a step | 64,000 steps, min |\n|---|---|---|")
    if device.kind == "cuda":
        specs = [NetSpec(family, depth) for depth in FIGURE_6 for family in ("plain", "resnet")]
        for name, seconds in train_together(specs, device, steps).items():
            print(f"| {name} | {seconds * 1e3:.2f} | {seconds * PAPER_STEPS / 60:.1f} |", flush=True)


if __name__ == "__main__":
    main()
