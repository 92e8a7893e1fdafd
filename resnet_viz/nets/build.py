"""How does a spec become a network? A stem, stages, and a head, one after the other (He et al. 2015, Table 1)."""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from itertools import count

import torch
from torch import Tensor, nn

from resnet_viz.nets.blocks import ACTIVATION_LAYERS, GATE_BIAS, PLACES, Block, build_block, convolution
from resnet_viz.nets.layout import EXPANSION
from resnet_viz.nets.spec import NetSpec

Layers = OrderedDict[str, nn.Module]
VGG_HIDDEN, VGG_MAP = 4096, 7  # the classifier of the ImageNet VGG nets
NAIVE_STD = 0.01
INITIALIZERS: dict[str, Callable[[Tensor], Tensor]] = {
    "he": lambda weight: nn.init.kaiming_normal_(weight, mode="fan_out", nonlinearity="relu"),
    "xavier": nn.init.xavier_normal_,
    "orthogonal": nn.init.orthogonal_,
    "normal": lambda weight: nn.init.normal_(weight, std=NAIVE_STD),
}


class ConvNet(nn.Sequential):
    """A net that a spec names: stem, stage1, stage2, ..., head. Pictures (B, C, H, W) in, logits (B, classes) out.

    `blocks` replaces the number of blocks of each stage.
    """

    def __init__(self, spec: NetSpec, blocks: Sequence[int] | None = None) -> None:
        build = _vgg_parts if spec.family == "vgg" else _resnet_parts
        super().__init__(OrderedDict((name, nn.Sequential(part)) for name, part in build(spec, blocks).items()))
        self.spec = spec
        self.recognized = False  # whether the spec was found in the tensors of a file, and not said by it

    @property
    def last_stage(self) -> nn.Module:
        """What gives the last maps, before the head."""
        return self[-2]


def _activation(spec: NetSpec) -> nn.Module:
    return ACTIVATION_LAYERS[spec.activation]()


def _norm(spec: NetSpec, channels: int) -> Layers:
    return Layers(bn1=nn.BatchNorm2d(channels)) if spec.batch_norm else Layers()


def _resnet_parts(spec: NetSpec, blocks: Sequence[int] | None) -> dict[str, Layers]:
    layout = spec.layout
    channels = layout.widths[0]
    kernel, stride = (7, 2) if spec.stem == "imagenet" else (3, 1)
    stem = Layers(conv1=convolution(spec, spec.in_channels, channels, kernel, stride))
    stem |= _norm(spec, channels) | Layers(act1=_activation(spec))
    if spec.stem == "imagenet":
        stem["pool"] = nn.MaxPool2d(3, 2, padding=1)
    parts = {"stem": stem}
    total, position = sum(layout.blocks), count(1)
    for k, width in enumerate(layout.widths):
        stage = Layers()
        for i in range((blocks or layout.blocks)[k]):
            survival = 1 - next(position) / total * (1 - spec.survival)  # linear decay (Huang et al. 2016, eq. 4)
            stride = 2 if i == 0 and k > 0 else 1
            stage[f"block{i + 1}"] = build_block(spec, channels, width, stride, i == 0 and k == 0, survival)
            channels = width * EXPANSION[spec.block]
        parts[f"stage{k + 1}"] = stage
    # The last addition of a pre-activation net is followed by what would begin the next block.
    before = PLACES[spec.order].before
    head = _norm(spec, channels) if "norm" in before else Layers()
    head |= Layers(act1=_activation(spec)) if "act" in before else Layers()
    parts["head"] = head | Layers(
        pool=nn.AdaptiveAvgPool2d(1), flatten=nn.Flatten(), fc=nn.Linear(channels, spec.classes)
    )
    return parts


def _vgg_parts(spec: NetSpec, blocks: Sequence[int] | None) -> dict[str, Layers]:
    layout = spec.layout
    channels, parts = spec.in_channels, dict[str, Layers]()
    for k, width in enumerate(layout.widths):
        stage = Layers()
        for i in range(1, (blocks or layout.blocks)[k] + 1):
            stage[f"conv{i}"] = nn.Conv2d(channels, width, 3, padding=1)  # a bias even before a norm, as published
            if spec.batch_norm:
                stage[f"bn{i}"] = nn.BatchNorm2d(width)
            stage[f"act{i}"] = _activation(spec)
            channels = width
        if spec.stem == "imagenet" or k < len(layout.widths) - 1:
            stage["pool"] = nn.MaxPool2d(2)
        parts[f"stage{k + 1}"] = stage
    return parts | {"head": _vgg_head(spec, channels)}


def _vgg_head(spec: NetSpec, channels: int) -> Layers:
    if spec.stem == "cifar":
        return Layers(pool=nn.AdaptiveAvgPool2d(1), flatten=nn.Flatten(), fc=nn.Linear(channels, spec.classes))
    return Layers(
        pool=nn.AdaptiveAvgPool2d(VGG_MAP),
        flatten=nn.Flatten(),
        fc1=nn.Linear(channels * VGG_MAP**2, VGG_HIDDEN),
        act1=_activation(spec),
        dropout1=nn.Dropout(),
        fc2=nn.Linear(VGG_HIDDEN, VGG_HIDDEN),
        act2=_activation(spec),
        dropout2=nn.Dropout(),
        fc=nn.Linear(VGG_HIDDEN, spec.classes),
    )


def build_net(spec: NetSpec, blocks: Sequence[int] | None = None) -> ConvNet:
    """The net of a spec, its weights drawn from torch's generator (seed it first to repeat a net).

    Convolutions are drawn as `spec.initialization` says, with biases of zero; batch norms start at 1 and 0, linear
    layers as torch has them. The layers of the main path are drawn first, those of shortcuts and gates after them:
    with the same seed a plain net and every residual net of its depth have the same first weights.
    `blocks` replaces the number of blocks of each stage.
    """
    net = build_outline(spec, blocks).to_empty(device="cpu")
    modules = list(net.named_modules())
    for name, module in sorted(modules, key=lambda named: _is_beside_branch(named[0])):  # stable: order is kept
        if isinstance(module, nn.Conv2d):
            INITIALIZERS[spec.initialization](module.weight)
            if module.bias is not None:
                nn.init.constant_(module.bias, GATE_BIAS if ".gate." in name else 0.0)
        elif isinstance(module, nn.BatchNorm2d | nn.Linear):
            module.reset_parameters()
    if spec.zero_last_norm:
        for block in (module for module in modules if isinstance(module[1], Block)):
            _zero_last_norm(block[1])
    return net


def _is_beside_branch(name: str) -> bool:
    return ".shortcut." in name or ".gate." in name


def _zero_last_norm(block: nn.Module) -> None:
    norms = [module for module in block.get_submodule("branch").modules() if isinstance(module, nn.BatchNorm2d)]
    nn.init.zeros_(norms[-1].weight)


def build_outline(spec: NetSpec, blocks: Sequence[int] | None = None) -> ConvNet:
    """The net without numbers, on the meta device: shapes only, no memory, fast at any depth.

    `blocks` replaces the number of blocks of each stage.
    """
    with torch.device("meta"):
        return ConvNet(spec, blocks)
