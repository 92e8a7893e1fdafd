"""Version 3: weights, updates and responses of every layer beside its gradient."""

from alembic import op
from sqlalchemy import Column, ForeignKey, Integer, LargeBinary, String

revision, down_revision = "3", "2"


def upgrade() -> None:
    """`gradient_norms` becomes `layer_numbers`; what was not recorded is empty."""
    op.create_table(
        "layer_numbers",
        Column("run_id", String(12), ForeignKey("runs.id"), primary_key=True),
        Column("first_step", Integer, primary_key=True),
        *(Column(kind, LargeBinary, nullable=False) for kind in ("gradient", "weight", "update", "responses")),
    )
    empty = "''::bytea" if op.get_bind().dialect.name == "postgresql" else "x''"
    op.execute(
        'INSERT INTO layer_numbers (run_id, first_step, gradient, weight, "update", responses) '
        f"SELECT run_id, first_step, norms, {empty}, {empty}, {empty} FROM gradient_norms"
    )
    op.drop_table("gradient_norms")
