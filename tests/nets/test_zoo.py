"""Does every net that is offered build, learn one step, and count right?"""

from collections.abc import Iterable

import pytest
import torch
from _pytest.mark import ParameterSet
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from resnet_viz.nets import NetSpec, build_net, layer_table, possible_depths, weighted_layers
from resnet_viz.nets.build import build_outline
from tests.nets.zoo import COVERING, KINDS, ZOO, small_size

DEEP = [
    *(NetSpec(family, 110) for family in ("plain", "resnet")),
    NetSpec("resnet", 152, "B", stem="imagenet"),
    NetSpec("resnet", 164, "B", block="bottleneck", order="preact"),
]
DEPTHS = {
    (family, stem, block): possible_depths(family, stem, block)
    for family in ("plain", "resnet")
    for stem, block, _ in KINDS
}


def is_large(spec: NetSpec) -> bool:
    """Whether a step takes a good part of a second."""
    return spec.stem == "imagenet" or spec.depth > 50


def at_depths(pick: slice) -> list[NetSpec]:
    """Nets of every kind at some of their depths, from the shallowest to the deepest."""
    return list(
        dict.fromkeys(
            NetSpec(family, depth, stem=stem, block=block)
            for (family, stem, block), depths in DEPTHS.items()
            for depth in depths[pick]
        )
    )


EVERY_DEPTH = at_depths(slice(None))
BOUNDARY_DEPTHS = at_depths(slice(2)) + at_depths(slice(-2, None))


def take_one_step(spec: NetSpec) -> tuple[nn.Module, torch.Tensor]:
    torch.manual_seed(0)
    net, size = build_net(spec), small_size(spec)
    optimizer = torch.optim.SGD(net.parameters(), 0.01)
    logits = net(torch.randn(2, spec.in_channels, size, size))
    assert logits.shape == (2, spec.classes)
    loss = nn.functional.cross_entropy(logits, torch.tensor([1, 7]))
    loss.backward()
    optimizer.step()
    return net, loss


def assert_one_step_is_finite(spec: NetSpec) -> None:
    net, loss = take_one_step(spec)
    assert torch.isfinite(loss), spec
    assert all(torch.isfinite(weight).all() for weight in net.parameters()), spec


def large_are_long(specs: Iterable[NetSpec]) -> list[ParameterSet]:
    return [pytest.param(spec, marks=pytest.mark.long if is_large(spec) else ()) for spec in specs]


@pytest.mark.parametrize(
    "spec",
    large_are_long((*COVERING, *DEEP)),
    ids=str,
)
def test_nets_of_every_pair_of_options_train_one_step_to_finite_weights(spec):
    assert_one_step_is_finite(spec)


@pytest.mark.slow
def test_every_other_net_trains_one_step_to_finite_weights():
    for spec in set(ZOO) - set(COVERING):
        assert_one_step_is_finite(spec)


@pytest.mark.slow
@pytest.mark.parametrize("kind", DEPTHS, ids="-".join)
def test_nets_of_shallow_depths_and_some_deeper_ones_train_one_step_with_finite_loss(kind):
    family, stem, block = kind
    for depth in [*DEPTHS[kind][:20], *DEPTHS[kind][20::25], DEPTHS[kind][-1]]:
        spec = NetSpec(family, depth, stem=stem, block=block)
        _, loss = take_one_step(spec)
        # The weights need not be finite: in plain nets of 600 layers the first gradients overflow.
        assert torch.isfinite(loss), spec


@pytest.mark.parametrize("spec", large_are_long(COVERING), ids=str)
def test_the_table_has_the_layers_shapes_and_parameters_of_the_net_each_used_once(spec):
    assert_table_counts_the_net(spec)


@pytest.mark.slow
def test_the_table_counts_every_other_net():
    for spec in set(ZOO) - set(COVERING):
        assert_table_counts_the_net(spec)


def assert_table_counts_the_net(spec: NetSpec) -> None:
    """A trace of the net on the meta device has the layers, shapes, parameters and FLOPs of its table."""
    net, seen, size = build_outline(spec).eval(), [], small_size(spec)
    for name, layer in net.named_modules():
        assert not getattr(layer, "inplace", False)  # hooks and Captum need what came in
        if not list(layer.children()) and not isinstance(layer, nn.Sequential):
            layer.register_forward_hook(lambda m, i, o, name=name: seen.append((name, tuple(o.shape[1:]))))
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        net(torch.empty(1, spec.in_channels, size, size, device="meta"))
    table = layer_table(spec, size)
    assert list(zip(table["name"], table["output_shape"], strict=True)) == seen
    assert table["name"].is_unique, spec
    assert table["parameters"].sum() == sum(parameter.numel() for parameter in net.parameters())
    assert table["multiply_adds"].sum() * 2 == counter.get_total_flops()


def count_weighted_layers(spec: NetSpec) -> int:
    """Convolutions and fully connected layers of the table, but for those of shortcuts."""
    table = layer_table(spec)
    weighted = table[table["kind"].isin(["convolution", "fully connected"])]["name"]
    return (~weighted.str.contains(".shortcut.", regex=False)).sum()


@pytest.mark.long
def test_a_depth_counts_the_weighted_layers_off_the_shortcuts():
    assert [count_weighted_layers(spec) for spec in BOUNDARY_DEPTHS] == [spec.depth for spec in BOUNDARY_DEPTHS]


@pytest.mark.slow
def test_every_depth_counts_the_weighted_layers_off_the_shortcuts():
    assert [count_weighted_layers(spec) for spec in EVERY_DEPTH] == [spec.depth for spec in EVERY_DEPTH]


def test_weighted_layers_name_the_weights_of_the_state_dict():
    net = build_net(NetSpec("resnet", 20, "C"))
    state = net.state_dict()
    assert all(torch.equal(state[f"{name}.weight"], weight) for name, weight in weighted_layers(net).items())
