"""How do workers start? As processes of their own, which outlive the page, the browser and the server."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from resnet_viz.settings import Settings
from resnet_viz.training.threads import RUNS_AT_ONCE, threads_for

PACKAGE_ROOT = Path(__file__).parents[2]


def start_workers(run_ids: Sequence[str], settings: Settings) -> None:
    """Start one worker for each run on this machine; they share its cores, and wait in the store for their turn.

    What a worker prints goes to logs/RUN_ID.log under RESNET_VIZ_HOME.
    """
    logs = settings.home / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    threads = threads_for(len(run_ids))
    python_path = os.pathsep.join(filter(None, (str(PACKAGE_ROOT), os.environ.get("PYTHONPATH"))))
    environment = os.environ | {
        "PYTHONPATH": python_path,  # whatever folder the server was started in
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
