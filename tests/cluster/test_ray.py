"""Does a sweep on a real cluster of two nodes come to its end, whatever happens to a node, and to the same numbers?"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from resnet_viz.runs import Run, RunStatus, RunStore
from resnet_viz.settings import Settings
from resnet_viz.training import Grid, preset, queue_runs, queue_sweep
from tests.conftest import PATIENCE, work_on

ray = pytest.importorskip("ray", reason="needs Ray (the extra cluster)")
pytestmark = pytest.mark.faults
ROOT = Path(__file__).parents[2]
CONFIG = preset("digits", epochs=6, threads=1, precision="fp32", device="cpu")


@pytest.fixture(scope="module")
def cluster():
    """A cluster of two nodes with a CPU each, on this machine."""
    from ray.cluster_utils import Cluster

    # Ray's own uv and conda hooks have nothing to do here, and its usage statistics stay at home.
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
        patch.setenv("RAY_ADDRESS", cluster.address)
        cluster.add_node(num_cpus=1)
        yield cluster
        ray.shutdown()
        cluster.shutdown()


@pytest.fixture
def settings(postgres_url, tmp_path, monkeypatch) -> Settings:
    monkeypatch.setenv("RESNET_VIZ_HOME", str(tmp_path / "home"))
    return Settings(database_url=postgres_url, executor="ray", storage=str(tmp_path / "storage"))


def wait_for(look: Callable[[], list[Run]], condition: Callable[[list[Run]], bool]) -> list[Run]:
    """The runs that `look` finds, once the condition holds of them; it fails where nothing happens to them."""
    seen, deadline = None, 0.0
    while not condition(runs := look()):
        now = [(run.status, run.attempt, run.step, run.message) for run in runs]
        if now != seen:
            seen, deadline = now, time.monotonic() + PATIENCE
        assert time.monotonic() < deadline, now
        time.sleep(0.2)
    return runs


def have_ended(runs: list[Run]) -> bool:
    return not any(run.status.is_active for run in runs)


def test_a_sweep_of_eight_runs_survives_the_death_of_a_node_and_gives_the_local_numbers(cluster, settings, store):
    from resnet_viz.training.cluster import free_resources

    shared = RunStore(settings.store_url)
    assert free_resources()["cpus"] == 2
    comparisons = Grid((8,), shortcuts=("A",), seeds=range(4)).comparisons(CONFIG)
    sweep = queue_sweep(shared, settings, comparisons)
    assert len(shared.sweep(sweep)) == 8
    wait_for(lambda: shared.sweep(sweep), lambda runs: any(run.step > 10 for run in runs))

    victim = next(node for node in cluster.list_all_nodes() if not node.head)
    cluster.remove_node(victim, allow_graceful=False)
    cluster.add_node(num_cpus=1)
    runs = wait_for(lambda: shared.sweep(sweep), have_ended)
    assert [run.status for run in runs] == [RunStatus.FINISHED] * 8, [run.message for run in runs]
    for run in runs:
        assert shared.steps(run.id)["step"].tolist() == list(range(1, run.total_steps + 1))
        assert os.path.exists(run.weights)
        assert run.weights.startswith(settings.storage)

    (here,) = store.add_comparison([(runs[1].spec, runs[1].config)])
    local = work_on(store, Settings(), here)
    ours, theirs = store.steps(local.id), shared.steps(runs[1].id)
    np.testing.assert_allclose(theirs["loss"], ours["loss"], rtol=1e-6)
    assert shared.run(runs[1].id).test_error == local.test_error


def test_a_run_on_the_cluster_is_paused_and_goes_on(cluster, settings):
    shared = RunStore(settings.store_url)
    spec, config = Grid((8,)).comparisons(preset("digits", epochs=100, threads=1))[0][1]
    (run,) = queue_runs(shared, settings, [(spec, config)])

    def look() -> list[Run]:
        return [shared.run(run.id)]

    wait_for(look, lambda runs: runs[0].step >= 30)
    shared.request(run.id, "pause")
    (paused,) = wait_for(look, have_ended)
    assert paused.status is RunStatus.PAUSED
    assert shared.resume(run.id)
    wait_for(look, lambda runs: runs[0].step > paused.step)
    shared.request(run.id, "stop")
    (stopped,) = wait_for(look, have_ended)
    assert stopped.status is RunStatus.STOPPED
    assert stopped.attempt == 2


def test_a_cluster_of_this_machine_outlives_the_look_at_a_page_that_started_it(tmp_path):
    # Every look at a page is a thread of its own, and the system ends with a thread the processes that it started.
    code = """
import threading, time
from resnet_viz.training.cluster import free_resources
found = []
for pause in (5, 0):
    look = threading.Thread(target=lambda: found.append(free_resources()["cpus"]))
    look.start()
    look.join()
    time.sleep(pause)
print(found)
"""
    environment = {name: value for name, value in os.environ.items() if name != "RAY_ADDRESS"}
    environment |= {"RESNET_VIZ_HOME": str(tmp_path), "RAY_USAGE_STATS_ENABLED": "0"}
    command = [sys.executable, "-c", code]
    ended = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=PATIENCE)
    assert ended.returncode == 0, ended.stderr[-2000:]
    first, second = json.loads(ended.stdout.splitlines()[-1])
    assert first == second > 0
