"""Is a net with appended blocks held against itself, bit by bit, and left as it was?"""

import copy

import pytest
import torch
from torch import nn

from resnet_viz.lab import compare_with_appended, ways_to_append
from resnet_viz.nets import NetSpec, SpecError, append_identity, build_net

SPECS = [
    NetSpec("resnet", 8, in_channels=1),
    NetSpec("resnet", 8, "B", order="preact"),
    NetSpec("plain", 8, in_channels=1),
    NetSpec("plain", 8, batch_norm=False),
]
COUNT = 2


@pytest.fixture(params=SPECS, ids=str)
def asked(request):
    """A net whose batch norms have seen something, inputs, labels that it gets about half right, and other inputs."""
    torch.manual_seed(2)
    net = build_net(request.param).train()
    for layer in net.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.momentum = 1.0  # of the last pictures alone, as after a long training with the same ones
    x, others = torch.randn(2, 24, request.param.in_channels, 8, 8)
    with torch.no_grad():
        net(x)
        labels = net.eval()(x).argmax(1)
    labels[::2] = (labels[::2] + 1) % 10
    return net, x, labels, others


def by_hand(net, blocks):
    """The net with these modules put behind its last stage."""
    changed = copy.deepcopy(net)
    changed.get_submodule(f"stage{len(net.spec.layout.blocks)}").extend(blocks)
    return changed


def answer(net, x, mode):
    with torch.no_grad():
        return copy.deepcopy(net).train(mode == "training")(x)


def test_where_bits_are_the_same_the_net_is_one_with_nothing_appended(asked):
    net, x, labels, others = asked
    frame = compare_with_appended(net, COUNT, x, labels, others)
    for row in frame.to_dict("records"):
        plain = answer(by_hand(net, [nn.Identity()] * COUNT), x, row["mode"])
        error = float((plain.argmax(1) != labels).float().mean())
        assert row["error_before"] == pytest.approx(error)
        if row["same_bits"]:
            assert row["largest_difference"] == 0
            assert row["error_after"] == row["error_before"]
        else:
            assert row["largest_difference"] > 0


def test_the_bits_are_the_same_where_theory_says_so(asked):
    net, x, labels, _ = asked
    frame = compare_with_appended(net, COUNT, x, labels, x).set_index(["variant", "mode"])
    assert list(frame.index) == [(way, mode) for way in ways_to_append(net.spec) for mode in ("evaluation", "training")]
    if net.spec.family == "resnet" or not net.spec.batch_norm:
        assert frame["same_bits"].all()  # nothing there depends on the batch
        return
    assert frame["same_bits"].tolist() == [True, False, False, False]
    unit, arriving = (frame["largest_difference"].xs(way) for way in ways_to_append(net.spec))
    assert arriving["evaluation"] < 1e-4 < arriving["training"] < unit["training"]


def test_the_difference_is_that_of_a_net_with_layers_appended_by_hand():
    torch.manual_seed(0)
    net = build_net(NetSpec("plain", 8)).train()
    x = torch.randn(16, 3, 8, 8)
    with torch.no_grad():
        net(x)

    class Normalized(nn.Module):
        """Two layers that Dirac's filters leave out: max(0, BN(x)) with the batch's own mean and deviation, twice."""

        def forward(self, x):
            for _ in range(2):
                variance, mean = torch.var_mean(x, (0, 2, 3), correction=0, keepdim=True)
                x = ((x - mean) / (variance + 1e-5).sqrt()).relu()
            return x

    frame = compare_with_appended(net, 1, x, torch.zeros(16).long(), x).set_index(["variant", "mode"])
    expected = (answer(by_hand(net, [Normalized()]), x, "training") - answer(net, x, "training")).abs().max()
    difference = frame["largest_difference"]
    assert difference["Dirac, unit statistics", "training"] == pytest.approx(float(expected), rel=1e-3)


def test_the_net_keeps_its_weights_its_statistics_and_its_mode(asked):
    net, x, labels, others = asked
    before = {name: value.clone() for name, value in net.state_dict().items()}
    seen = []
    net.train()
    compare_with_appended(net, COUNT, x, labels, others, seen.append)
    assert net.training
    assert seen[-1] == 1.0
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())


def test_a_difference_in_the_last_places_of_one_logit_is_enough(asked, monkeypatch):
    net, x, labels, others = asked

    def append_almost(net, count, x=None):
        bigger = append_identity(net, count, x)
        with torch.no_grad():
            bigger.get_submodule("head.fc").bias[3] += 1e-5
        return bigger

    monkeypatch.setattr("resnet_viz.lab.identity.append_identity", append_almost)
    frame = compare_with_appended(net, COUNT, x, labels, others)
    assert not frame["same_bits"].any()
    assert frame["largest_difference"].gt(0).all()


def test_a_branch_of_nothing_but_zeros_would_never_learn_and_one_that_ends_in_zeros_does():
    net = append_identity(build_net(NetSpec("resnet", 8)), 1).train()
    block, x = net.get_submodule("stage3")[-1], torch.randn(16, 3, 8, 8)

    def moves(steps):
        before = [layer.weight.clone() for layer in block.branch if isinstance(layer, nn.Conv2d)]
        optimizer = torch.optim.SGD(net.parameters(), 0.1)
        for _ in range(steps):
            optimizer.zero_grad()
            nn.functional.cross_entropy(net(x), torch.arange(16) % 10).backward()
            optimizer.step()
        after = [layer.weight for layer in block.branch if isinstance(layer, nn.Conv2d)]
        return [not torch.equal(one, other) for one, other in zip(before, after, strict=True)]

    assert moves(1) == [False, False]  # the last norm's weight comes first
    assert moves(2) == [True, True]
    with torch.no_grad():
        for parameter in block.branch.parameters():
            parameter.zero_()
    assert moves(3) == [False, False]


def test_a_net_that_can_have_no_such_block_gets_a_sentence():
    net = build_net(NetSpec("resnet", 8, "C"))
    x = torch.randn(4, 3, 8, 8)
    with pytest.raises(SpecError, match="no block of"):
        compare_with_appended(net, 1, x, torch.zeros(4).long(), x)
