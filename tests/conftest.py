"""What tests share: a home of their own, a small real data set, and a finished comparison to look at.

Tests run in processes side by side, in random order. So each has one thread for torch, draws the same numbers whatever
ran before, and leaves no thread and no process to the next.
"""

import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import asdict, replace
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch: as many processes as cores run tests

import numpy as np
import psutil
import pytest
import torch
from PIL import Image
from sqlalchemy import create_engine, text
from xdist.scheduler import LoadScopeScheduling, WorkStealingScheduling

from resnet_viz.data import ImageData, load_dataset
from resnet_viz.nets import NetSpec
from resnet_viz.runs import Owner, Run, RunStore
from resnet_viz.settings import Settings
from resnet_viz.training import executor, pace, preset, threads
from resnet_viz.training.worker import work

HERE = Path(__file__).parent
SHARED = HERE.parents[1] / "shared"
NOT_QUICK = {"browser", "cluster", "docs", "faults", "pages"}  # folders
NOT_QUICK_MARKS = ("long", "process", "slow", "faults")
MARKS = ("quick", "slow", "faults")  # that are run alone
# Threads that libraries keep to themselves, and the one for maps that all readers of a server share.
KEPT_THREADS = ("tqdm", "asyncio", "jobs")
PATIENCE = 240.0  # seconds in which something happens on any machine


def pytest_configure(config: pytest.Config) -> None:
    """Let what trains in this process take one core, and see what processes it starts, to hold the mark `process`.

    Two processes of two threads each on two cores wait for each other: they take ten times as long.
    """
    pytest.MonkeyPatch().setattr(threads, "count_cores", lambda: 1)
    sys.addaudithook(lambda event, facts: _started.append(facts[1]) if event == "subprocess.Popen" else None)


_started: list[object] = []  # the commands of all processes so far


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Do not import what `-m quick` leaves out anyway."""
    is_left_out = collection_path.parent == HERE and collection_path.name in NOT_QUICK
    return True if is_left_out and config.getoption("markexpr") == "quick" else None


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Iterator[None]:
    """Mark what is quick, and begin with what takes long: the browser's tests, and files that start processes."""
    for item in items:
        if "postgresql" in item.nodeid or "postgres" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.process)
        if room_of(item) not in NOT_QUICK and not any(map(item.get_closest_marker, NOT_QUICK_MARKS)):
            item.add_marker(pytest.mark.quick)
    yield
    takes_long = {item.path for item in items if any(map(item.get_closest_marker, ("long", "process")))}
    items.sort(key=lambda item: (room_of(item) != "browser", item.path not in takes_long))


class Together(LoadScopeScheduling):
    """Tests of a file run in one process, and all that share a server of databases, of pages or of a cluster."""

    def _split_scope(self, nodeid: str) -> str:
        shared = ("tests/browser/", "tests/cluster/", "postgresql")
        return next((name for name in shared if name in nodeid), nodeid.partition("::")[0])


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Together | WorkStealingScheduling:
    """Give each process the next file, or all of those that stay together; tests of one mark share nothing."""
    return (WorkStealingScheduling if config.getoption("markexpr") in MARKS else Together)(config, log)


def room_of(item: pytest.Item) -> str:
    """The folder of a test under tests/."""
    return item.path.relative_to(HERE).parts[0]


@pytest.fixture(autouse=True)
def nothing_outlives_a_test(request: pytest.FixtureRequest) -> Iterator[None]:
    """No thread and no process does, but those of fixtures that many share; and all draw from the same seed."""
    torch.default_generator.manual_seed(0)  # the CPU's; to look for other devices takes a millisecond a test
    torch.set_num_threads(1)
    is_quick = request.node.get_closest_marker("quick") is not None
    running, children = set(threading.enumerate()), set() if is_quick else _children()
    _started.clear()
    yield
    assert not (is_quick and _started), f"it starts {_started}: mark it with `process`, to keep it out of `make quick`"
    if room_of(request.node) == "cluster":  # its nodes and threads come and go in the tests, and end with it
        return
    for thread in set(threading.enumerate()) - running:
        if not thread.name.startswith(KEPT_THREADS):
            thread.join(PATIENCE / 4)
            assert not thread.is_alive(), f"{thread} outlives the test"
    if not is_quick:
        _end_those_in_waiting()
        _, left = psutil.wait_procs(_children() - children, timeout=PATIENCE / 4)  # some are about to end
        for process in left:
            process.kill()
        assert not left, f"{left} outlive the test"


def _children() -> set[psutil.Process]:
    return set(psutil.Process().children(recursive=True))


