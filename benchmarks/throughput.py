"""How fast does the loop train? Against the loop that everybody copies, and against the sum of its own layers.

python -m benchmarks.throughput [--device auto] [--rounds 5] > benchmarks/throughput.md

The peer: pictures as PIL images, torchvision's crop, flip and normalization in a DataLoader with two workers, fp32,
NCHW, SGD. Ours: resnet_viz.training.train as a worker runs it, with every layer's numbers recorded at every step and
written to a store. Both train the same net on the same pictures (random pixels: the work is the same) with batches
of 128, in turn, each in a process of its own as a user has it; medians over the rounds of a step's time. The peer's
first steps of a round do not count: its workers have prepared their pictures while the other trained. Each loop begins
when the machine is at rest: the peer's workers go on preparing for a second after its last step.

The ceiling is the sum of the net's convolutions, norms and activations, each timed alone, forward and backward, in
the same layout and precision, with tensors that are there already, in our loop's process between its rounds.
"""

import argparse
import multiprocessing
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from multiprocessing.connection import Connection
from pathlib import Path
from unittest import mock

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms

from benchmarks.machine import describe
from resnet_viz.data import ImageData, PictureFormat
from resnet_viz.nets import NetSpec, build_net
from resnet_viz.runs import Owner, RunStore, RunWriter
from resnet_viz.training import Device, Started, StepsDone, count_cores, preset, resolve_device, train
from resnet_viz.training.allocator import huge_pages, keep_freed_memory
from resnet_viz.training.devices import autocast
from resnet_viz.training.threads import busy_seconds

DEPTHS, BATCH, SIZE, PICTURES = (20, 56), 128, 32, 50_000
STEPS = {"cpu": 12, "cuda": 100, "mps": 50}  # of a round
WORKERS, IN_FLIGHT = 2, 4  # of the peer's DataLoader: its processes, and the batches that they prepare ahead
CEILING_ROUNDS = 7
REST_SECONDS, AT_REST = 10.0, 0.1  # the longest wait between two loops; cores that are busy then
MEAN, STD = (0.49, 0.48, 0.45), (0.25, 0.24, 0.26)


def make_data() -> ImageData:
    """As many pictures as CIFAR-10 has, of random pixels."""
    draw = np.random.default_rng(0)
    pictures = draw.integers(0, 256, (PICTURES, SIZE, SIZE, 3), np.uint8)
    labels = draw.integers(0, 10, PICTURES)
    form = PictureFormat(SIZE, 3, tuple("0123456789"), MEAN, STD)
    return ImageData(pictures, labels, pictures[:100], labels[:100], form)


class Pictures(Dataset[tuple[Tensor, int]]):
    """The same pictures as torchvision's data sets give them: a PIL image through transforms, one at a time."""

    def __init__(self, data: ImageData) -> None:
        self.data = data
        steps = [transforms.RandomCrop(SIZE, padding=4), transforms.RandomHorizontalFlip()]
        self.transform = transforms.Compose([*steps, transforms.ToTensor(), transforms.Normalize(MEAN, STD)])

    def __len__(self) -> int:
        return len(self.data.train_labels)

    def __getitem__(self, i: int) -> tuple[Tensor, int]:
        return self.transform(Image.fromarray(self.data.train_pictures[i])), int(self.data.train_labels[i])


def peer_steps(spec: NetSpec, data: ImageData, device: Device) -> Iterator[int]:
    """The loop that everybody copies; yields 1 after every step."""
    net = build_net(spec).to(device.kind).train()
    optimizer = torch.optim.SGD(net.parameters(), 0.1, momentum=0.9, weight_decay=1e-4)
    loader = DataLoader(Pictures(data), BATCH, shuffle=True, num_workers=WORKERS, pin_memory=device.kind == "cuda")
    while True:
        for x, labels in loader:
            loss = F.cross_entropy(net(x.to(device.kind)), labels.to(device.kind))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            loss.item()  # as the loops that are copied do, to print it
            yield 1


def our_steps(spec: NetSpec, data: ImageData, device: Device, store: RunStore, seen: list[str]) -> Iterator[int]:
    """The project's loop with a store behind it, as a worker has it; yields how many steps were taken and written."""
    config = preset("cifar10", batch_size=BATCH, device=device.kind, epochs=100)
    store.add_comparison([(asdict(spec), asdict(config))])
    claim = store.claim(Owner.here())
    assert claim is not None
    writer = RunWriter(store, claim)
    for report in train(spec, config, data):
        if isinstance(report, Started):
            names = {"layers": report.layers, "norm_layers": report.norm_layers}
            writer.describe(names, report.total_steps)
            seen[:] = [report.precision]
        elif isinstance(report, StepsDone):
            writer.append(report.rows, vars(report.numbers), report.seconds)
            yield len(report.rows)


def seconds_a_step(steps: Iterator[int], count: int, wait: Callable[[], None], skipped: int) -> float:
    """The time of each of at least `count` steps, after `skipped` that do not count."""
    _take(steps, skipped)
    wait()
    start = time.perf_counter()
    taken = _take(steps, count)
    wait()
    return (time.perf_counter() - start) / taken


def _take(steps: Iterator[int], count: int) -> int:
    taken = 0
    while taken < count:
        taken += next(steps)
    return taken


