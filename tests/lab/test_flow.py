"""Do the parts of a gradient add up to autograd's own, and the paths of the unravelled net to the whole net?"""

from itertools import combinations
from math import comb

import numpy as np
import pandas as pd
import pytest
import torch
import torch.nn.functional as F

from resnet_viz.lab import blocks_of, gradient_shares, middle_lengths, path_lengths, share_of_paths
from resnet_viz.lab.flow import _both_ways
from resnet_viz.nets import NetSpec, build_net

SPECS = [
    *(NetSpec("resnet", 14, shortcut=name, width=4) for name in ("A", "B", "C", "scaling", "exclusive", "gated")),
    NetSpec("resnet", 14, shortcut="dropout", width=4),
    NetSpec("resnet", 14, shortcut="B", order="preact", width=4),
    NetSpec("resnet", 14, shortcut="C", order="bn_after", width=4),
    NetSpec("resnet", 14, order="relu_preact", width=4),
    NetSpec("resnet", 14, order="relu_before", batch_norm=False, width=4),
    NetSpec("resnet", 11, block="bottleneck", survival=0.5, width=4),
]


def net_that_has_seen_something(spec, blocks=None):
    torch.manual_seed(1)
    net = build_net(spec, blocks).train()
    x, labels = torch.randn(6, 3, 8, 8), torch.arange(6)
    with torch.no_grad():
        for _ in range(3):
            net(x)
    return net.eval(), x, labels


@pytest.fixture(params=SPECS, ids=str)
def asked(request):
    return net_that_has_seen_something(request.param)


def gradients_of_autograd(net, x, labels):
    """The gradient at the input of each block, of each picture's own loss, as hooks on the net itself see it."""
    inputs = {}
    handles = [
        block.register_forward_pre_hook(lambda _, given, name=name: inputs.__setitem__(name, given[0]))
        for name, block in blocks_of(net).items()
    ]
    x = x.clone().requires_grad_()  # so that the stem's maps are no leaves
    loss = F.cross_entropy(net(x), labels, reduction="sum")
    for handle in handles:
        handle.remove()
    return dict(zip(inputs, torch.autograd.grad(loss, list(inputs.values())), strict=True))


def test_a_block_that_is_given_its_input_twice_gives_what_it_always_gives(asked):
    net, x, _ = asked
    with torch.no_grad():
        maps = net[0](x)
        for block in blocks_of(net).values():
            assert torch.equal(_both_ways(block, maps, maps), block(maps))
            maps = block(maps)


def test_both_parts_add_up_to_autograds_own_gradient_at_every_block(asked):
    net, x, labels = asked
    frame = gradient_shares(net, x, labels)
    expected = gradients_of_autograd(net, x, labels)
    assert frame["block"].tolist() == list(expected)
    norms = [gradient.flatten(1).norm(dim=1).mean().item() for gradient in expected.values()]
    assert frame["total"].to_numpy() == pytest.approx(norms, rel=1e-5)
    assert frame["arriving"].to_numpy()[:-1] == pytest.approx(norms[1:], rel=1e-5)
    assert frame["share"].between(0, 1).all()
    assert frame["cosine"].between(-1, 1).all()


def test_a_part_is_what_is_left_where_the_other_way_is_cut():
    net, x, labels = net_that_has_seen_something(NetSpec("resnet", 14, shortcut="C", width=4))
    frame = gradient_shares(net, x, labels).set_index("block")
    for name, block in blocks_of(net).items():
        for column, cut in (("shortcut", block.branch), ("branch", block.shortcut)):
            handle = cut.register_forward_hook(lambda _, __, out: out.detach())
            left = gradients_of_autograd(net, x, labels)[name]
            handle.remove()
            assert frame.loc[name, column] == pytest.approx(left.flatten(1).norm(dim=1).mean().item(), rel=1e-5)


def test_a_branch_of_zeros_sends_nothing_back():
    net, x, labels = net_that_has_seen_something(NetSpec("resnet", 8, zero_last_norm=True, width=4))
    frame = gradient_shares(net, x, labels)
    assert frame["branch"].to_numpy() == pytest.approx([0, 0, 0])
    assert frame["share"].to_numpy() == pytest.approx([1, 1, 1])
    lengths = path_lengths(net, x, labels)
    assert lengths["contribution"].to_numpy() == pytest.approx([1, 0, 0, 0])
    assert np.isneginf(lengths["log10_gradient"].to_numpy()[1:]).all()


