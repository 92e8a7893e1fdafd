"""Are these the paper's nets?"""

import pytest
import torch
from torch import nn

from resnet_viz.nets import SHORTCUTS, NetSpec, build_net, layer_table, weighted_layers
from resnet_viz.nets.blocks import Block, Subsample
from resnet_viz.paper import TABLE_6

DEPTHS = (8, 14, 20, 110)
SPECS = [NetSpec("plain", d) for d in DEPTHS] + [NetSpec("resnet", d, s) for d in DEPTHS for s in SHORTCUTS]


def count(net: nn.Module) -> int:
    return sum(parameter.numel() for parameter in net.parameters())


@pytest.mark.parametrize("depth", [depth for depth in TABLE_6 if depth <= 110])
@pytest.mark.parametrize("shortcut", SHORTCUTS)
def test_built_nets_have_the_published_parameters(depth, shortcut):
    assert count(build_net(NetSpec("resnet", depth, shortcut))) == TABLE_6[depth].parameters[shortcut]


@pytest.mark.parametrize("depth", TABLE_6)
@pytest.mark.parametrize("shortcut", SHORTCUTS)
def test_layer_tables_have_the_published_parameters_at_every_depth(depth, shortcut):
    assert layer_table(NetSpec("resnet", depth, shortcut))["parameters"].sum() == TABLE_6[depth].parameters[shortcut]


@pytest.mark.parametrize("depth", DEPTHS)
def test_plain_and_option_a_nets_have_equal_parameters(depth):
    assert count(build_net(NetSpec("plain", depth))) == count(build_net(NetSpec("resnet", depth, "A")))


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
def test_every_net_trains_one_step_with_finite_loss(spec):
    torch.manual_seed(0)
    net = build_net(spec)
    logits = net(torch.randn(2, 3, 32, 32))
    assert logits.shape == (2, 10)
    nn.functional.cross_entropy(logits, torch.tensor([1, 7])).backward()
    assert all(torch.isfinite(weight.grad).all() for weight in net.parameters())


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
def test_a_depth_counts_the_weighted_layers_off_the_shortcuts(spec):
    assert len([name for name in weighted_layers(build_net(spec)) if ".shortcut." not in name]) == spec.depth


def test_subsampling_picks_every_second_pixel_and_pads_channels_with_zeros():
    x = torch.randn(2, 16, 8, 8, requires_grad=True)
    weights = torch.randn(2, 32, 4, 4)
    ours = Subsample(16, 2)(x)
    sliced = nn.functional.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, 8, 8))
    assert torch.equal(ours, sliced)
    (gradient,) = torch.autograd.grad((ours * weights).sum(), x)
    (expected,) = torch.autograd.grad((sliced * weights).sum(), x)
    assert torch.equal(gradient, expected)


def test_subsampling_keeps_gradients_channels_last():
    x = torch.randn(2, 16, 8, 8).to(memory_format=torch.channels_last).requires_grad_()
    Subsample(16, 2)(x).sum().backward()
    assert x.grad.is_contiguous(memory_format=torch.channels_last)


def test_a_residual_block_with_a_zero_branch_is_the_identity():
    block = Block(16, 16, 1, nn.Identity())
    nn.init.zeros_(block.conv2.weight)
    x = torch.rand(2, 16, 8, 8)  # what the ReLU of the block before lets through
    assert torch.equal(block(x), x)


@pytest.mark.parametrize("spec", [NetSpec("plain", 20), NetSpec("resnet", 20, "C")], ids=lambda spec: spec.name)
def test_he_initialization_has_variance_two_over_fan_out(spec):
    torch.manual_seed(0)
    weight = build_net(spec).stage3.block2.conv1.weight
    assert weight.std().item() == pytest.approx((2 / (64 * 9)) ** 0.5, rel=0.02)


def test_every_relu_is_used_once():
    net, calls = build_net(NetSpec("resnet", 20, "B")), []
    for module in net.modules():
        if isinstance(module, nn.ReLU):
            assert not module.inplace
            module.register_forward_hook(lambda module, *_: calls.append(module))
    net(torch.randn(2, 3, 32, 32))
    assert len(calls) == len(set(calls)) == 19


@pytest.mark.parametrize("shortcut", SHORTCUTS)
def test_the_same_seed_gives_plain_and_residual_nets_the_same_first_weights(shortcut):
    torch.manual_seed(4)
    plain = build_net(NetSpec("plain", 20)).state_dict()
    torch.manual_seed(4)
    residual = build_net(NetSpec("resnet", 20, shortcut)).state_dict()
    assert all(torch.equal(residual[name], tensor) for name, tensor in plain.items())
