"""Which network is meant? A NetSpec names one net of He et al. 2015 or 2016, or a VGG net, and is checked when made."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from resnet_viz.nets.layout import (
    CIFAR_WIDTHS,
    FIRST_BOTTLENECK,
    IMAGENET_BLOCKS,
    VGG_IMAGENET,
    Layout,
    explain_depth,
    layout_of,
)
from resnet_viz.nets.options import (
    ACTIVATIONS,
    BLOCKS,
    FAMILIES,
    INITIALIZATIONS,
    NO_SHORTCUT,
    ORDERS,
    SHORTCUTS,
    STEMS,
    STRIDES,
    title,
)

CHOICES = {
    "family": FAMILIES,
    "shortcut": SHORTCUTS,
    "stem": STEMS,
    "block": BLOCKS,
    "stride_in": STRIDES,
    "order": ORDERS,
    "activation": ACTIVATIONS,
    "initialization": INITIALIZATIONS,
}
# Orders whose branch ends in a norm. In relu_before a ReLU follows it, and with a weight of zero nothing would learn.
NORM_ENDS_BRANCH = ("original", "relu_preact")
COUNTS = {"in_channels": (1, 1024), "classes": (2, 100_000), "width": (1, 256), "appended": (0, 100)}
BEYOND = 10**9  # larger numbers are too long to print


class SpecError(ValueError):
    """A net that cannot be built; the message names the nearest ones that can."""


@dataclass(frozen=True)
class NetSpec:
    """One net: a stem, stages of blocks that halve the map and double the filters, pooling, and a classifier.

    CIFAR nets have three stages and depth 6n + 2 (bottleneck: 9n + 2), ImageNet nets and VGG nets the depths that
    were published, and VGG-like stacks of 18 and 34 layers. What has no meaning for a family is set to its default,
    so that equal nets have equal specs: a plain net has no shortcut, an ImageNet net the block of its depth.
    Raises SpecError with a sentence for whatever makes no net.
    """

    family: str = "resnet"
    depth: int = 20
    shortcut: str = "A"
    in_channels: int = 3
    classes: int = 10
    stem: str = "cifar"
    block: str = "basic"
    stride_in: str = "1x1"
    order: str = "original"
    batch_norm: bool = True
    activation: str = "relu"
    initialization: str = "he"
    zero_last_norm: bool = False  # a branch starts as zero
    survival: float = 1.0  # of the last block; linear decay to it (stochastic depth, Huang et al. 2016)
    width: int = CIFAR_WIDTHS[0]  # filters of the first stage of a CIFAR net
    appended: int = 0  # blocks behind the last stage's own, of a CIFAR net; the depth does not count them

    def __post_init__(self) -> None:
        self._check_fields()
        self._settle()
        sentence = explain_depth(self.family, self.stem, self.block, self.depth)
        if sentence:
            raise SpecError(sentence)
        if self.zero_last_norm and not (self.batch_norm and self.order in NORM_ENDS_BRANCH):
            raise SpecError(
                "zero_last_norm needs a batch norm at the end of a branch; "
                f"try batch norm with order {' or '.join(NORM_ENDS_BRANCH)}"
            )

    def _check_fields(self) -> None:
        for name, options in CHOICES.items():
            value = getattr(self, name)
            is_free = name == "shortcut" and self.family != "resnet"  # it will be "none" whatever is given
            if not is_free and (not isinstance(value, str) or value not in options):
                hint = " (a net without one is plain)" if name == "shortcut" else ""
                raise SpecError(f"{name} {value!r} is unknown; try {_join(options)}{hint}")
        if not _is_whole(self.depth) or abs(self.depth) > BEYOND:
            raise SpecError("depth must be a whole number of layers, at most 1202; try 20")
        for name, (least, most) in COUNTS.items():
            count = getattr(self, name)
            if not _is_whole(count) or not least <= count <= most:
                raise SpecError(f"{name} must be a whole number from {least} to {most}; try {DEFAULTS[name]}")
        for name in ("batch_norm", "zero_last_norm"):
            if not isinstance(getattr(self, name), bool):
                raise SpecError(f"{name} is {getattr(self, name)!r}; try true or false")
        if isinstance(self.survival, bool) or not isinstance(self.survival, int | float) or not 0 < self.survival <= 1:
            raise SpecError(f"survival is {self.survival!r}; it must be above 0 and at most 1; try 0.5")

    def _settle(self) -> None:
        settled: dict[str, object] = {"survival": float(self.survival)}
        if self.family != "resnet":
            settled |= {"shortcut": NO_SHORTCUT, "zero_last_norm": False, "survival": 1.0}
        if self.family == "vgg":
            stem = "imagenet" if self.depth in VGG_IMAGENET else "cifar"
            settled |= {"stem": stem, "block": "basic", "order": "original"}
        elif self.stem == "imagenet" and self.depth in IMAGENET_BLOCKS:
            settled["block"] = "bottleneck" if self.depth >= FIRST_BOTTLENECK else "basic"
        if settled.get("stem", self.stem) == "imagenet" or self.family == "vgg":
            settled |= {"width": DEFAULTS["width"], "appended": 0}
        if settled.get("block", self.block) == "basic":
            settled["stride_in"] = "1x1"
        for name, value in settled.items():
            object.__setattr__(self, name, value)

    @property
    def layout(self) -> Layout:
        """Blocks and filters of each stage."""
        return layout_of(self.family, self.stem, self.block, self.depth, self.width, self.appended)

    @property
    def size(self) -> int:
        """The side in pixels of the pictures that the paper feeds to this kind of net."""
        return 224 if self.stem == "imagenet" else 32

    @property
    def least_size(self) -> int:
        """The side in pixels of the smallest pictures it takes: a VGG net halves the map by pooling alone."""
        if self.family != "vgg":
            return 1
        return 2 ** (len(self.layout.blocks) - (self.stem == "cifar"))

    def check_size(self, size: int) -> None:
        """Raise SpecError with a sentence if pictures of size x size are too small."""
        if size < self.least_size:
            raise SpecError(f"{self.name} needs pictures of at least {self.least_size} pixels a side, not {size}")

    @property
    def name(self) -> str:
        """A short name to read: plain-56, ResNet-56 (A), ResNet-110 (A, pre-activation)."""
        kind = {"plain": "plain", "resnet": "ResNet", "vgg": "VGG"}[self.family]
        notes = self._notes()
        return f"{kind}-{self.depth}" + (f" ({', '.join(notes)})" if notes else "")

    def _notes(self) -> list[str]:
        is_vgg = self.family == "vgg"
        notes = [
            (self.family == "resnet", self.shortcut),
            (self.stem == "imagenet" and not is_vgg, "ImageNet"),
            (self.stem == "cifar" and self.block == "bottleneck", "bottleneck"),
            (self.stride_in == "3x3", "stride in 3x3"),
            (self.order != "original", title(ORDERS[self.order])),
            (self.batch_norm and is_vgg, "batch norm"),
            (not self.batch_norm and not is_vgg, "no batch norm"),
            (self.activation != "relu", self.activation),
            (self.initialization != "he", f"{title(INITIALIZATIONS[self.initialization])} initialization"),
            (self.zero_last_norm, "zero last norm"),
            (self.survival < 1, f"survival {self.survival:g}"),
            (self.width != DEFAULTS["width"], f"{self.width} filters wide"),
            (self.appended > 0, f"{self.appended} blocks appended"),
        ]
        return [note for is_so, note in notes if is_so]

    def __str__(self) -> str:
        return self.name

    @property
    def plain_twin(self) -> "NetSpec":
        """The same net without shortcuts, and without what needs them."""
        return replace(self, family="plain")

    def to_json(self) -> str:
        """The spec as one JSON object."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "NetSpec":
        """The spec that `to_json` wrote. Raises SpecError for anything else."""
        try:
            return cls(**json.loads(text))
        except SpecError:
            raise
        except (ValueError, TypeError, RecursionError) as error:
            raise SpecError(f"this is not the JSON of a net: {error}") from error

    def to_slug(self) -> str:
        """The spec in characters that a URL keeps as they are: resnet-56-A, plain-20~activation.tanh."""
        parts = [self.family, str(self.depth), *([self.shortcut] if self.family == "resnet" else [])]
        told = {"family", "depth", "shortcut"}
        if self.stem == "imagenet" or self.family == "vgg":
            told |= {"block"} | ({"stem"} if self.family == "vgg" else set())  # they follow from the depth
        values = {name: value for name, value in asdict(self).items() if name not in told and value != DEFAULTS[name]}
        return "-".join(parts) + "".join(f"~{name}.{_to_text(value)}" for name, value in values.items())

    @classmethod
    def from_slug(cls, text: str) -> "NetSpec":
        """The spec that `to_slug` wrote. Raises SpecError for anything else."""
        start, *changes = text.split("~")
        family, _, rest = start.partition("-")
        depth, _, shortcut = rest.partition("-")
        values: dict[str, Any] = {"family": family, "depth": _from_text("depth", depth)}
        if shortcut:
            values["shortcut"] = shortcut
        for change in changes:
            name, _, value = change.partition(".")
            values[name] = _from_text(name, value)
        return cls(**values)


DEFAULTS: dict[str, Any] = {field.name: field.default for field in fields(NetSpec)}


def _to_text(value: object) -> str:
    return str(int(value)) if isinstance(value, bool) else str(value)


def _from_text(name: str, text: str) -> object:
    """A field's value from a slug; its type is that of the field's default."""
    if name not in DEFAULTS:
        raise SpecError(f"{name!r} is no property of a net; try one of {_join(DEFAULTS)}")
    kind = type(DEFAULTS[name])
    if kind is bool:
        return {"1": True, "0": False}.get(text, text)
    try:
        return kind(text)
    except ValueError as error:
        raise SpecError(f"{name} {text!r} is not a number; try {DEFAULTS[name]}") from error


def _is_whole(number: object) -> bool:
    return isinstance(number, int) and not isinstance(number, bool)


def _join(options: Iterable[str]) -> str:
    *most, last = options
    return f"{', '.join(most)} or {last}"
