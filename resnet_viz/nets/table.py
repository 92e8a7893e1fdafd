"""What does each layer cost? Output shape, parameters and multiply-adds, counted on the meta device."""

from dataclasses import replace
from functools import lru_cache
from itertools import groupby

import pandas as pd
import torch
from torch import Tensor, nn

from resnet_viz.nets.blocks import Subsample
from resnet_viz.nets.build import build_outline
from resnet_viz.nets.spec import NetSpec

TWO_BLOCKS_A_STAGE = 14  # the depth of a net with n = 2

KINDS: dict[type[nn.Module], str] = {
    nn.Conv2d: "convolution",
    nn.BatchNorm2d: "batch norm",
    nn.ReLU: "ReLU",
    nn.Identity: "identity shortcut",
    Subsample: "subsampling shortcut",
    nn.AdaptiveAvgPool2d: "average pooling",
    nn.Linear: "fully connected",
}


def layer_table(spec: NetSpec, size: int = 32) -> pd.DataFrame:
    """Every layer of a net on pictures of size x size, in the order in which data passes through.

    Columns: name (as in the state dict), kind, output_shape (tuple without the batch), parameters,
    multiply_adds (of convolutions and the classifier, for one picture, as the paper counts FLOPs).
    """
    return _layer_table(spec, size).copy()


@lru_cache(maxsize=64)
def _layer_table(spec: NetSpec, size: int) -> pd.DataFrame:
    # From its second block on, a stage repeats itself: two blocks are traced, the rest is written down.
    traced = _trace(replace(spec, depth=min(spec.depth, TWO_BLOCKS_A_STAGE)), size)
    rows: list[dict[str, object]] = []
    for stage, group in groupby(traced, key=lambda row: str(row["name"]).partition(".block2.")[0]):
        repeated = list(group)
        rows += repeated
        if stage.startswith("stage") and "." not in stage:
            for i in range(3, spec.blocks_per_stage + 1):
                rows += [row | {"name": str(row["name"]).replace(".block2.", f".block{i}.")} for row in repeated]
    return pd.DataFrame(rows)


def _trace(spec: NetSpec, size: int) -> list[dict[str, object]]:
    net = build_outline(spec).eval()
    rows: list[dict[str, object]] = []

    def record(name: str, layer: nn.Module, output: Tensor) -> None:
        rows.append(
            {
                "name": name,
                "kind": KINDS[type(layer)],
                "output_shape": tuple(output.shape[1:]),
                "parameters": sum(p.numel() for p in layer.parameters()),
                "multiply_adds": _multiply_adds(layer, output),
            }
        )

    for name, layer in net.named_modules():
        if type(layer) in KINDS:
            layer.register_forward_hook(lambda layer, _, output, name=name: record(name, layer, output))
    with torch.no_grad():
        net(torch.empty(1, spec.in_channels, size, size, device="meta"))
    return rows


def _multiply_adds(layer: nn.Module, output: Tensor) -> int:
    # Each output number of a convolution or linear layer takes one multiply-add a weight of its filter.
    if isinstance(layer, nn.Conv2d | nn.Linear):
        return output.numel() * layer.weight[0].numel()
    return 0


def weighted_layers(net: nn.Module) -> dict[str, Tensor]:
    """The weights of every convolution and linear layer by name: the layers that a depth counts.

    Projections of shortcuts are in it too.
    """
    return {name: module.weight for name, module in net.named_modules() if isinstance(module, nn.Conv2d | nn.Linear)}
