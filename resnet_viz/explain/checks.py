"""Can this map be trusted? What the score does without the pixels that a map names, and whether its numbers hold."""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F
from captum.metrics import infidelity, sensitivity_max
from torch import Tensor, nn

from resnet_viz.explain.attribution import attribute, baseline_of, blur, pictures_at_once
from resnet_viz.explain.methods import AttributionConfig

STEPS = 20  # places of a curve after its first
DRAWS = 10  # perturbations of infidelity and max-sensitivity
SQUARE = 0.25  # of a picture's side: what infidelity takes away
RADIUS = 0.05  # the largest change of max-sensitivity, in the net's own units
GRADIENTS = ("saliency", "guided_backprop", "deconvolution")  # what a pixel changes, and not its share
ORDERS = 5  # random orders of pixels that stand for chance


def deletion_insertion(
    net: nn.Module, x: Tensor, target: Tensor, relevance: Tensor, steps: int = STEPS, seed: int = 0
) -> pd.DataFrame:
    """The probability of a class while the pixels that a map names first go, or come (Petsiuk et al. 2018).

    x (B, C, H, W), target (B,), relevance (B, H, W). Deletion puts mean gray in place of pixels, the most relevant
    first; insertion begins with the blurred picture and puts them back. Columns: picture, share (of pixels gone or
    there, 0 to 1), deletion, insertion. Ties are broken by `seed`.
    """
    share = torch.linspace(0, 1, steps + 1)
    ranks = rank_pixels(relevance, seed)  # (B, H, W), 0 is the most relevant
    count = relevance[0].numel()
    rows = []
    for i in range(len(x)):
        named = ranks[i] < (share[:, None, None] * count).round()  # (steps + 1, H, W)
        named = named[:, None].to(x.device)
        without = torch.where(named, torch.zeros_like(x[i]), x[i])
        back = torch.where(named, x[i], blur(x[i : i + 1])[0])
        chances = _chances(net, torch.cat([without, back]), int(target[i]))
        halves = {"deletion": chances[: steps + 1], "insertion": chances[steps + 1 :]}
        rows.append(pd.DataFrame({"picture": i, "share": share.numpy(), **halves}))
    return pd.concat(rows, ignore_index=True)


def rank_pixels(relevance: Tensor, seed: int = 0) -> Tensor:
    """The place of every pixel by its relevance, (B, H, W) to long (B, H, W): 0 is the most relevant."""
    flat = relevance.flatten(1).cpu()
    shuffle = torch.randperm(flat.shape[1], generator=torch.Generator().manual_seed(seed))
    order = shuffle[flat[:, shuffle].argsort(dim=1, descending=True, stable=True)]
    ranks = torch.empty_like(order)
    ranks.scatter_(1, order, torch.arange(flat.shape[1]).expand_as(order))
    return ranks.view(relevance.shape)


@torch.no_grad()
def _chances(net: nn.Module, x: Tensor, target: int) -> np.ndarray:
    room = pictures_at_once(net.eval(), x)
    return torch.cat([net(part).softmax(1)[:, target] for part in x.split(room)]).cpu().numpy()


def areas(curves: pd.DataFrame) -> pd.DataFrame:
    """The areas under both curves by the trapezoid rule, 0 to 1. Index: picture; columns: deletion, insertion.

    A map that names what the net needs has a small one under deletion, and a large one under insertion.
    """
    return pd.DataFrame(
        {
            picture: {name: float(np.trapezoid(part[name], part["share"])) for name in ("deletion", "insertion")}
            for picture, part in curves.groupby("picture")
        }
    ).T.rename_axis("picture")


