"""Version 1: runs, steps, evaluations, gradient norms and samples. Where databases without a number begin."""

revision, down_revision = "1", None


def upgrade() -> None:
    """Nothing comes before."""
