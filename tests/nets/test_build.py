"""Are these the papers' nets?"""

from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from resnet_viz.nets import ORDERS, SHORTCUTS, NetSpec, build_net, layer_table
from resnet_viz.nets.blocks import Block, Subsample
from resnet_viz.paper import IMAGENET_NETS, TABLE_6

WITHOUT_PARAMETERS = ("A", "scaling", "dropout")
DEPTHS = (8, 14, 20, 110)


def count(net: nn.Module) -> int:
    return sum(parameter.numel() for parameter in net.parameters())


def first_block(spec: NetSpec, name: str = "stage1.block2") -> Any:
    torch.manual_seed(1)
    net = build_net(spec).eval()
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):  # as after some training
            nn.init.uniform_(module.get_buffer("running_mean"), -0.5, 0.5)
            nn.init.uniform_(module.get_buffer("running_var"), 0.5, 2)
    return net.get_submodule(name)


@pytest.mark.parametrize("depth", [depth for depth in TABLE_6 if depth <= 110])
@pytest.mark.parametrize("shortcut", ["A", "B", "C"])
def test_built_nets_have_the_published_parameters(depth, shortcut):
    assert count(build_net(NetSpec("resnet", depth, shortcut))) == TABLE_6[depth].parameters[shortcut]


@pytest.mark.parametrize("depth", TABLE_6)
@pytest.mark.parametrize("shortcut", ["A", "B", "C"])
def test_layer_tables_have_the_published_parameters_at_every_depth(depth, shortcut):
    assert layer_table(NetSpec("resnet", depth, shortcut))["parameters"].sum() == TABLE_6[depth].parameters[shortcut]


@pytest.mark.parametrize("net", IMAGENET_NETS, ids=lambda net: f"{net.family}-{net.depth}")
def test_imagenet_nets_have_the_published_parameters_and_flops(net):
    shortcut = "A" if net.depth < 50 else "B"  # as in the paper's tables; 3.6e9 is that of option A
    spec = NetSpec(net.family, net.depth, shortcut, classes=1000, stem="imagenet", batch_norm=net.family != "vgg")
    assert layer_table(spec)["multiply_adds"].sum() == pytest.approx(net.flops, rel=0.016)
    if net.parameters is not None:
        spec = NetSpec(net.family, net.depth, "B", classes=1000, stem="imagenet", batch_norm=net.family != "vgg")
        assert layer_table(spec)["parameters"].sum() == net.parameters
    if net.with_batch_norm is not None:
        assert layer_table(NetSpec("vgg", net.depth, classes=1000))["parameters"].sum() == net.with_batch_norm


def test_the_stride_in_the_3x3_layer_costs_what_torchvision_says():
    table = layer_table(NetSpec("resnet", 50, "B", classes=1000, stem="imagenet", stride_in="3x3"))
    assert round(table["multiply_adds"].sum() / 1e9, 2) == 4.09


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("shortcut", WITHOUT_PARAMETERS)
def test_plain_nets_have_the_parameters_of_their_twins_without_projections(depth, shortcut):
    assert count(build_net(NetSpec("plain", depth))) == count(build_net(NetSpec("resnet", depth, shortcut)))


def test_subsampling_picks_every_second_pixel_and_pads_channels_with_zeros():
    x = torch.randn(2, 16, 8, 8, requires_grad=True)
    weights = torch.randn(2, 32, 4, 4)
    ours = Subsample(16, 2)(x)
    sliced = F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, 8, 8))
    assert torch.equal(ours, sliced)
    (gradient,) = torch.autograd.grad((ours * weights).sum(), x)
    (expected,) = torch.autograd.grad((sliced * weights).sum(), x)
    assert torch.equal(gradient, expected)


def test_subsampling_keeps_gradients_channels_last():
    x = torch.randn(2, 16, 8, 8).to(memory_format=torch.channels_last).requires_grad_()
    Subsample(16, 2)(x).sum().backward()
    assert x.grad.is_contiguous(memory_format=torch.channels_last)


