"""What if more layers do nothing? Blocks that pass on what they get, appended to a net (He et al. 2015, sec. 1)."""

from collections.abc import Iterator
from dataclasses import replace

import torch
from torch import Tensor, nn

from resnet_viz.nets.build import ConvNet, build_net
from resnet_viz.nets.spec import NetSpec, SpecError

PASSES_POSITIVE = ("original", "bn_after", "relu_before")  # orders in which a plain block is given no negative number
IDENTITY_SHORTCUTS = ("A", "B")


def append_identity(net: ConvNet, count: int, x: Tensor | None = None) -> ConvNet:
    """A copy of a net with `count` more blocks behind its last stage that are the identity; in evaluation mode.

    In a residual net the branches of these blocks end in zeros: H(x) = 0 + x, to the bit, in training too. In a plain
    net the convolutions are Dirac's and pass on what they get; its ReLUs do so because no number is negative here, and
    its batch norms because their running statistics are set to undo them: to mean 0 and deviation 1, or, where inputs
    x (B, C, H, W) are given, to those of the maps that arrive. Only with the latter does a batch norm pass on nearly
    the same in training, where it uses the batch's own.
    The other weights of the new branches are drawn from torch's generator. Raises SpecError for a net in which no such
    block is the identity.
    """
    explain_appending(net.spec)
    bigger = build_net(replace(net.spec, appended=net.spec.appended + count))
    bigger.load_state_dict(net.state_dict(), strict=False)
    blocks = list(bigger.last_stage.children())[-count:] if count else []
    mean, variance = _statistics(net, x) if x is not None else (None, None)
    for block in blocks:
        if net.spec.family == "resnet":
            _end_in_zeros(block.get_submodule("branch"))
        else:
            _pass_on(block, mean, variance)
    return bigger.eval()


def explain_appending(spec: NetSpec) -> None:
    """Raise SpecError with a sentence if no block that is the identity can be appended to nets of this spec."""
    if spec.stem != "cifar" or spec.family == "vgg":
        raise SpecError(f"blocks are appended to the CIFAR nets alone, and {spec.name} is none; try resnet or plain")
    if spec.family == "resnet":
        if spec.order == "bn_after" or (spec.order == "original" and spec.activation != "relu"):
            raise SpecError(f"no block of {spec.name} is the identity: something stands behind its addition")
        if spec.shortcut not in IDENTITY_SHORTCUTS or spec.survival < 1:
            raise SpecError(f"no block of {spec.name} is the identity; try shortcut A or B and no stochastic depth")
    elif spec.block != "basic" or spec.order not in PASSES_POSITIVE or spec.activation != "relu":
        raise SpecError(f"no block of {spec.name} can be the identity; try a plain net of basic blocks with ReLU")


def _end_in_zeros(branch: nn.Module) -> None:
    layers = [layer for layer in branch.modules() if isinstance(layer, nn.Conv2d | nn.BatchNorm2d)]
    last = layers[-1]  # a norm: its weight learns first, as with zero_last_norm; else a convolution
    nn.init.zeros_(last.weight)
    if last.bias is not None:
        nn.init.zeros_(last.bias)


@torch.no_grad()
def _pass_on(block: nn.Module, mean: Tensor | None, variance: Tensor | None) -> None:
    for layer in _layers(block):
        if isinstance(layer, nn.Conv2d):
            nn.init.dirac_(layer.weight)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
            continue
        assert layer.running_mean is not None
        assert layer.running_var is not None
        if mean is None or variance is None:
            layer.reset_running_stats()
            layer.running_var.sub_(layer.eps)  # which is added again: divides by 1
        else:
            layer.running_mean.copy_(mean)
            layer.running_var.copy_(variance)
            layer.weight.copy_((variance + layer.eps).sqrt())
            layer.bias.copy_(mean)


def _layers(block: nn.Module) -> Iterator[nn.Conv2d | nn.BatchNorm2d]:
    for layer in block.modules():
        if isinstance(layer, nn.Conv2d | nn.BatchNorm2d):
            yield layer


@torch.no_grad()
def _statistics(net: ConvNet, x: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and variance of each channel of the last maps, (C,) each."""
    maps = x
    for part in list(net.eval().children())[:-1]:
        maps = part(maps)
    return maps.mean((0, 2, 3)), maps.var((0, 2, 3), correction=0)
