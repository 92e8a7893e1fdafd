"""How are the machine's cores shared out? In one place, never more threads than cores."""

import os

RUNS_AT_ONCE = 2  # both nets of a comparison; whatever else is queued waits


def count_cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def threads_for(runs: int) -> int:
    """The threads of each of so many runs that are started together on this machine."""
    return max(1, count_cores() // min(runs, RUNS_AT_ONCE))
