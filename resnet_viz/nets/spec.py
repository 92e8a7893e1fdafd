"""Which network is meant? A NetSpec names one net of He et al. 2015, sec. 4.2, and is checked when made."""

import json
from dataclasses import asdict, dataclass

FAMILIES = {
    "plain": "Plain: 3x3 convolutions one after the other",
    "resnet": "Residual: the same layers, with a shortcut over every two",
}
SHORTCUTS = {
    "A": "A: identity; where the map shrinks, subsampling and zero padding (no parameters)",
    "B": "B: identity; a 1x1 projection where the map shrinks",
    "C": "C: a 1x1 projection at every block",
}
NO_SHORTCUT = "none"
SHALLOWEST, DEEPEST = 8, 1202
WIDTHS = (16, 32, 64)  # filters of the three stages


class SpecError(ValueError):
    """A net that cannot be built; the message names the nearest ones that can."""


@dataclass(frozen=True)
class NetSpec:
    """One CIFAR-style net: 3x3 stem, three stages of n two-layer blocks, pooling, linear; depth = 6n + 2.

    A plain net has no shortcut: whatever is given is replaced by "none", so equal nets have equal specs.
    Raises SpecError with a sentence for a family, depth, shortcut or count that makes no net.
    """

    family: str = "resnet"
    depth: int = 20
    shortcut: str = "A"
    in_channels: int = 3
    classes: int = 10

    def __post_init__(self) -> None:
        if self.family not in FAMILIES:
            raise SpecError(f"family {self.family!r} is unknown; try {' or '.join(FAMILIES)}")
        if self.family == "plain":
            object.__setattr__(self, "shortcut", NO_SHORTCUT)
        elif self.shortcut not in SHORTCUTS:
            raise SpecError(
                f"shortcut {self.shortcut!r} is unknown; try {', '.join(SHORTCUTS)} (a net without one is plain)"
            )
        _check_depth(self.depth)
        for name, least in (("in_channels", 1), ("classes", 2)):
            count = getattr(self, name)
            if not _is_whole(count) or count < least:
                raise SpecError(f"{name} is {count!r}; it must be a whole number from {least} up")

    @property
    def blocks_per_stage(self) -> int:
        """N of depth = 6n + 2."""
        return (self.depth - 2) // 6

    @property
    def name(self) -> str:
        """A short name to read: plain-56, ResNet-56 (A)."""
        return f"plain-{self.depth}" if self.family == "plain" else f"ResNet-{self.depth} ({self.shortcut})"

    def to_json(self) -> str:
        """The spec as one JSON object."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "NetSpec":
        """The spec that `to_json` wrote. Raises SpecError for anything else."""
        try:
            fields = json.loads(text)
            return cls(**fields)
        except (json.JSONDecodeError, TypeError) as error:
            raise SpecError(f"this is not the JSON of a net: {error}") from error


def _is_whole(number: object) -> bool:
    return isinstance(number, int) and not isinstance(number, bool)


def _check_depth(depth: int) -> None:
    if not _is_whole(depth):
        raise SpecError(f"depth {depth!r} is not a whole number; try 20")
    if not SHALLOWEST <= depth <= DEEPEST:
        nearest = SHALLOWEST if depth < SHALLOWEST else DEEPEST
        raise SpecError(f"depth {depth} is outside {SHALLOWEST} to {DEEPEST}; try {nearest}")
    if (depth - 2) % 6:
        below = depth - (depth - 2) % 6
        raise SpecError(f"depth {depth} is not 6n+2; try {below} or {below + 6}")