def _end_those_in_waiting() -> None:
    """End the workers that wait for a job and what measures the pace, and await those whose run has ended."""
    pace.end_measuring()
    while executor._spares:
        spare = executor._spares.pop()
        spare.kill()
        spare.wait()
    while executor._started:
        executor._started.pop().wait(PATIENCE)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with reference numbers and real data beside the checkout; tests that need it skip without it."""
    if not SHARED.is_dir():
        pytest.skip("needs the shared data folder beside the checkout")
    return SHARED


@pytest.fixture(scope="session")
def cifar10_test(shared) -> tuple[torch.Tensor, torch.Tensor]:
    """The first 100 test pictures of each class of CIFAR-10, uint8 (1000, 32, 32, 3), class by class, and labels."""
    with zipfile.ZipFile(shared / "data" / "cifar10" / "test.zip") as archive:
        names = sorted(name for name in archive.namelist() if name.endswith(".png"))
        classes = sorted({name.split("/")[-2] for name in names})
        picks = [name for cls in classes for name in [n for n in names if f"/{cls}/" in n][:100]]
        pictures = np.stack([np.asarray(Image.open(BytesIO(archive.read(name)))) for name in picks])
    return torch.from_numpy(pictures), torch.arange(10).repeat_interleave(100)


@pytest.fixture
def home(tmp_path, monkeypatch) -> Path:
    """An empty RESNET_VIZ_HOME."""
    monkeypatch.setenv("RESNET_VIZ_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("RESNET_VIZ_DATABASE_URL", raising=False)
    return tmp_path / "home"


@pytest.fixture
def store(home) -> RunStore:
    return RunStore(Settings().store_url)


@pytest.fixture(scope="session")
def digits() -> ImageData:
    return load_dataset("digits")


@pytest.fixture(scope="session")
def few_digits(digits) -> ImageData:
    """160 training and 64 test pictures: one epoch is two steps of 64."""
    return replace(
        digits,
        train_pictures=digits.train_pictures[:160],
        train_labels=digits.train_labels[:160],
        test_pictures=digits.test_pictures[:64],
        test_labels=digits.test_labels[:64],
    )


@pytest.fixture(scope="session")
def trained(tmp_path_factory) -> tuple[Path, list[Run]]:
    """A home with one finished comparison: plain-8 and ResNet-8 (A), one epoch on digits, and its runs."""
    home = tmp_path_factory.mktemp("trained")
    settings = Settings(home=home)
    store = RunStore(settings.store_url)
    config = preset("digits", epochs=1, threads=1)
    runs = store.add_comparison([(asdict(NetSpec(family, 8)), asdict(config)) for family in ("plain", "resnet")])
    return home, [work_on(store, settings, run) for run in runs]


def work_on(store: RunStore, settings: Settings, run: Run) -> Run:
    """Train a queued run to its end in this process."""
    claim = store.claim(Owner.here(), run_id=run.id)
    assert claim is not None
    return work(store, settings, claim)


@pytest.fixture(scope="session")
def postgres():
    """A PostgreSQL server of Debian's on a free loopback port, from a fresh data directory: its URL without a name."""
    pytest.importorskip("psycopg", reason="needs psycopg (the extra postgres)")
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        pytest.fail("the tests need Debian's postgresql; `make test` installs it")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    # Not in pytest's own folder: that is root's, and PostgreSQL refuses to run as root.
    with tempfile.TemporaryDirectory() as name:
        as_user = []
        if os.getuid() == 0:
            as_user = ["runuser", "-u", "postgres", "--"]
            shutil.chown(name, "postgres")
        folder, binaries = Path(name), found[-1].parent
        call = partial(subprocess.run, check=True, stdout=subprocess.DEVNULL, cwd=folder)
        data = folder / "data"
        call([*as_user, binaries / "initdb", "-D", data, "-A", "trust", "-U", "tests", "-E", "UTF8", "--no-sync"])
        options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off"
        call([*as_user, binaries / "pg_ctl", "-D", data, "-o", options, "-w", "-l", folder / "log", "start"])
        yield f"postgresql+psycopg://tests@127.0.0.1:{port}"
        call([*as_user, binaries / "pg_ctl", "-D", data, "-m", "immediate", "stop"])


@pytest.fixture
def postgres_url(postgres):
    """A fresh database in it."""
    name = f"db_{secrets.token_hex(4)}"
    with create_engine(f"{postgres}/postgres", isolation_level="AUTOCOMMIT").connect() as db:
        db.execute(text(f"CREATE DATABASE {name}"))
    return f"{postgres}/{name}"
