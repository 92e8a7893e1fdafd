"""Are responses those of a loop written by hand, of a closed form, and the verdict that of scipy?"""

import copy

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.stats import wilcoxon
from torch import nn

from resnet_viz.lab import compare_layers, layer_responses, response_layers
from resnet_viz.lab import responses as module
from resnet_viz.nets import NetSpec, build_net


def used_net(spec):
    """A net with batch norms that have seen something and are not as they began, and inputs."""
    torch.manual_seed(3)
    net, x = build_net(spec).train(), torch.randn(24, spec.in_channels, 8, 8)
    with torch.no_grad():
        for layer in net.modules():
            if isinstance(layer, nn.BatchNorm2d):
                layer.weight.uniform_(0.5, 1.5)
                layer.bias.normal_(0, 0.3)
        for _ in range(3):
            net(x)
    return net.eval(), x


@torch.no_grad()
def by_hand(net, x):
    """Responses of a basic net in the original order, layer by layer, with nothing but its parts and numpy."""
    found = [net.stem.bn1(net.stem.conv1(x))]
    maps = found[0].relu()
    for stage in list(net)[1:-1]:
        for block in stage:
            first = block.branch.bn1(block.branch.conv1(maps))
            second = block.branch.bn2(block.branch.conv2(first.relu()))
            found += [first, second]
            maps = (second if block.shortcut is None else second + block.shortcut(maps)).relu()
    return [float(np.std(maps.numpy().astype(np.float64))) for maps in found]


@pytest.mark.parametrize(
    "spec", [NetSpec("plain", 8), NetSpec("resnet", 8, "B"), NetSpec("resnet", 14, "A", in_channels=1)], ids=str
)
def test_responses_are_those_of_a_loop_by_hand(spec, monkeypatch):
    monkeypatch.setattr(module, "BATCH", 7)  # batches that do not come out even
    net, x = used_net(spec)
    frame = layer_responses(net, x)
    assert len(frame) == spec.depth - 1  # all but the classifier; projections are left out
    np.testing.assert_allclose(frame["response"], by_hand(net, x), rtol=1e-4)
    assert frame["position"].tolist() == list(range(1, spec.depth))
    assert frame["stage"].tolist() == [0, *np.repeat([1, 2, 3], (spec.depth - 2) // 3)]


def test_weights_are_measured_as_numpy_does():
    net, x = used_net(NetSpec("resnet", 8))
    for row in layer_responses(net, x).itertuples():
        weight = net.get_submodule(row.layer).weight.detach().numpy()
        assert row.weight_norm == pytest.approx(np.linalg.norm(weight))
        assert row.weight_rms == pytest.approx(np.sqrt((weight**2).mean()))


@pytest.mark.parametrize("spec", [NetSpec("plain", 14), NetSpec("resnet", 14)], ids=str)
def test_the_closed_form_is_what_hooks_see_where_norms_use_the_batch(spec):
    net, x = used_net(spec)
    frame = layer_responses(net, x).set_index("norm")
    training, seen = copy.deepcopy(net).train(), {}
    for name in frame.index:
        training.get_submodule(name).register_forward_hook(
            lambda layer, inputs, output, name=name: seen.update({name: float(output.std(correction=0))})
        )
    with torch.no_grad():
        training(x)
    for name, row in frame.iterrows():
        assert seen[name] == pytest.approx(row["closed_form"], rel=2e-4)  # epsilon beside small variances


def test_the_mode_the_weights_and_the_hooks_are_left_as_they_were():
    net, x = used_net(NetSpec("plain", 8))
    net.train()
    before = {name: value.clone() for name, value in net.state_dict().items()}

    def refuse(done):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        layer_responses(net, x, refuse)
    assert net.training
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())
    assert not any(layer._forward_hooks for layer in net.modules())


@pytest.mark.parametrize(
    ("spec", "norms"),
    [
        (NetSpec("resnet", 8), ["stem.bn1", *["branch.bn1", "branch.bn2"] * 3]),
        (NetSpec("resnet", 8, order="relu_preact"), ["stem.bn1", *["branch.bn1", "branch.bn2"] * 3]),
        (NetSpec("resnet", 8, order="bn_after"), ["stem.bn1", *["branch.bn1", ""] * 3]),
        (NetSpec("resnet", 8, order="preact"), ["stem.bn1", *["", ""] * 3]),
        (NetSpec("plain", 8, batch_norm=False), [""] * 7),
        (NetSpec("resnet", 11, "B", block="bottleneck"), ["stem.bn1", *["branch.bn2"] * 3]),  # of the 3x3 layer
        (NetSpec("resnet", 8, "C"), ["stem.bn1", *["branch.bn1", "branch.bn2"] * 3]),
    ],
    ids=str,
)
def test_what_answers_for_a_layer_in_every_order(spec, norms):
    layers = response_layers(build_net(spec))
    assert [layer.norm_name.split(".", 2)[-1] if "." in layer.norm_name else "" for layer in layers] == [
        name if "stem" not in name else "bn1" for name in norms
    ]


def test_without_a_norm_the_convolution_answers():
    net, x = used_net(NetSpec("plain", 8, batch_norm=False))
    frame = layer_responses(net, x)
    with torch.no_grad():
        assert frame["response"].iloc[0] == pytest.approx(float(net.stem.conv1(x).std(correction=0)), rel=1e-5)
    assert frame["closed_form"].isna().all()


def make_frame(rms):
    names = ["stem.conv1", *[f"stage1.block{i}.branch.conv1" for i in range(1, len(rms))]]
    return pd.DataFrame({"layer": names, "stage": [0, *[1] * (len(rms) - 1)], "weight_rms": rms})


def test_the_verdict_is_scipys_and_leaves_the_stem_out():
    chance = np.random.default_rng(0)
    plain = chance.uniform(1, 2, 13)
    residual = plain * chance.uniform(0.7, 1.02, 13)
    residual[0] = 100 * plain[0]
    found = compare_layers(make_frame(plain), make_frame(residual))
    ratios = residual[1:] / plain[1:]
    assert found.p == pytest.approx(wilcoxon(np.log(residual[1:]), np.log(plain[1:])).pvalue)
    assert found.ratio == pytest.approx(np.median(ratios))
    assert (found.layers, found.smaller) == (12, int((ratios < 1).sum()))
    assert found.verdict == "smaller"
    assert compare_layers(make_frame(residual), make_frame(plain)).verdict == "larger"


def test_a_p_value_counted_by_hand():
    # Of 2^5 ways to give five differences their signs, the two with all alike are as far out: p = 2 / 32.
    plain, residual = np.arange(1.0, 7.0), np.arange(1.0, 7.0) * [1, 0.9, 0.8, 0.7, 0.6, 0.5]
    found = compare_layers(make_frame(plain), make_frame(residual))
    assert found.p == pytest.approx(2 / 32)
    assert found.verdict == "no clear difference"  # five layers cannot show one
    plain, residual = np.arange(1.0, 8.0), np.arange(1.0, 8.0) * [1, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4]
    assert compare_layers(make_frame(plain), make_frame(residual)).p == pytest.approx(2 / 64)


def test_equal_nets_have_no_clear_difference_and_strangers_cannot_be_compared():
    frame = make_frame(np.arange(1.0, 9.0))
    assert compare_layers(frame, frame).verdict == "no clear difference"
    assert compare_layers(frame, frame).p == 1
    with pytest.raises(ValueError, match="no layer of a block in common"):
        compare_layers(frame, frame.assign(layer="other"))
