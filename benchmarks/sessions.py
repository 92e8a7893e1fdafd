"""How many readers can watch a training at once? Sessions that speak the browser's protocol, one update a second each.

python -m benchmarks.sessions [--sessions 50] [--seconds 20] > benchmarks/sessions.md

A real server shows the Train page of a comparison that grows; every session asks for an update of its live part each
second, as a browser's fragment does, and waits until the server says that it is done. What a browser then draws is
the reader's machine's work.
"""

import argparse
import asyncio
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect

from benchmarks.machine import describe
from resnet_viz.nets import NetSpec
from resnet_viz.runs import Owner, RunStore, RunWriter
from resnet_viz.runs.schema import KINDS
from resnet_viz.training import preset
from resnet_viz.ui.watch import REFRESH_SECONDS

ROOT = Path(__file__).parents[1]
LAYERS, STEPS, EACH = 56, 400, 4  # of each run at the start; steps that come twice a second
INTERVAL = 1.0  # seconds between a session's updates
ARRIVAL = 0.15  # seconds between two sessions that open the page
LATE = 1.0  # seconds


def grow(store: RunStore, ended: threading.Event, pause: float = 0.5, each: int = EACH) -> tuple[str, threading.Thread]:
    """A comparison of two runs that grows until `ended`, as two workers would write it; its id and who writes.

    Each `pause` in seconds there are `each` steps more.
    """
    config = preset("digits", epochs=500)
    runs = store.add_comparison([(asdict(NetSpec(family, 56)), asdict(config)) for family in ("plain", "resnet")])
    writers = []
    for run in runs:
        claim = store.claim(Owner.here(), run_id=run.id)
        assert claim is not None
        writers.append(RunWriter(store, claim))
        names = [f"layer{i}" for i in range(LAYERS)]
        writers[-1].describe({"layers": names, "norm_layers": names}, 100_000)
    draw = np.random.default_rng(0)

    def append(first: int, count: int) -> None:
        rows = pd.DataFrame({"step": np.arange(first, first + count), "loss": draw.random(count), "error": 0.5})
        numbers = {kind: draw.random((count, LAYERS), np.float32) for kind in KINDS}
        for writer in writers:
            writer.append(rows.assign(learning_rate=0.1), numbers, first / 100)

    def work() -> None:
        step, beaten = STEPS + 1, time.monotonic()
        while not ended.wait(pause):
            append(step, each)
            step += each
            if time.monotonic() - beaten > 5.0:
                beaten = time.monotonic()
                for writer in writers:
                    writer.beat()

    append(1, STEPS)
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return runs[0].comparison, thread


class Session:
    """One reader: opens the page, then asks for updates of its live part."""

    def __init__(self, socket: ClientConnection, query: str) -> None:
        self.socket, self.query = socket, query
        self.live = ""  # the part of the page that shows the runs

    async def open(self) -> None:
        """Load the page, and learn which part of it asks to be run again."""
        message = BackMsg()
        message.rerun_script.page_name = "train"
        message.rerun_script.query_string = self.query
        await self._ask(message)

    async def update(self) -> float:
        """Run the live part again; the seconds until the server is done with it."""
        message = BackMsg()
        message.rerun_script.query_string = self.query
        message.rerun_script.fragment_id = self.live
        message.rerun_script.is_auto_rerun = True
        start = time.perf_counter()
        await self._ask(message)
        return time.perf_counter() - start

    async def _ask(self, message: BackMsg) -> None:
        await self.socket.send(message.SerializeToString())
        while True:
            answer = ForwardMsg()
            answer.ParseFromString(await self.socket.recv(decode=False))
            kind = answer.WhichOneof("type")
            if kind == "auto_rerun":
                if answer.auto_rerun.interval == REFRESH_SECONDS:
                    self.live = answer.auto_rerun.fragment_id
            elif kind == "script_finished" and answer.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN:
                return


async def read_along(url: str, query: str, number: int, seconds: float, opened: asyncio.Barrier) -> list[float]:
    """One session from its opening to the end; how long each update took."""
    await asyncio.sleep(number * ARRIVAL)
    # As browsers do, a session waits for a server that is late; one that gave up would leave all others waiting for it.
    patience = {"ping_interval": None, "open_timeout": None}
    options = {"subprotocols": ["streamlit"], "origin": url.replace("ws", "http"), "max_size": None} | patience
    async with connect(f"{url}/_stcore/stream", **options) as socket:  # type: ignore[arg-type]
        session = Session(socket, query)
        await session.open()
        await opened.wait()
        await asyncio.sleep(INTERVAL * np.random.default_rng(number).random())
        taken, end = [], time.perf_counter() + seconds
        while (start := time.perf_counter()) < end:
            taken.append(await session.update())
            await asyncio.sleep(max(0.0, INTERVAL - (time.perf_counter() - start)))
        return taken


@dataclass(frozen=True)
class Served:
    """What the readers got: the seconds that each update of each session took, and those in which all of them came."""

    sessions: list[list[float]]
    seconds: float

    @property
    def times(self) -> list[float]:
        """Of all updates."""
        return [one for times in self.sessions for one in times]

    @property
    def speed(self) -> float:
        """Updates a second, of all sessions together."""
        return len(self.times) / self.seconds

    @property
    def in_time(self) -> float:
        """The share that came within LATE."""
        return sum(one <= LATE for one in self.times) / len(self.times)

    def slow(self, quantile: float) -> float:
        """The seconds within which this share came."""
        return float(np.quantile(self.times, quantile))


async def read_all(url: str, query: str, sessions: int, seconds: float) -> Served:
    """So many sessions, from the opening of the first to the end of all."""
    opened = asyncio.Barrier(sessions + 1)
    readers = [asyncio.create_task(read_along(url, query, i, seconds, opened)) for i in range(sessions)]
    await opened.wait()
    start = time.perf_counter()
    found = await asyncio.gather(*readers)
    return Served(list(found), time.perf_counter() - start)


def serve(home: str) -> tuple[subprocess.Popen[bytes], int]:
    """A server of the dashboard on a free port, once it answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    server = subprocess.Popen(command, cwd=ROOT, env=os.environ | {"RESNET_VIZ_HOME": home}, **quiet)  # type: ignore
    while True:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=5).close()
            return server, port
        except OSError:
            time.sleep(0.2)


def measure(sessions: int, seconds: float) -> Served:
    """A training that grows, on a server of its own, and so many who watch it."""
    with tempfile.TemporaryDirectory() as home:
        ended = threading.Event()
        comparison, writer = grow(RunStore(f"sqlite:///{home}/runs.sqlite"), ended)
        server, port = serve(home)
        try:
            query = f"comparison={comparison}"
            return asyncio.run(read_all(f"ws://127.0.0.1:{port}", query, sessions, seconds))
        finally:
            ended.set()
            writer.join()
            server.kill()
            server.wait()


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--sessions", type=int, nargs="+", default=[1, 10, 50])
    parser.add_argument("--seconds", type=float, default=20.0)
    asked = parser.parse_args()
    print("# Sessions\n")
    print(describe())
    print("| sessions | updates a second in all | within 1 s | median, ms | 95th percentile, ms |")
    print("|---|---|---|---|---|")
    for sessions in asked.sessions:
        found = measure(sessions, asked.seconds)
        median, slow = (1e3 * found.slow(quantile) for quantile in (0.5, 0.95))
        print(f"| {sessions} | {found.speed:.1f} | {found.in_time:.0%} | {median:.0f} | {slow:.0f} |", flush=True)


if __name__ == "__main__":
    main()
