"""How are the machine's cores shared out? In one place, never more threads than cores, and looked at again."""

import os
import time
from collections.abc import Callable

import psutil

LEAST_AT_ONCE, CORES_A_RUN = 2, 4  # both nets of a comparison, and one more for every so many cores
LOOK_SECONDS = 2.0
SPARE = 0.4  # of a core that others may use before a run leaves it to them: two threads wait for the slower one


def count_cores() -> int:
    """The cores that this process may use."""
    return len(_cores()) or os.cpu_count() or 1


def _cores() -> set[int]:
    return os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set()


def default_at_once() -> int:
    """How many runs train at once on this machine unless its user says otherwise; on a GPU, too, each needs a core."""
    return max(LEAST_AT_ONCE, count_cores() // CORES_A_RUN)


def threads_for(runs: int) -> int:
    """The threads of each of so many runs that train at the same time on this machine."""
    return max(1, count_cores() // max(1, runs))


def busy_seconds() -> tuple[float, float, float]:
    """Seconds: the clock's, those that this machine's cores were busy, and those that this process kept them so."""
    cores = _cores()
    busy = 0.0
    for i, core in enumerate(psutil.cpu_times(percpu=True)):
        if not cores or i in cores:
            resting = core.idle + getattr(core, "iowait", 0.0)
            busy += sum(core) - resting - getattr(core, "guest", 0.0) - getattr(core, "guest_nice", 0.0)
    own = psutil.Process().cpu_times()
    return time.monotonic(), busy, own.user + own.system


class CoreShare:
    """The threads that a run shall use now: its share of the cores, less those that other programs keep busy.

    One busy core elsewhere would take a run of two threads to less than a run of one has
    (benchmarks/threads.md). `count_runs` tells how many runs train on this machine.
    """

    def __init__(self, count_runs: Callable[[], int]) -> None:
        self.count_runs = count_runs
        self.threads = threads_for(count_runs())
        self.looked = busy_seconds()

    def look(self) -> int:
        """The threads for the next steps; what it goes by is read every LOOK_SECONDS."""
        now, all_busy, own = busy_seconds()
        before, all_busy_before, own_before = self.looked
        elapsed = now - before
        if elapsed >= LOOK_SECONDS:
            self.looked = now, all_busy, own
            elsewhere = max(0.0, (all_busy - all_busy_before - (own - own_before)) / elapsed)
            free = int(count_cores() - elsewhere + SPARE)
            self.threads = max(1, min(threads_for(self.count_runs()), free))
        return self.threads
