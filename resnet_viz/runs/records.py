"""What does the store hand out? A run as it knows it, where it can go on, and the right to write its history."""

from dataclasses import dataclass
from typing import Any

from resnet_viz.runs.owner import Owner
from resnet_viz.runs.schema import RunStatus
from resnet_viz.runs.silence import SILENCE


@dataclass(frozen=True)
class Run:
    """One run as the store knows it; `spec`, `config` and `facts` are plain dicts."""

    id: str
    comparison: str
    position: int
    sweep: str
    status: RunStatus
    message: str
    loading: float
    spec: dict[str, Any]
    config: dict[str, Any]
    facts: dict[str, Any]
    step: int
    total_steps: int
    seconds: float
    train_error: float | None
    test_error: float | None
    weights: str
    request: str
    attempt: int
    owner: Owner
    created_at: float
    ended_at: float | None
    silent_for: float  # seconds since the last heartbeat
    name: str = ""  # given by its reader, as what follows
    note: str = ""
    pinned_at: float | None = None
    archived_at: float | None = None

    @property
    def progress(self) -> float:
        """The share that is done, 0 to 1: of its steps, before them of what it loads."""
        return min(1.0, self.step / self.total_steps) if self.total_steps else self.loading

    @property
    def seconds_left(self) -> float | None:
        """The time that the remaining steps will take at the pace so far; None before the first."""
        return self.seconds / self.step * max(0, self.total_steps - self.step) if self.step else None

    @property
    def is_silent(self) -> bool:
        """Whether its worker has not been heard of for a while: what is shown may be older."""
        return self.status is RunStatus.RUNNING and self.silent_for > SILENCE


@dataclass(frozen=True)
class Checkpoint:
    """Where a run can go on: names of weights and state in the storage, and their SHA-256."""

    step: int
    epoch: int
    attempt: int
    test_error: float | None
    weights: str
    weights_sha256: str
    state: str
    state_sha256: str


@dataclass(frozen=True)
class Claim:
    """The right to write a run's history: good until the run ends, or is taken from a worker that went silent."""

    run_id: str
    attempt: int
    token: str
