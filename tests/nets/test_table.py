"""Does the layer table say what each layer costs and sees?"""

import pandas as pd
import pytest
import torch
from torch import nn

from resnet_viz.nets import NetSpec, SpecError, build_net, layer_table
from resnet_viz.nets.table import KINDS


def test_the_table_has_its_columns_and_known_kinds():
    table = layer_table(NetSpec())
    assert list(table) == ["name", "kind", "output_shape", "parameters", "multiply_adds", "receptive_field"]
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


def test_pictures_too_small_for_a_net_are_refused():
    with pytest.raises(SpecError, match="at least 32 pixels"):
        layer_table(NetSpec("vgg", 16), 16)


def side_of_support(spec: NetSpec, name: str, size: int) -> int:
    """How many pixels a side move the number in the middle of a layer's map, by autograd."""
    net = build_net(spec).eval()
    with torch.no_grad():
        for weight in net.parameters():
            weight.copy_(weight.abs() + 0.01)  # nothing cancels, no ReLU closes
    for part in net.children():
        pool = getattr(part, "pool", None)
        if isinstance(pool, nn.MaxPool2d):  # the largest alone would get a gradient
            part.pool = nn.AvgPool2d(pool.kernel_size, pool.stride, pool.padding)
    kept = []
    net.get_submodule(name).register_forward_hook(lambda *call: kept.append(call[2]))
    x = torch.rand(1, 3, size, size, dtype=torch.float64, requires_grad=True)
    net.double()(x)
    rows, columns = kept[0].shape[2:]
    (gradient,) = torch.autograd.grad(kept[0][0, :, rows // 2, columns // 2].sum(), x)
    return int((gradient[0].abs().sum((0, 1)) > 0).sum())


@pytest.mark.long
@pytest.mark.parametrize(
    ("spec", "name", "size"),
    [
        (NetSpec("plain", 8), "stage3.block1.branch.conv2", 65),
        (NetSpec("resnet", 20, "B"), "stage2.block3.branch.conv2", 97),
        (NetSpec("resnet", 20, "C", order="preact"), "stage3.block3.branch.conv1", 129),
        (NetSpec("resnet", 26, "A"), "stage2.block4.branch.bn1", 129),
        (NetSpec("resnet", 29, "B", block="bottleneck", stride_in="3x3"), "stage2.block2.branch.conv3", 65),
        (NetSpec("resnet", 18, "B", stem="imagenet"), "stage2.block2.branch.conv2", 225),
        (NetSpec("resnet", 8, "C"), "stage2.block1.shortcut.conv", 65),
        (NetSpec("resnet", 8, "exclusive"), "stage2.block1.gate.conv", 65),
        (NetSpec("vgg", 18), "stage3.conv2", 97),
    ],
    ids=lambda value: str(value),
)
def test_the_receptive_field_is_the_support_of_the_gradient(spec, name, size):
    table = layer_table(spec, size).set_index("name")
    assert table.loc[name, "receptive_field"] == side_of_support(spec, name, size) < size


def test_the_last_layers_see_what_is_known_of_published_nets():
    for spec, expected in [
        (NetSpec("resnet", 50, "B", stem="imagenet"), 483),
        (NetSpec("resnet", 152, "B", stem="imagenet"), 1507),
        (NetSpec("vgg", 16), 212),
    ]:  # Araujo et al. 2019, "Computing receptive fields of convolutional neural networks"
        table = layer_table(spec)
        assert table[table["name"].str.startswith("stage")]["receptive_field"].max() == expected


def test_every_kind_is_a_layer():
    assert all(issubclass(kind, nn.Module) for kind in KINDS)
