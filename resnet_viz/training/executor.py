"""How do workers start? As processes of their own, which outlive the page, the browser and the server."""

import contextlib
import json
import os
import signal
import subprocess
import threading
import time
import traceback
from dataclasses import asdict

from resnet_viz.runs import Claim, Owner, RunStore, StoreError
from resnet_viz.settings import Settings
from resnet_viz.training.processes import launch
from resnet_viz.training.threads import default_at_once

WATCH_SECONDS = 2.0
FROZEN = 4.5  # seconds after a stop or a pause was asked for in which a worker has to end by itself
SPARES = 2  # both nets of a comparison

_spares: list[subprocess.Popen[str]] = []  # workers that have loaded torch and wait for a job
_started: list[subprocess.Popen[str]] = []  # workers that got one
_lock = threading.Lock()
_asked: dict[tuple[str, str, int], float] = {}  # store, run and attempt that were asked to end, and since when


def prepare_workers() -> None:
    """Have a worker ready for each net of a comparison, with torch loaded: a start then takes no seconds.

    They end with the process that called this, unless they have got a job by then.
    """
    with _lock:
        _spares[:] = [spare for spare in _spares if spare.poll() is None]
        while len(_spares) < SPARES:
            _spares.append(_launch("--spare"))


def runs_at_once(store: RunStore, settings: Settings) -> int:
    """How many runs train at once on this machine: as its user chose, as was set, or by its cores."""
    if settings.executor == "ray":
        from resnet_viz.training.cluster import free_resources

        return max(1, int(free_resources()["cpus"]) // settings.cpus_a_run)
    return store.chosen("at_once") or settings.at_once or default_at_once()


def start_workers(store: RunStore, settings: Settings) -> int:
    """Start a worker for each run that waits, as many as may train at once on this machine; how many were started.

    What a worker prints goes to logs/RUN_ID.log under RESNET_VIZ_HOME. Workers that have ended start the next.
    """
    count = 0
    with _lock:
        _started[:] = [worker for worker in _started if worker.poll() is None]  # those that ended leave no zombie
        at_once, here = runs_at_once(store, settings), Owner.here().host
        while store.count_queued() and store.count_running(here) < at_once:
            worker = _take_spare() or _launch()
            claim = store.claim(Owner.of(worker.pid), at_once)
            if claim is None:  # somebody else was faster
                _dismiss(worker)
                break
            _give(worker, claim, settings)  # one that has died is found dead, and its run queued again
            _started.append(worker)
            count += 1
    return count


def watch_over(store: RunStore, settings: Settings) -> None:
    """What a server does all the time: take runs from dead workers, end frozen ones, and start those that wait."""
    store.recover()
    end_frozen(store)
    if settings.executor == "local":  # a cluster has its keeper
        start_workers(store, settings)


def keep_watch(store: RunStore, settings: Settings) -> threading.Thread:
    """Watch over the runs from a thread of this process, to its end."""

    def watch() -> None:
        while True:
            try:
                watch_over(store, settings)
            except StoreError:
                pass  # the database does not answer: the pages say so
            except Exception:
                traceback.print_exc()
            time.sleep(WATCH_SECONDS)

    thread = threading.Thread(target=watch, daemon=True, name="watch over runs")
    thread.start()
    return thread


def end_frozen(store: RunStore) -> None:
    """End workers of this machine, and all that they started, that were asked to stop or pause and do not.

    A process is only touched if it is the one that claimed the run: number and start are the same, and it leads its
    own group.
    """
    now, still = time.monotonic(), set()
    for run in store.running():
        if run.request and run.owner.is_here:
            still.add(key := (store.url, run.id, run.attempt))
            if now - _asked.setdefault(key, now) > FROZEN and not run.owner.is_gone:
                with contextlib.suppress(OSError):
                    if os.getpgid(run.owner.pid) == run.owner.pid:
                        os.killpg(run.owner.pid, signal.SIGKILL)
    for key in [key for key in _asked if key[0] == store.url and key not in still]:
        _asked.pop(key, None)


def _give(worker: subprocess.Popen[str], claim: Claim, settings: Settings) -> None:
    assert worker.stdin is not None
    with contextlib.suppress(OSError):
        worker.stdin.write(json.dumps({"claim": asdict(claim), "settings": settings.model_dump(mode="json")}) + "\n")
        worker.stdin.close()


def _take_spare() -> subprocess.Popen[str] | None:
    while _spares:
        if (spare := _spares.pop(0)).poll() is None:
            return spare
    return None


def _dismiss(worker: subprocess.Popen[str]) -> None:
    if worker.poll() is None:
        _spares.append(worker)


def _launch(*flags: str) -> subprocess.Popen[str]:
    return launch("resnet_viz.training.worker", *flags, outlives=True)
