"""Which lines do the tests execute, room by room, and which test executes which line?

python -m benchmarks.suite_coverage run FOLDER [arguments of pytest]
python -m benchmarks.suite_coverage report FOLDER

Both in the root of a checkout: `run` runs tests, and adds what they execute to what FOLDER has; `report` prints a table
of the rooms. Lines run in processes that a test starts count, unless it kills them.
"""

import os
import subprocess
import sys
from pathlib import Path

from coverage import Coverage, CoverageData

SETTINGS = Path(__file__).with_suffix(".ini")
SINGLE = "settings, place, lazy"  # the files that lie in no room


def record(tree: Path, folder: Path, arguments: list[str]) -> int:
    """Run tests of a checkout with benchmarks.suite_contexts, keep what was recorded, and return pytest's status."""
    folder.mkdir(parents=True, exist_ok=True)
    _name_places(tree, folder)
    environment = os.environ | {"COVERAGE_PROCESS_START": str(SETTINGS)}
    command = [sys.executable, "-m", "pytest", "-p", "benchmarks.suite_contexts", *arguments]
    ended = subprocess.run(command, cwd=tree, env=environment)
    coverage = Coverage(config_file=str(SETTINGS))
    if (folder / "coverage").exists():
        coverage.load()
    coverage.combine([str(folder)])
    coverage.save()
    return ended.returncode


def recorded(folder: Path) -> CoverageData:
    """Return what lines were executed, and by whom."""
    data = CoverageData(str(folder / "coverage"))
    data.read()
    return data


def lines_by_room(tree: Path, folder: Path) -> dict[str, tuple[int, int]]:
    """Count for each room of the package the executed statements, and all; files without one count as well."""
    _name_places(tree, folder)
    coverage = Coverage(config_file=str(SETTINGS), data_file=str(folder / "coverage"))
    coverage.load()
    counts: dict[str, tuple[int, int]] = {}
    for path in sorted((tree / "resnet_viz").rglob("*.py")):
        _, statements, _, missing, _ = coverage.analysis2(str(path))
        room = path.relative_to(tree / "resnet_viz").parts[0]
        room = SINGLE if room.endswith(".py") else room
        covered, total = counts.get(room, (0, 0))
        counts[room] = covered + len(statements) - len(missing), total + len(statements)
    sums = [sum(column) for column in zip(*counts.values(), strict=True)]
    return counts | {"all": (sums[0], sums[1])}


def _name_places(tree: Path, folder: Path) -> None:
    """Set what the settings of coverage.py refer to."""
    os.environ |= {"SUITE_TREE": str(tree.resolve()), "SUITE_FOLDER": str(folder.resolve())}


def report(tree: Path, folder: Path) -> None:
    """Print a table of the rooms."""
    print("| room | statements | executed | % |\n|---|---|---|---|")
    for room, (covered, total) in lines_by_room(tree, folder).items():
        print(f"| {room} | {total:,} | {covered:,} | {100 * covered / total:.1f} |")


def main() -> None:
    """Record, or print the table."""
    verb, folder, *rest = sys.argv[1:]
    if verb == "run":
        sys.exit(record(Path.cwd(), Path(folder), rest))
    report(Path.cwd(), Path(folder))


if __name__ == "__main__":
    main()
