"""How does a net learn? A configuration, the loop, and the workers that run it outside the server."""

from typing import TYPE_CHECKING

from resnet_viz.lazy import lazy_exports
from resnet_viz.training.config import DEVICES, RECIPES, ConfigError, TrainingConfig, preset
from resnet_viz.training.executor import prepare_workers, start_workers
from resnet_viz.training.reports import Diverged, EpochDone, Evaluating, Loading, Report, Started, StepsDone
from resnet_viz.training.schedule import planned_rates
from resnet_viz.training.threads import RUNS_AT_ONCE, count_cores, threads_for

if TYPE_CHECKING:
    from resnet_viz.training.devices import (
        Device,
        find_devices,
        measure_step_seconds,
        resolve_device,
        resolve_precision,
    )
    from resnet_viz.training.estimate import estimate_seconds
    from resnet_viz.training.loop import train

__all__ = [
    "DEVICES",
    "RECIPES",
    "RUNS_AT_ONCE",
    "ConfigError",
    "Device",
    "Diverged",
    "EpochDone",
    "Evaluating",
    "Loading",
    "Report",
    "Started",
    "StepsDone",
    "TrainingConfig",
    "count_cores",
    "estimate_seconds",
    "find_devices",
    "measure_step_seconds",
    "planned_rates",
    "prepare_workers",
    "preset",
    "resolve_device",
    "resolve_precision",
    "start_workers",
    "threads_for",
    "train",
]

_DEVICES = ("Device", "find_devices", "measure_step_seconds", "resolve_device", "resolve_precision")
__getattr__ = lazy_exports(
    dict.fromkeys(_DEVICES, "resnet_viz.training.devices")
    | {"estimate_seconds": "resnet_viz.training.estimate", "train": "resnet_viz.training.loop"}
)
