"""How does a training go on where it was left? A snapshot holds all that its next step depends on."""

from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor, nn

Number = int | float | bool


@dataclass
class Course:
    """How far a training has come, beside its net and its optimizer.

    `epoch` counts the epochs that have ended; of the next one `in_epoch` steps are taken, with the losses and errors
    `rows`, float64 (steps, 2). `drawn_from` is the generator's state before that epoch's draws. `recent` has the
    errors of the steps since the warm-up was looked at last.
    """

    warms_up: bool
    drawn_from: Tensor
    step: int = 0
    epoch: int = 0
    in_epoch: int = 0
    seconds: float = 0.0
    rows: np.ndarray = field(default_factory=lambda: np.empty((0, 2)))
    recent: list[Tensor] = field(default_factory=list)

    def begin_epoch(self, drawn_from: Tensor) -> None:
        """Leave an epoch behind; the next one draws from this state of the generator."""
        self.in_epoch, self.rows, self.drawn_from = 0, np.empty((0, 2)), drawn_from


@dataclass(frozen=True)
class Snapshot:
    """A training between two steps, on the CPU: the net's state dict, all other tensors by name, and its numbers."""

    weights: dict[str, Tensor]
    state: dict[str, Tensor]
    numbers: dict[str, Number]

    @property
    def step(self) -> int:
        """The steps that were taken."""
        return int(self.numbers["step"])


NUMBERS = ("warms_up", "step", "epoch", "in_epoch", "seconds")
OPTIMIZER = "optimizer."


def take_snapshot(net: nn.Module, optimizer: torch.optim.Optimizer, course: Course) -> Snapshot:
    """All that the next step depends on, copied."""
    kept = optimizer.state_dict()["state"]
    state = {
        f"{OPTIMIZER}{place}.{name}": value
        for place, values in kept.items()
        for name, value in values.items()
        if isinstance(value, Tensor)
    }
    state |= {"drawn_from": course.drawn_from, "random": torch.get_rng_state(), "rows": torch.from_numpy(course.rows)}
    state["recent"] = torch.stack(course.recent) if course.recent else torch.empty(0)
    if torch.cuda.is_available():
        state["random_cuda"] = torch.cuda.get_rng_state()
    numbers = {name: getattr(course, name) for name in NUMBERS}
    return Snapshot(copy_to_cpu(net.state_dict()), copy_to_cpu(state), numbers)


def copy_to_cpu(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Tensors as they are now, which training does not change any more."""
    return {
        name: tensor.detach().to("cpu", copy=True, memory_format=torch.contiguous_format)
        for name, tensor in tensors.items()
    }


def restore(snapshot: Snapshot, net: nn.Module, optimizer: torch.optim.Optimizer, device: str) -> Course:
    """Bring a new net and its new optimizer to where a training was left; what else the next step depends on."""
    net.load_state_dict(snapshot.weights)
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    kept: dict[int, dict[str, Tensor]] = {}
    for key, tensor in snapshot.state.items():
        if key.startswith(OPTIMIZER):
            place, name = key.removeprefix(OPTIMIZER).split(".")
            like = parameters[int(place)]
            # A buffer in its weight's own memory layout: another one would be slower.
            is_alike = tensor.shape == like.shape
            kept.setdefault(int(place), {})[name] = torch.empty_like(like).copy_(tensor) if is_alike else tensor.clone()
    optimizer.load_state_dict({"state": kept, "param_groups": optimizer.state_dict()["param_groups"]})
    torch.set_rng_state(snapshot.state["random"])
    if device == "cuda" and "random_cuda" in snapshot.state:
        torch.cuda.set_rng_state(snapshot.state["random_cuda"])
    return Course(
        drawn_from=snapshot.state["drawn_from"],
        rows=snapshot.state["rows"].numpy().copy(),
        recent=list(snapshot.state["recent"].to(device)),
        **snapshot.numbers,  # type: ignore[arg-type]
    )
