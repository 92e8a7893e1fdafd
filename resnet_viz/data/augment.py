"""How is a batch varied in training? Four pixels of padding, a random crop and a flip (He et al. 2015, sec. 4.2)."""

import torch
import torch.nn.functional as F
from torch import Tensor

PADDING = 4


def crop_and_flip(x: Tensor, generator: torch.Generator) -> Tensor:
    """Every picture of (B, C, H, W) padded by 4 zeros a side, cropped at random to H x W, flipped in half of cases.

    All is drawn from `generator`, a CPU generator, so a seed gives the same pictures on every device.
    """
    batch, _, height, width = x.shape
    tops, lefts = torch.randint(2 * PADDING + 1, (2, batch), generator=generator)
    flips = torch.rand(batch, generator=generator) < 0.5
    rows = tops[:, None] + torch.arange(height)  # (B, H) in the padded picture
    columns = torch.arange(width).expand(batch, width)
    columns = lefts[:, None] + torch.where(flips[:, None], width - 1 - columns, columns)  # (B, W)
    padded = F.pad(x, (PADDING,) * 4).permute(0, 2, 3, 1)  # (B, H+8, W+8, C)
    picks = (torch.arange(batch)[:, None, None], rows[:, :, None], columns[:, None, :])
    return padded[tuple(pick.to(x.device) for pick in picks)].permute(0, 3, 1, 2)  # channels_last (B, C, H, W)
