"""Who computes what takes more than a moment? One thread of the server, for all sessions, and what is ready is kept."""

import itertools
import queue
import threading
import time
import traceback
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from resnet_viz.data import DatasetError
from resnet_viz.explain.methods import AttributionError
from resnet_viz.nets import CheckpointError

MOST_WAITING = 200
MOST_KEPT = 1000  # results; a map of 224 x 224 has 0.6 MB
LONG = 2.0  # expected seconds; what takes longer lets shorter ones pass
Tell = Callable[[float], None]
Work = Callable[[Tell], Any]


class JobStatus(StrEnum):
    """Where a job is."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    STOPPED = "stopped"

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come."""
        return self in (JobStatus.DONE, JobStatus.FAILED, JobStatus.STOPPED)


class Stopped(Exception):
    """Nobody waits for this any longer."""


class JobsError(RuntimeError):
    """No more can be taken on now; the message is a sentence."""


@dataclass(eq=False)
class Job:
    """Something that is computed: its title, where it is (0 to 1), and what came of it, or a sentence why not."""

    key: str
    title: str
    work: Work
    status: JobStatus = JobStatus.WAITING
    progress: float = 0.0
    result: Any = None
    error: str = ""
    began: float = 0.0
    over: threading.Event = field(default_factory=threading.Event)
    wanted_by: set[str] = field(default_factory=set)

    @property
    def seconds_left(self) -> float | None:
        """How long it will take from now on, by how long it took so far; None while nobody can tell."""
        if self.status is not JobStatus.RUNNING or self.progress < 0.02:
            return None
        return (time.monotonic() - self.began) * (1 - self.progress) / self.progress

    def stop(self, reader: str) -> None:
        """A reader does not wait for it any longer; where nobody else does, it is computed no further."""
        self.wanted_by.discard(reader)

    def tell(self, progress: float) -> None:
        """The Tell of its work."""
        if not self.wanted_by:
            raise Stopped
        self.progress = progress

    def end(self, status: JobStatus, error: str = "") -> None:
        """It came to its end."""
        self.status, self.error = status, error
        self.over.set()


class Jobs:
    """The jobs of a server: the same key is computed once, one job at a time, short ones before long ones."""

    def __init__(self, prepare: Callable[[], None] = lambda: None) -> None:
        """`prepare` is called in the thread of the jobs before each of them."""
        self._jobs: OrderedDict[str, Job] = OrderedDict()
        self._lock, self._prepare = threading.Lock(), prepare
        self._waiting: queue.PriorityQueue[tuple[bool, int, Job]] = queue.PriorityQueue()
        self._numbers = itertools.count()
        threading.Thread(target=self._work, daemon=True, name="jobs").start()

    def ask(self, key: str, title: str, work: Work, reader: str = "", seconds: float = 0.0) -> Job:
        """The job of this key: the one that is there, also where it failed or was stopped, or else a new one.

        `work(tell)` gives the result, tells how far it is, and ends where `tell` raises. `reader` is who waits for it,
        `seconds` what it is expected to take. Raises JobsError where too many wait.
        """
        with self._lock:
            known = self._jobs.get(key)
            if known is not None:
                known.wanted_by.add(reader)
                self._jobs.move_to_end(key)
                return known
            if self._waiting.qsize() >= MOST_WAITING:
                raise JobsError(f"{MOST_WAITING} maps wait already; ask again when some are done.")
            job = self._jobs[key] = Job(key, title, work, wanted_by={reader})
            self._jobs.move_to_end(key)
            self._forget()
        self._waiting.put((seconds > LONG, next(self._numbers), job))
        return job

    def find(self, key: str) -> Job | None:
        """The job of this key, if there is one."""
        return self._jobs.get(key)

    def drop(self, job: Job) -> None:
        """Forget a job that is over, so that it can be asked for again."""
        with self._lock:
            if job.status.is_over and self._jobs.get(job.key) is job:
                del self._jobs[job.key]

    def _forget(self) -> None:
        """Let go of what was not asked for in the longest time."""
        for key in list(self._jobs)[: max(0, len(self._jobs) - MOST_KEPT)]:
            if self._jobs[key].status.is_over:
                del self._jobs[key]

    def _work(self) -> None:
        while True:
            _, _, job = self._waiting.get()
            if not job.wanted_by:
                job.end(JobStatus.STOPPED)
                continue
            job.status, job.began = JobStatus.RUNNING, time.monotonic()
            try:
                self._prepare()
                job.result = job.work(job.tell)
                job.progress = 1.0
                job.end(JobStatus.DONE)
            except Stopped:
                job.end(JobStatus.STOPPED)
            except (AttributionError, CheckpointError, DatasetError) as error:
                job.end(JobStatus.FAILED, str(error))
            except Exception as error:
                traceback.print_exc()
                job.end(JobStatus.FAILED, _sentence(error))
            finally:
                job.work = _nothing  # what it holds on to can go


def _nothing(tell: Tell) -> None:
    return None


def _sentence(error: Exception) -> str:
    if isinstance(error, MemoryError) or "memory" in str(error):
        return "The memory did not do: ask for fewer points or copies, or a smaller net."
    return f"An error that this program did not foresee ({type(error).__name__}); its log says more."
