"""Version 5: studies, which ask trained nets something, and their answers."""

from alembic import op
from sqlalchemy import Column, Float, Integer, String, Text

revision, down_revision = "5", "4"


def upgrade() -> None:
    """Nothing that was there changes."""
    op.create_table(
        "studies",
        Column("id", String(12), primary_key=True),
        Column("kind", String(24), nullable=False, index=True),
        Column("params", Text, nullable=False),
        Column("status", String(12), nullable=False, index=True),
        Column("message", Text, nullable=False, server_default=""),
        Column("progress", Float, nullable=False, server_default="0"),
        Column("answer", Text, nullable=False, server_default=""),
        Column("facts", Text, nullable=False, server_default="{}"),
        Column("seconds", Float, nullable=False, server_default="0"),
        Column("owner_host", Text, nullable=False, server_default=""),
        Column("owner_pid", Integer, nullable=False, server_default="0"),
        Column("owner_started", Float, nullable=False, server_default="0"),
        Column("created_at", Float, nullable=False),
        Column("heartbeat_at", Float, nullable=False),
    )
