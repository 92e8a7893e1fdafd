"""Which small faults do the tests notice? Each of benchmarks.fault_list is planted into a copy of the tree for itself.

python -m benchmarks.planted_faults run --tree . --contexts FOLDER --out after.json [--only NAME]
python -m benchmarks.planted_faults report before.json after.json

FOLDER is what `benchmarks.suite_coverage` has recorded of this tree: of its tests only those run that execute what was
changed, those of the fault's own room first, to the first one that fails. That one has to fail a second time, and to
pass without the fault; else it is left out, and the others run again. What `run` has written it does not do again.
"""

import argparse
import ast
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from benchmarks.fault_list import FAULTS, MODULE, Fault
from benchmarks.suite_contexts import FIXTURE
from benchmarks.suite_coverage import recorded

PACKAGE = "resnet_viz"
AT_ONCE = 2  # faults
BOUND = 600.0  # seconds of one fault's tests
TOGETHER = 200  # tests of one process: to find thousands by their names takes pytest longer than to run the first
LOOK_SECONDS = 5.0
LATE = ("docs", "cli", "report", "pages", "browser")  # folders of tests, behind those of the engine
ROOMS_OF = {"pages": "ui"}  # a folder of tests that looks at a room of another name
CAUGHT, MISSED, LATE_END, UNSEEN = "caught", "missed", "not caught in time", "executed by no test"
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Result:
    """What became of a fault: by which test it was caught, in how many seconds, of how many tests chosen."""

    outcome: str
    seconds: float = 0.0
    by: str = ""
    chosen: int = 0


# -- the fault ---------------------------------------------------------------------------------------------------------


def plant(source: str, fault: Fault) -> str:
    """A file's text with the fault in it. Raises ValueError where its text is not there exactly once."""
    start = _place_of(source, fault)
    changed = source[:start] + fault.new + source[start + len(fault.old) :]
    ast.parse(changed)
    return changed


def changed_lines(source: str, fault: Fault) -> set[int]:
    """The lines of the statements that the fault changes; of one with a body its head."""
    start = _place_of(source, fault)
    first = source.count("\n", 0, start) + 1
    touched = set(range(first, first + fault.old.rstrip("\n").count("\n") + 1))
    heads = (_head(node) for node in ast.walk(ast.parse(source)) if isinstance(node, ast.stmt))
    return {line for head in heads if touched & set(head) for line in head}


def _head(node: ast.stmt) -> range:
    body = getattr(node, "body", None)
    last = max(node.lineno, body[0].lineno - 1) if body else node.end_lineno or node.lineno
    return range(node.lineno, last + 1)


def _place_of(source: str, fault: Fault) -> int:
    """Where the fault's text begins."""
    first, last = _lines_of(source, fault)
    lines = source.splitlines(keepends=True)
    before, part = "".join(lines[: first - 1]), "".join(lines[first - 1 : last])
    if part.count(fault.old) != 1:
        raise ValueError(f"{fault.name}: its text stands {part.count(fault.old)} times in {fault.file}, {fault.where}")
    return len(before) + part.index(fault.old)


def _lines_of(source: str, fault: Fault) -> tuple[int, int]:
    """The first and the last line of a fault's function or class."""
    found: ast.AST = ast.parse(source)
    if fault.where == MODULE:
        return 1, source.count("\n") + 1
    for name in fault.where.split("."):
        named = [node for node in ast.iter_child_nodes(found) if getattr(node, "name", None) == name]
        if len(named) != 1:
            raise ValueError(f"{fault.name}: there is no {fault.where} in {fault.file}")
        found = named[0]
    assert isinstance(found, ast.stmt)
    assert found.end_lineno is not None
    return found.lineno, found.end_lineno


# -- the tests that execute it -----------------------------------------------------------------------------------------