def gradient_along(net, x, labels, path):
    """The gradient at the picture with every way cut by hand that a path does not take."""
    blocks = list(blocks_of(net).values())
    cut = [block.shortcut if i in path else block.branch for i, block in enumerate(blocks)]
    handles = [module.register_forward_hook(lambda _, __, out: out.detach()) for module in cut]
    x = x.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(F.cross_entropy(net(x), labels, reduction="sum"), x)
    for handle in handles:
        handle.remove()
    return gradient


@pytest.mark.parametrize("spec", [SPECS[0], SPECS[2], SPECS[9], SPECS[-1]], ids=str)
def test_all_paths_together_are_the_whole_gradient_and_each_is_what_autograd_sends_along_it(spec):
    net, x, labels = net_that_has_seen_something(spec, [1, 2, 1])
    frame = path_lengths(net, x, labels, paths_a_length=6)
    assert frame["length"].tolist() == [0, 1, 2, 3, 4]
    assert frame["paths"].tolist() == [comb(4, k) for k in range(5)]
    assert frame["sampled"].tolist() == [1, 4, 6, 4, 1]  # no more than there are: nothing was left to chance
    x_ = x.clone().requires_grad_()
    (whole,) = torch.autograd.grad(F.cross_entropy(net(x_), labels, reduction="sum"), x_)
    norm_of_whole = whole.flatten(1).norm(dim=1).mean().item()
    total = torch.zeros_like(x)
    for length, row in enumerate(frame.itertuples()):
        paths = [gradient_along(net, x, labels, set(path)) for path in combinations(range(4), length)]
        norms = [path.flatten(1).norm(dim=1).mean().item() for path in paths]
        assert row.gradient == pytest.approx(np.mean(norms), rel=1e-4)
        assert 10**row.low == pytest.approx(min(norms), rel=1e-4)
        assert 10**row.high == pytest.approx(max(norms), rel=1e-4)
        assert row.alone == pytest.approx(sum(norms) / norm_of_whole, rel=1e-4)
        added = torch.stack(paths).sum(0)
        assert row.together == pytest.approx(added.flatten(1).norm(dim=1).mean().item() / norm_of_whole, rel=1e-4)
        total += added
    torch.testing.assert_close(total, whole, rtol=1e-4, atol=1e-6)
    assert frame["contribution"].sum() == pytest.approx(1)


def test_paths_are_drawn_by_the_seed_and_nothing_of_the_net_is_changed():
    net, x, labels = net_that_has_seen_something(NetSpec("resnet", 20, width=4))
    before = {name: value.clone() for name, value in net.state_dict().items()}
    told = []
    frame = path_lengths(net, x, labels, 3, seed=1, tell=told.append)
    assert frame["sampled"].tolist() == [1, 3, 3, 3, 3, 3, 3, 3, 3, 1]
    assert frame.equals(path_lengths(net, x, labels, 3, seed=1))
    assert not frame["gradient"].equals(path_lengths(net, x, labels, 3, seed=2)["gradient"])
    assert told[-1] == 1.0
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())
    assert all(weight.grad is None and weight.requires_grad for weight in net.parameters())


def test_a_plain_net_has_no_ways_to_tell_apart():
    with pytest.raises(ValueError, match="one way"):
        gradient_shares(*net_that_has_seen_something(NetSpec("plain", 8, width=4)))


def test_the_share_of_paths_is_the_published_one_for_110_layers():
    assert 100 * share_of_paths(54, 5, 17) == pytest.approx(0.45, abs=0.005)  # Veit et al. 2016, sec. 4.3
    assert share_of_paths(54, 0, 54) == 1


def test_the_middle_lengths_leave_as_much_out_below_as_above():
    lengths = pd.DataFrame({"length": range(5), "contribution": [0.04, 0.3, 0.4, 0.22, 0.04]})
    assert middle_lengths(lengths) == (1, 3, pytest.approx((4 + 6 + 4) / 16))
    assert middle_lengths(lengths, share=0.3)[:2] == (2, 2)
    assert middle_lengths(lengths, share=0.99)[:2] == (0, 4)
