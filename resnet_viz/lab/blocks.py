"""Which blocks has a net, and which of them could be left out?"""

from collections.abc import Callable

from torch import nn

from resnet_viz.nets import ConvNet
from resnet_viz.nets.blocks import Block

Tell = Callable[[float], None]  # how far a measurement is, 0 to 1; may raise to end it


def be_silent(done: float) -> None:
    """Tell nobody."""


def blocks_of(net: ConvNet) -> dict[str, Block]:
    """The blocks of a net by name, in order; empty for VGG nets, whose layers form none."""
    return {name: module for name, module in net.named_modules() if isinstance(module, Block)}


def can_be_deleted(block: Block) -> bool:
    """Whether the map has the same size behind a block as before it."""
    convolutions = [layer for layer in block.get_submodule("branch").modules() if isinstance(layer, nn.Conv2d)]
    keeps = convolutions[0].in_channels == convolutions[-1].out_channels
    return keeps and all(layer.stride == (1, 1) for layer in convolutions)
