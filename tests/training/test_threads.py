"""Are cores shared out, and left to others that keep them busy?"""

import sys
import time

import pytest

from resnet_viz.training import count_cores
from resnet_viz.training.allocator import keep_freed_memory
from resnet_viz.training.threads import LOOK_SECONDS, CoreShare, busy_seconds, threads_for

CORES = 4


@pytest.fixture(autouse=True)
def four_cores(monkeypatch):
    monkeypatch.setattr("resnet_viz.training.threads.count_cores", lambda: CORES)


def test_this_process_may_use_a_core():
    assert count_cores() >= 1


def test_runs_never_have_more_threads_than_there_are_cores():
    assert [threads_for(runs) for runs in range(1, 9)] == [4, 2, 1, 1, 1, 1, 1, 1]
    assert CoreShare(lambda: 2).threads == threads_for(2)


@pytest.fixture
def readings(monkeypatch) -> list[tuple[float, float, float]]:
    """What the clocks of machine and process say next, in place of `busy_seconds`."""
    found = [(0.0, 0.0, 0.0)]
    monkeypatch.setattr("resnet_viz.training.threads.busy_seconds", lambda: found[-1])
    return found


def test_cores_that_others_keep_busy_are_left_to_them(readings):
    share = CoreShare(lambda: 1)
    readings.append((0.9 * LOOK_SECONDS, LOOK_SECONDS * CORES, 0.0))
    assert share.look() == CORES  # too soon to know
    readings.append((LOOK_SECONDS, LOOK_SECONDS * CORES, 0.0))
    assert share.look() == 1
    readings.append((2 * LOOK_SECONDS, LOOK_SECONDS * (CORES + 1.0), 0.0))
    assert share.look() == CORES - 1
    readings.append((3 * LOOK_SECONDS, LOOK_SECONDS * (CORES + 1.3), 0.0))  # a third of a core is no reason to leave it
    assert share.look() == CORES


def test_what_this_process_does_itself_is_not_other_load(readings):
    share = CoreShare(lambda: 1)
    readings.append((LOOK_SECONDS, LOOK_SECONDS * CORES, LOOK_SECONDS * CORES))
    assert share.look() == CORES


@pytest.mark.long
def test_the_clocks_count_what_this_process_does():
    _, all_before, own_before = busy_seconds()
    begun = time.process_time()
    while time.process_time() < begun + 0.5:
        pass
    _, all_busy, own = busy_seconds()
    assert own - own_before >= 0.45
    assert all_busy - all_before >= 0.4  # it is among what keeps the machine busy; counted in ticks of 10 ms


def test_the_allocator_takes_its_settings_on_linux():
    assert keep_freed_memory() or not sys.platform.startswith("linux")
