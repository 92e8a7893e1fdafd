"""What is lost with a block? Blocks of a trained net deleted or swapped, and its error (Veit et al. 2016, sec. 4)."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from resnet_viz.lab.blocks import Tell, be_silent, blocks_of, can_be_deleted
from resnet_viz.nets import ConvNet, NetSpec

BATCH = 500  # pictures that go through a net at once


@torch.no_grad()
def error_with(net: ConvNet, x: Tensor, labels: Tensor, order: Sequence[str] | None = None) -> float:
    """The share of wrong answers, 0 to 1, of a net in evaluation mode whose blocks stand in another order.

    x (B, C, H, W), labels (B,). `order` names the blocks that are passed through, one after the other: a name that is
    missing is a deleted block, in a residual net one whose branch is zero, in a plain net one that is not there.
    Where a block that changes the size of the map is moved or missing, the maps no longer fit: RuntimeError.
    """
    wrong = sum(int((_answers(net, part, order) != right).sum()) for part, right in _batches(x, labels))
    return wrong / len(labels)


def error_without_each_block(net: ConvNet, x: Tensor, labels: Tensor, tell: Tell = be_silent) -> pd.DataFrame:
    """The error with each block deleted for itself: columns block, position (from 1), error, intact (nothing deleted).

    Blocks that change the size of the map are left where they are, and have no error (NaN). What lies before a deleted
    block is computed once for all.
    """
    blocks = list(blocks_of(net))
    intact = error_with(net, x, labels)
    wrong = dict.fromkeys(blocks, 0)
    removable = {name for name, block in blocks_of(net).items() if can_be_deleted(block)}
    batches = _batches(x, labels)
    with torch.no_grad():
        for k, (part, right) in enumerate(batches):
            maps = net.eval()[0](part)
            for i, name in enumerate(blocks):
                if name in removable:
                    wrong[name] += int((_rest(net, maps, blocks[i + 1 :]) != right).sum())
                maps = net.get_submodule(name)(maps)
                tell((k + (i + 1) / len(blocks)) / len(batches))
    errors = [wrong[name] / len(labels) if name in removable else np.nan for name in blocks]
    position = np.arange(1, len(blocks) + 1)
    return pd.DataFrame({"block": blocks, "position": position, "error": errors, "intact": intact})


def lesion_counts(spec: NetSpec) -> list[int]:
    """How many blocks are deleted, or pairs swapped, in the curves of `error_by_lesions`: about ten numbers."""
    removable = sum(spec.layout.blocks) - len(spec.layout.blocks) + 1
    return sorted({round(share * removable) for share in np.linspace(0, 0.7, 9)})


def error_by_lesions(net: ConvNet, x: Tensor, labels: Tensor, draws: int = 5, tell: Tell = be_silent) -> pd.DataFrame:
    """The error by the number of blocks deleted, and of pairs of blocks swapped, each drawn at random `draws` times.

    Columns what ("deleted" or "swapped"), count, draw, error, disorder (1 - Kendall's tau of a reordering, 0 for none).
    Blocks are swapped with others of their stage, and none that changes the size of the map is touched
    (Veit et al. 2016, Fig. 5).
    """
    names = blocks_of(net)
    removable = [name for name, block in names.items() if can_be_deleted(block)]
    chance = np.random.default_rng(0)
    counts = [count for count in lesion_counts(net.spec) if count <= len(removable)]
    plan = [(what, count, draw) for what in ("deleted", "swapped") for count in counts for draw in range(draws)]
    rows = []
    for done, (what, count, draw) in enumerate(plan):
        order = list(names)
        if what == "deleted":
            gone = set(chance.choice(removable, count, replace=False))
            order = [name for name in order if name not in gone]
        else:
            for _ in range(count):
                _swap(order, removable, chance)
        error = error_with(net, x, labels, order)
        rows.append((what, count, draw, error, _disorder(list(names), order)))
        tell((done + 1) / len(plan))
    return pd.DataFrame(rows, columns=["what", "count", "draw", "error", "disorder"])


def _swap(order: list[str], removable: Sequence[str], chance: np.random.Generator) -> None:
    """Swap two blocks of one stage."""
    stages = [
        [i for i, name in enumerate(order) if name in removable and name.startswith(f"stage{k}.")] for k in range(1, 9)
    ]
    places = [stage for stage in stages if len(stage) > 1]
    if not places:
        return
    i, j = chance.choice(places[chance.integers(len(places))], 2, replace=False)
    order[i], order[j] = order[j], order[i]


def _disorder(before: list[str], after: list[str]) -> float:
    """1 - Kendall's tau of the blocks that are left: 0 where none was moved."""
    places = [before.index(name) for name in after]
    pairs = [(a, b) for i, a in enumerate(places) for b in places[i + 1 :]]
    return 2 * sum(a > b for a, b in pairs) / len(pairs) if pairs else 0.0


def _answers(net: ConvNet, x: Tensor, order: Sequence[str] | None) -> Tensor:
    net.eval()
    return net(x).argmax(1) if order is None else _rest(net, net[0](x), order)


def _rest(net: ConvNet, maps: Tensor, blocks: Sequence[str]) -> Tensor:
    """The answers for maps behind the stem, or behind some block, through these blocks and the head."""
    for name in blocks:
        maps = net.get_submodule(name)(maps)
    return net[-1](maps).argmax(1)


def _batches(x: Tensor, labels: Tensor) -> list[tuple[Tensor, Tensor]]:
    return list(zip(x.split(BATCH), labels.split(BATCH), strict=True))
