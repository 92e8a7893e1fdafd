"""Does a net fire every unit in every epoch? Which outputs of its ReLUs are above zero, and for how many pictures."""

import copy
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from resnet_viz.lab.blocks import Tell, be_silent
from resnet_viz.nets import ConvNet

MODES = ("evaluation", "training")
PLACES = ("before", "branch", "after")  # parts of a block; what stands in none is of the stem, of VGG or of the head


class _Count:
    """For each unit of a ReLU the number of pictures for which it was above zero, and how many came through."""

    def __init__(self) -> None:
        self.above: Tensor | None = None  # (C, H, W)
        self.pictures = self.batches = 0

    def __call__(self, module: nn.Module, given: tuple[Tensor], out: Tensor) -> None:
        """Count a batch of outputs (B, C, H, W): the form of a forward hook."""
        above = (out > 0).sum(0)
        self.above = above if self.above is None else self.above + above
        self.pictures += len(out)
        self.batches += 1


def active_units(net: ConvNet, x: Tensor, batch: int = 64, seed: int = 0, tell: Tell = be_silent) -> pd.DataFrame:
    """Which units of the ReLUs are above zero, for pictures x (N, C, H, W) that each pass once through the net.

    A unit is one number of a map: a channel at a place. Once in evaluation mode; and once in training mode, as in an
    epoch with weights that stand still: batches of `batch` pictures, drawn by `seed`, with their own statistics, and
    with blocks left out at random in nets of stochastic depth. Columns mode; layer, the ReLU's name; place, the part of
    a block in which it stands ("" for none); position, from 1; units; active, the share of units above zero, a mean
    over the pictures that came through the layer; never and always, the share of units that were above zero for none of
    these pictures, and for all; never_channels, the share of channels of which no unit ever was; skipped, the share of
    batches in which the layer was not computed. Of a layer that was never computed nothing is known: NaN.
    """
    frames = []
    for i, mode in enumerate(MODES):
        asked = net.eval() if mode == "evaluation" else copy.deepcopy(net).train()
        counts = {name: _Count() for name, module in asked.named_modules() if isinstance(module, nn.ReLU)}
        handles = [asked.get_submodule(name).register_forward_hook(count) for name, count in counts.items()]
        try:
            batches = _pass_all(asked, x, batch, seed, partial(_tell_mode, tell, i))
        finally:
            for handle in handles:
                handle.remove()
        rows = [_row(name, count, batches) for name, count in counts.items()]
        frames.append(pd.DataFrame(rows).assign(mode=mode, position=np.arange(1, len(rows) + 1)))
    return pd.concat(frames, ignore_index=True)


@dataclass(frozen=True)
class UnitSummary:
    """How many units a net has, which share of them is active, never is, always is; how often a branch was skipped."""

    units: int
    active: float
    never: float
    always: float
    skipped: float


def summarize_units(units: pd.DataFrame, mode: str) -> UnitSummary:
    """One net's frame of `active_units` in one mode: layers weighed by their units; skipped: a mean over branches."""
    part = units[(units["mode"] == mode) & units["units"].notna()]
    count = part["units"].sum()
    active, never, always = (
        float((part[name] * part["units"]).sum() / count) for name in ("active", "never", "always")
    )
    inside = units.loc[(units["mode"] == mode) & (units["place"] == "branch"), "skipped"]
    return UnitSummary(int(count), active, never, always, float(inside.mean()) if len(inside) else 0.0)


def _tell_mode(tell: Tell, mode: int, done: float) -> None:
    tell((mode + done) / len(MODES))


@torch.no_grad()
def _pass_all(net: ConvNet, x: Tensor, batch: int, seed: int, tell: Tell) -> int:
    """Send all pictures through a net, in an order drawn by the seed: the number of batches."""
    order = torch.from_numpy(np.random.default_rng(seed).permutation(len(x))).to(x.device)
    parts = order.split(batch)
    with torch.random.fork_rng(devices=[x.device] if x.is_cuda else []):
        torch.manual_seed(seed)  # blocks are left out by it
        for done, part in enumerate(parts, start=1):
            net(x[part])
            tell(done / len(parts))
    return len(parts)


def _row(name: str, count: _Count, batches: int) -> dict[str, object]:
    place = next((part for part in name.split(".") if part in PLACES), "")
    row: dict[str, object] = {"layer": name, "place": place, "skipped": 1 - count.batches / batches}
    if count.above is None:
        return row | {"units": np.nan, **dict.fromkeys(("active", "never", "always", "never_channels"), np.nan)}
    above = count.above.cpu().numpy()
    return row | {
        "units": above.size,
        "active": above.mean() / count.pictures,
        "never": (above == 0).mean(),
        "always": (above == count.pictures).mean(),
        "never_channels": (above.reshape(len(above), -1).max(1) == 0).mean(),
    }
