"""How do workers start? As processes of their own, which outlive the page, the browser and the server."""

import contextlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from resnet_viz.settings import Settings
from resnet_viz.training.threads import RUNS_AT_ONCE

PACKAGE_ROOT = Path(__file__).parents[2]

_spares: list[subprocess.Popen[str]] = []  # workers that have loaded torch and wait for a job
_spares_lock = threading.Lock()


def prepare_workers() -> None:
    """Have a worker ready for each net of a comparison, with torch loaded: a start then takes no seconds.

    They end with the process that called this, unless they have got a job by then.
    """
    with _spares_lock:
        _spares[:] = [spare for spare in _spares if spare.poll() is None]
        while len(_spares) < RUNS_AT_ONCE:
            _spares.append(_launch("--spare"))


def start_workers(run_ids: Sequence[str], settings: Settings) -> None:
    """Start one worker for each run on this machine; they share its cores, and wait in the store for their turn.

    What a worker prints goes to logs/RUN_ID.log under RESNET_VIZ_HOME.
    """
    for run_id in run_ids:
        job = {
            "run_id": run_id,
            "at_once": RUNS_AT_ONCE,
            "home": str(settings.home),
            "database_url": settings.store_url,
            "data": str(settings.data_root),
        }
        _hand_out(json.dumps(job) + "\n")


def _hand_out(job: str) -> None:
    with _spares_lock:
        while _spares:
            spare = _spares.pop(0)
            with contextlib.suppress(OSError):  # a spare that has died: the next one
                _give(spare, job)
                return
        _give(_launch(), job)


def _give(worker: subprocess.Popen[str], job: str) -> None:
    assert worker.stdin is not None
    worker.stdin.write(job)
    worker.stdin.close()


def _launch(*flags: str) -> subprocess.Popen[str]:
    python_path = os.pathsep.join(filter(None, (str(PACKAGE_ROOT), os.environ.get("PYTHONPATH"))))
    return subprocess.Popen(
        [sys.executable, "-m", "resnet_viz.training.worker", *flags],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        text=True,
        env=os.environ | {"PYTHONPATH": python_path},  # whatever folder the server was started in
        start_new_session=True,  # Ctrl-C in the server's terminal does not reach it
    )
