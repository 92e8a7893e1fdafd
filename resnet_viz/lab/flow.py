"""Which way does the gradient take? Through shortcuts or branches, and along how long a path (Veit et al. 2016)."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb, log10

import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F
from torch import Tensor

from resnet_viz.lab.blocks import Tell, be_silent, blocks_of
from resnet_viz.nets import ConvNet
from resnet_viz.nets.blocks import Block

BATCH = 64  # pictures whose maps are kept at once


@dataclass(frozen=True, eq=False)
class _Fork:
    """A block in the forward pass: its input twice, once for each way through it, and its output."""

    name: str
    by_shortcut: Tensor  # both (B, C, H, W), equal in value, each a leaf of its own
    by_branch: Tensor
    output: Tensor

    def back(self, gradient: Tensor) -> tuple[Tensor, Tensor]:
        """The two parts of the gradient at the block's input: through its shortcut, and through its branch."""
        through_shortcut, through_branch = torch.autograd.grad(
            self.output, (self.by_shortcut, self.by_branch), gradient, retain_graph=True
        )
        return through_shortcut, through_branch

    def back_one_way(self, gradient: Tensor, through_branch: bool) -> Tensor:
        """The part of the gradient that comes through one of the two alone."""
        way = self.by_branch if through_branch else self.by_shortcut
        return torch.autograd.grad(self.output, way, gradient, retain_graph=True)[0]


def gradient_shares(net: ConvNet, x: Tensor, labels: Tensor, tell: Tell = be_silent) -> pd.DataFrame:
    """How much of the gradient at each block's input came through the shortcut, and how much through the branch.

    For a residual net with any shortcut, in evaluation mode, so that pictures do not mix; x (B, C, H, W), labels (B,).
    Columns block, position (from 1, next to the picture); arriving, shortcut, branch, total: the 2-norm of what a
    picture's own cross-entropy sends to the block's output, and of what of it reaches the input through the shortcut,
    through the branch, and in sum, means over the pictures; share, shortcut / (shortcut + branch); cosine between both
    parts, a mean over the pictures. A gate, where there is one, counts to the way that it weighs.
    """
    batches = list(zip(x.split(BATCH), labels.split(BATCH), strict=True))
    sums = np.zeros((len(blocks_of(net)), 5))
    for done, (part, right) in enumerate(batches, start=1):
        sums += _sizes(net, part, right)
        tell(done / len(batches))
    arriving, shortcut, branch, total, cosine = (sums / len(labels)).T
    return pd.DataFrame(
        {
            "block": list(blocks_of(net)),
            "position": np.arange(1, len(sums) + 1),
            "arriving": arriving,
            "shortcut": shortcut,
            "branch": branch,
            "total": total,
            "share": shortcut / (shortcut + branch),
            "cosine": cosine,
        }
    )


def _sizes(net: ConvNet, x: Tensor, labels: Tensor) -> np.ndarray:
    """For each block the norms of what arrives, of both parts and of their sum, and the cosine: sums over pictures."""
    forks, _, gradient = _pass_forward(net, x, labels)
    rows = []
    for fork in reversed(forks):
        shortcut, branch = fork.back(gradient)
        norms = [_norm(part) * len(labels) for part in (gradient, shortcut, branch, shortcut + branch)]
        cosines = F.cosine_similarity(shortcut.flatten(1), branch.flatten(1), eps=1e-30)
        rows.append([*norms, float(cosines.sum())])
        gradient = shortcut + branch
    return np.array(rows[::-1])


def path_lengths(
    net: ConvNet, x: Tensor, labels: Tensor, paths_a_length: int = 60, seed: int = 0, tell: Tell = be_silent
) -> pd.DataFrame:
    """How many paths of each length a residual net has, and what gradient comes to the picture along them.

    A path goes through the branches of `length` of the n blocks, and through the shortcuts of the others. The net is
    passed forward as it is; backward the gradient of a picture's own cross-entropy is sent along one path alone
    (Veit et al. 2016, sec. 4.3). Of each length `paths_a_length` random paths are taken, or all where there are no
    more. Columns length, from 0 to n; paths, the binomial coefficient, and log10_paths; sampled, how many were taken;
    gradient, the 2-norm at the picture, a mean over sampled paths and pictures, its logarithm log10_gradient, and low
    and high, the logarithms for the weakest and the strongest of the paths; contribution, paths x gradient, with sum
    1; and in parts of the 2-norm of the net's whole gradient: alone, paths x gradient, and together, the 2-norm of the
    sum of the gradients along all paths of the length, none of them left out and none drawn.
    """
    forks, stem, last = _pass_forward(net, x, labels)
    chance = np.random.default_rng(seed)
    n = len(forks)
    plan = [(length, path) for length in range(n + 1) for path in _draw(n, length, paths_a_length, chance)]
    whole, together = _sums_by_length(forks, stem, last)
    norms: dict[int, list[float]] = {length: [] for length in range(n + 1)}
    for done, (length, path) in enumerate(plan, start=1):
        gradient = last
        for i in reversed(range(n)):
            gradient = forks[i].back_one_way(gradient, i in path)
        norms[length].append(_norm(stem.back_one_way(gradient, True)))
        tell(done / len(plan))
    rows = []
    for length, found in norms.items():
        mean, low, high = np.mean(found), np.min(found), np.max(found)
        with np.errstate(divide="ignore"):
            logs = np.log10([mean, low, high])
        rows.append((length, float(comb(n, length)), log10(comb(n, length)), len(found), float(mean), *logs))
    columns = ["length", "paths", "log10_paths", "sampled", "gradient", "log10_gradient", "low", "high"]
    frame = pd.DataFrame(rows, columns=columns)
    alone = frame["paths"] * frame["gradient"] / whole
    return frame.assign(contribution=alone / alone.sum(), alone=alone, together=np.array(together) / whole)


