"""What do tests of what pages say need? Runs as a store would hand them out."""

from dataclasses import asdict, replace
from itertools import count
from typing import Any

from resnet_viz.nets import NetSpec
from resnet_viz.runs import Owner, Run, RunStatus
from resnet_viz.training import preset

RESNET_20 = NetSpec("resnet", 20)
_numbers = count()


def make_run(spec: NetSpec = RESNET_20, recipe: dict[str, Any] | None = None, **changes: Any) -> Run:
    """A finished run of a net on digits, 100 steps in 5 s; `recipe` changes its configuration, the rest the run."""
    number = next(_numbers)
    run = Run(
        id=f"run{number:05}", comparison=f"comparison{number:05}", position=0, sweep="", status=RunStatus.FINISHED,
        message="", loading=0.0, spec=asdict(spec), config=asdict(preset("digits", **(recipe or {}))),
        facts={"train_count": 1400, "test_count": 397, "device": "CPU", "precision": "fp32", "spec": asdict(spec)},
        step=100, total_steps=100, seconds=5.0, train_error=0.1, test_error=0.2, weights=f"{number}.safetensors",
        request="", attempt=1, owner=Owner("here", 1, 0.0), created_at=float(number), ended_at=float(number),
        silent_for=0.0,
    )  # fmt: skip
    return replace(run, **changes)