def zero_branches(net: nn.Module) -> nn.Module:
    """Every branch ends in zeros, whatever comes in."""
    for block in (module for module in net.modules() if isinstance(module, Block)):
        convolutions = [module for module in block.branch.modules() if isinstance(module, nn.Conv2d)]
        nn.init.zeros_(convolutions[-1].weight)
    return net.eval()


@pytest.mark.parametrize("depth", [20, 56, 110])
@pytest.mark.parametrize("order", [order for order in ORDERS if order != "bn_after"])
def test_option_a_nets_with_zero_branches_are_the_identity_on_their_blocks_to_the_bit(depth, order):
    net = zero_branches(build_net(NetSpec("resnet", depth, order=order)))
    x = net.stem(torch.randn(2, 3, 32, 32))  # past a ReLU, as in every block of the original order
    for stage in (net.stage1, net.stage2, net.stage3):
        for block in stage:
            expected = block.shortcut(x)
            assert torch.equal(block(x), expected)
            assert not isinstance(block.shortcut, nn.Identity) or torch.equal(expected, x)
            x = expected


def test_the_same_blocks_of_a_plain_net_give_nothing():
    block = zero_branches(build_net(NetSpec("plain", 20))).stage1.block2
    assert block(torch.rand(2, 16, 8, 8)).count_nonzero() == 0


def by_hand(order: str, block: Block, x: torch.Tensor) -> torch.Tensor:
    """He et al. 2016, Fig. 4, written out."""
    layers = dict(block.named_modules())
    conv1, conv2 = layers["branch.conv1"], layers["branch.conv2"]

    def norm(name: str, y: torch.Tensor) -> torch.Tensor:
        bn = layers[name]
        return F.batch_norm(y, bn.running_mean, bn.running_var, bn.weight, bn.bias)

    if order == "original":
        return F.relu(x + norm("branch.bn2", conv2(F.relu(norm("branch.bn1", conv1(x))))))
    if order == "bn_after":
        return F.relu(norm("after.bn2", x + conv2(F.relu(norm("branch.bn1", conv1(x))))))
    if order == "relu_before":
        return x + F.relu(norm("branch.bn2", conv2(F.relu(norm("branch.bn1", conv1(x))))))
    if order == "relu_preact":
        return x + norm("branch.bn2", conv2(F.relu(norm("branch.bn1", conv1(F.relu(x))))))
    return x + conv2(F.relu(norm("branch.bn2", conv1(F.relu(norm("before.bn1", x))))))


@pytest.mark.parametrize("order", ORDERS)
def test_block_orders_are_those_of_the_figure(order):
    block = first_block(NetSpec("resnet", 14, order=order))
    x = torch.randn(2, 16, 8, 8)
    torch.testing.assert_close(block(x), by_hand(order, block, x))


@pytest.mark.parametrize("order", ["relu_preact", "preact"])
def test_a_pre_activation_net_begins_and_ends_with_an_activation_of_its_own(order):
    names = layer_table(NetSpec("resnet", 8, order=order))["name"].tolist()
    assert names[:4] == ["stem.conv1", "stem.bn1", "stem.act1", "stage1.block1.branch.conv1"]
    ends = ["head.bn1", "head.act1", "head.pool"] if order == "preact" else ["head.act1", "head.pool"]
    assert [name for name in names if name.startswith("head.")][: len(ends)] == ends


def test_projections_of_a_pre_activation_net_see_what_the_branch_sees():
    block = first_block(NetSpec("resnet", 14, "B", order="preact"), "stage2.block1")
    x = torch.randn(2, 16, 8, 8)
    torch.testing.assert_close(block(x), block.branch(block.before(x)) + block.shortcut(block.before(x)))


@pytest.mark.parametrize("name", ["stage1.block2", "stage2.block1"])
@pytest.mark.parametrize("shortcut", ["scaling", "exclusive", "gated"])
def test_gates_weigh_the_two_ways_as_published(shortcut, name):
    block = first_block(NetSpec("resnet", 14, shortcut), name)
    x = torch.randn(2, 16, 8, 8)
    branch = block.branch(x)
    carried = x if name == "stage1.block2" else F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, 8, 8))
    if shortcut == "scaling":
        expected = 0.5 * branch + 0.5 * carried
    else:
        gate = torch.sigmoid(block.gate.conv(x))
        expected = (gate * branch if shortcut == "exclusive" else branch) + (1 - gate) * carried
        assert (block.gate.conv.bias == -6).all()
    torch.testing.assert_close(block(x), F.relu(expected))


