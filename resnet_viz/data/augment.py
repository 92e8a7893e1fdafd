"""How is a batch varied in training? Crops, flips, holes and mixtures, all drawn from one generator."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

PADDING = 4
HOLE = 2  # the side of a cutout's square is that of the picture through this


@dataclass(frozen=True)
class Draws:
    """What chance decides for some pictures of one epoch: integers (N,) unless said otherwise.

    `order` indexes the training pictures, `top` and `left` begin the crop in the padded picture, `flip` is true for
    a mirrored one, `hole` (N, 2) is the middle of a cutout's square, `partner` (N,) the picture mixed in, as an
    index into the same batch, and `share` (N,) the share of the picture itself in a mixture, the same for a batch.
    """

    order: Tensor
    top: Tensor
    left: Tensor
    flip: Tensor
    hole: Tensor
    partner: Tensor
    share: Tensor

    def to(self, device: str) -> "Draws":
        """The same draws on a device."""
        return Draws(**{name: value.to(device) for name, value in vars(self).items()})

    def clone(self) -> "Draws":
        """The same draws in memory of their own."""
        return Draws(**{name: value.clone() for name, value in vars(self).items()})

    def copy_from(self, other: "Draws") -> None:
        """Take over the values of other draws for as many pictures."""
        for name, value in vars(self).items():
            value.copy_(getattr(other, name))

    def split(self, size: int) -> list["Draws"]:
        """The draws of one batch after the other."""
        parts = zip(*(value.split(size) for value in vars(self).values()), strict=True)
        return [Draws(*part) for part in parts]


def draw_epoch(count: int, used: int, batch: int, side: int, mixes: bool, generator: torch.Generator) -> Draws:
    """All that an epoch leaves to chance: `used` of `count` pictures, `side` pixels wide, in batches of `batch`.

    Everything comes from `generator`, a CPU generator, so a seed gives the same pictures on every device.
    """
    order = torch.randperm(count, generator=generator)[:used]
    top, left = torch.randint(2 * PADDING + 1, (2, used), generator=generator)
    flip = torch.rand(used, generator=generator) < 0.5
    hole = torch.randint(side, (used, 2), generator=generator)
    sizes = [min(batch, used - first) for first in range(0, used, batch)]
    if not mixes:
        return Draws(order, top, left, flip, hole, torch.zeros(used, dtype=torch.long), torch.ones(used))
    partner = torch.cat([torch.randperm(size, generator=generator) for size in sizes])
    # Zhang et al. 2018 draw the share from Beta(1, 1): uniformly.
    share = torch.cat([torch.rand(1, generator=generator).expand(size) for size in sizes])
    return Draws(order, top, left, flip, hole, partner, share)


def crop_and_flip(x: Tensor, draws: Draws) -> Tensor:
    """Pictures (B, C, H, W) padded by 4 zeros a side, cropped to H x W, some mirrored (He et al. 2015, sec. 4.2)."""
    height, width = x.shape[2:]
    columns = torch.arange(width, device=x.device).expand(len(x), width)
    columns = draws.left[:, None] + torch.where(draws.flip[:, None], width - 1 - columns, columns)  # (B, W), padded
    rows = draws.top[:, None] + torch.arange(height, device=x.device)  # (B, H) in the padded picture
    padded = F.pad(x, (PADDING,) * 4).permute(0, 2, 3, 1)  # (B, H+8, W+8, C)
    pictures = torch.arange(len(x), device=x.device)[:, None, None]
    return padded[pictures, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)  # channels_last (B, C, H, W)


def cut_out(x: Tensor, draws: Draws) -> Tensor:
    """Pictures (B, C, H, W) with a square of half their side set to zero; it may reach over the edge.

    DeVries and Taylor 2017, who use 16 of 32 pixels on CIFAR-10.
    """
    side = x.shape[2] // HOLE
    holes = []
    for axis, length in enumerate(x.shape[2:]):
        start = draws.hole[:, axis, None] - side // 2
        places = torch.arange(length, device=x.device)
        holes.append((places >= start) & (places < start + side))  # (B, H), (B, W)
    inside = holes[0][:, None, :, None] & holes[1][:, None, None, :]  # (B, 1, H, W)
    return x.clone().masked_fill_(inside, 0.0)  # in place: the mask's own layout would come out


def mix(x: Tensor, draws: Draws) -> Tensor:
    """Every picture of (B, C, H, W) times its share, plus its partner times the rest (Zhang et al. 2018)."""
    share = draws.share[:, None, None, None]
    return share * x + (1 - share) * x[draws.partner]


AUGMENTATIONS_APPLIED = {
    "none": (),
    "crop_flip": (crop_and_flip,),
    "cutout": (crop_and_flip, cut_out),
    "mixup": (crop_and_flip, mix),
}


def augment(x: Tensor, name: str, draws: Draws) -> Tensor:
    """Normalized pictures (B, C, H, W) varied as one of AUGMENTATIONS says; channels_last stays."""
    for change in AUGMENTATIONS_APPLIED[name]:
        x = change(x, draws)
    return x
