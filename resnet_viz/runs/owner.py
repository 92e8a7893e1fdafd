"""Who works on a run? A process on a host, told apart from a later one with the same number."""

import os
import socket
from dataclasses import dataclass
from pathlib import Path

import psutil

STAT_STARTED = 19  # of the fields behind the name in /proc/PID/stat: when it started, in ticks since the boot


@dataclass(frozen=True)
class Owner:
    """A process; `started` is its start in a unit of its system, which no change of the clock moves."""

    host: str
    pid: int
    started: float

    @classmethod
    def of(cls, pid: int) -> "Owner":
        """A process of this machine. One that is gone already has started at 0."""
        return cls(socket.gethostname(), pid, _started(pid) or 0.0)

    @classmethod
    def here(cls) -> "Owner":
        """The process that asks."""
        return cls.of(os.getpid())

    @property
    def is_here(self) -> bool:
        """Whether it is, or was, on this machine."""
        return self.host == socket.gethostname()

    @property
    def is_gone(self) -> bool:
        """Whether it is known to have ended: it was on this machine, and no process with its number and start is."""
        return self.is_here and _started(self.pid) != self.started


def _started(pid: int) -> float | None:
    """When a process started; None where there is none, or a dead one that nobody has buried yet."""
    stat = Path(f"/proc/{pid}/stat")
    if not Path("/proc/self/stat").exists():
        try:
            return psutil.Process(pid).create_time()
        except psutil.Error:
            return None
    try:
        fields = stat.read_text().rpartition(")")[2].split()
    except (OSError, ProcessLookupError):
        return None
    return None if fields[0] in "ZX" else float(fields[STAT_STARTED])
