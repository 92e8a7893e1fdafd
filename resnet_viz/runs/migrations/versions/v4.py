"""Version 4: leases and attempts, pauses, sweeps, checkpoints, and an overview of long runs."""

from alembic import op
from sqlalchemy import Column, Float, ForeignKey, Integer, LargeBinary, String, Text

revision, down_revision = "4", "3"
KINDS = ("gradient", "weight", "update", "responses")
ENDED = "its worker ended while this program was brought to a new version"


def upgrade() -> None:
    """Runs that are at work belong to a worker of the earlier version, which can no longer write."""
    for column in (
        Column("sweep", String(12), nullable=False, server_default=""),
        Column("request", String(8), nullable=False, server_default=""),
        Column("attempt", Integer, nullable=False, server_default="0"),
        Column("tries", Integer, nullable=False, server_default="0"),
        Column("token", String(16), nullable=False, server_default=""),
        Column("owner_host", Text, nullable=False, server_default=""),
        Column("owner_pid", Integer, nullable=False, server_default="0"),
        Column("owner_started", Float, nullable=False, server_default="0"),
        Column("beats", Integer, nullable=False, server_default="0"),
        Column("lease_until", Float, nullable=False, server_default="0"),
    ):
        op.add_column("runs", column)
    op.create_index("ix_runs_sweep", "runs", ["sweep"])
    op.drop_column("runs", "stop_requested")
    op.execute(f"UPDATE runs SET status = 'interrupted', message = '{ENDED}' WHERE status IN ('queued', 'running')")
    op.create_table(
        "overview",
        Column("run_id", String(12), ForeignKey("runs.id"), primary_key=True),
        Column("step", Integer, primary_key=True),
        Column("loss", Float),
        Column("error", Float, nullable=False),
        Column("learning_rate", Float, nullable=False),
        *(Column(kind, LargeBinary, nullable=False) for kind in KINDS),
    )
    op.create_table(
        "checkpoints",
        Column("run_id", String(12), ForeignKey("runs.id"), primary_key=True),
        Column("step", Integer, primary_key=True),
        Column("epoch", Integer, nullable=False),
        Column("attempt", Integer, nullable=False),
        Column("test_error", Float),
        *(Column(name, Text, nullable=False) for name in ("weights", "state")),
        *(Column(f"{name}_sha256", String(64), nullable=False) for name in ("weights", "state")),
    )
    op.create_table("choices", Column("name", String(32), primary_key=True), Column("value", Text, nullable=False))
