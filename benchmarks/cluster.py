"""What does a cluster gain and cost? The same sweep by workers of this machine, and by Ray on one node and on two.

python -m benchmarks.cluster [--url postgresql+psycopg://...] > benchmarks/cluster.md

Eight runs of ResNet-20 and plain-20 on digits, one thread a run. A node is a Ray node with one CPU, both on this
machine, so two nodes have what two workers at once have; what is between them is Ray's overhead, and the store's where
--url is given.
"""

import argparse
import os
import tempfile
import time
from pathlib import Path

import ray
from ray.cluster_utils import Cluster

from benchmarks.machine import describe
from resnet_viz.runs import RunStore
from resnet_viz.settings import Settings
from resnet_viz.training import Grid, preset, queue_sweep
from resnet_viz.training.executor import WATCH_SECONDS, watch_over

RUNS = 8
CONFIG = preset("digits", epochs=20, threads=1, precision="fp32", device="cpu")


def seconds_of_sweep(settings: Settings) -> float:
    """Seconds from the start of a sweep to the end of its last run."""
    store = RunStore(settings.store_url)
    start = time.monotonic()
    sweep = queue_sweep(store, settings, Grid((20,), seeds=range(RUNS // 2)).comparisons(CONFIG))
    while any(run.status.is_active for run in store.sweep(sweep)):
        watch_over(store, settings)
        time.sleep(WATCH_SECONDS / 4)
    assert all(run.status == "finished" for run in store.sweep(sweep))
    return time.monotonic() - start


def on_cluster(settings: Settings, nodes: int) -> float:
    """The same on a Ray cluster of so many nodes with a CPU each."""
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    os.environ["RAY_ADDRESS"] = cluster.address
    for _ in range(nodes - 1):
        cluster.add_node(num_cpus=1)
    try:
        return seconds_of_sweep(settings)
    finally:
        ray.shutdown()
        cluster.shutdown()
        del os.environ["RAY_ADDRESS"]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--url", default="", help="of an empty database for the cluster; SQLite unless given")
    asked = parser.parse_args()
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    print("# A cluster\n")
    print(describe())
    print(f"{RUNS} runs of 20 layers on digits, {CONFIG.epochs} epochs, one thread each.\n")
    print("| who trains | seconds for all | runs an hour |")
    print("|---|---|---|")
    for title, at_once, nodes in (("local, one at once", 1, 0), ("local, two at once", 2, 0), ("Ray, one node", 0, 1),
                                  ("Ray, two nodes", 0, 2)):  # fmt: skip
        with tempfile.TemporaryDirectory() as folder:
            os.environ["RESNET_VIZ_HOME"] = folder
            if nodes:
                url = asked.url or f"sqlite:///{Path(folder) / 'runs.sqlite'}"
                seconds = on_cluster(Settings(executor="ray", database_url=url), nodes)
            else:
                seconds = seconds_of_sweep(Settings(at_once=at_once))
        print(f"| {title} | {seconds:.0f} | {3600 * RUNS / seconds:.0f} |", flush=True)


if __name__ == "__main__":
    main()
