"""How long does a fresh process take to load the digits, from their file and by importing scikit-learn?

python -m benchmarks.digits_loading > benchmarks/digits_loading.md

Both ways in turn, each time in a process of its own that has imported resnet_viz.data, as a worker has. They
come to the same pictures in the same order, which tests/data/test_datasets.py holds.
"""

import statistics
import subprocess
import sys

from benchmarks.machine import describe

ROUNDS = 9
WAYS = {
    "from their file": "load_dataset('digits')",
    "by importing scikit-learn": """
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
digits = load_digits()
gray = (digits.images * (255 / 16)).round().astype(np.uint8)
pictures = datasets._resize(gray[..., None], 16)
train, test = train_test_split(np.arange(len(gray)), test_size=397, random_state=0, stratify=digits.target)
datasets.format_of(pictures[train], tuple("0123456789"))
""",
}
TIMED = """
import time
import numpy as np
from resnet_viz.data import datasets, load_dataset
start = time.perf_counter()
{way}
print(time.perf_counter() - start)
"""


def seconds(way: str) -> float:
    """Of one way, in a new process."""
    return float(subprocess.check_output([sys.executable, "-c", TIMED.format(way=way)], text=True))


def main() -> None:
    """Print the table."""
    rounds = [[seconds(way) for way in WAYS.values()] for _ in range(ROUNDS)]
    file, imported = (statistics.median(column) for column in zip(*rounds, strict=True))
    print(f"# Loading the digits\n\n{describe()}\nMedians of {ROUNDS} processes each, in turn.\n")
    print("| way | seconds |\n|---|---|")
    for way, median in zip(WAYS, (file, imported), strict=True):
        print(f"| {way} | {median:.2f} |")
    print(f"\nBy importing takes {imported / file:.1f} times as long, {imported - file:.2f} s more.")


if __name__ == "__main__":
    main()
