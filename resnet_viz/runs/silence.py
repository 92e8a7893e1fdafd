"""When is a worker gone, and what becomes of its run? Heartbeats, leases, and clocks that may jump."""

import threading
import time
from dataclasses import dataclass, field
from typing import Any

from resnet_viz.runs.schema import RunStatus, now

BEAT = 5.0  # seconds between two heartbeats of a worker
LEASE = 20.0  # seconds without one after which its run is taken from it
DOUBT = BEAT + 2.0  # seconds that an observer waits for a beat where the lease has run out: the clock may have jumped
SILENCE = BEAT + 3.0  # seconds without a heartbeat after which a page says so
TRIES = 3  # attempts without a checkpoint between them after which a run is given up
GONE = "its worker ended without a word (killed, out of memory, or the machine was switched off)"


@dataclass
class _Observed:
    """What this process saw of a worker last: its beat, and since when by a clock that never jumps."""

    beat: tuple[int, int] = (-1, -1)  # attempt and count
    since: float = field(default_factory=time.monotonic)


class Silence:
    """What one process observes of the workers of all runs; its threads can ask at once."""

    def __init__(self) -> None:
        self._observed: dict[str, _Observed] = {}
        self._observing = threading.Lock()

    def is_too_long(self, run_id: str, beat: tuple[int, int], is_over: bool) -> bool:
        """Whether a worker's beat (attempt and count) has stood still for LEASE, or DOUBT where its lease is over."""
        with self._observing:
            seen = self._observed.setdefault(run_id, _Observed())
            if seen.beat != beat:
                self._observed[run_id] = _Observed(beat)
                return False
            return time.monotonic() - seen.since > (DOUBT if is_over else LEASE)


def ending(status: RunStatus, message: str) -> dict[str, Any]:
    """The columns of a run that is no longer active."""
    return {"status": status, "message": message, "ended_at": now(), "token": "", "request": ""}


def after_loss(request: str, tries: int) -> dict[str, Any]:
    """What becomes of a run whose worker is gone."""
    if request:
        status = RunStatus.STOPPED if request == "stop" else RunStatus.PAUSED
        return ending(status, f"{status} by the reader")
    if tries >= TRIES:
        return ending(RunStatus.INTERRUPTED, f"{GONE}, {tries} times in a row; look at its log, then resume it")
    return {"status": RunStatus.QUEUED, "token": "", "message": ""}