def middle_lengths(lengths: pd.DataFrame, share: float = 0.9) -> tuple[int, int, float]:
    """The shortest and the longest path of the middle `share` of the gradient, and which part of all paths lies there.

    `lengths` as `path_lengths` gives them; the other lengths carry at most (1 - share) / 2 at either end.
    """
    below = lengths["contribution"].cumsum()
    outside = (1 - share) / 2
    low = int(lengths["length"][below > outside].iloc[0])
    high = int(lengths["length"][below >= 1 - outside].iloc[0])
    return low, high, share_of_paths(len(lengths) - 1, low, high)


def share_of_paths(blocks: int, low: int, high: int) -> float:
    """Which part of the 2^n paths through n blocks goes through `low` to `high` branches."""
    return sum(comb(blocks, k) for k in range(low, high + 1)) / 2**blocks


def _draw(blocks: int, length: int, count: int, chance: np.random.Generator) -> Sequence[frozenset[int]]:
    """Different paths of a length, each as the blocks whose branch it takes, from 0."""
    paths: dict[frozenset[int], None] = {}  # keeps the order in which they were drawn
    while len(paths) < min(count, comb(blocks, length)):
        paths[frozenset(chance.choice(blocks, length, replace=False).tolist())] = None
    return list(paths)


def _sums_by_length(forks: Sequence[_Fork], stem: _Fork, last: Tensor) -> tuple[float, list[float]]:
    """The 2-norm of the net's whole gradient, and that of the sum over all paths of each length.

    Behind every block the gradients are kept apart by how many branches they came through: sums[k] of k branches.
    """
    sums = [last]
    for fork in reversed(forks):
        parts = [fork.back(gradient) for gradient in sums]
        zero = torch.zeros_like(parts[0][0])
        shortcut = [*(part[0] for part in parts), zero]
        branch = [zero, *(part[1] for part in parts)]
        sums = [a + b for a, b in zip(shortcut, branch, strict=True)]
    whole = _norm(stem.back_one_way(torch.stack(sums).sum(0), True))
    return whole, [_norm(stem.back_one_way(gradient, True)) for gradient in sums]


def _pass_forward(net: ConvNet, x: Tensor, labels: Tensor) -> tuple[list[_Fork], _Fork, Tensor]:
    """The forks of all blocks, the stem as a fork of one way, and the gradient that the head sends back."""
    net.eval()
    with torch.enable_grad():
        picture = x.detach().requires_grad_()
        maps = net[0](picture)
        stem = _Fork("stem", picture, picture, maps)
        forks = []
        for name, block in blocks_of(net).items():
            by_shortcut, by_branch = maps.detach().requires_grad_(), maps.detach().requires_grad_()
            maps = _both_ways(block, by_shortcut, by_branch)
            forks.append(_Fork(name, by_shortcut, by_branch, maps))
        maps = maps.detach().requires_grad_()
        loss = F.cross_entropy(net[-1](maps), labels, reduction="sum")
    return forks, stem, torch.autograd.grad(loss, maps)[0]


def _both_ways(block: Block, by_shortcut: Tensor, by_branch: Tensor) -> Tensor:
    """What a residual block gives in evaluation mode for an input that each of its two ways is given for itself."""
    if block.shortcut is None:
        raise ValueError("a block without a shortcut has one way only")
    out = block.branch(block.before(by_branch))
    carried = block.shortcut(block.before(by_shortcut) if block.projects else by_shortcut)
    if block.gate is not None:
        carried = (1 - block.gate(by_shortcut)) * carried
        if block.gates_branch:
            out = block.gate(by_branch) * out
    if block.survival < 1:
        out = block.survival * out
    return block.after(out + carried)


def _norm(gradient: Tensor) -> float:
    """The mean over the pictures of the 2-norm of each picture's part."""
    return float(gradient.flatten(1).norm(dim=1).mean())
