"""How long do the checks take, by target and by folder?

python -m benchmarks.suite quick test slow faults   # some or all of them, in turn, on a machine at rest

The wall time of each target, without lint and types, and the seconds that the tests of each folder took in it: tests
run side by side, so that these add up to more.
"""

import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from benchmarks.machine import describe

ROOT = Path(__file__).parents[1]
TARGETS = {  # as the Makefile has them: the arguments of each run of pytest
    "quick": ["-m quick"],
    "test": [""],
    "slow": ["-m slow"],
    "faults": ["-m faults --ignore=tests/cluster", "-m faults -n0 tests/cluster"],
}


@dataclass
class Folder:
    """The tests of a folder: how many, and their seconds one after the other."""

    count: int = 0
    seconds: float = 0.0


def read_report(path: Path, folders: dict[str, Folder]) -> None:
    """Add what a JUnit report of pytest says, by folder under tests/; files that lie in tests/ itself are "."."""
    for case in ElementTree.parse(path).iter("testcase"):
        parts = case.get("classname", "").split(".")  # tests.nets.test_zoo
        folder = folders[parts[1] if len(parts) > 2 else "."]
        folder.count += 1
        folder.seconds += float(case.get("time", 0))


def run(target: str) -> tuple[float, dict[str, Folder]]:
    """The wall time of a target in seconds, and its folders. Raises CalledProcessError where a test fails."""
    folders: dict[str, Folder] = defaultdict(Folder)
    start = time.perf_counter()
    for arguments in TARGETS[target]:
        with tempfile.TemporaryDirectory() as name:
            report = Path(name) / "report.xml"
            command = [sys.executable, "-m", "pytest", "-q", "--randomly-seed=1", f"--junitxml={report}"]
            subprocess.run([*command, *arguments.split()], cwd=ROOT, check=True, stdout=sys.stderr)
            read_report(report, folders)
    return time.perf_counter() - start, folders


def table(folders: dict[str, Folder]) -> str:
    """The folders as rows of Markdown, the longest first."""
    rows = sorted(folders.items(), key=lambda item: -item[1].seconds)
    lines = [f"| {name} | {folder.count} | {folder.seconds:.0f} |" for name, folder in rows]
    return "\n".join(["| folder | tests | seconds, one after the other |", "|---|---|---|", *lines])


def main() -> None:
    print(describe())
    for target in sys.argv[1:] or TARGETS:
        seconds, folders = run(target)
        count = sum(folder.count for folder in folders.values())
        print(f"## {target}: {count} tests in {seconds:.0f} s\n\n{table(folders)}\n", flush=True)


if __name__ == "__main__":
    main()
