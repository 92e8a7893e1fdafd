"""How do workers start? As processes of their own, which outlive the page, the browser and the server."""

import os
import subprocess
import sys
from collections.abc import Sequence

from resnet_viz.settings import Settings

RUNS_AT_ONCE = 2  # both nets of a comparison; whatever else is queued waits


def start_workers(run_ids: Sequence[str], settings: Settings) -> None:
    """Start one worker for each run on this machine; they share its cores, and wait in the store for their turn.

    What a worker prints goes to logs/RUN_ID.log under RESNET_VIZ_HOME.
    """
    logs = settings.home / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    threads = threads_for(len(run_ids))
    environment = os.environ | {
        "RESNET_VIZ_HOME": str(settings.home),
        "RESNET_VIZ_DATABASE_URL": settings.store_url,
    }
    for run_id in run_ids:
        command = [sys.executable, "-m", "resnet_viz.training.worker", run_id]
        command += ["--at-once", str(RUNS_AT_ONCE), "--threads", str(threads)]
        with (logs / f"{run_id}.log").open("wb") as log:
            # A session of its own: Ctrl-C in the server's terminal does not reach it.
            subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment, start_new_session=True
            )


def threads_for(runs: int) -> int:
    """The threads of each of so many runs that are started together on this machine."""
    return max(1, count_cores() // min(runs, RUNS_AT_ONCE))


def count_cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
