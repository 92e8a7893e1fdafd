"""Does every net that is offered build, learn one step, and count right?"""

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from resnet_viz.nets import NetSpec, build_net, layer_table, possible_depths, weighted_layers
from resnet_viz.nets.build import build_outline
from tests.nets.zoo import KINDS, ZOO, small_size

SHALLOW = [
    *(NetSpec(family, depth) for family in ("plain", "resnet") for depth in range(8, 111, 6)),
    *(NetSpec("resnet", depth, "B", stem="imagenet") for depth in (34, 101, 152)),
    NetSpec("resnet", 164, "B", block="bottleneck", order="preact"),
]
EVERY_DEPTH = dict.fromkeys(
    NetSpec(family, depth, stem=stem, block=block)
    for family in ("plain", "resnet")
    for stem, block, _ in KINDS
    for depth in possible_depths(family, stem, block)
)


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


@pytest.mark.parametrize("spec", [*ZOO, *SHALLOW], ids=str)
def test_every_net_trains_one_step_with_finite_loss_to_finite_weights(spec):
    net, loss = take_one_step(spec)
    assert torch.isfinite(loss)
    assert all(torch.isfinite(weight).all() for weight in net.parameters())


@pytest.mark.slow
@pytest.mark.parametrize("spec", EVERY_DEPTH, ids=str)
def test_nets_of_all_depths_train_one_step_with_finite_loss(spec):
    _, loss = take_one_step(spec)
    assert torch.isfinite(loss)  # the weights need not be: in plain nets of 600 layers the first gradients overflow


@pytest.mark.parametrize("spec", ZOO, ids=str)
def test_the_table_has_the_layers_shapes_and_parameters_of_the_net_each_used_once(spec):
    net, seen, size = build_outline(spec).eval(), [], small_size(spec)
    for name, layer in net.named_modules():
        assert not getattr(layer, "inplace", False)  # hooks and Captum need what came in
        if not list(layer.children()) and not isinstance(layer, nn.Sequential):
            layer.register_forward_hook(lambda m, i, o, name=name: seen.append((name, tuple(o.shape[1:]))))
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        net(torch.empty(1, spec.in_channels, size, size, device="meta"))
    table = layer_table(spec, size)
    assert list(zip(table["name"], table["output_shape"], strict=True)) == seen
    assert table["name"].is_unique
    assert table["parameters"].sum() == sum(parameter.numel() for parameter in net.parameters())
    assert table["multiply_adds"].sum() * 2 == counter.get_total_flops()


@pytest.mark.parametrize("spec", EVERY_DEPTH, ids=str)
def test_a_depth_counts_the_weighted_layers_off_the_shortcuts(spec):
    table = layer_table(spec)
    weighted = table[table["kind"].isin(["convolution", "fully connected"])]["name"]
    assert (~weighted.str.contains(".shortcut.", regex=False)).sum() == spec.depth


def test_weighted_layers_name_the_weights_of_the_state_dict():
    net = build_net(NetSpec("resnet", 20, "C"))
    state = net.state_dict()
    assert all(torch.equal(state[f"{name}.weight"], weight) for name, weight in weighted_layers(net).items())