class Suite:
    """The tests of a tree as they were recorded: which of them execute which lines, and how long they take."""

    def __init__(self, tree: Path, folder: Path) -> None:
        self.tree, self.data = tree, recorded(folder)
        self.seconds: dict[str, float] = {}
        self.fixtures: dict[str, set[str]] = {}
        for path in folder.glob("tests-*.jsonl"):
            for test in map(json.loads, path.read_text().splitlines()):
                if set(test["outcomes"]) == {"passed"}:
                    self.seconds[test["name"]] = test["seconds"]
                    self.fixtures[test["name"]] = set(test["fixtures"])
        self.files = {Path(name).as_posix().rpartition(f"/{PACKAGE}/")[2]: name for name in self.data.measured_files()}

    def tests_of(self, fault: Fault) -> list[str]:
        """The tests that execute what a fault changes, in the order in which they are to run."""
        if fault.where == MODULE:
            found = self._tests_by_name(self._names(fault))
        else:
            source = (self.tree / PACKAGE / fault.file).read_text()
            found = self._tests_by_line(fault.file, changed_lines(source, fault))
        return sorted(found & self.seconds.keys(), key=lambda name: self._order(name, fault))

    def _order(self, test: str, fault: Fault) -> tuple[bool, int, float]:
        folder = test.split("/")[1]
        late = LATE.index(folder) + 1 if folder in LATE else 0
        return ROOMS_OF.get(folder, folder) != fault.room, late, self.seconds[test]

    def _tests_by_line(self, file: str, lines: Iterable[int]) -> set[str]:
        if file not in self.files:
            return set()
        contexts = self.data.contexts_by_lineno(self.files[file])
        return {test for line in lines for name in contexts.get(line, ()) for test in self._tests_in(name)}

    def _tests_in(self, context: str) -> set[str]:
        """The test of a context, or all that ask for its fixture."""
        if not context.startswith(FIXTURE):
            return {context}
        home, _, fixture = context.removeprefix(FIXTURE).rpartition("::")
        return {name for name, wanted in self.fixtures.items() if fixture in wanted and name.startswith(home)}

    # What stands in no function is executed by an import: of interest is who reads the names that hold it.

    def _tests_by_name(self, names: set[str]) -> set[str]:
        found = set()
        for file, tree in self._sources.items():
            for node in ast.walk(tree):
                if isinstance(node, Function) and names & _names_in(node):
                    found |= self._tests_by_line(file, range(node.body[0].lineno, (node.end_lineno or 0) + 1))
        word = re.compile(rf"\b({'|'.join(map(re.escape, names))})\b")
        files = {name.partition("::")[0] for name in self.seconds}
        readers = {file for file in files if word.search((self.tree / file).read_text())}
        return found | {name for name in self.seconds if name.partition("::")[0] in readers}

    def _names(self, fault: Fault) -> set[str]:
        """The names that a fault outside of functions gives another value, here and in other modules."""
        lines = changed_lines((self.tree / PACKAGE / fault.file).read_text(), fault)
        names = {name for node in self._sources[fault.file].body if node.lineno in lines for name in _assigned(node)}
        count = 0
        while count != len(names):
            count = len(names)
            for tree in self._sources.values():
                names |= {name for node in tree.body if names & _names_in(node) for name in _assigned(node)}
        return names

    @cached_property
    def _sources(self) -> dict[str, ast.Module]:
        home = self.tree / PACKAGE
        return {path.relative_to(home).as_posix(): ast.parse(path.read_text()) for path in home.rglob("*.py")}


def _assigned(node: ast.stmt) -> list[str]:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return [name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)]


def _names_in(node: ast.AST) -> set[str]:
    return {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}


# -- a run of them -----------------------------------------------------------------------------------------------------


@contextmanager
def copy_of(tree: Path) -> Iterator[Path]:
    """A copy of a checkout, without what git ignores, and with the folder of shared data beside it."""
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listing, cwd=tree, check=True, capture_output=True, text=True).stdout.split("\0")
    with tempfile.TemporaryDirectory(prefix="fault-") as folder:
        copy = Path(folder) / tree.name
        for name in filter(None, names):
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(tree / name, copy / name)
        (copy.parent / "shared").symlink_to((tree.parent / "shared").resolve())
        yield copy


