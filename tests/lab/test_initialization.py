"""Are gradients and scales of an untrained net those that autograd and arithmetic give, and the verdict theirs?"""

import copy
import math

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from resnet_viz.lab import (
    compare_initializations,
    gradient_scale,
    gradients_at_initialization,
    gradients_by_layer,
    layer_outputs,
)
from resnet_viz.nets import NetSpec, build_net

SPECS = [
    NetSpec("plain", 14),
    NetSpec("resnet", 14, "B", order="preact"),
    NetSpec("resnet", 20, "gated"),
    NetSpec("resnet", 20, block="bottleneck", batch_norm=False, activation="tanh"),
    NetSpec("vgg", 18),
]


def batch(channels=3, count=8):
    chance = torch.Generator().manual_seed(1)
    return torch.randn(count, channels, 8, 8, generator=chance), torch.arange(count) % 10


def drawn(spec, seed=0):
    torch.manual_seed(seed)
    return build_net(spec)


@pytest.mark.parametrize("spec", SPECS, ids=str)
def test_gradients_are_those_that_backward_leaves_in_the_weights(spec):
    x, labels = batch()
    frame = gradients_at_initialization(spec, x, labels, seed=3)
    net = drawn(spec, seed=3).train()
    nn.functional.cross_entropy(net(x), labels).backward()
    assert frame["position"].tolist() == list(range(1, spec.depth + 1))
    for row in frame.itertuples():
        gradient = net.get_submodule(row.layer).weight.grad
        assert row.gradient == pytest.approx(float(gradient.double().square().sum().sqrt()), rel=1e-5)


def test_the_output_of_a_layer_is_taken_where_the_docstring_says():
    x, labels = batch()
    spec = NetSpec("resnet", 8)
    net = drawn(spec).train()
    frame = gradients_by_layer(net, x, labels).set_index("layer")["activation"]
    # By hand: stem, then a block of two layers with the identity, then one that changes sizes.
    after_stem = net.stem(x)
    branch = net.stage1.block1.branch
    inside = branch.act1(branch.bn1(branch.conv1(after_stem)))
    block = torch.relu(branch.bn2(branch.conv2(inside)) + after_stem)
    expected = {"stem.conv1": after_stem, "stage1.block1.branch.conv1": inside, "stage1.block1.branch.conv2": block}
    for name, value in expected.items():
        assert frame[name] == pytest.approx(float(value.detach().numpy().std()), rel=1e-5)
    assert frame["head.fc"] == pytest.approx(float(net(x).detach().numpy().std()), rel=1e-5)


def test_every_layer_that_the_depth_counts_ends_in_a_module_of_its_own():
    for spec in SPECS:
        ends = layer_outputs(drawn(spec))
        assert len(ends) == len({id(module) for module in ends.values()}) == spec.depth


def test_a_factor_on_one_layer_divides_its_gradient_and_multiplies_what_follows():
    # ReLU is positively homogeneous and biases are 0: c in layer k and 1/c in layer j leave the function as it is.
    x, labels = batch()
    net = drawn(NetSpec("plain", 14, batch_norm=False))
    before = gradients_by_layer(net, x, labels)
    k, j, factor = 3, 9, 4.0
    scaled = copy.deepcopy(net)
    with torch.no_grad():
        scaled.get_submodule(before["layer"][k]).weight.mul_(factor)
        scaled.get_submodule(before["layer"][j]).weight.div_(factor)
    after = gradients_by_layer(scaled, x, labels)
    gradient = np.ones(len(before))
    gradient[k], gradient[j] = 1 / factor, factor
    activation = np.ones(len(before))
    activation[k:j] = factor
    np.testing.assert_allclose(after["gradient"] / before["gradient"], gradient, rtol=1e-4)
    np.testing.assert_allclose(after["activation"] / before["activation"], activation, rtol=1e-4)


def test_with_batch_norm_the_gradient_goes_as_one_over_the_weights_and_the_scales_stay():
    x, labels = batch()
    net = drawn(NetSpec("resnet", 14))
    before = gradients_by_layer(net, x, labels)
    layer = "stage2.block2.branch.conv1"
    with torch.no_grad():
        net.get_submodule(layer).weight.mul_(10)
    after = gradients_by_layer(net, x, labels)
    ratio = (after["gradient"] / before["gradient"]).set_axis(before["layer"])
    assert ratio.pop(layer) == pytest.approx(0.1, rel=1e-3)
    np.testing.assert_allclose(ratio, 1, rtol=1e-3)
    np.testing.assert_allclose(after["activation"], before["activation"], rtol=1e-3)


