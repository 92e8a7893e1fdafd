"""What is kept of a run? Its row, its curves, the numbers of its layers, checkpoints, a few test pictures, its tags.

The schema has a version (VERSION); `migrations/` leads from every earlier one to it.
"""

from enum import StrEnum
from typing import Any

from sqlalchemy import Column, Float, ForeignKey, Integer, LargeBinary, MetaData, String, Table, Text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.expression import ColumnElement

VERSION = "6"


class RunStatus(StrEnum):
    """Where a run is in its life."""

    QUEUED = "queued"
    RUNNING = "running"
    PAUSED = "paused"  # by the reader, or because the disk was full; goes on where it was
    FINISHED = "finished"
    STOPPED = "stopped"  # by the reader
    DIVERGED = "diverged"  # its loss is no longer a number
    FAILED = "failed"  # an error; the message says which
    INTERRUPTED = "interrupted"  # its workers ended without a word, again and again

    @property
    def is_active(self) -> bool:
        """Whether a worker is at it, or should soon be."""
        return self in ACTIVE

    @property
    def can_resume(self) -> bool:
        """Whether it has ended before its last step, and may go on from its last checkpoint."""
        return self in RESUMABLE


ACTIVE = (RunStatus.QUEUED, RunStatus.RUNNING)
RESUMABLE = (RunStatus.PAUSED, RunStatus.STOPPED, RunStatus.FAILED, RunStatus.INTERRUPTED)


class now(ColumnElement[float]):
    """Seconds since the epoch by the database's clock: the one clock that all its readers share."""

    type = Float()
    inherit_cache = True


@compiles(now, "sqlite")
def _now_in_sqlite(*_: Any, **__: Any) -> str:
    return "((julianday('now') - 2440587.5) * 86400.0)"


@compiles(now, "postgresql")
def _now_in_postgresql(*_: Any, **__: Any) -> str:
    return "extract(epoch FROM clock_timestamp())::float8"


metadata = MetaData()

runs = Table(
    "runs",
    metadata,
    Column("id", String(12), primary_key=True),
    Column("comparison", String(12), nullable=False, index=True),
    Column("position", Integer, nullable=False),  # within its comparison
    Column("sweep", String(12), nullable=False, default="", server_default="", index=True),
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
    Column("weights", Text, nullable=False, default=""),  # where the newest ones are
    Column("request", String(8), nullable=False, default="", server_default=""),  # to its worker: stop, pause
    # Who works on it. Every claim is an attempt; only the one that holds attempt and token may write.
    Column("attempt", Integer, nullable=False, default=0, server_default="0"),
    Column("tries", Integer, nullable=False, default=0, server_default="0"),  # attempts since its last checkpoint
    Column("token", String(16), nullable=False, default="", server_default=""),
    Column("owner_host", Text, nullable=False, default="", server_default=""),
    Column("owner_pid", Integer, nullable=False, default=0, server_default="0"),
    Column("owner_started", Float, nullable=False, default=0.0, server_default="0"),
    Column("beats", Integer, nullable=False, default=0, server_default="0"),
    Column("created_at", Float, nullable=False),  # seconds since the epoch by the database's clock, as all times here
    Column("heartbeat_at", Float, nullable=False),
    Column("lease_until", Float, nullable=False, default=0.0, server_default="0"),
    Column("ended_at", Float),
    # What its reader made of it.
    Column("name", String(80), nullable=False, default="", server_default=""),
    Column("note", Text, nullable=False, default="", server_default=""),
    Column("pinned_at", Float),  # NULL where it is not
    Column("archived_at", Float),
)

# Rows of their own: two readers who tag a run at once lose nothing of each other.
tags = Table(
    "tags",
    metadata,
    Column("run_id", ForeignKey("runs.id"), primary_key=True),
    Column("tag", String(30), primary_key=True),
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

KINDS = ("gradient", "weight", "update", "responses")  # of layer numbers

# Little-endian float32, (steps, layers) each, responses (steps, batch norms); a row a step would be millions of rows.
layer_numbers = Table(
    "layer_numbers",
    metadata,
    Column("run_id", ForeignKey("runs.id"), primary_key=True),
    Column("first_step", Integer, primary_key=True),
    *(Column(kind, LargeBinary, nullable=False) for kind in KINDS),
)

BLOCK = 64  # steps

# The same once more as means over BLOCK steps, for figures of long runs: float32 (layers,) each.
overview = Table(
    "overview",
    metadata,
    Column("run_id", ForeignKey("runs.id"), primary_key=True),
    Column("step", Integer, primary_key=True),  # the last of its block
    Column("loss", Float),
    Column("error", Float, nullable=False),
    Column("learning_rate", Float, nullable=False),
    *(Column(kind, LargeBinary, nullable=False) for kind in KINDS),
)

checkpoints = Table(
    "checkpoints",
    metadata,
    Column("run_id", ForeignKey("runs.id"), primary_key=True),
    Column("step", Integer, primary_key=True),
    Column("epoch", Integer, nullable=False),  # epochs that had ended
    Column("attempt", Integer, nullable=False),
    Column("test_error", Float),  # NULL in the middle of an epoch
    Column("weights", Text, nullable=False),  # names in the storage
    Column("weights_sha256", String(64), nullable=False),
    Column("state", Text, nullable=False),
    Column("state_sha256", String(64), nullable=False),
)

samples = Table(
    "samples",
    metadata,
    Column("run_id", ForeignKey("runs.id"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("label", Integer, nullable=False),
    Column("png", LargeBinary, nullable=False),
)

# What was asked of nets beside their training, and the answers: a frame as JSON, split into columns and data.
studies = Table(
    "studies",
    metadata,
    Column("id", String(12), primary_key=True),
    Column("kind", String(24), nullable=False, index=True),
    Column("params", Text, nullable=False),  # JSON with sorted keys: the same question has the same text
    Column("status", String(12), nullable=False, index=True),
    Column("message", Text, nullable=False, default="", server_default=""),
    Column("progress", Float, nullable=False, default=0.0, server_default="0"),
    Column("answer", Text, nullable=False, default="", server_default=""),
    Column("facts", Text, nullable=False, default="{}", server_default="{}"),  # JSON: device, threads, versions
    Column("seconds", Float, nullable=False, default=0.0, server_default="0"),  # by a monotonic clock
    Column("owner_host", Text, nullable=False, default="", server_default=""),
    Column("owner_pid", Integer, nullable=False, default=0, server_default="0"),
    Column("owner_started", Float, nullable=False, default=0.0, server_default="0"),
    Column("created_at", Float, nullable=False),
    Column("heartbeat_at", Float, nullable=False),
)

choices = Table(
    "choices",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("value", Text, nullable=False),
)
