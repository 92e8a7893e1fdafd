"""Is the pace that is measured that of the net that was asked for, also after what measures has died?"""

import math
import os
import select
import signal
import subprocess
import threading

import pytest

from resnet_viz.nets import NetSpec
from resnet_viz.training import TrainingConfig, find_devices, measure_pace, pace
from tests.conftest import PATIENCE

pytestmark = pytest.mark.process
SPEC, CONFIG = NetSpec("resnet", 8), TrainingConfig(batch_size=2)


@pytest.fixture
def none_at_work():
    yield
    pace.end_measuring()


def measure(spec: NetSpec = SPEC) -> list[subprocess.Popen[str]]:
    """Measure the pace, and return what measured it."""
    found = measure_pace(spec, CONFIG, 32, find_devices()[-1], "fp32", at_once=2)
    assert 0 < found.first < math.inf
    assert 0 <= found.block < math.inf
    return list(pace._meters)


def freeze(meter: subprocess.Popen[str]) -> None:
    """Stop a process, so that it reads and answers nothing, and has not ended."""
    os.kill(meter.pid, signal.SIGSTOP)
    while os.waitid(os.P_PID, meter.pid, os.WSTOPPED | os.WNOWAIT) is None:
        pass


def kill_once_the_other_has_answered(meter: subprocess.Popen[str], other: subprocess.Popen[str]) -> None:
    assert other.stdout is not None
    select.select([other.stdout], [], [], PATIENCE)
    meter.kill()


def test_a_pace_is_measured_and_again_by_others_once_what_measured_has_died(none_at_work):
    meters = measure()
    assert measure(NetSpec("vgg", 16)) == meters  # a net without blocks

    # One dies: the answer of the other, which nobody has read, is not taken for the next one.
    freeze(meters[0])
    killing = threading.Thread(target=kill_once_the_other_has_answered, args=meters)
    killing.start()
    with pytest.raises(RuntimeError, match="could not be taken"):
        measure()
    killing.join()
    assert pace._meters == []
    assert all(meter.returncode is not None for meter in meters)

    # A pipe is broken.
    meters = measure()
    freeze(meters[1])
    meters[1].stdin.close()
    with pytest.raises(RuntimeError, match="could not be taken"):
        measure()
    assert pace._meters == []


def test_a_process_that_cannot_be_started_is_told_too(monkeypatch):
    def refuse():
        raise OSError("no more processes")

    pace.end_measuring()
    monkeypatch.setattr(pace, "_launch", refuse)
    with pytest.raises(RuntimeError, match="no more processes"):
        measure()