def test_in_a_plain_relu_net_weights_and_gradients_have_one_product_in_all_layers():
    x, labels = batch()
    net = drawn(NetSpec("plain", 20, batch_norm=False, initialization="xavier"))
    frame = gradients_by_layer(net, x, labels)
    weights = [net.get_submodule(name).weight for name in frame["layer"]]
    gradients = torch.autograd.grad(nn.functional.cross_entropy(net(x), labels), weights)
    products = [float((w.detach() * g).sum()) for w, g in zip(weights, gradients, strict=True)]
    np.testing.assert_allclose(products, products[0], rtol=1e-3)
    # So the ratio of first to last looks well although all of them are lost: the verdict goes by the size too.
    scale = gradient_scale(frame)
    assert 0.1 < scale.ratio < 10
    assert scale.verdict == "vanish"


def test_plain_and_residual_start_from_the_same_weights_and_a_seed_repeats():
    x, labels = batch()
    plain, residual = (gradients_at_initialization(NetSpec(f, 20), x, labels, 5) for f in ("plain", "resnet"))
    assert plain["activation"][0] == residual["activation"][0]  # the stem, before the first shortcut
    assert plain["activation"][1] == residual["activation"][1]
    assert plain["activation"][2] != residual["activation"][2]
    assert plain.equals(gradients_at_initialization(NetSpec("plain", 20), x, labels, 5))
    assert not plain.equals(gradients_at_initialization(NetSpec("plain", 20), x, labels, 6))


def test_the_net_and_torchs_generator_stay_as_they_were():
    x, labels = batch()
    net = drawn(NetSpec("resnet", 14, survival=0.5)).eval()
    before = {name: value.clone() for name, value in net.state_dict().items()}
    gradients_by_layer(net, x, labels)
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())
    assert not net.training
    assert all(parameter.grad is None for parameter in net.parameters())
    assert not any(module._forward_hooks for module in net.modules())
    state = torch.random.get_rng_state()
    gradients_at_initialization(NetSpec("resnet", 8), x, labels)
    assert torch.equal(state, torch.random.get_rng_state())


def test_numbers_that_overflow_are_kept_and_called_exploding():
    x, labels = batch()
    net = drawn(NetSpec("resnet", 20, batch_norm=False))
    with torch.no_grad():
        for module in net.modules():
            if isinstance(module, nn.Conv2d):
                module.weight.mul_(1e6)
    frame = gradients_by_layer(net, x, labels)
    assert not np.isfinite(frame["gradient"]).all()
    assert not np.isfinite(frame["activation"]).all()
    assert np.isfinite(frame["activation"][0])
    assert gradient_scale(frame).verdict == "explode"


@pytest.mark.parametrize(
    ("gradients", "verdict"),
    [
        ([1, 1, 1, 1, 1, 1, 9], "healthy"),
        ([1e-5, 1e-5, 1, 1, 1, 1, 9], "vanish"),
        ([1e-5] * 6 + [9], "vanish"),
        ([0.0] * 7, "vanish"),
        ([0.5, 0.5, 1, 1, 0, 0, 0], "explode"),
        ([1e5, 1e5, 1, 1, 1, 1, 9], "explode"),
        ([math.nan, 1, 1, 1, 1, 1, 1], "explode"),
        ([math.inf] * 7, "explode"),
    ],
)
def test_the_verdict_goes_by_size_and_by_ratio(gradients, verdict):
    frame = pd.DataFrame({"position": range(1, 8), "gradient": gradients})
    assert gradient_scale(frame).verdict == verdict


def test_many_nets_and_seeds_are_told_apart():
    x, labels = batch(channels=1)
    specs = [(spec.to_slug(), spec) for spec in (NetSpec("plain", 8, in_channels=1), NetSpec(depth=8, in_channels=1))]
    seen = []
    frame = compare_initializations(specs, [0, 2], x, labels, seen.append)
    assert len(frame) == 2 * 2 * 8
    assert set(frame["spec"]) == {slug for slug, _ in specs}
    one = frame[(frame["spec"] == specs[0][0]) & (frame["seed"] == 2)]
    alone = gradients_at_initialization(specs[0][1], x, labels, seed=2)
    assert one["gradient"].tolist() == alone["gradient"].tolist()
    assert seen == [0.25, 0.5, 0.75, 1.0]
