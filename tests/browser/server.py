"""How does a test get the dashboard as `make run` starts it, with a home that is empty for each test?"""

import os
import secrets
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from functools import cached_property
from pathlib import Path

import psutil

from resnet_viz.nets import NetSpec
from resnet_viz.runs import Claim, Owner, Run, RunStore, Study, StudyStore
from resnet_viz.runs.schema import metadata
from resnet_viz.runs.store import ALL
from resnet_viz.settings import Settings
from resnet_viz.training import TrainingConfig

ROOT = Path(__file__).parents[2]
PATIENCE = 240_000  # milliseconds that nothing takes, on however busy a machine; what does has failed
PORTS = range(20_000, 32_000)  # which no system gives to programs that ask for any port
TRIES = 20  # ports
HOME = "RESNET_VIZ_HOME"
KEPT = ("runs.sqlite", "server.log", "data")  # of a home that is cleared; data are the same for all


def wait_until(is_so: Callable[[], object], what: str) -> None:
    """Wait until something is so; where it never is, the test fails and says what it waited for."""
    deadline = time.monotonic() + PATIENCE / 1000
    while not is_so():
        assert time.monotonic() < deadline, f"waited in vain until {what}"
        time.sleep(0.1)


class Server:
    """A server on a port of its own. What it prints goes to a file; its home can be emptied for the next test.

    It measures the pace of this machine where `measures` says so.
    """

    def __init__(self, home: Path, measures: bool = False) -> None:
        home.mkdir(parents=True, exist_ok=True)
        self.home, self.log = home, home / "server.log"
        self.program = "streamlit" if measures else "tests.browser.serve"
        self.log_seen = 0  # bytes of the log that were written before this test
        others = {name: value for name, value in os.environ.items() if not name.startswith("RESNET_VIZ_")}
        self.environment = others | {HOME: str(home), "RESNET_VIZ_AT_ONCE": "2", "PYTHONUNBUFFERED": "1"}
        for _ in range(TRIES):
            self.port = PORTS.start + secrets.randbelow(len(PORTS))  # tests seed the usual generator alike everywhere
            if self._comes_up():
                return
        raise AssertionError(f"the server does not start on any port:\n{self.said()}")

    @property
    def url(self) -> str:
        """Where pages are asked for."""
        return f"http://127.0.0.1:{self.port}"

    @cached_property
    def store(self) -> RunStore:
        """The runs in its home."""
        return RunStore(Settings(home=self.home).store_url)

    @property
    def studies(self) -> StudyStore:
        """What was asked in its home."""
        return StudyStore(self.store)

    # -- its process -----------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Start it again after `kill`, where open pages look for it."""
        assert self._comes_up(), f"the server does not start again:\n{self.said()}"

    def kill(self) -> None:
        """Let it die as by a power cut; workers go on."""
        self.process.kill()
        self.process.wait()

    def end(self) -> None:
        """End it, and all that was started for its home."""
        self.kill()
        self._kill_workers()

    @property
    def is_up(self) -> bool:
        """Whether its process is there."""
        return self.process.poll() is None

    def said(self) -> str:
        """What it has printed since this test began."""
        return self.log.read_bytes()[self.log_seen :].decode(errors="replace")

    def _comes_up(self) -> bool:
        """Start the process, and wait until it answers; False where it ends instead, as where its port is taken."""
        command = [sys.executable, "-m", self.program, "run", "app.py", "--server.port", str(self.port)]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, cwd=ROOT, env=self.environment, stdout=log, stderr=log)
        wait_until(lambda: not self.is_up or (self._has_port() and self._answers()), "the server answers")
        return self.is_up

    def _has_port(self) -> bool:
        """Whether it is this process that listens, and not one that was faster."""
        with suppress(psutil.Error):
            found = psutil.Process(self.process.pid).net_connections("tcp")
            return any(one.status == psutil.CONN_LISTEN and one.laddr.port == self.port for one in found)
        return False

    def _answers(self) -> bool:
        with suppress(OSError), urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=5):
            return True
        return False

    # -- its home --------------------------------------------------------------------------------------------------

    def claim_run(self, spec: NetSpec, config: TrainingConfig) -> Claim:
        """Add a run at work whose worker is the test.

        It is claimed in a store of its own first: in this one a worker of the server could be faster.
        """
        apart = RunStore("sqlite://")
        (run,) = apart.add_comparison([(asdict(spec), asdict(config))])
        claim = apart.claim(Owner.here(), run_id=run.id)
        assert claim is not None
        apart.copy_runs([run.id], self.store)
        return claim

    def clear(self) -> None:
        """Leave an empty home to the next test: end what is at work, then delete all runs, answers and choices."""
        self._end_work()
        with self.store.write() as db:
            for table in reversed(metadata.sorted_tables):  # runs last: the others refer to them
                db.execute(table.delete())
        for path in self.home.iterdir():
            if not path.name.startswith(KEPT):
                shutil.rmtree(path) if path.is_dir() else path.unlink()

    def _end_work(self) -> None:
        """Stop what trains and measures, and wait until its processes have ended; those that hang are killed."""
        for one in self._at_work():
            if one.status.is_active and isinstance(one, Run):
                self.store.request(one.id, "stop")
            elif one.status.is_active:
                self.studies.stop(one.id)
        try:
            wait_until(lambda: not self._at_work(), "all workers have ended")
        except AssertionError:
            self._kill_workers()
            raise

    def _at_work(self) -> list[Run | Study]:
        """Runs and questions that wait, or whose process is there, but for what a test itself is the worker of."""
        found: list[Run | Study] = [*self.store.runs(ALL, archived=True), *self.studies.studies()]
        others = [one for one in found if one.owner.pid != os.getpid()]
        return [one for one in others if one.status.is_active or (one.owner.is_here and not one.owner.is_gone)]

    def _kill_workers(self) -> None:
        """Kill the processes of this home but the server; those of another test run have another home."""
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                if process.pid != self.process.pid and process.environ().get(HOME) == str(self.home):
                    process.kill()
