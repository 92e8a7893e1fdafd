"""Every kind of net that is offered, and few of them that have every pair of options, for tests that take long."""

from collections.abc import Sequence
from dataclasses import asdict
from itertools import combinations

from resnet_viz.nets import BLOCKS, ORDERS, SHORTCUTS, NetSpec

KINDS = [("cifar", "basic", 8), ("cifar", "bottleneck", 11), ("imagenet", "basic", 18), ("imagenet", "bottleneck", 50)]
PLAIN = [NetSpec("plain", d, stem=stem, block=block, order=o) for stem, block, d in KINDS for o in ORDERS]
RESIDUAL = [
    NetSpec("resnet", depth, shortcut, stem=stem, block=block, order=order)
    for stem, block, depth in KINDS
    for order in ORDERS
    for shortcut in SHORTCUTS
]
VGG = [NetSpec("vgg", depth, batch_norm=norm) for depth in (16, 18, 19, 34) for norm in (True, False)]
SWITCHED = [
    NetSpec(family, 20, batch_norm=norm, activation=activation, initialization=initialization)
    for family in ("plain", "resnet")
    for norm in (True, False)
    for activation in ("relu", "tanh", "sigmoid")
    for initialization in ("he", "xavier", "orthogonal", "normal")
]
OTHERS = [
    NetSpec("resnet", 20, zero_last_norm=True),
    NetSpec("resnet", 20, survival=0.5),
    NetSpec("resnet", 20, "B", block="bottleneck", stride_in="3x3"),
]
ZOO = [*PLAIN, *RESIDUAL, *VGG, *SWITCHED, *OTHERS]

assert {spec.block for spec in ZOO} == set(BLOCKS)


def cover_pairs(specs: Sequence[NetSpec]) -> list[NetSpec]:
    """Some of these nets that together have every pair of options which any of them has: the greedy choice."""
    numbers: dict[tuple[object, ...], int] = {}
    masks = [
        sum(1 << numbers.setdefault(pair, len(numbers)) for pair in combinations(asdict(spec).items(), 2))
        for spec in specs
    ]
    missing, chosen = (1 << len(numbers)) - 1, []
    while missing:
        best = max(range(len(specs)), key=lambda i: (masks[i] & missing).bit_count())
        chosen.append(specs[best])
        missing &= ~masks[best]
    return chosen


COVERING = cover_pairs(ZOO)


def small_size(spec: NetSpec) -> int:
    """The side of pictures that are large enough for a net and quick to pass through it."""
    return {"cifar": 16, "imagenet": 64}[spec.stem]
