"""What does one picture file cost at the most? Time and memory of the dearest files, each in a process of its own.

`python -m benchmarks.picture_door > benchmarks/picture_door.md`. Needs Linux, which knows a process's peak of memory.
"""

import json
import statistics
import subprocess
import sys
import time
from contextlib import suppress

from benchmarks.machine import describe
from resnet_viz.data import ImageError, decode_image
from tests.data.hostile import bombs, spoiled
from tests.data.largest import LARGEST

ROUNDS = 5
SPOILED = 5_000
MEASURE = """
import json, sys, time
from io import BytesIO
from PIL import Image
from resnet_viz.data import ImageError, decode_image
from tests.data.hostile import good
Image.MAX_IMAGE_PIXELS = None
def by_pillow(data):
    with Image.open(BytesIO(data)) as image:
        return image.convert("RGB")
def memory(name):
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith(name))
decode = {"door": decode_image, "pillow": by_pillow}[sys.argv[1]]
data = sys.stdin.buffer.read()
for small in good().values():
    decode(small)
before, start = memory("VmRSS"), time.perf_counter()
try:
    outcome = "{} x {}".format(*decode(data).size)
except ImageError as error:
    outcome = "refused"
except Exception as error:
    outcome = type(error).__name__
print(json.dumps([time.perf_counter() - start, memory("VmHWM") - before, outcome]))
"""


def measure(data: bytes, way: str) -> tuple[float, float, str]:
    """Seconds (the median), bytes of memory (the most), and what became of a file."""
    command = [sys.executable, "-W", "ignore", "-c", MEASURE, way]
    rounds = []
    for _ in range(ROUNDS):
        done = subprocess.run(command, input=data, capture_output=True, check=True)
        rounds.append(json.loads(done.stdout))
    seconds, grown, outcomes = zip(*rounds, strict=True)
    return statistics.median(seconds), max(grown), outcomes[0]


def row(name: str, data: bytes) -> tuple[float, float]:
    """Print a line of the table; what the door took."""
    seconds, grown, outcome = measure(data, "door")
    plain_seconds, plain_grown, plain_outcome = measure(data, "pillow")
    print(
        f"| {name} | {len(data) / 1e6:.1f} MB | {outcome} | {seconds:.2f} s | {grown / 1e6:.0f} MB | "
        f"{plain_outcome} | {plain_seconds:.2f} s | {plain_grown / 1e6:.0f} MB |",
        flush=True,
    )
    return seconds, grown


def main() -> None:
    """Print the tables."""
    print("# The door for pictures\n")
    print(describe())
    print(
        "`decode_image` beside Pillow alone (`Image.open(...).convert('RGB')`, no limits), every file in a process of "
        f"its own: the median time and the most memory of {ROUNDS} rounds.\n"
    )
    head = "| file | size | door | time | memory | Pillow alone | time | memory |\n|---|---|---|---|---|---|---|---|"
    print(f"## The largest that are let in\n\n{head}")
    costs = [row(name, make()) for name, make in LARGEST.items()]
    print(f"\n## Bombs\n\n{head}")
    costs += [row(name, data) for name, data in bombs().items()]
    print(f"\nThe most: {max(cost[0] for cost in costs):.2f} s, {max(cost[1] for cost in costs) / 1e6:.0f} MB.")
    print(f"\n{SPOILED:,} small spoiled files, one after the other: {time_spoiled():.1f} s in all.")


def time_spoiled() -> float:
    """Seconds that the door takes for all files of the corpus."""
    files = [data for _, data in spoiled(SPOILED, seed=0)]
    start = time.perf_counter()
    for data in files:
        with suppress(ImageError):
            decode_image(data)
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
