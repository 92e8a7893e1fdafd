"""What does recording every layer's numbers cost? Its own time against the step's, side by side in one run.

python -m benchmarks.recording [--device auto] > benchmarks/recording.md

Each round times a training step as the loop does it, and then the recorder alone on the gradients of that step:
what StepRecorder.record and a share of StepRecorder.take add. Medians over the rounds; the ratio is the cost.
"""

import argparse
import statistics
import time

import torch
import torch.nn.functional as F

from benchmarks.machine import describe
from resnet_viz.nets import NetSpec, build_net
from resnet_viz.training import resolve_device, resolve_precision
from resnet_viz.training.devices import autocast
from resnet_viz.training.probes import StepRecorder

ROUNDS, RECORDS_A_ROUND = 15, 20
CASES = [  # (net, pictures in a batch, size)
    (NetSpec("resnet", 8, in_channels=1), 64, 16),
    (NetSpec("resnet", 56, in_channels=1), 64, 16),
    (NetSpec("resnet", 56), 128, 32),
]


def measure(spec: NetSpec, batch: int, size: int, wish: str) -> tuple[float, float]:
    """Median seconds of a step without recording, and of recording it."""
    device = resolve_device(wish)
    precision = resolve_precision("auto", device)
    net = build_net(spec).to(device.kind).to(memory_format=torch.channels_last)
    optimizer = torch.optim.SGD(net.parameters(), 0.01, momentum=0.9, nesterov=True)
    x = torch.randn(batch, spec.in_channels, size, size, device=device.kind).to(memory_format=torch.channels_last)
    labels = torch.randint(10, (batch,), device=device.kind)
    recorder = StepRecorder(net, device.kind)

    def wait() -> float:
        if device.kind == "cuda":
            torch.cuda.synchronize()
        return time.perf_counter()

    steps, records = [], []
    for _ in range(ROUNDS + 2):
        start = wait()
        with autocast(device, precision):
            logits = net(x)
            loss = F.cross_entropy(logits, labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        steps.append(wait() - start)
        error = (logits.argmax(1) != labels).float().mean()
        start = wait()
        for _ in range(RECORDS_A_ROUND):
            recorder.begin()
            recorder.record(loss, error)
            recorder.count(0.1)
        recorder.take()
        records.append((wait() - start) / RECORDS_A_ROUND)
    return statistics.median(steps[2:]), statistics.median(records[2:])


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--device", default="auto")
    wish = parser.parse_args().device
    print("# The cost of recording\n")
    print(describe())
    print("| net | batch | a step, ms | recording it, ms | cost, % |")
    print("|---|---|---|---|---|")
    for spec, batch, size in CASES:
        step, record = measure(spec, batch, size, wish)
        row = f"{step * 1e3:.1f} | {record * 1e3:.3f} | {record / step * 100:.2f}"
        print(f"| {spec.name} | {batch} of {size}x{size} | {row} |", flush=True)
    print(f"\nMedians of {ROUNDS} rounds, step and recording in turn.")


if __name__ == "__main__":
    main()
