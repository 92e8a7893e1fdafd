"""How does a spec become a network? Stem, three stages, pooling, classifier (He et al. 2015, sec. 4.2)."""

from collections import OrderedDict

import torch
from torch import Tensor, nn

from resnet_viz.nets.blocks import Block, build_shortcut
from resnet_viz.nets.spec import NO_SHORTCUT, WIDTHS, NetSpec


class ConvNet(nn.Module):
    """A plain or residual net; `spec` says which. Pictures (B, C, H, W) in, logits (B, classes) out."""

    def __init__(self, spec: NetSpec) -> None:
        super().__init__()
        self.spec = spec
        self.conv1 = nn.Conv2d(spec.in_channels, WIDTHS[0], 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(WIDTHS[0])
        self.relu = nn.ReLU()
        self.stage1 = _build_stage(spec, WIDTHS[0], WIDTHS[0], stride=1)
        self.stage2 = _build_stage(spec, WIDTHS[0], WIDTHS[1], stride=2)
        self.stage3 = _build_stage(spec, WIDTHS[1], WIDTHS[2], stride=2)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(WIDTHS[2], spec.classes)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) to (B, classes)."""
        x = self.relu(self.bn1(self.conv1(x)))  # (B, 16, H, W)
        x = self.stage3(self.stage2(self.stage1(x)))  # (B, 64, H/4, W/4)
        return self.fc(self.pool(x).flatten(1))  # (B, classes)


def _build_stage(spec: NetSpec, inputs: int, outputs: int, stride: int) -> nn.Sequential:
    blocks = OrderedDict[str, nn.Module]()
    for i in range(spec.blocks_per_stage):
        first = i == 0
        sizes = (inputs if first else outputs, outputs, stride if first else 1)
        shortcut = None if spec.shortcut == NO_SHORTCUT else build_shortcut(spec.shortcut, *sizes)
        blocks[f"block{i + 1}"] = Block(*sizes, shortcut)
    return nn.Sequential(blocks)


def build_net(spec: NetSpec) -> ConvNet:
    """The net of a spec, with He initialization drawn from torch's generator (seed it first to repeat a net).

    Convolutions are normal with variance 2 / fan-out, batch norms start at 1 and 0, the classifier as torch
    has it. The layers of the main path are drawn first, those of shortcuts after them: with the same seed a plain
    net and every residual net of its depth have the same first weights.
    """
    net = build_outline(spec).to_empty(device="cpu")
    modules = list(net.named_modules())
    for _, module in sorted(modules, key=lambda named: ".shortcut." in named[0]):  # stable: order is kept otherwise
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
        elif isinstance(module, nn.BatchNorm2d | nn.Linear):
            module.reset_parameters()
    return net


def build_outline(spec: NetSpec) -> ConvNet:
    """The net without numbers, on the meta device: shapes only, no memory, fast at any depth."""
    with torch.device("meta"):
        return ConvNet(spec)
