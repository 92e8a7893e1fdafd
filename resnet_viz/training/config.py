"""How shall a net learn? A TrainingConfig says all of it but the net, and is checked when made."""

from dataclasses import dataclass
from typing import Any

from resnet_viz.data import AUGMENTATIONS, SIZES

DEVICES = {"auto": "the fastest found", "cpu": "CPU", "cuda": "NVIDIA GPU (CUDA)", "mps": "Apple GPU (MPS)"}
PRECISIONS = {"auto": "the faster of both", "fp32": "32-bit floats", "bf16": "bfloat16 autocast"}
OPTIMIZERS = {
    "sgd": "SGD: momentum, the papers' own",
    "adam": "Adam: a step of its own for each weight (Kingma and Ba 2015)",
    "adamw": "AdamW: Adam with weight decay beside the gradient (Loshchilov and Hutter 2019)",
}
SCHEDULES = {
    "one_cycle": "one cycle: up to the peak in three tenths of the steps, then down to nothing (Smith and Topin 2019)",
    "steps": "steps: divided by 10 at one half and at three quarters, the paper's 32k and 48k of 64k iterations",
    "cosine": "cosine: from the peak down to nothing along half a cosine (Loshchilov and Hutter 2017)",
    "constant": "constant: the peak throughout",
}
RECOMPUTES = {
    "auto": "where the memory would not do",
    "on": "on: blocks are computed again in the backward pass",
    "off": "off",
}
# What is left to each run of a recipe, or does not change what a net learns but by chance.
APART = ("seed", "threads", "precision", "device", "recompute", "keep_epochs")
MAX_EPOCHS = 500
MAX_ITERATIONS = 200_000


class ConfigError(ValueError):
    """A configuration that cannot be trained with; the message is a sentence."""


@dataclass(frozen=True)
class TrainingConfig:
    """Data, recipe, seed and device of one run. The defaults are the short recipe for digits.

    `folder` is the ImageFolder of the data set "folder", `size` the side that pictures are brought to (0: the data
    set's own). Of the training pictures `held_out` are put aside, and
    `subset` of the others are learned from (0: all); both are the same pictures for every seed.
    A run ends after `epochs`, or where `iterations` is not 0 after that many steps; each of `more_epochs` is a number
    of epochs that it was continued for, along the same schedule once more.
    `peak_lr` is the highest learning rate of the schedule; with `warm_up` a tenth of it is used until the training
    error is below 80 % (He et al. 2015, sec. 4.2). `momentum` and `nesterov` are SGD's. `clip_norm` bounds the
    2-norm of the whole gradient (0: no bound). `seed` draws the initialization, the data order and the augmentation.
    `start` is the id of a run whose trained net is where this one begins ("": weights are drawn); blocks that the spec
    appends to that net begin as the identity.
    With `keep_epochs` the weights at the start and after every epoch are kept, a file each.
    `threads` of a CPU are as asked for, so that a curve can be repeated to the bit; 0 shares out the cores.
    Raises ConfigError for values out of range.
    """

    dataset: str = "digits"
    folder: str = ""
    size: int = 0
    subset: int = 0
    held_out: int = 0
    epochs: int = 5
    iterations: int = 0
    more_epochs: tuple[int, ...] = ()
    batch_size: int = 64
    optimizer: str = "sgd"
    schedule: str = "one_cycle"
    peak_lr: float = 0.05
    warm_up: bool = False
    momentum: float = 0.9
    nesterov: bool = True
    weight_decay: float = 1e-4
    augmentation: str = "none"
    label_smoothing: float = 0.0
    clip_norm: float = 0.0
    seed: int = 0
    device: str = "auto"
    precision: str = "auto"
    threads: int = 0
    recompute: str = "auto"
    start: str = ""
    keep_epochs: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "more_epochs", tuple(self.more_epochs))  # JSON has lists
        for epochs in self.more_epochs:
            _check("more_epochs", epochs, 1, MAX_EPOCHS, int)
        for name, choices in CHOICES.items():
            if getattr(self, name) not in choices:
                raise ConfigError(f"{name} {getattr(self, name)!r} is unknown; try {', '.join(choices)}")
        for name, (least, most) in WHOLE_NUMBERS.items():
            _check(name, getattr(self, name), least, most, int)
        for name, highest in NUMBERS.items():
            _check(name, getattr(self, name), 0.0, highest, float)
        if not isinstance(self.start, str) or not (self.start == "" or self.start.isalnum()):
            raise ConfigError(f"start is {self.start!r}; it must be the id of a run")
        for name in SWITCHES:
            if not isinstance(getattr(self, name), bool):
                raise ConfigError(f"{name} is {getattr(self, name)!r}; it must be true or false")


