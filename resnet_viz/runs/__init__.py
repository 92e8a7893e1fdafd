"""What happened? Runs, their curves and their norms, in one store that pages read and workers write."""

from resnet_viz.runs.bundle import Bundle, BundleError, read_bundle, write_bundle
from resnet_viz.runs.carrying import put_in, take_out
from resnet_viz.runs.opening import StoreError
from resnet_viz.runs.owner import Owner
from resnet_viz.runs.recorded import find_run, finished_runs, recorded_stores, store_of
from resnet_viz.runs.records import Checkpoint, Claim, Run
from resnet_viz.runs.schema import RunStatus
from resnet_viz.runs.shelf import RunShelf, ShelfError
from resnet_viz.runs.store import RunStore
from resnet_viz.runs.studies import Study, StudyStore
from resnet_viz.runs.writer import LostRun, RunWriter

__all__ = [
    "Bundle",
    "BundleError",
    "Checkpoint",
    "Claim",
    "LostRun",
    "Owner",
    "Run",
    "RunShelf",
    "RunStatus",
    "RunStore",
    "RunWriter",
    "ShelfError",
    "StoreError",
    "Study",
    "StudyStore",
    "find_run",
    "finished_runs",
    "put_in",
    "read_bundle",
    "recorded_stores",
    "store_of",
    "take_out",
    "write_bundle",
]
