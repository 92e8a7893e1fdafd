"""Does a map follow the weights? They are drawn anew from the last layer on; a map that stays drew the picture."""

from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass

import numpy as np
import torch
from scipy.stats import rankdata
from torch import Tensor, nn

from resnet_viz.nets import ConvNet, build_net

MOST_STEPS = 8  # of a cascade; in deep nets several blocks are drawn anew at a time
STAYS = 0.75  # mean rank correlation over the cascade above which a map has not changed
ANOTHER = 1_000_003  # added to seeds: a run's own first weights would not be strangers to its last
Maps = Callable[[nn.Module], Tensor]  # a net's maps, (B, H, W)


@dataclass(frozen=True, eq=False)
class Cascade:
    """The maps of a net whose last parts were drawn anew: after no part, one part, and so on to all.

    `parts` names the part that was drawn last, "" for the trained net; `maps` is (steps, B, H, W); `similarity`
    (steps, B) is each map's rank correlation (Spearman) of absolute values with that of the trained net.
    """

    parts: list[str]
    maps: np.ndarray
    similarity: np.ndarray

    @property
    def likeness(self) -> np.ndarray:
        """The mean similarity over the cascade, the trained net left out: (B,)."""
        return self.similarity[1:].mean(0)

    @property
    def stays(self) -> np.ndarray:
        """Whether each picture's map stayed much the same while the net's weights went, bool (B,)."""
        return self.likeness > STAYS


def randomize(net: ConvNet, maps_of: Maps, seed: int = 0) -> Cascade:
    """The cascading randomization of Adebayo et al. 2018, from the scores down to the picture.

    What is drawn anew is as before training: weights by the net's own initialization, batch norms at their start. The
    net itself is left alone. `maps_of` explains a net.
    """
    parts, maps = [""], [maps_of(net).cpu().numpy()]
    for name, changed in _from_the_end(net, seed):
        parts.append(name)
        maps.append(maps_of(changed).cpu().numpy())
    similarity = [[rank_correlation(a, b) for a, b in zip(maps[0], later, strict=True)] for later in maps]
    return Cascade(parts, np.stack(maps), np.array(similarity))


def _from_the_end(net: ConvNet, seed: int) -> Iterator[tuple[str, ConvNet]]:
    """The net with more and more of its last parts as before training; always the same copy."""
    with torch.random.fork_rng():
        torch.manual_seed(ANOTHER + seed)
        fresh = build_net(net.spec).to(next(net.parameters()).device).eval()
    changed = deepcopy(net)
    names = _parts(net)
    count = min(MOST_STEPS, len(names))
    for group in np.array_split(np.array(names), count):
        for name in group:
            changed.get_submodule(str(name)).load_state_dict(fresh.get_submodule(str(name)).state_dict())
        yield str(group[-1]), changed


def _parts(net: ConvNet) -> list[str]:
    """Head, blocks and stem (of a VGG net: layers with weights), from the scores to the picture."""
    names = []
    for part, module in net.named_children():
        inner = [name for name, one in module.named_children() if any(True for _ in one.parameters())]
        names += [f"{part}.{name}" for name in inner] if part.startswith("stage") else [part]
    return names[::-1]


def rank_correlation(first: np.ndarray, second: np.ndarray) -> float:
    """Spearman's rank correlation of the absolute values of two maps; 0 where one of them is flat."""
    ranks = [rankdata(np.abs(values).ravel()) for values in (first, second)]
    if min(rank.std() for rank in ranks) == 0:
        return 0.0
    return float(np.corrcoef(*ranks)[0, 1])
