"""What happened? Runs, their curves and their norms, in one store that pages read and workers write."""

from resnet_viz.runs.opening import StoreError
from resnet_viz.runs.owner import Owner
from resnet_viz.runs.schema import RunStatus
from resnet_viz.runs.store import Checkpoint, Claim, Run, RunStore
from resnet_viz.runs.writer import LostRun, RunWriter

__all__ = ["Checkpoint", "Claim", "LostRun", "Owner", "Run", "RunStatus", "RunStore", "RunWriter", "StoreError"]
