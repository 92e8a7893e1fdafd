"""Is a deleted block really gone, and is the error the one that a net built without it has?"""

import copy

import numpy as np
import pytest
import torch
from torch import nn

from resnet_viz.lab import (
    blocks_of,
    can_be_deleted,
    error_by_lesions,
    error_with,
    error_without_each_block,
    lesion_counts,
)
from resnet_viz.nets import NetSpec, build_net

SPECS = [
    NetSpec("resnet", 14, in_channels=1),
    NetSpec("plain", 14, in_channels=1),
    NetSpec("resnet", 20, order="preact"),
]


@pytest.fixture(params=SPECS, ids=str)
def asked(request):
    """A net whose batch norms have seen something, inputs, and labels of which it gets about half right."""
    torch.manual_seed(1)
    net = build_net(request.param).train()
    x = torch.randn(60, request.param.in_channels, 16, 16)
    with torch.no_grad():
        for _ in range(3):
            net(x)
        labels = net.eval()(x).argmax(1)
    labels[::2] = (labels[::2] + 1) % 10
    return net, x, labels


def without(net, names):
    """The net with other modules in the place of blocks, as one would take them out by hand."""
    changed = copy.deepcopy(net)
    for name in names:
        stage, _, block = name.partition(".")
        setattr(changed.get_submodule(stage), block, nn.Identity())
    return changed


def error_of(net, x, labels):
    with torch.no_grad():
        return float((net.eval()(x).argmax(1) != labels).float().mean())


def test_the_error_without_a_block_is_that_of_a_net_with_an_identity_in_its_place(asked):
    net, x, labels = asked
    frame = error_without_each_block(net, x, labels)
    assert frame["block"].tolist() == list(blocks_of(net))
    assert frame["intact"].unique() == pytest.approx(0.5)
    for name, error in zip(frame["block"], frame["error"], strict=True):
        if can_be_deleted(net.get_submodule(name)):
            assert error == pytest.approx(error_of(without(net, [name]), x, labels))
        else:
            assert np.isnan(error)


def test_a_residual_block_that_is_deleted_is_one_whose_branch_is_zero(asked):
    net, x, labels = asked
    if net.spec.family == "plain" or net.spec.order == "preact":
        return
    zeroed = copy.deepcopy(net)
    nn.init.zeros_(zeroed.stage2.block2.branch.bn2.weight)
    nn.init.zeros_(zeroed.stage2.block2.branch.bn2.bias)
    order = [name for name in blocks_of(net) if name != "stage2.block2"]
    assert error_with(net, x, labels, order) == pytest.approx(error_of(zeroed, x, labels))


def test_blocks_that_change_the_size_of_the_map_stay(asked):
    net, x, labels = asked
    kept = [name for name, block in blocks_of(net).items() if not can_be_deleted(block)]
    assert kept == ["stage2.block1", "stage3.block1"]
    with pytest.raises(RuntimeError):
        error_with(net, x, labels, [name for name in blocks_of(net) if name != "stage2.block1"])


@pytest.mark.long
def test_curves_begin_with_the_net_as_it_is_and_touch_no_weight(asked):
    net, x, labels = asked
    before = {name: value.clone() for name, value in net.state_dict().items()}
    seen = []
    frame = error_by_lesions(net, x, labels, draws=2, tell=seen.append)
    assert sorted(frame["count"].unique()) == lesion_counts(net.spec)
    assert frame.loc[frame["count"] == 0, "error"].tolist() == pytest.approx([0.5] * 4)
    assert (frame.loc[frame["what"] == "deleted", "disorder"] == 0).all()
    assert (frame.loc[(frame["what"] == "swapped") & (frame["count"] == 1), "disorder"] > 0).all()
    assert seen[-1] == 1.0
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())
    assert frame.equals(error_by_lesions(net, x, labels, draws=2))
