"""Are cores shared out, and left to others that keep them busy?"""

import subprocess
import sys
import time

from resnet_viz.training import count_cores, threads_for
from resnet_viz.training.allocator import keep_freed_memory
from resnet_viz.training.threads import LOOK_SECONDS, CoreShare, busy_seconds

SPIN = "while True: pass"


def test_runs_never_have_more_threads_than_there_are_cores():
    assert threads_for(1) == count_cores()
    for runs in range(1, 9):
        assert threads_for(runs) >= 1
        assert threads_for(runs) * runs <= max(count_cores(), runs)
    assert CoreShare(lambda: 2).threads == threads_for(2)


def test_cores_that_others_keep_busy_are_left_to_them():
    busy = [subprocess.Popen([sys.executable, "-c", SPIN]) for _ in range(count_cores())]
    try:
        time.sleep(0.5)
        share = CoreShare(lambda: 1)
        assert share.look() == count_cores()  # too soon to know
        time.sleep(LOOK_SECONDS + 0.2)
        assert share.look() == 1
    finally:
        for process in busy:
            process.kill()
            process.wait()


def test_what_this_process_does_itself_is_not_other_load():
    share = CoreShare(lambda: 1)
    begun = time.process_time()
    while time.monotonic() - share.looked[0] < LOOK_SECONDS + 0.1:
        pass
    _, all_busy, own = busy_seconds()
    spent = time.process_time() - begun
    assert spent > LOOK_SECONDS / 4
    assert own - share.looked[2] >= 0.9 * spent
    assert all_busy - share.looked[1] >= 0.8 * spent  # it is among what keeps the machine busy


def test_the_allocator_takes_its_settings_on_linux():
    assert keep_freed_memory() or not sys.platform.startswith("linux")
