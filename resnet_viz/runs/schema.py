"""What is kept of a run? Its row, its curves, the gradient norms of its layers, and a few test pictures."""

from enum import StrEnum

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)


class RunStatus(StrEnum):
    """Where a run is in its life."""

    QUEUED = "queued"
    RUNNING = "running"
    FINISHED = "finished"
    STOPPED = "stopped"  # by the reader
    DIVERGED = "diverged"  # its loss is no longer a number
    FAILED = "failed"  # an error; the message says which
    INTERRUPTED = "interrupted"  # its worker went silent

    @property
    def is_active(self) -> bool:
        """Whether a worker is at it, or should soon be."""
        return self in ACTIVE


ACTIVE = (RunStatus.QUEUED, RunStatus.RUNNING)

metadata = MetaData()

runs = Table(
    "runs",
    metadata,
    Column("id", String(12), primary_key=True),
    Column("comparison", String(12), nullable=False, index=True),
    Column("position", Integer, nullable=False),  # within its comparison
    Column("status", String(12), nullable=False, index=True),
    Column("message", Text, nullable=False, default=""),  # what it does before its first step, or why it ended
    Column("loading", Float, nullable=False, default=0.0),  # the share of that which is done
    Column("spec", Text, nullable=False),  # JSON, as asked for
    Column("config", Text, nullable=False),  # JSON, as asked for
    Column("facts", Text, nullable=False, default="{}"),  # JSON, as found: device, threads, versions, layers
    Column("step", Integer, nullable=False, default=0),
    Column("total_steps", Integer, nullable=False, default=0),
    Column("seconds", Float, nullable=False, default=0.0),  # of training so far, by a monotonic clock
    Column("train_error", Float),
    Column("test_error", Float),
    Column("weights", Text, nullable=False, default=""),  # path of the checkpoint
    Column("stop_requested", Boolean, nullable=False, default=False),
    Column("created_at", Float, nullable=False),  # seconds since the epoch, as all times here
    Column("heartbeat_at", Float, nullable=False),
    Column("ended_at", Float),
)

steps = Table(
    "steps",
    metadata,
    Column("run_id", ForeignKey("runs.id"), primary_key=True),
    Column("step", Integer, primary_key=True),
    Column("loss", Float),  # NULL where it was not a number
    Column("error", Float, nullable=False),
    Column("learning_rate", Float, nullable=False),
)

evaluations = Table(
    "evaluations",
    metadata,
    Column("run_id", ForeignKey("runs.id"), primary_key=True),
    Column("epoch", Integer, primary_key=True),
    Column("step", Integer, nullable=False),
    Column("train_loss", Float),
    Column("train_error", Float, nullable=False),
    Column("test_loss", Float),
    Column("test_error", Float, nullable=False),
)

# Little-endian float32, (steps, layers) each; a row a step would be millions of rows.
layer_numbers = Table(
    "layer_numbers",
    metadata,
    Column("run_id", ForeignKey("runs.id"), primary_key=True),
    Column("first_step", Integer, primary_key=True),
    Column("gradient", LargeBinary, nullable=False),
    Column("weight", LargeBinary, nullable=False),
    Column("update", LargeBinary, nullable=False),
    Column("responses", LargeBinary, nullable=False),  # (steps, batch norms)
)

samples = Table(
    "samples",
    metadata,
    Column("run_id", ForeignKey("runs.id"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("label", Integer, nullable=False),
    Column("png", LargeBinary, nullable=False),
)
