"""What was published on a claim? Sentences from the papers' tables, to stand beside what is measured."""

from collections.abc import Iterable
from typing import Any

from resnet_viz.paper import (
    ARTICLE,
    CIFAR_ERRORS,
    ENSEMBLE_TOP_5,
    FINDINGS,
    IMAGENET_NETS,
    IMAGENET_SOURCE,
    PREACTIVATION_ERRORS,
    SHORTCUT_ERRORS,
    STOCHASTIC_DEPTH,
    TABLE_2,
    TABLE_3_SHORTCUTS,
    TRAINING_ERROR_1202,
    WITHOUT_SHORTCUTS,
    PublishedError,
)

ON_CIFAR_10, ON_IMAGENET = "Test error on CIFAR-10", "Top-1 error on ImageNet"


def _say(title: str, errors: Iterable[PublishedError]) -> str:
    found = list(errors)
    names = [one.name.partition(",")[0] if title == ON_IMAGENET else one.name for one in found]
    parts = [f"{name}: {_number(one)}" for name, one in zip(names, found, strict=True)]
    return f"{title}. {'; '.join(parts)} ({found[0].source})."


def _number(one: PublishedError) -> str:
    return "fails" if one.error is None else f"{one.error:.2f} %"


def _of(errors: Iterable[PublishedError], *depths: int, **properties: Any) -> list[PublishedError]:
    """Those of some depths, in that order, and with these properties."""
    found = [one for one in errors if all(getattr(one, name) == value for name, value in properties.items())]
    return [one for depth in depths for one in found if one.depth == depth]


def _from_words(key: str) -> str:
    finding = FINDINGS[key]
    return f"{finding.text[:1].upper()}{finding.text[1:]} ({finding.source})."


def _operations(*nets: tuple[str, int]) -> str:
    counts = {(net.family, net.depth): net.flops for net in IMAGENET_NETS}
    kinds = {"resnet": "ResNet", "vgg": "VGG"}
    parts = [f"{kinds[family]}-{depth} {counts[family, depth] / 1e9:g}" for family, depth in nets]
    return f"Billions of multiply-adds: {', '.join(parts)} ({IMAGENET_SOURCE})."


_SHORTCUTS = {one.shortcut: one for one in SHORTCUT_ERRORS if one.shortcut}
PUBLISHED = {
    "deeper_plain": _say(ON_IMAGENET, _of(TABLE_2, 18, 34, family="plain")),
    "easier": _say(ON_CIFAR_10, _of(WITHOUT_SHORTCUTS, 56)),
    "shallow_alike": _say(ON_IMAGENET, _of(TABLE_2, 18)),
    "gains_from_depth": _say(ON_CIFAR_10, _of(CIFAR_ERRORS, 20, 56, 110)),
    "vgg": _say(ON_CIFAR_10, ARTICLE),
    "healthy": _from_words("no_vanishing"),
    "shattering": _from_words("shattering"),
    "short_paths": _from_words("paths"),
    "few_paths": _from_words("paths"),
    "lesions": _from_words("lesions"),
    "below_vgg": _operations(("resnet", 152), ("vgg", 16), ("vgg", 19)),
    "bottleneck": _operations(("resnet", 34), ("resnet", 50)),
    "projections": "Top-1 error of ResNet-34 on ImageNet: "
    + ", ".join(f"{name} {error:g} %" for name, error in TABLE_3_SHORTCUTS.items())
    + " (He et al. 2015, Table 3).",
    "preactivation": _say(ON_CIFAR_10, _of(PREACTIVATION_ERRORS, 110)[:2]),
    "gating": _say(ON_CIFAR_10, [_SHORTCUTS["A"], _SHORTCUTS["exclusive"]]),
    "scaling": _say(ON_CIFAR_10, [_SHORTCUTS["A"], _SHORTCUTS["scaling"]]),
    "deep_fits": f"ResNet-1202 on CIFAR-10: below {TRAINING_ERROR_1202:g} % training error (He et al. 2015, Table 6).",
    "deep_overfits": _say(ON_CIFAR_10, _of(CIFAR_ERRORS, 110, 1202)),
    "stochastic_depth": _say(ON_CIFAR_10, _of(STOCHASTIC_DEPTH, 110, 1202)),
    "imagenet": f"Top-5 error of the ensemble: {ENSEMBLE_TOP_5:g} % (He et al. 2015, Table 5).",
}