def test_dropout_is_on_the_shortcut_alone():
    block = first_block(NetSpec("resnet", 14, "dropout"))
    x = torch.rand(4, 16, 8, 8)
    assert torch.equal(block(x), F.relu(block.branch(x) + x))
    block.shortcut.train()
    kept = block.shortcut(x)
    assert set((kept[x > 0] / x[x > 0]).round().unique().tolist()) == {0.0, 2.0}


def test_survival_decays_linearly_and_weighs_the_branch_afterwards():
    net = build_net(NetSpec("resnet", 20, survival=0.5))
    blocks = [module for module in net.modules() if isinstance(module, Block)]
    assert [block.survival for block in blocks] == pytest.approx([1 - i / 9 * 0.5 for i in range(1, 10)])
    block, x = blocks[2].eval(), torch.rand(2, 16, 8, 8)
    torch.testing.assert_close(block(x), F.relu(block.survival * block.branch(x) + x))


def test_a_branch_is_left_out_as_often_as_its_survival_says():
    torch.manual_seed(0)
    block, x, calls = build_net(NetSpec("resnet", 8, survival=0.5)).stage3.block1, torch.rand(2, 32, 4, 4), []
    block.train().branch.register_forward_hook(lambda *_: calls.append(1))
    for _ in range(400):
        block(x)
    assert 160 < len(calls) < 240  # 200 expected, four standard deviations are 40


@pytest.mark.parametrize("shortcut", ["A", "scaling", "exclusive", "gated"])
def test_a_block_whose_branch_is_left_out_still_weighs_its_shortcut(shortcut):
    block = first_block(NetSpec("resnet", 14, shortcut))
    block.survival, x = 0.0, torch.rand(2, 16, 8, 8)
    expected = block(x)  # in evaluation the branch is weighed with its survival
    torch.testing.assert_close(block.train()(x), expected)


@pytest.mark.parametrize("spec", [NetSpec("plain", 20), NetSpec("resnet", 20, "C")], ids=str)
@pytest.mark.parametrize(
    ("initialization", "deviation"),
    [("he", (2 / (64 * 9)) ** 0.5), ("xavier", (2 / (128 * 9)) ** 0.5), ("normal", 0.01)],
)
def test_initializations_have_their_variance(spec, initialization, deviation):
    torch.manual_seed(0)
    net = build_net(NetSpec(spec.family, spec.depth, spec.shortcut, initialization=initialization))
    assert net.stage3.block2.branch.conv1.weight.std().item() == pytest.approx(deviation, rel=0.02)


def test_orthogonal_weights_are_orthogonal():
    weight = build_net(NetSpec(initialization="orthogonal")).stage1.block1.branch.conv1.weight.flatten(1)
    torch.testing.assert_close(weight @ weight.T, torch.eye(16), atol=1e-5, rtol=0)


def test_with_a_zero_last_norm_every_residual_branch_starts_as_zero():
    net = build_net(NetSpec(zero_last_norm=True))
    for block in (module for module in net.modules() if isinstance(module, Block)):
        inputs = block.get_parameter("branch.conv1.weight").shape[1]
        assert block.branch(torch.randn(2, inputs, 8, 8)).count_nonzero() == 0


@pytest.mark.parametrize("shortcut", SHORTCUTS)
def test_the_same_seed_gives_plain_and_residual_nets_the_same_first_weights(shortcut):
    torch.manual_seed(4)
    plain = build_net(NetSpec("plain", 20)).state_dict()
    torch.manual_seed(4)
    residual = build_net(NetSpec("resnet", 20, shortcut)).state_dict()
    assert all(torch.equal(residual[name], tensor) for name, tensor in plain.items())