def infidelity_of(
    net: nn.Module, x: Tensor, target: Tensor, attribution: Tensor, config: AttributionConfig, seed: int = 0
) -> Tensor:
    """How far the change that an attribution (B, C, H, W) foretells is from the score's: (B,) (Yeh et al. 2019).

    Captum's, squared, for DRAWS squares of the picture that become mean gray, each a SQUARE of its side wide, and the
    attribution's best multiple; as a share of what the score changes by, squared: 0 foretells every change, 1 is no
    better than to foretell none. Gradients foretell by their product with what is taken away, all other methods by the
    sum of their shares in the square.
    """
    values = (attribution / x.shape[1]).expand_as(x) if attribution.shape[1] != x.shape[1] else attribution
    net.eval()

    def take_away(pictures: Tensor) -> tuple[Tensor, Tensor]:
        squares = _draw_squares(pictures)
        taken = torch.where(squares, pictures, 0.0)
        return taken if config.method in GRADIENTS else squares.to(pictures), pictures - taken

    with _drawn_from(seed), torch.no_grad():
        arguments = {"target": target, "n_perturb_samples": DRAWS, "normalize": True}
        missed = infidelity(net, take_away, x, values, **arguments)
    with _drawn_from(seed), torch.no_grad():  # a map of nothing, for the same squares
        change = infidelity(net, take_away, x, torch.zeros_like(values), **arguments)
    return missed / change.clamp_min(1e-12)


@contextmanager
def _drawn_from(seed: int) -> Iterator[None]:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        yield


def _draw_squares(pictures: Tensor) -> Tensor:
    """A random square of each picture (B, C, H, W): bool, as large."""
    count, _, height, width = pictures.shape
    side = max(1, round(height * SQUARE))
    top, left = (torch.randint(length - side + 1, (count, 1)) for length in (height, width))
    down, across = (torch.arange(length)[None] for length in (height, width))
    rows, columns = ((top <= down) & (down < top + side)), ((left <= across) & (across < left + side))
    return (rows[:, :, None] & columns[:, None])[:, None].expand_as(pictures).to(pictures.device)


def max_sensitivity(net: nn.Module, x: Tensor, target: Tensor, config: AttributionConfig, seed: int = 0) -> Tensor:
    """How far a map goes at most when the picture hardly changes, as a share of its size: (B,) (Yeh et al. 2019).

    Captum's, for DRAWS pictures whose every number is off by up to RADIUS.
    """

    def explain(pictures: Tensor | tuple[Tensor, ...], target: Tensor) -> tuple[Tensor]:
        pictures = pictures[0] if isinstance(pictures, tuple) else pictures
        return (attribute(net, pictures, target, config).contiguous(),)  # Captum looks at it by view

    with _drawn_from(seed):
        return sensitivity_max(explain, x, perturb_radius=RADIUS, n_perturb_samples=DRAWS, target=target)


@torch.no_grad()
def completeness_error(
    net: nn.Module, x: Tensor, target: Tensor, attribution: Tensor, config: AttributionConfig
) -> Tensor:
    """How far the sum of all shares is from the score's rise over the baseline's, as a share of that rise: (B,).

    NaN for methods that do not promise that they are equal.
    """
    if not config.about.is_complete or config.noise:
        return torch.full((len(x),), float("nan"))
    scores = [net.eval()(pictures).gather(1, target[:, None])[:, 0] for pictures in (x, baseline_of(x, config))]
    rise = scores[0] - scores[1]
    return (attribution.flatten(1).sum(1) - rise).abs() / rise.abs().clamp_min(1e-6)


def pointing_hits(relevance: Tensor, masks: Tensor, tolerance: int = 2) -> Tensor:
    """Whether the most relevant pixel of each map (B, H, W) is on the object, or so many pixels beside: bool (B,).

    The pointing game (Zhang et al. 2016); masks are bool (B, H, W).
    """
    wide = F.max_pool2d(masks[:, None].float(), 2 * tolerance + 1, 1, tolerance)[:, 0] > 0
    best = relevance.flatten(1).argmax(1, keepdim=True)
    return wide.flatten(1).gather(1, best.to(wide.device))[:, 0]


def mass_inside(relevance: Tensor, masks: Tensor) -> Tensor:
    """The share of each map's (B, H, W) absolute values on the object (masks, bool): (B,); by chance it is its area."""
    values = relevance.abs()
    return (values * masks).flatten(1).sum(1) / values.flatten(1).sum(1).clamp_min(1e-12)
