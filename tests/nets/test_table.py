"""Does the layer table count right? Held against torch's own counter and against the net itself."""

import pandas as pd
import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from resnet_viz.nets import SHORTCUTS, NetSpec, build_net, layer_table
from resnet_viz.nets.build import build_outline
from resnet_viz.nets.table import KINDS

SPECS = [NetSpec("plain", 26, in_channels=1), *(NetSpec("resnet", depth, s) for depth in (8, 26) for s in SHORTCUTS)]


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
def test_multiply_adds_are_half_of_torchs_flops(spec):
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        build_outline(spec)(torch.empty(1, spec.in_channels, 32, 32, device="meta"))
    assert layer_table(spec)["multiply_adds"].sum() * 2 == counter.get_total_flops()


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
def test_rows_are_the_layers_in_order_with_the_shapes_of_a_real_pass(spec):
    net, seen = build_net(spec).eval(), []
    for name, layer in net.named_modules():
        if not list(layer.children()) and not isinstance(layer, nn.Sequential):
            layer.register_forward_hook(lambda m, i, o, name=name: seen.append((name, tuple(o.shape[1:]))))
    with torch.no_grad():
        net(torch.randn(1, spec.in_channels, 16, 16))
    table = layer_table(spec, size=16)
    assert list(zip(table["name"], table["output_shape"], strict=True)) == seen


def test_the_table_has_its_columns_and_known_kinds():
    table = layer_table(NetSpec())
    assert list(table) == ["name", "kind", "output_shape", "parameters", "multiply_adds"]
    assert set(table["kind"]) <= set(KINDS.values())
    assert table["parameters"].sum() == 269_722


def test_a_change_to_a_table_does_not_reach_the_next_caller():
    mine = layer_table(NetSpec())
    mine["parameters"] = 0
    assert layer_table(NetSpec())["parameters"].sum() > 0


def test_resnet_1202_is_written_down_without_being_built():
    table = layer_table(NetSpec("resnet", 1202))
    assert (table["kind"].isin(["convolution", "fully connected"])).sum() == 1202
    assert table["name"].is_unique
    pd.testing.assert_series_equal(
        table[table["name"].str.startswith("stage3.block200.")]["multiply_adds"].reset_index(drop=True),
        table[table["name"].str.startswith("stage3.block2.")]["multiply_adds"].reset_index(drop=True),
    )
