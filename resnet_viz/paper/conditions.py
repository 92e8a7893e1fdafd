"""Under which conditions was a number published, and do those of another run differ?"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from math import isclose
from typing import Any

CLOSE = 0.01  # of a number, within which two conditions count as the same
WORDS: Mapping[str, str] = {"pictures": "split", "learning_rate": "learning rate", "weight_decay": "weight decay"}


@dataclass(frozen=True)
class Conditions:
    """What a net learned from, and how; None where the source that is used here does not tell.

    `pictures` are the training pictures that were learned from (the split), `epochs` the passes over them, `width` the
    filters of the first stage. `learning_rate` is the highest one and its schedule. `extras` are parts of net and
    recipe that nothing here has unless it says so.
    """

    data: str | None = None
    pictures: int | None = None
    epochs: float | None = None
    batch: int | None = None
    optimizer: str | None = None
    learning_rate: str | None = None
    weight_decay: float | None = None
    augmentation: str | None = None
    shortcut: str | None = None
    width: int | None = None
    extras: str | None = "none"

    def differences(self, own: "Conditions") -> dict[str, str]:
        """What differs in other conditions, by name, each as "10 against 182": the other's, then this one's."""
        return {
            WORDS.get(name, name): f"{_say(theirs)} against {_say(mine)}"
            for name, mine, theirs in self._pairs(own)
            if mine is not None and theirs is not None and not _same(mine, theirs)
        }

    def untold(self, own: "Conditions") -> list[str]:
        """The conditions that only the other one tells."""
        return [WORDS.get(name, name) for name, mine, theirs in self._pairs(own) if mine is None and theirs is not None]

    def verdict(self, own: "Conditions") -> str:
        """In words, whether an error under other conditions can be held against one under these."""
        differences, untold = self.differences(own), self.untold(own)
        not_told = f"; not told here: {', '.join(untold)}" if untold else ""
        if differences:
            return f"differs in: {', '.join(f'{name} ({which})' for name, which in differences.items())}{not_told}"
        same = [
            WORDS.get(name, name)
            for name, mine, theirs in self._pairs(own)
            if mine is not None and theirs is not None and name != "extras"
        ]
        return f"the same in: {', '.join(same)}{not_told}" if untold else "comparable"

    def _pairs(self, own: "Conditions") -> list[tuple[str, Any, Any]]:
        return [(field.name, getattr(self, field.name), getattr(own, field.name)) for field in fields(self)]


@dataclass(frozen=True)
class PublishedError:
    """A published test error in %, None where the source says that training fails, and where it stands.

    `variant` says in words what is special about the net; `shortcut` and `order` name it as an option of NetSpec, where
    it is one.
    """

    family: str
    depth: int
    error: float | None
    source: str
    conditions: Conditions
    variant: str = ""
    shortcut: str = ""
    order: str = ""

    @property
    def name(self) -> str:
        """The net's name to read: ResNet-110, stochastic depth."""
        kind = {"plain": "plain", "resnet": "ResNet", "vgg": "VGG"}[self.family]
        return f"{kind}-{self.depth}" + (f", {self.variant}" if self.variant else "")


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, str) or isinstance(other, str):
        return bool(one == other)
    return isclose(one, other, rel_tol=CLOSE)


def _say(value: Any) -> str:
    if isinstance(value, str):
        return value
    return f"{value:,.0f}" if value >= 1 else f"{value:g}"
