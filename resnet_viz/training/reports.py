"""What does the loop tell? Facts, in the order in which they happen."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Callable

    from resnet_viz.nets import ConvNet
    from resnet_viz.training.devices import Device
    from resnet_viz.training.probes import LayerNumbers
    from resnet_viz.training.snapshot import Snapshot


@dataclass(frozen=True)
class Started:
    """The net before its first step (it is trained in place), its weighted layers and batch norms, and its device.

    `save`, called while StepsDone or EpochDone is at hand, gives all that the next step depends on.
    """

    net: "ConvNet"
    layers: list[str]
    norm_layers: list[str]
    total_steps: int
    device: "Device"
    precision: str
    recomputes: bool
    train_count: int  # pictures that are learned from
    save: "Callable[[], Snapshot]"


@dataclass(frozen=True)
class StepsDone:
    """Training steps since the last report; columns and numbers as StepRecorder.take gives them."""

    rows: pd.DataFrame
    numbers: "LayerNumbers"
    seconds: float  # since the first step began


@dataclass(frozen=True)
class Evaluating:
    """A sign of life while the test pictures are passed through the net."""

    done: int
    total: int


@dataclass(frozen=True)
class EpochDone:
    """Mean loss and error (a fraction) of an epoch: on its training batches as they came, on the test set after it."""

    epoch: int
    step: int
    train_loss: float
    train_error: float
    test_loss: float
    test_error: float
    seconds: float  # since the first step began


@dataclass(frozen=True)
class Loading:
    """What is done before the first step, and the share of it that is done (0 where that is not known)."""

    sentence: str
    fraction: float


Report = Loading | Started | StepsDone | Evaluating | EpochDone


class Diverged(ArithmeticError):
    """The loss is no longer a number; `step` says since when."""

    def __init__(self, step: int) -> None:
        super().__init__(f"diverged at step {step}: the loss is no longer a number; try a lower learning rate")
        self.step = step
