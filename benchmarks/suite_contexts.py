"""Which test executes a line? A plugin of pytest that tells coverage.py for whom the lines run that it records.

Started by `benchmarks.suite_coverage`. A test's lines bear its node id, also in the processes that it starts; lines of
a fixture that tests share bear the fixture's name. What ran, how long, and with which fixtures, is a file of JSON
lines, written test by test: a run that is broken off has told of all before.
"""

import json
import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from coverage import Coverage

FIXTURE = "fixture:"  # then the folder or file of the fixture, ::, and its name
GROUP = re.compile(r"@[\w-]+$")  # what pytest-xdist adds to the node ids of tests that stay together
PATIENCE = 30.0  # seconds, for a server that is asked to end before it is killed

_tests: dict[str, dict[str, Any]] = {}  # the one that runs, by node id: seconds, outcomes, names of fixtures
_kill = subprocess.Popen.kill


def name_context(name: str) -> None:
    """Let what is recorded from now on bear this name, here and in processes that are started from now on."""
    os.environ["SUITE_CONTEXT"] = name
    if coverage := Coverage.current():
        coverage.switch_context(name)


@contextmanager
def context(name: str) -> Iterator[None]:
    """Record under a name, then under the one before."""
    before = os.environ.get("SUITE_CONTEXT", "")
    name_context(name)
    try:
        yield
    finally:
        name_context(before)


def end_gently(process: subprocess.Popen[Any]) -> None:
    """Kill a process; a server of Streamlit's may first save what it recorded."""
    if isinstance(process.args, list) and "streamlit" in process.args:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(PATIENCE)
    _kill(process)


def pytest_configure() -> None:
    """Let the servers of the browser's tests end so that their lines are kept."""
    subprocess.Popen.kill = end_gently  # type: ignore[method-assign, assignment]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Record a test under its node id."""
    name, fixtures = GROUP.sub("", item.nodeid), sorted(set(getattr(item, "fixturenames", ())))
    _tests[name] = {"fixtures": fixtures, "seconds": 0.0, "outcomes": []}
    with context(name):
        result = yield
    with Path(os.environ["SUITE_FOLDER"], f"tests-{os.getpid()}.jsonl").open("a") as file:
        file.write(json.dumps({"name": name, **_tests.pop(name)}) + "\n")
    return result


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(fixturedef: pytest.FixtureDef[Any]) -> Iterator[None]:
    """Record a shared fixture under its own name: it runs for all that ask for it, and not for the first alone."""
    if fixturedef.scope == "function":
        return (yield)
    with context(f"{FIXTURE}{fixturedef.baseid}::{fixturedef.argname}"):
        return (yield)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Add up the seconds of a test and keep how its parts ended."""
    if test := _tests.get(GROUP.sub("", report.nodeid)):
        test["seconds"] += report.duration
        test["outcomes"].append(report.outcome)