def first_failure(tree: Path, tests: Sequence[str], bound: float) -> str | None:
    """The first of these tests that fails, "" where all pass, None where that takes longer than `bound` seconds.

    Tests that cannot even be collected count as a failure of the first.
    """
    arguments, cache = tree.parent / "tests.txt", tree / ".pytest_cache"
    arguments.write_text("\n".join(tests))
    shutil.rmtree(cache, ignore_errors=True)
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:randomly", "-n0", "-m", "", f"@{arguments}"]
    process = subprocess.Popen(
        command, cwd=tree, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        status = process.wait(bound)
    except subprocess.TimeoutExpired:
        return None
    finally:
        _end(process)
    failures = cache / "v" / "cache" / "lastfailed"
    found = json.loads(failures.read_text()) if failures.exists() else {}
    return "" if status == 0 else next((test for test in tests if test in found), tests[0])


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End the tests and all that they have started in their group."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


class Hunt:
    """Plants fault after fault, and keeps what became of them in a file."""

    def __init__(self, suite: Suite, out: Path, clean: Path) -> None:
        self.suite, self.out, self.clean = suite, out, clean
        kept = json.loads(out.read_text()) if out.exists() else {"left_out": [], "faults": {}}
        self.left_out: list[str] = kept["left_out"]  # tests that fail for another reason than a fault
        self.results: dict[str, Any] = kept["faults"]
        self.lock = threading.Lock()

    def look_for(self, fault: Fault) -> None:
        """Find out whether the tests notice a fault."""
        with copy_of(self.suite.tree) as tree:
            path = tree / PACKAGE / fault.file
            path.write_text(plant(path.read_text(), fault))
            result = self._run(fault, tree)
        with self.lock:
            self.results[fault.name] = asdict(result)
            self.out.write_text(json.dumps({"left_out": self.left_out, "faults": self.results}, indent=1))
        print(f"{fault.name:40} {result.outcome:10} {result.seconds:5.0f} s  {result.by}", flush=True)

    def _run(self, fault: Fault, tree: Path) -> Result:
        left = [test for test in self.suite.tests_of(fault) if test not in self.left_out]
        count, seconds = len(left), 0.0
        while left:
            start = time.monotonic()
            failed = first_failure(tree, left[:TOGETHER], BOUND - seconds)
            seconds += time.monotonic() - start
            if failed is None:
                return Result(LATE_END, round(seconds), "", count)
            if not failed:
                left = left[TOGETHER:]
            elif self._tells_of_a_fault(tree, failed):
                return Result(CAUGHT, round(seconds), failed, count)
            else:
                left.remove(failed)
        return Result(MISSED if count else UNSEEN, round(seconds), "", count)

    def _tells_of_a_fault(self, tree: Path, test: str) -> bool:
        """Whether a test fails again, and not without the fault; one that does otherwise is left out from now on."""
        if first_failure(tree, [test], BOUND) != "" and first_failure(self.clean, [test], BOUND) == "":
            return True
        with self.lock:
            self.left_out.append(test)
        return False


def run(asked: argparse.Namespace) -> None:
    """Plant all faults that the file of results does not have yet, two at a time."""
    suite = Suite(asked.tree.resolve(), asked.contexts)
    with copy_of(suite.tree) as clean, ThreadPoolExecutor(AT_ONCE) as pool:
        hunt = Hunt(suite, asked.out, clean)

        def look_for(fault: Fault) -> None:
            while asked.pause_while and asked.pause_while.exists():
                time.sleep(LOOK_SECONDS)
            hunt.look_for(fault)

        left = [fault for fault in FAULTS if fault.name not in hunt.results and asked.only in (None, fault.name)]
        list(pool.map(look_for, left))


# -- what came of it ---------------------------------------------------------------------------------------------------


def report(asked: argparse.Namespace) -> None:
    """Print how many faults were caught before and after, and a table of all."""
    before, after = (json.loads(path.read_text())["faults"] for path in (asked.before, asked.after))
    for title, found in (("before", before), ("after", after)):
        print(f"- {title}: {sum(one['outcome'] == CAUGHT for one in found.values())} of {len(found)} caught")
    print("\n| fault | room | what it does | before | after |\n|---|---|---|---|---|")
    for fault in FAULTS:
        outcomes = [found.get(fault.name, {"outcome": "", "seconds": 0.0}) for found in (before, after)]
        told = " | ".join(f"{one['outcome']}, {one['seconds']:.0f} s" if one["outcome"] else "" for one in outcomes)
        print(f"| {fault.name} | {fault.room} | {fault.harm} | {told} |")


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    hunting = commands.add_parser("run", help="plant the faults")
    hunting.set_defaults(act=run)
    hunting.add_argument("--tree", type=Path, default=Path())
    hunting.add_argument("--contexts", type=Path, required=True, help="what suite_coverage has recorded")
    hunting.add_argument("--out", type=Path, required=True, help="a JSON file, which is added to")
    hunting.add_argument("--only", help="one fault, by its name")
    hunting.add_argument("--pause-while", type=Path, help="begin no fault while this file is there")
    telling = commands.add_parser("report", help="print a table")
    telling.set_defaults(act=report)
    telling.add_argument("before", type=Path)
    telling.add_argument("after", type=Path)
    asked = parser.parse_args()
    asked.act(asked)


if __name__ == "__main__":
    main()
