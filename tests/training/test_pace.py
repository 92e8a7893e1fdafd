"""Is the pace that is measured that of the net that was asked for, also after what measures has died?"""

import math
import os
import signal
import threading

import pytest

from resnet_viz.nets import NetSpec
from resnet_viz.training import Device, TrainingConfig, find_devices, measure_pace, pace

pytestmark = pytest.mark.process
SPEC, CONFIG = NetSpec("resnet", 8), TrainingConfig(batch_size=2)


@pytest.fixture
def meters():
    """Two processes that have measured once."""
    measure(16)
    yield list(pace._meters)
    pace.end_measuring()


def measure(size: int) -> tuple[float, float]:
    found = measure_pace(SPEC, CONFIG, size, cpu(), "fp32", at_once=2)
    return found.first, found.block


def cpu() -> Device:
    return find_devices()[-1]


def freeze(meter) -> None:
    """Stop a process, so that it reads and answers nothing, and has not ended."""
    os.kill(meter.pid, signal.SIGSTOP)
    while os.waitid(os.P_PID, meter.pid, os.WSTOPPED | os.WNOWAIT) is None:
        pass


def test_an_answer_that_nobody_read_is_not_taken_for_the_next_one(meters):
    freeze(meters[0])
    killing = threading.Timer(2.0, meters[0].kill)  # the other has answered by then
    killing.start()
    with pytest.raises(RuntimeError, match="could not be taken"):
        measure(16)
    killing.join()
    assert pace._meters == []
    assert all(meter.returncode is not None for meter in meters)
    assert all(math.isfinite(number) for number in measure(16))  # by new ones


def test_a_pipe_that_is_broken_is_told_as_any_other_trouble(meters):
    freeze(meters[1])
    meters[1].stdin.close()
    with pytest.raises(RuntimeError, match="could not be taken"):
        measure(16)
    assert pace._meters == []


def test_a_process_that_cannot_be_started_is_told_too(monkeypatch):
    def refuse():
        raise OSError("no more processes")

    pace.end_measuring()
    monkeypatch.setattr(pace, "_launch", refuse)
    with pytest.raises(RuntimeError, match="no more processes"):
        measure(16)
