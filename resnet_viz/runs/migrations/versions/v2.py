"""Version 2: how much of what comes before the first step is done."""

from alembic import op
from sqlalchemy import Column, Float

revision, down_revision = "2", "1"


def upgrade() -> None:
    """Runs get `loading`."""
    op.add_column("runs", Column("loading", Float, nullable=False, server_default="0"))
