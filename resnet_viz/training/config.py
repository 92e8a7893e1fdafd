"""How shall a net learn? A TrainingConfig says all of it but the net, and is checked when made."""

from dataclasses import dataclass
from typing import Any

DEVICES = {"auto": "the fastest found", "cpu": "CPU", "cuda": "NVIDIA GPU (CUDA)", "mps": "Apple GPU (MPS)"}
PRECISIONS = {"auto": "the faster of both", "fp32": "32-bit floats", "bf16": "bfloat16 autocast"}
MAX_EPOCHS = 500


class ConfigError(ValueError):
    """A configuration that cannot be trained with; the message is a sentence."""


@dataclass(frozen=True)
class TrainingConfig:
    """Data, schedule, optimizer, seed and device of one run. The defaults are the digits preset.

    SGD with Nesterov momentum; the learning rate rises to `peak_lr` and falls again over the whole run
    (one cycle, Smith and Topin 2019). `seed` draws the initialization, the data order and the augmentation.
    `folder` is the ImageFolder of the data set "folder". Raises ConfigError for values out of range.
    """

    dataset: str = "digits"
    folder: str = ""
    epochs: int = 5
    batch_size: int = 64
    peak_lr: float = 0.05
    momentum: float = 0.9
    weight_decay: float = 1e-4
    augment: bool = False
    seed: int = 0
    device: str = "auto"
    precision: str = "auto"

    def __post_init__(self) -> None:
        for name, choices in (("device", DEVICES), ("precision", PRECISIONS)):
            if getattr(self, name) not in choices:
                raise ConfigError(f"{name} {getattr(self, name)!r} is unknown; try {', '.join(choices)}")
        for name, least, most in (("epochs", 1, MAX_EPOCHS), ("batch_size", 2, 4096), ("seed", 0, 2**31 - 1)):
            _check(name, getattr(self, name), least, most, int)
        for name, highest in (("peak_lr", 100.0), ("momentum", 0.9999), ("weight_decay", 1.0)):
            _check(name, getattr(self, name), 0.0, highest, float)


def _check(name: str, value: Any, least: float, most: float, kind: type) -> None:
    fits = isinstance(value, int if kind is int else int | float) and not isinstance(value, bool)
    if not fits or not least <= value <= most:  # NaN is not
        raise ConfigError(
            f"{name} is {value!r}; it must be a {'whole ' if kind is int else ''}number from {least} to {most}"
        )


PRESETS: dict[str, dict[str, Any]] = {
    "digits": {},
    "cifar10": {"epochs": 10, "batch_size": 128, "peak_lr": 0.1, "augment": True},
    "folder": {"epochs": 10, "batch_size": 128, "peak_lr": 0.1, "augment": True},
}


def preset(dataset: str, **changes: Any) -> TrainingConfig:
    """The short schedule that suits a data set, with changes by field name."""
    return TrainingConfig(**({"dataset": dataset} | PRESETS.get(dataset, {}) | changes))
