"""How does a net learn? A configuration, the loop, and the workers that run it outside the server."""

from typing import TYPE_CHECKING

from resnet_viz.lazy import lazy_exports
from resnet_viz.training.config import DEVICES, RECIPES, ConfigError, TrainingConfig, count_steps, preset
from resnet_viz.training.estimate import EVALUATION_SHARE, Pace, estimate_seconds, seconds_of_step
from resnet_viz.training.executor import keep_watch, prepare_workers, runs_at_once, start_workers
from resnet_viz.training.queue import LimitError, continue_run, is_from_elsewhere, queue_runs, see_to_runs
from resnet_viz.training.reports import Diverged, EpochDone, Evaluating, Loading, Report, Started, StepsDone
from resnet_viz.training.schedule import planned_rates
from resnet_viz.training.sweep import Grid, continue_sweep, count_ended, queue_sweep, stop_sweep
from resnet_viz.training.threads import count_cores, threads_for

if TYPE_CHECKING:
    from resnet_viz.training.cluster import free_resources
    from resnet_viz.training.devices import (
        Device,
        find_devices,
        resolve_device,
        resolve_precision,
    )
    from resnet_viz.training.loop import train
    from resnet_viz.training.memory import estimate_memory, free_memory, must_recompute
    from resnet_viz.training.pace import end_measuring, measure_pace
    from resnet_viz.training.removal import delete_runs
    from resnet_viz.training.weights import kept_epochs, load_epoch, load_net

__all__ = [
    "DEVICES",
    "EVALUATION_SHARE",
    "RECIPES",
    "ConfigError",
    "Device",
    "Diverged",
    "EpochDone",
    "Evaluating",
    "Grid",
    "LimitError",
    "Loading",
    "Pace",
    "Report",
    "Started",
    "StepsDone",
    "TrainingConfig",
    "continue_run",
    "continue_sweep",
    "count_cores",
    "count_ended",
    "count_steps",
    "delete_runs",
    "end_measuring",
    "estimate_memory",
    "estimate_seconds",
    "find_devices",
    "free_memory",
    "free_resources",
    "is_from_elsewhere",
    "keep_watch",
    "kept_epochs",
    "load_epoch",
    "load_net",
    "measure_pace",
    "must_recompute",
    "planned_rates",
    "prepare_workers",
    "preset",
    "queue_runs",
    "queue_sweep",
    "resolve_device",
    "resolve_precision",
    "runs_at_once",
    "seconds_of_step",
    "see_to_runs",
    "start_workers",
    "stop_sweep",
    "threads_for",
    "train",
]

_DEVICES = ("Device", "find_devices", "resolve_device", "resolve_precision")
__getattr__ = lazy_exports(
    dict.fromkeys(_DEVICES, "resnet_viz.training.devices")
    | dict.fromkeys(("estimate_memory", "free_memory", "must_recompute"), "resnet_viz.training.memory")
    | {"free_resources": "resnet_viz.training.cluster"}
    | dict.fromkeys(("measure_pace", "end_measuring"), "resnet_viz.training.pace")
    | dict.fromkeys(("kept_epochs", "load_epoch", "load_net"), "resnet_viz.training.weights")
    | {"train": "resnet_viz.training.loop", "delete_runs": "resnet_viz.training.removal"}
)
