"""Does the outline of a net tell its layers, its folds and the ways around them?"""

import pytest

from resnet_viz.nets import NetSpec, SpecError, block_outline, compare_specs, layer_table, net_outline
from tests.nets.zoo import COVERING

STAGES = (1, 2, 3, 4, 5)


@pytest.mark.long
def test_an_unfolded_outline_has_a_box_for_every_weighted_layer_off_the_shortcuts():
    for spec in COVERING:
        boxes = net_outline(spec, unfolded=STAGES)
        weighted = [box for box in boxes if box.kind in ("convolution", "fully connected")]
        assert len(weighted) == spec.depth, spec
        assert boxes[-1].label == f"fc, {spec.classes}"


def test_a_folded_outline_tells_how_many_blocks_it_hides():
    boxes = net_outline(NetSpec("resnet", 1202))
    assert [box.label for box in boxes if box.kind == "fold"] == ["... 198 more"] * 3
    assert len(boxes) == 1 + 3 * (2 + 1 + 2) + 2
    assert len(net_outline(NetSpec("resnet", 1202), unfolded=[2])) == len(boxes) - 1 + 198 * 2


def test_a_stage_that_would_hide_one_block_is_not_folded():
    assert not [box for box in net_outline(NetSpec("plain", 20)) if box.kind == "fold"]


def test_labels_maps_and_strides_are_those_of_the_papers_figure():
    boxes = net_outline(NetSpec("resnet", 34, "B", stem="imagenet"))
    assert [box.label for box in boxes[:3]] == ["7x7 conv, 64, /2", "max pool, /2", "3x3 conv, 64"]
    assert [box.map_side for box in boxes[:3]] == [112, 56, 56]
    assert next(box for box in boxes if box.part == "stage2").label == "3x3 conv, 128, /2"


def test_ways_around_are_dashed_where_sizes_change():
    ways = {(box.part, box.block): box.shortcut for box in net_outline(NetSpec("resnet", 14))}
    assert ways["stage1", 1] == ways["stage2", 2] == "identity"
    assert ways["stage2", 1] == ways["stage3", 1] == "resized"
    assert ways["stem", 0] == ""
    assert {box.shortcut for box in net_outline(NetSpec("plain", 14))} == {""}
    assert {box.shortcut for box in net_outline(NetSpec("resnet", 14, "C"))} == {"", "resized"}
    bottleneck = net_outline(NetSpec("resnet", 20, block="bottleneck"))
    assert next(box for box in bottleneck if box.part == "stage1").shortcut == "resized"


def test_a_block_in_detail_has_the_steps_of_its_order():
    block = block_outline(NetSpec("resnet", 20, order="preact"))
    assert [label for label, _ in block.before] == ["batch norm", "ReLU"]
    assert [label for label, _ in block.branch] == ["3x3 conv, 16", "batch norm", "ReLU", "3x3 conv, 16"]
    assert [label for label, _ in block.around] == ["identity"]
    assert (block.after, block.join, block.projects) == ([], "⊕", False)
    assert block_outline(NetSpec("resnet", 20, "C")).projects
    assert block_outline(NetSpec("plain", 20)).join == ""
    assert block_outline(NetSpec("resnet", 20, "gated")).around[0][0] == "gate: 1x1 conv, 16"


@pytest.mark.long
def test_a_block_in_detail_has_all_layers_of_a_block():
    for spec in COVERING:
        if spec.family != "vgg":
            block = block_outline(spec)
            rows = layer_table(spec)["name"]
            name = "stage1.block2." if rows.str.startswith("stage1.block2.").any() else "stage2.block1."
            steps = [*block.before, *block.branch, *block.around, *block.after]
            assert len(steps) == rows.str.startswith(name).sum(), spec


@pytest.mark.parametrize(
    ("spec", "text"),
    [
        (NetSpec("plain", 20), "H(x) = F(x)"),
        (NetSpec("resnet", 20), "H(x) = F(x) + x"),
        (NetSpec("resnet", 20, "C"), "H(x) = F(x) + W_s x"),
        (NetSpec("resnet", 20, "gated"), "H(x) = F(x) + (1 - g(x)) \\cdot x"),
        (NetSpec("resnet", 20, survival=0.5), "H(x) = b \\cdot F(x) + x"),
        # With one block a stage the second stage's is shown, which changes sizes.
        (NetSpec("resnet", 8), "H(x) = F(x) + S x"),
        (NetSpec("resnet", 8, "B"), "H(x) = F(x) + W_s x"),
        (NetSpec("resnet", 8, "dropout"), "H(x) = F(x) + \\mathrm{dropout}(S x)"),
    ],
    ids=str,
)
def test_the_formula_is_that_of_the_block_shown(spec, text):
    assert block_outline(spec).formula == text


def test_what_differs_is_told_and_nothing_else():
    frame = compare_specs([NetSpec("plain", 20), NetSpec("resnet", 20)])
    assert set(frame.index[frame["differs"]]) == {"family", "shortcut"}
    assert frame.loc["parameters"].tolist()[:2] == ["269,722", "269,722"]
    assert not compare_specs([NetSpec()])["differs"].any()
    assert compare_specs([NetSpec("vgg", 16), NetSpec()]).notna().all(axis=None)


def test_pictures_too_small_are_refused():
    with pytest.raises(SpecError):
        net_outline(NetSpec("vgg", 16), 8)
