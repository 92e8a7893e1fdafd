"""Does CIFAR-10, as a folder of pictures, train through the same path? One epoch, by the command line.

python -m benchmarks.cifar10_epoch ZIPS [--family resnet --depth 20 --device auto] > benchmarks/cifar10_epoch.md

ZIPS is a folder with train-*.zip and test.zip that unpack to train/CLASS/*.png and test/CLASS/*.png.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

from benchmarks.machine import describe


def main() -> None:
    """Unpack, train, print."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("zips", type=Path)
    parser.add_argument("--family", default="resnet")
    parser.add_argument("--depth", default="20")
    parser.add_argument("--device", default="auto")
    asked = parser.parse_args()
    head = describe()
    with tempfile.TemporaryDirectory() as folder:
        for archive in sorted(asked.zips.glob("*.zip")):
            with zipfile.ZipFile(archive) as file:
                file.extractall(folder)
        words = ["--family", asked.family, "--depth", asked.depth, "--device", asked.device]
        words += ["--dataset", "folder", "--folder", folder, "--epochs", "1", "--json"]
        start = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-m", "resnet_viz", "train", *words],
            env=os.environ | {"RESNET_VIZ_HOME": f"{folder}/home"},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        whole = time.monotonic() - start
    told = json.loads(done.stdout.splitlines()[-1])
    print("# One epoch of CIFAR-10 through the command line\n")
    print(head)
    print("| net | test error, % | training error, % | training and testing, s | whole process, reading included, s |")
    print("|---|---|---|---|---|")
    errors = f"{told['test_error'] * 100:.1f} | {told['train_error'] * 100:.1f}"
    print(f"| {told['family']}-{told['depth']}, seed {told['seed']} | {errors} | {told['seconds']:.0f} | {whole:.0f} |")
    print("\nPreset of the data set: batch 128, one-cycle peak 0.1, crop and flip. Chance is 90 %.")


if __name__ == "__main__":
    main()
