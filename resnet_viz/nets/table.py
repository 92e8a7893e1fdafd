"""What does each layer cost, and how far does it see? Counted on the meta device."""

from functools import lru_cache
from typing import Any, cast

import pandas as pd
import torch
from torch import Tensor, nn

from resnet_viz.nets.blocks import Block, Constant, Subsample
from resnet_viz.nets.build import build_outline
from resnet_viz.nets.spec import NetSpec

TRACED = 2  # blocks of a stage; from the second on they repeat themselves

KINDS: dict[type[nn.Module], str] = {
    nn.Conv2d: "convolution",
    nn.BatchNorm2d: "batch norm",
    nn.ReLU: "ReLU",
    nn.Tanh: "tanh",
    nn.Sigmoid: "sigmoid",
    nn.Identity: "identity shortcut",
    Subsample: "subsampling shortcut",
    Constant: "constant gate",
    nn.Dropout: "dropout",
    nn.MaxPool2d: "max pooling",
    nn.AdaptiveAvgPool2d: "average pooling",
    nn.Flatten: "flatten",
    nn.Linear: "fully connected",
}
KEEPS_SHAPE = (nn.BatchNorm2d, nn.ReLU, nn.Tanh, nn.Sigmoid, nn.Dropout)
COLUMNS = ["name", "kind", "output_shape", "parameters", "multiply_adds", "receptive_field"]
Row = dict[str, Any]


def layer_table(spec: NetSpec, size: int | None = None) -> pd.DataFrame:
    """Every layer of a net on pictures of size x size (default: the paper's, 32 or 224), as data passes through.

    Columns: name (as in the state dict), kind, output_shape (tuple without the batch), parameters,
    multiply_adds (of convolutions and linear layers, for one picture, as the paper counts FLOPs), and
    receptive_field (side in pixels of what one output number depends on; it can exceed the picture).
    Raises SpecError where the pictures are too small for the net.
    """
    return layers(spec, size)[COLUMNS].copy()


def layers(spec: NetSpec, size: int | None = None) -> pd.DataFrame:
    """The layer table with one more column, kernel (its side in pixels; 0 where there is none). Not to be changed."""
    size = spec.size if size is None else size
    spec.check_size(size)
    return _layers(spec, size)


@lru_cache(maxsize=64)
def _layers(spec: NetSpec, size: int) -> pd.DataFrame:
    stages = spec.layout.blocks
    is_vgg = spec.family == "vgg"
    traced = _trace(spec, size, None if is_vgg else [min(n, TRACED) for n in stages])
    rows = traced if is_vgg else _repeat_blocks(traced, stages)
    return pd.DataFrame({name: [row[name] for row in rows] for name in rows[0]})  # faster than from dicts


def _repeat_blocks(traced: list[Row], stages: tuple[int, ...]) -> list[Row]:
    """All rows of a net from those of two blocks a stage: each further block sees as much further as the second."""
    rows: list[Row] = []
    grown = 0  # what the receptive field has gained by the blocks that were not traced
    for part, group in _by_part(traced):
        rows += [row | {"receptive_field": row["receptive_field"] + grown} for row in group]
        repeated = [row for row in group if ".block2." in row["name"]]
        if not repeated:
            continue
        growth = _seen(repeated) - _seen([row for row in group if ".block1." in row["name"]])
        for i in range(TRACED + 1, stages[int(part.removeprefix("stage")) - 1] + 1):
            grown += growth
            for row in repeated:
                name = row["name"].replace(".block2.", f".block{i}.")
                rows.append(row | {"name": name, "receptive_field": row["receptive_field"] + grown})
    return rows


def _by_part(rows: list[Row]) -> list[tuple[str, list[Row]]]:
    """The rows of stem, stage1, ..., head."""
    parts: dict[str, list[Row]] = {}
    for row in rows:
        parts.setdefault(row["name"].partition(".")[0], []).append(row)
    return list(parts.items())


def _seen(rows: list[Row]) -> int:
    return max(cast(int, row["receptive_field"]) for row in rows)


def _trace(spec: NetSpec, size: int, blocks: list[int] | None) -> list[Row]:
    net = build_outline(spec, blocks).eval()
    rows: list[Row] = []
    view = _View()

    def record(name: str, layer: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        rows.append(
            {
                "name": name,
                "kind": KINDS[type(layer)],
                "output_shape": tuple(output.shape[1:]),
                "parameters": sum(p.numel() for p in layer.parameters()),
                "multiply_adds": _multiply_adds(layer, output),
                "kernel": _first(getattr(layer, "kernel_size", 0)),
                "receptive_field": view.pass_through(name, layer, inputs[0]),
            }
        )

    for name, layer in net.named_modules():
        if isinstance(layer, KEEPS_SHAPE):
            # Torch's batch norm takes milliseconds even without numbers.
            layer.forward = _pass_on  # type: ignore[method-assign, assignment]
        if type(layer) in KINDS:
            layer.register_forward_hook(lambda layer, inputs, output, name=name: record(name, layer, inputs, output))
        elif isinstance(layer, Block):
            layer.register_forward_pre_hook(lambda *_: view.enter_block())
    with torch.no_grad():
        net(torch.empty(1, spec.in_channels, size, size, device="meta"))
    return rows


def _pass_on(x: Tensor) -> Tensor:
    return x


class _View:
    """How far one number of the map sees (`field`), and how far apart two neighbours look (`jump`), in pixels."""

    def __init__(self) -> None:
        self.field, self.jump = 1, 1
        self.entered = self.beside = (1, 1)

    def enter_block(self) -> None:
        """A shortcut starts from what the block started from."""
        self.entered = self.beside = (self.field, self.jump)

    def pass_through(self, name: str, layer: nn.Module, x: Tensor) -> int:
        """The receptive field behind a layer."""
        if ".shortcut." in name or name.endswith(".shortcut"):
            self.beside = _widen(self.beside, layer, x)
            return self.beside[0]
        if ".gate" in name:
            return _widen(self.entered, layer, x)[0]
        self.field, self.jump = _widen((self.field, self.jump), layer, x)
        return self.field


def _widen(view: tuple[int, int], layer: nn.Module, x: Tensor) -> tuple[int, int]:
    field, jump = view
    if isinstance(layer, nn.Conv2d | nn.MaxPool2d):
        kernel, stride = _first(layer.kernel_size), _first(layer.stride)
        return field + (kernel - 1) * jump, jump * stride
    if isinstance(layer, nn.AdaptiveAvgPool2d):
        # Of equal windows over the map, as far as it divides evenly.
        window = -(-x.shape[-1] // _first(layer.output_size))
        return field + (window - 1) * jump, jump * window
    if isinstance(layer, nn.Linear) and x.ndim == 2:
        return field, jump
    return field, jump * (layer.stride if isinstance(layer, Subsample) else 1)


def _first(value: Any) -> int:
    return int(value[0] if isinstance(value, tuple) else value)


def _multiply_adds(layer: nn.Module, output: Tensor) -> int:
    # Each output number of a convolution or linear layer takes one multiply-add a weight of its filter.
    if isinstance(layer, nn.Conv2d | nn.Linear):
        return output.numel() * layer.weight[0].numel()
    return 0


def weighted_layers(net: nn.Module) -> dict[str, Tensor]:
    """The weights of every convolution and linear layer by name: the layers that a depth counts.

    Projections of shortcuts and gates are in it too.
    """
    return {name: module.weight for name, module in net.named_modules() if isinstance(module, nn.Conv2d | nn.Linear)}
