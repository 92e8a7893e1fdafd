"""Version 6: what a reader makes of a run: name, note, pin, archive, and tags."""

from alembic import op
from sqlalchemy import Column, Float, ForeignKey, String, Text

revision, down_revision = "6", "5"


def upgrade() -> None:
    """No run has any of it yet."""
    op.add_column("runs", Column("name", String(80), nullable=False, server_default=""))
    op.add_column("runs", Column("note", Text, nullable=False, server_default=""))
    op.add_column("runs", Column("pinned_at", Float))
    op.add_column("runs", Column("archived_at", Float))
    op.create_table(
        "tags",
        Column("run_id", String(12), ForeignKey("runs.id"), primary_key=True),
        Column("tag", String(30), primary_key=True),
    )
