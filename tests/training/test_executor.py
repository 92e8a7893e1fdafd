"""Are all runs of this machine looked after, however many were started since?"""

import subprocess
import sys

import pytest

from resnet_viz.runs import Owner
from resnet_viz.training import executor
from resnet_viz.training.executor import end_frozen
from tests.conftest import PATIENCE

pytestmark = pytest.mark.process


def test_a_worker_that_does_not_stop_is_ended_also_below_two_hundred_newer_comparisons(store, monkeypatch):
    (run,) = store.add_comparison([({"family": "plain"}, {"seed": 0})])
    sleeper = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
    try:
        store.claim(Owner.of(sleeper.pid), run_id=run.id)
        store.add_sweep([[({"family": "plain"}, {"seed": 1 + i})] for i in range(205)])
        store.request(run.id, "stop")
        monkeypatch.setattr(executor, "FROZEN", -1.0)  # any time is too long
        end_frozen(store)
        end_frozen(store)
        assert sleeper.wait(PATIENCE) < 0
    finally:
        sleeper.kill()
