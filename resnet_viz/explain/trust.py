"""Can a map be trusted, all in all? Every check of one method on some pictures, and what chance would get."""

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd
import torch
from torch import Tensor

from resnet_viz.explain.attribution import Tell, attribute, ignore, to_map
from resnet_viz.explain.checks import (
    DRAWS,
    ORDERS,
    areas,
    completeness_error,
    deletion_insertion,
    infidelity_of,
    max_sensitivity,
)
from resnet_viz.explain.methods import AttributionConfig
from resnet_viz.explain.randomization import MOST_STEPS, Cascade, randomize
from resnet_viz.nets import ConvNet

MAPS = 1 + (1 + DRAWS) + (1 + MOST_STEPS)  # that the checks make: its own, of disturbed pictures, of random weights


@dataclass(frozen=True, eq=False)
class Checks:
    """What the checks of the maps of B pictures came to.

    `attribution` (B, C, H, W), the maps themselves; `curves` as `deletion_insertion` gives them; `numbers` has a row a
    picture and columns deletion, insertion (areas), infidelity, completeness, sensitivity and similarity (the mean over
    the `cascade`).
    """

    attribution: Tensor
    curves: pd.DataFrame
    numbers: pd.DataFrame
    cascade: Cascade


def check(
    net: ConvNet, x: Tensor, target: int | Tensor, config: AttributionConfig, tell: Tell = ignore, seed: int = 0
) -> Checks:
    """All checks of a method's maps for classes of pictures x (B, C, H, W); the net is left as it is."""
    classes = torch.as_tensor(target, device=x.device).long().expand(len(x))
    maps = _Maps(tell, MAPS)
    attribution = attribute(net, x, classes, config, maps.next())
    curves = deletion_insertion(net, x, classes, to_map(attribution), seed=seed)
    numbers = areas(curves)
    numbers["infidelity"] = infidelity_of(net, x, classes, attribution, config, seed).cpu().numpy()
    numbers["completeness"] = completeness_error(net, x, classes, attribution, config).cpu().numpy()
    maps.skip(1 + DRAWS)
    numbers["sensitivity"] = max_sensitivity(net, x, classes, config, seed).cpu().numpy()
    cascade = randomize(net, lambda other: to_map(attribute(other, x, classes, config, maps.next())), seed)
    numbers["similarity"] = cascade.likeness
    return Checks(attribution, curves, numbers, cascade)


class _Maps:
    """Tells how far many maps are, one after the other."""

    def __init__(self, tell: Tell, count: int) -> None:
        self.tell, self.count, self.begun = tell, count, 0

    def next(self) -> Callable[[float], None]:
        """The Tell of the next map."""
        before = self.begun
        self.begun += 1
        return lambda share: self.tell(min(1.0, (before + share) / self.count))

    def skip(self, count: int) -> None:
        """Some maps that do not tell for themselves."""
        self.tell(self.begun / self.count)
        self.begun += count


def chance_curves(net: ConvNet, x: Tensor, target: int | Tensor, seed: int = 0, tell: Tell = ignore) -> pd.DataFrame:
    """What `deletion_insertion` gives for pixels in random order: the mean of ORDERS orders, its area is their mean."""
    classes = torch.as_tensor(target, device=x.device).long().expand(len(x))
    draw = torch.Generator().manual_seed(seed)
    total = pd.DataFrame()
    for i in range(ORDERS):
        order = torch.rand((len(x), *x.shape[2:]), generator=draw)
        found = deletion_insertion(net, x, classes, order)
        total = found if total.empty else total + found
        tell((i + 1) / ORDERS)
    return total / ORDERS
