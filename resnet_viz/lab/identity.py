"""Can more layers do no harm? A net beside itself with blocks that are the identity (He et al. 2015, sec. 1)."""

import copy

import pandas as pd
import torch
from torch import Tensor

from resnet_viz.lab.blocks import Tell, be_silent
from resnet_viz.nets import ConvNet, NetSpec, append_identity

BATCH = 500  # pictures that go through a net at once; in training mode they share a mean and a deviation
MODES = ("evaluation", "training")
ZERO_BRANCH, DIRAC = "zero branch", "Dirac"
UNIT, ARRIVING = "Dirac, unit statistics", "Dirac, statistics of the maps that arrive"


def ways_to_append(spec: NetSpec) -> dict[str, bool]:
    """The ways to append blocks that are the identity, by name, and whether pictures must be seen for it.

    A residual block ends its branch in zeros. A plain one passes on what it gets by Dirac's convolutions, and its
    batch norms undo themselves: with mean 0 and deviation 1, or with those of the maps that arrive.
    """
    if spec.family == "resnet":
        return {ZERO_BRANCH: False}
    return {UNIT: False, ARRIVING: True} if spec.batch_norm else {DIRAC: False}


def compare_with_appended(
    net: ConvNet, count: int, x: Tensor, labels: Tensor, calibrate_on: Tensor, tell: Tell = be_silent
) -> pd.DataFrame:
    """A net against itself with `count` blocks appended: one row for each way to append them, and for each mode.

    x (B, C, H, W), labels (B,); calibrate_on (N, C, H, W) are the pictures that tell the batch norms of plain blocks
    what arrives. Columns variant, mode ("evaluation" or "training"), appended, error_before and error_after (shares of
    wrong answers, 0 to 1), largest_difference (of two logits, absolute), same_bits (whether no logit differs in any
    bit) and pictures. In training mode batch norms use the mean and deviation of the pictures that are asked.
    Raises SpecError for a net to which no such block can be appended.
    """
    net = copy.deepcopy(net).eval()
    before = {mode: _logits(net, x, mode) for mode in MODES}
    rows = []
    for variant, sees_pictures in (ways := ways_to_append(net.spec)).items():
        bigger = append_identity(net, count, calibrate_on if sees_pictures else None).to(x.device)
        for mode in MODES:
            after = _logits(bigger, x, mode)
            errors = (_error(logits, labels) for logits in (before[mode], after))
            difference = float((after - before[mode]).abs().max())
            rows.append((variant, mode, count, *errors, difference, _same_bits(before[mode], after), len(labels)))
            tell(len(rows) / (len(ways) * len(MODES)))
    columns = ["variant", "mode", "appended", "error_before", "error_after", "largest_difference", "same_bits"]
    return pd.DataFrame(rows, columns=[*columns, "pictures"])


@torch.no_grad()
def _logits(net: ConvNet, x: Tensor, mode: str) -> Tensor:
    """(B, classes) of a copy: a forward pass in training moves the running statistics."""
    asked = copy.deepcopy(net).train(mode == "training")
    return torch.cat([asked(part) for part in x.split(BATCH)])


def _error(logits: Tensor, labels: Tensor) -> float:
    return float((logits.argmax(1) != labels).float().mean())


def _same_bits(one: Tensor, other: Tensor) -> bool:
    return torch.equal(one.view(torch.int32), other.view(torch.int32))