@dataclass(frozen=True)
class Steps:
    """How a run is divided: pictures in a batch, steps of an epoch (its odd rest is left out), steps in each part.

    The first part is the recipe's; each time that a run was continued for more epochs adds one.
    """

    batch_size: int
    an_epoch: int
    parts: tuple[int, ...]

    @property
    def total(self) -> int:
        """Steps in all."""
        return sum(self.parts)

    def of_epoch(self, first: int) -> int:
        """The steps of the epoch that begins after `first` steps: the last one of a part may be shorter."""
        for part in self.parts:
            if first < part:
                return min(self.an_epoch, part - first)
            first -= part
        return 0


def count_pictures(count: int, config: TrainingConfig) -> int:
    """How many of `count` training pictures are learned from. Raises ConfigError where too few are left."""
    left = count - config.held_out
    if min(left, config.subset or left) < 2:
        raise ConfigError(f"of {count} training pictures {config.held_out} are held out; that leaves {max(0, left)}")
    return min(left, config.subset or left)


def count_steps(count: int, config: TrainingConfig) -> Steps:
    """The steps of a run on a data set of `count` training pictures. Raises ConfigError where there are no two."""
    learned = count_pictures(count, config)
    batch_size = min(config.batch_size, learned)
    an_epoch = learned // batch_size
    first = config.iterations or config.epochs * an_epoch
    if first < 2:
        raise ConfigError("one step in all is no training; take a smaller batch size or more epochs")
    return Steps(batch_size, an_epoch, (first, *(epochs * an_epoch for epochs in config.more_epochs)))


CHOICES: dict[str, dict[str, str]] = {
    "optimizer": OPTIMIZERS,
    "schedule": SCHEDULES,
    "augmentation": AUGMENTATIONS,
    "device": DEVICES,
    "precision": PRECISIONS,
    "recompute": RECOMPUTES,
}
WHOLE_NUMBERS = {
    "size": (0, SIZES[1]),
    "subset": (0, 10**8),
    "held_out": (0, 10**8),
    "epochs": (1, MAX_EPOCHS),
    "iterations": (0, MAX_ITERATIONS),
    "batch_size": (2, 4096),
    "seed": (0, 2**31 - 1),
    "threads": (0, 1024),
}
NUMBERS = {"peak_lr": 100.0, "momentum": 0.9999, "weight_decay": 1.0, "label_smoothing": 0.9, "clip_norm": 1e6}
SWITCHES = ("warm_up", "nesterov", "keep_epochs")


def _check(name: str, value: Any, least: float, most: float, kind: type) -> None:
    fits = isinstance(value, int if kind is int else int | float) and not isinstance(value, bool)
    if not fits or not least <= value <= most:  # NaN is not
        raise ConfigError(
            f"{name} is {value!r}; it must be a {'whole ' if kind is int else ''}number from {least} to {most}"
        )


SHORT: dict[str, Any] = {"epochs": 10, "batch_size": 128, "peak_lr": 0.1, "augmentation": "crop_flip"}
OWN_SHORT: dict[str, dict[str, Any]] = {  # data sets with a short recipe of their own
    "digits": {},
    "shapes": {"epochs": 20, "batch_size": 64, "peak_lr": 0.1, "augmentation": "crop_flip"},
}
RECIPES: dict[str, tuple[str, dict[str, Any]]] = {
    "short": ("Short: one cycle, made to show the point within minutes", SHORT),
    "few": (
        "Few pictures: 5,000 of the training set, ten epochs",
        {"subset": 5_000, "epochs": 10, "batch_size": 64, "peak_lr": 0.05, "augmentation": "crop_flip"},
    ),
    "paper": (
        "The paper's: 64,000 iterations, batch 128, 5,000 pictures held out (He et al. 2015, sec. 4.2)",
        {
            "held_out": 5_000,
            "iterations": 64_000,
            "batch_size": 128,
            "schedule": "steps",
            "peak_lr": 0.1,
            "nesterov": False,
            "augmentation": "crop_flip",
        },
    ),
}
WARMED_UP = 110  # layers from which on the paper's recipe warms up


def preset(dataset: str, recipe: str = "short", depth: int = 0, **changes: Any) -> TrainingConfig:
    """A recipe of RECIPES on a data set, with changes by field name; the paper's warms up where `depth` asks for it."""
    fields = OWN_SHORT[dataset] if recipe == "short" and dataset in OWN_SHORT else RECIPES[recipe][1]
    warm_up = {"warm_up": True} if recipe == "paper" and depth >= WARMED_UP else {}
    return TrainingConfig(**({"dataset": dataset} | fields | warm_up | changes))
