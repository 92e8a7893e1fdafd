"""What does one busy core elsewhere cost a run, and what does a run save that looks where it can compute?

python -m benchmarks.threads > benchmarks/threads.md

ResNet-20 trains on pictures of 32x32 with a fixed number of threads, or with the threads that CoreShare gives it;
with nothing else at work, and beside a process that keeps one core busy. Every case in turn in every round; medians.
"""

import statistics
import subprocess
import sys
import time

import torch
import torch.nn.functional as F

from benchmarks.machine import describe
from resnet_viz.nets import NetSpec, build_net
from resnet_viz.training import count_cores
from resnet_viz.training.allocator import keep_freed_memory
from resnet_viz.training.threads import CoreShare

BATCH, ROUNDS, SECONDS, SETTLING = 64, 7, 5.0, 5.0
SPIN = "while True: pass"


def pictures_a_second(threads: int | None) -> float:
    """Train for some seconds, after some that do not count; None looks for threads as a worker does."""
    torch.set_num_threads(threads or count_cores())
    share = CoreShare(lambda: 1)
    net = build_net(NetSpec("resnet", 20)).to(memory_format=torch.channels_last)
    optimizer = torch.optim.SGD(net.parameters(), 0.01, momentum=0.9)
    x = torch.randn(BATCH, 3, 32, 32).to(memory_format=torch.channels_last)
    labels = torch.zeros(BATCH, dtype=torch.long)
    begun, counted, done = time.perf_counter(), 0.0, 0
    while (now := time.perf_counter()) - begun < SETTLING + SECONDS:
        if now - begun > SETTLING and not counted:
            counted = now
        optimizer.zero_grad()
        F.cross_entropy(net(x), labels).backward()
        optimizer.step()
        done += BATCH if counted else 0
        if threads is None:
            torch.set_num_threads(share.look())
    return done / (time.perf_counter() - counted)


def main() -> None:
    """Print the table."""
    keep_freed_memory()
    cores = count_cores()
    cases = {"1 thread": 1, f"{cores} threads": cores, "shared out": None}
    speeds: dict[tuple[str, bool], list[float]] = {}
    for _ in range(ROUNDS):
        for is_busy in (False, True):
            other = subprocess.Popen([sys.executable, "-c", SPIN]) if is_busy else None
            try:
                for name, threads in cases.items():
                    speeds.setdefault((name, is_busy), []).append(pictures_a_second(threads))
            finally:
                if other:
                    other.kill()
                    other.wait()
    print("# Threads\n")
    print(describe())
    print("| threads | pictures a second alone | beside one busy core | of one thread beside it |")
    print("|---|---|---|---|")
    for name in cases:
        alone, beside = (statistics.median(speeds[name, is_busy]) for is_busy in (False, True))
        pairs = zip(speeds[name, True], speeds["1 thread", True], strict=True)
        print(f"| {name} | {alone:.0f} | {beside:.0f} | {statistics.median(a / b for a, b in pairs):.2f} |")
    print(f"\nMedians of {ROUNDS} rounds of {SECONDS:.0f} s each, {SETTLING:.0f} s after the start.")


if __name__ == "__main__":
    main()
