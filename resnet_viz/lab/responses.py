"""How strongly does each layer answer, and how large are its weights? He et al. 2015, sec. 4.2, Fig. 7."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from math import log, nan, sqrt

import pandas as pd
import torch
from scipy.stats import wilcoxon
from torch import Tensor, nn

from resnet_viz.lab.blocks import Tell, be_silent
from resnet_viz.nets import ConvNet

BATCH = 500  # pictures that go through a net at once
CLEAR = 0.05  # the p value below which a difference over the layers is called clear
SMALLER, LARGER, UNCLEAR = "smaller", "larger", "no clear difference"
Moments = tuple[int, float, float]  # how many numbers, their mean, their variance


@dataclass(frozen=True)
class Layer:
    """A convolution of the main path that is larger than 1x1, and what answers for it."""

    name: str
    convolution: nn.Conv2d
    norm_name: str  # "" where the convolution itself answers
    norm: nn.BatchNorm2d | None

    @property
    def stage(self) -> int:
        """The stage from 1 on, 0 for the stem."""
        found = re.match(r"stage(\d+)", self.name)
        return int(found[1]) if found else 0


@dataclass(frozen=True)
class LayerComparison:
    """A number of every layer of a residual net's blocks against that of the plain net's same layers.

    `ratio` is the median over the layers of residual through plain, `p` that of a two-sided Wilcoxon signed-rank test
    of the logarithms of the ratios, `verdict` what both say of the residual net: "smaller", "larger" or
    "no clear difference". The layers are those of one pair of trained nets: that other pairs are the same does not
    follow.
    """

    layers: int
    ratio: float
    smaller: int  # layers in which the residual net's number is the smaller one
    p: float

    @property
    def verdict(self) -> str:
        """In words."""
        if self.p >= CLEAR:
            return UNCLEAR
        return SMALLER if self.ratio < 1 else LARGER


def response_layers(net: ConvNet) -> list[Layer]:
    """The layers of Fig. 7 in order: stem and blocks, without the projections of shortcuts and without 1x1 layers.

    What answers is the batch norm behind the convolution: before the nonlinearity, and before the addition. Where a
    branch ends in a convolution (its norm stands before it, or behind the addition) and in nets without batch norm it
    is the convolution itself; so it is for all layers of pre-activation blocks, whose norms belong to what follows.
    """
    modules = [pair for pair in net.named_modules() if not re.search(r"\.(shortcut|gate)\.", pair[0])]
    found = []
    for name, module in modules:
        if isinstance(module, nn.Conv2d) and module.kernel_size > (1, 1):
            norm_name = "" if net.spec.order == "preact" and name.startswith("stage") else _behind(net, name)
            norm = net.get_submodule(norm_name) if norm_name else None
            found.append(Layer(name, module, norm_name, norm if isinstance(norm, nn.BatchNorm2d) else None))
    return found


def _behind(net: ConvNet, name: str) -> str:
    """The batch norm that follows a layer in the sequence that it is a part of; "" where something else does."""
    home, _, own = name.rpartition(".")
    names = [child for child, _ in net.get_submodule(home).named_children()]
    after = names[names.index(own) + 1 :][:1]
    return f"{home}.{after[0]}" if after and after[0].startswith("bn") else ""


def layer_responses(net: ConvNet, x: Tensor, tell: Tell = be_silent) -> pd.DataFrame:
    """The response of every layer of `response_layers` to inputs x (B, C, H, W), and the size of its weights.

    Columns layer, position (from 1), stage (0 for the stem), norm (the batch norm that answers, "" where the
    convolution does), response (standard deviation over pictures, places and channels, in evaluation mode),
    closed_form (sqrt(mean(gamma^2) + var(beta)), what a batch norm would answer to a map that has the mean and
    deviation that it takes off; NaN without one), weight_norm (2-norm of the convolution), weight_rms (root mean
    square of its weights).
    """
    layers = response_layers(net)
    moments = _watch(net, layers, x, tell)
    rows = []
    for position, (layer, seen) in enumerate(zip(layers, moments, strict=True), start=1):
        norm = float(layer.convolution.weight.detach().norm())
        rms = norm / sqrt(layer.convolution.weight.numel())
        numbers = (_deviation(seen), _closed_form(layer.norm), norm, rms)
        rows.append((layer.name, position, layer.stage, layer.norm_name, *numbers))
    columns = ["layer", "position", "stage", "norm", "response", "closed_form", "weight_norm", "weight_rms"]
    return pd.DataFrame(rows, columns=columns)


@torch.no_grad()
def _watch(net: ConvNet, layers: list[Layer], x: Tensor, tell: Tell) -> list[list[Moments]]:
    """What each layer put out, batch by batch; the hooks are gone and the mode is as it was afterwards."""
    seen: list[list[Moments]] = [[] for _ in layers]
    was_training = net.training
    hooks = [
        (layer.norm or layer.convolution).register_forward_hook(_remember(moments))
        for layer, moments in zip(layers, seen, strict=True)
    ]
    try:
        net.eval()
        batches = x.split(BATCH)
        for done, batch in enumerate(batches, start=1):
            net(batch)
            tell(done / len(batches))
    finally:
        for hook in hooks:
            hook.remove()
        net.train(was_training)
    return seen


def _remember(moments: list[Moments]) -> Callable[[nn.Module, tuple[Tensor, ...], Tensor], None]:
    def hook(_: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        moments.append((output.numel(), float(output.mean()), float(output.var(correction=0))))

    return hook


def _deviation(moments: list[Moments]) -> float:
    """The standard deviation of all numbers from those of their batches."""
    count = sum(size for size, _, _ in moments)
    mean = sum(size * middle for size, middle, _ in moments) / count
    return sqrt(sum(size * (variance + (middle - mean) ** 2) for size, middle, variance in moments) / count)


def _closed_form(norm: nn.BatchNorm2d | None) -> float:
    if norm is None:
        return nan
    return float((norm.weight.detach().square().mean() + norm.bias.detach().var(correction=0)).sqrt())


def compare_layers(plain: pd.DataFrame, residual: pd.DataFrame, column: str = "weight_rms") -> LayerComparison:
    """Are the numbers of a column of `layer_responses` smaller in the residual net? Its blocks, layer by layer.

    The stem is left out, which is not in a residual branch. Layers are paired by name. Between layers of one shape
    weight_norm and weight_rms have the same ratio. Raises ValueError where the nets have no layer in common.
    """
    pairs = plain[plain["stage"] > 0].merge(residual, on="layer", suffixes=("_plain", "_residual"))
    if pairs.empty:
        raise ValueError("the two nets have no layer of a block in common")
    ratios = pairs[f"{column}_residual"] / pairs[f"{column}_plain"]
    logs = [log(ratio) for ratio in ratios]
    p = float(wilcoxon(logs).pvalue) if any(logs) else 1.0
    return LayerComparison(len(pairs), float(ratios.median()), int((ratios < 1).sum()), p)
