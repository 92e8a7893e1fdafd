"""Are appended blocks the identity, to the bit where theory says so, and does training start from there?"""

from dataclasses import replace

import pytest
import torch

from resnet_viz.nets import NetSpec, SpecError, append_identity, build_net

RESIDUAL = [
    NetSpec("resnet", 8, shortcut, order=order, batch_norm=norm)
    for shortcut in "AB"
    for order in ("original", "relu_before", "relu_preact", "preact")
    for norm in (True, False)
]
PLAIN = [
    NetSpec("plain", 8, order=order, batch_norm=norm) for order in ("original", "bn_after") for norm in (True, False)
]


def used_net(spec):
    """A net whose batch norms have seen something."""
    torch.manual_seed(0)
    net, x = build_net(spec).train(), torch.randn(32, 3, 16, 16)
    for _ in range(3):
        net(x)
    return net.eval(), x


@pytest.mark.parametrize("spec", RESIDUAL, ids=str)
def test_appended_residual_blocks_change_no_bit_in_evaluation_and_in_training(spec):
    net, x = used_net(spec)
    bigger = append_identity(net, 3)
    assert bigger.spec == replace(spec, appended=3)
    assert len([*bigger.last_stage.children()]) == len([*net.last_stage.children()]) + 3
    with torch.no_grad():
        assert torch.equal(bigger(x), net(x))
        assert torch.equal(bigger.train()(x), net.train()(x))


@pytest.mark.parametrize("spec", PLAIN, ids=str)
def test_appended_plain_blocks_pass_on_what_arrives(spec):
    net, x = used_net(spec)
    with torch.no_grad():
        torch.testing.assert_close(append_identity(net, 3)(x), net(x), rtol=1e-5, atol=1e-6)
        calibrated = append_identity(net, 3, x)
        torch.testing.assert_close(calibrated(x), net(x), rtol=1e-3, atol=1e-4)


def test_without_calibration_a_plain_block_is_no_identity_in_training():
    net, x = used_net(NetSpec("plain", 8))
    bigger, calibrated = append_identity(net, 3), append_identity(net, 3, x)

    def moved(other):
        with torch.no_grad():
            return float((other.train()(x) - other.eval()(x)).abs().max())

    assert moved(bigger) > 5 * moved(calibrated)


def test_what_was_appended_learns():
    net, x = used_net(NetSpec("resnet", 8))
    bigger = append_identity(net, 1).train()
    bigger(x).square().mean().backward()
    assert float(bigger.last_stage[-1].branch[-1].weight.grad.abs().sum()) > 0


@pytest.mark.parametrize(
    "spec",
    [
        NetSpec("vgg", 18),
        NetSpec("resnet", 18, stem="imagenet"),
        NetSpec("resnet", 8, "C"),
        NetSpec("resnet", 8, "dropout"),
        NetSpec("resnet", 8, order="bn_after"),
        NetSpec("resnet", 8, activation="tanh"),
        NetSpec("resnet", 8, survival=0.5),
        NetSpec("plain", 8, activation="tanh"),
        NetSpec("plain", 8, order="preact"),
        NetSpec("plain", 11, block="bottleneck"),
    ],
    ids=str,
)
def test_where_no_block_can_be_the_identity_a_sentence_says_so(spec):
    with pytest.raises(SpecError, match=spec.name.replace("(", r"\(").replace(")", r"\)")):
        append_identity(build_net(spec), 1)
