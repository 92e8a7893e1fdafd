"""How do runs get to a cluster? One Ray task a run, with its share of CPUs and GPUs; Ray says where and when.

A keeper, an actor of the cluster that outlives the server, turns every run that waits in the store into a task. The
task claims its run as a worker of this machine would; where a node dies, the claim ends, and the run goes on from its
last checkpoint in a new task.
"""

import os
import threading
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import ray

from resnet_viz.runs import Owner, RunStore, StoreError
from resnet_viz.settings import Settings

PACKAGE = Path(__file__).parents[1]
NAMESPACE = "resnet_viz"
LOOK_SECONDS = 2.0  # between two looks of the keeper at the store
RETRIES = 10  # of a task whose node died; the store counts attempts in vain


# A thread that stays: what Ray starts on this machine is ended by the system with the thread that started it, and the
# threads of a page end with every look at it.
_starter = ThreadPoolExecutor(1, "ray")


def connect() -> None:
    """Reach the cluster that RAY_ADDRESS names, or start one on this machine with its dashboard on loopback only."""
    _starter.submit(_connect).result()


def _connect() -> None:
    if not ray.is_initialized():
        address = os.environ.get("RAY_ADDRESS")
        local: dict[str, Any] = {} if address else {"include_dashboard": False, "dashboard_host": "127.0.0.1"}
        ray.init(
            address=address,
            namespace=NAMESPACE,
            log_to_driver=False,
            runtime_env={"py_modules": [str(PACKAGE)]},  # the nodes have the libraries, and get this code
            **local,
        )


def keep_runs_going(settings: Settings) -> None:
    """See to it that the cluster has a keeper for the runs of these settings' store."""
    connect()
    name = f"keeper of {settings.store_url}".replace("/", "|")
    ray.remote(Keeper).options(
        name=name, namespace=NAMESPACE, lifetime="detached", get_if_exists=True, max_restarts=-1, num_cpus=0
    ).remote(settings.model_dump_json())


def free_resources() -> dict[str, float]:
    """CPUs and GPUs of the cluster that are free, and all of them: free_cpus, cpus, free_gpus, gpus."""
    connect()
    free, everything = ray.available_resources(), ray.cluster_resources()
    return {
        "free_cpus": free.get("CPU", 0.0),
        "cpus": everything.get("CPU", 0.0),
        "free_gpus": free.get("GPU", 0.0),
        "gpus": everything.get("GPU", 0.0),
    }


class Keeper:
    """Submits a task for every run that waits, until the cluster is shut down."""

    def __init__(self, settings: str) -> None:
        self.settings = Settings.model_validate_json(settings)
        self.tasks: dict[str, ray.ObjectRef] = {}
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self) -> None:
        store = RunStore(self.settings.store_url)
        while True:
            try:
                store.recover()
                self._submit([run.id for run in store.queued()])
            except StoreError:
                traceback.print_exc()  # the database does not answer: later again
            time.sleep(LOOK_SECONDS)

    def _submit(self, run_ids: list[str]) -> None:
        if self.tasks:
            ended = set(ray.wait(list(self.tasks.values()), num_returns=len(self.tasks), timeout=0)[0])
            self.tasks = {run_id: task for run_id, task in self.tasks.items() if task not in ended}
        has_gpu = ray.cluster_resources().get("GPU", 0) > 0
        share = {"num_cpus": self.settings.cpus_a_run, "num_gpus": self.settings.gpus_a_run if has_gpu else 0}
        for run_id in run_ids:
            if run_id not in self.tasks:
                task = _work_on.options(max_retries=RETRIES, **share)
                self.tasks[run_id] = task.remote(run_id, self.settings.model_dump_json())


@ray.remote
def _work_on(run_id: str, settings_json: str) -> str:
    """Work on a run until it has ended, here or, if another was faster, elsewhere; its state."""
    from resnet_viz.training.worker import work

    settings = Settings.model_validate_json(settings_json)
    store = RunStore(settings.store_url)
    while (run := store.run(run_id)).status.is_active:
        store.recover()  # an earlier attempt of this task may have died with its node
        claim = store.claim(Owner.here(), run_id=run_id)
        if claim is not None:
            work(store, settings, claim, is_alone=True)
        else:
            time.sleep(LOOK_SECONDS)
    return str(run.status)