def time_layers(spec: NetSpec, device: Device, precision: str, wait: Callable[[], None]) -> dict[str, float]:
    """Seconds of one step's convolutions, norms and activations, each layer alone, forward and backward."""
    net = build_net(spec).to(device.kind).to(memory_format=torch.channels_last).train()
    calls: list[tuple[nn.Module, Tensor]] = []
    for layer in net.modules():
        if isinstance(layer, nn.Conv2d | nn.BatchNorm2d | nn.ReLU):
            layer.register_forward_hook(lambda module, inputs, _: calls.append((module, inputs[0])))
    with torch.no_grad(), autocast(device, precision):
        x = torch.randn(BATCH, 3, SIZE, SIZE, device=device.kind).to(memory_format=torch.channels_last)
        net(x)
    known: dict[str, float] = {}
    sums = {"convolutions": 0.0, "norms": 0.0, "activations": 0.0}
    kinds = {nn.Conv2d: "convolutions", nn.BatchNorm2d: "norms", nn.ReLU: "activations"}
    for layer, inputs in calls:
        is_first = inputs.shape[1] == 3  # nobody asks for the gradient of the picture
        key = f"{layer} {tuple(inputs.shape)}"
        if key not in known:
            known[key] = _time_layer(layer, inputs, not is_first, device, precision, wait)
        sums[kinds[type(layer)]] += known[key]
    return sums


def _time_layer(
    layer: nn.Module, inputs: Tensor, wants_gradient: bool, device: Device, precision: str, wait: Callable[[], None]
) -> float:
    x = inputs.detach().requires_grad_(wants_gradient)
    layer._forward_hooks.clear()
    times = []
    gradient = None
    for _ in range(CEILING_ROUNDS + 2):
        x.grad = None
        layer.zero_grad()
        wait()
        start = time.perf_counter()
        with autocast(device, precision):
            y = layer(x)
        middle = time.perf_counter()
        if gradient is None:
            gradient = torch.randn_like(y)
        wait()
        again = time.perf_counter()
        y.backward(gradient)
        wait()
        times.append(middle - start + time.perf_counter() - again)
    return statistics.median(times[2:])


def wait_for_rest() -> None:
    """Wait until nothing else keeps the cores busy, or for REST_SECONDS."""
    deadline, before = time.monotonic() + REST_SECONDS, busy_seconds()
    while time.monotonic() < deadline:
        time.sleep(0.5)
        after = busy_seconds()
        if (after[1] - before[1]) / (after[0] - before[0]) < AT_REST:
            return
        before = after


def serve(pipe: Connection, whose: str, spec: NetSpec, device_kind: str) -> None:
    """The process of one loop: takes as many steps as it is told to, and says how long each took."""
    device = resolve_device(device_kind)
    torch.set_num_threads(count_cores())
    wait = torch.cuda.synchronize if device.kind == "cuda" else lambda: None
    seen = [""]
    with tempfile.TemporaryDirectory() as folder:
        if whose == "peer":
            steps, skipped = peer_steps(spec, make_data(), device), IN_FLIGHT + 1
        else:
            keep_freed_memory()  # as a worker does
            store = RunStore(f"sqlite:///{Path(folder) / 'runs.sqlite'}")
            steps, skipped = our_steps(spec, make_data(), device, store, seen), 1
        seconds_a_step(steps, 1, wait, skipped=2)
        pipe.send(seen[0])
        while count := pipe.recv():
            before = busy_seconds()
            taken = seconds_a_step(steps, count, wait, skipped)
            after = busy_seconds()
            others = ((after[1] - before[1]) - (after[2] - before[2])) / (after[0] - before[0])
            pipe.send((taken, others, time_layers(spec, device, seen[0], wait) if whose == "ours" else {}))


def measure(spec: NetSpec, device: Device, rounds: int) -> None:
    """Print the row of one net."""
    spawn = multiprocessing.get_context("spawn")
    pipes, processes, precision = {}, [], ""
    for whose in ("peer", "ours"):
        pipes[whose], other_end = spawn.Pipe()
        processes.append(spawn.Process(target=serve, args=(other_end, whose, spec, device.kind)))
        with mock.patch.dict(os.environ, huge_pages(os.environ) if whose == "ours" else {}):  # as a worker is started
            processes[-1].start()
        precision = pipes[whose].recv()
    times: dict[str, list[float]] = {"peer": [], "ours": []}
    layers, load = [], 0.0
    for _ in range(rounds):
        for whose, pipe in pipes.items():
            wait_for_rest()
            pipe.send(STEPS[device.kind])
            taken, others, alone = pipe.recv()
            times[whose].append(taken)
        layers.append(alone)
        load += others / rounds
    for pipe, process in zip(pipes.values(), processes, strict=True):
        pipe.send(0)
        process.join()
    sums = {name: statistics.median(one[name] for one in layers) for name in layers[0]}
    peer_time, our_time = (statistics.median(times[whose]) for whose in ("peer", "ours"))
    ratio = statistics.median(p / o for p, o in zip(times["peer"], times["ours"], strict=True))
    shares = [
        statistics.median(sum(one[name] for name in names) / o for one, o in zip(layers, times["ours"], strict=True))
        for names in (tuple(sums), ("convolutions",))
    ]
    print(
        f"| {spec.name} | {precision} | {peer_time * 1e3:.1f} | {our_time * 1e3:.1f} | {BATCH / our_time:,.0f} | "
        f"**{ratio:.2f}** | {sum(sums.values()) * 1e3:.1f} | **{shares[0]:.0%}** | {shares[1]:.0%} | {load:.2f} |",
        flush=True,
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    device = resolve_device(asked.device)
    print("# Throughput\n")
    print(describe())
    print(f"Batches of {BATCH} pictures of {SIZE}x{SIZE}; medians of {asked.rounds} rounds, in turn; times in ms.\n")
    print(
        "| net | ours in | peer's step | our step | pictures a second | times the peer | its layers alone | "
        "share of all layers | of convolutions | other load, cores |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|")
    for depth in DEPTHS:
        measure(NetSpec("resnet", depth), device, asked.rounds)


if __name__ == "__main__":
    main()
