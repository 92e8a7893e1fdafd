"""What happened? Runs, their curves and their norms, in one store that pages read and workers write."""

from resnet_viz.runs.schema import RunStatus
from resnet_viz.runs.store import Evaluation, Run, RunStore, StoreError

__all__ = ["Evaluation", "Run", "RunStatus", "RunStore", "StoreError"]
