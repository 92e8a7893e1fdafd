"""What happened? Runs, their curves and their norms, in one store that pages read and workers write."""

from resnet_viz.runs.schema import RunStatus
from resnet_viz.runs.store import Run, RunStore, StoreError

__all__ = ["Run", "RunStatus", "RunStore", "StoreError"]
