"""Is a spec checked when it is made, and does it come back from JSON and from a URL?"""

from urllib.parse import quote

import pytest

from resnet_viz.nets import NetSpec, SpecError
from tests.nets.zoo import ZOO


@pytest.mark.parametrize(
    ("fields", "hint"),
    [
        ({"depth": 21}, "not 6n.2; try 20 or 26"),
        ({"depth": 7}, "try 8"),
        ({"depth": 0}, "try 8"),
        ({"depth": -4}, "try 8"),
        ({"depth": 2000}, "try 1202"),
        ({"depth": 20.0}, "whole number"),
        ({"depth": True}, "whole number"),
        ({"depth": 111, "block": "bottleneck"}, "not 9n.2; try 110 or 119"),
        ({"depth": 1202, "block": "bottleneck"}, "try 1199"),
        ({"depth": 56, "stem": "imagenet"}, "no ImageNet net of the paper of depth 56; try 50 or 101"),
        ({"depth": 9, "stem": "imagenet"}, "try 18"),
        ({"depth": 17, "family": "vgg"}, "no VGG net of depth 17; try 16 or 18"),
        ({"family": "densenet"}, "try plain, resnet or vgg"),
        ({"shortcut": "D"}, "a net without one is plain"),
        ({"shortcut": None}, "try A, B"),
        ({"order": "before"}, "try original"),
        ({"activation": "gelu"}, "try relu, tanh or sigmoid"),
        ({"initialization": 3}, "try he"),
        ({"in_channels": 0}, "from 1 to 1024"),
        ({"classes": 1}, "from 2 to 100000"),
        ({"classes": True}, "from 2 to 100000"),
        ({"classes": 10**30}, "from 2 to 100000"),
        ({"depth": 10**5000}, "at most 1202"),
        ({"batch_norm": 1}, "try true or false"),
        ({"survival": 0}, "above 0 and at most 1"),
        ({"survival": "0.5"}, "above 0 and at most 1"),
        ({"survival": float("nan")}, "above 0 and at most 1"),
        ({"zero_last_norm": True, "order": "preact"}, "try batch norm with order original"),
        ({"zero_last_norm": True, "batch_norm": False}, "needs a batch norm"),
        ({"zero_last_norm": True, "order": "relu_before"}, "try batch norm with order original or relu_preact"),
    ],
)
def test_what_makes_no_net_is_refused_with_what_does(fields, hint):
    with pytest.raises(SpecError, match=hint):
        NetSpec(**fields)


def test_what_has_no_meaning_for_a_family_is_settled_so_that_equal_nets_are_equal():
    assert NetSpec("plain", 20, "A") == NetSpec("plain", 20, "C", zero_last_norm=True, survival=0.5)
    assert NetSpec("plain", 20).shortcut == "none"
    assert NetSpec("resnet", 50, stem="imagenet") == NetSpec("resnet", 50, stem="imagenet", block="bottleneck")
    assert NetSpec("resnet", 34, stem="imagenet") == NetSpec("resnet", 34, stem="imagenet", stride_in="3x3")
    assert NetSpec("vgg", 16) == NetSpec("vgg", 16, order="preact", stem="imagenet")
    assert NetSpec("resnet", 20, "C", zero_last_norm=True).plain_twin == NetSpec("plain", 20)


def test_every_spec_round_trips_through_json_and_a_url():
    for spec in (*ZOO, NetSpec("resnet", 1202, "C", in_channels=1, survival=1 / 3)):
        assert NetSpec.from_json(spec.to_json()) == spec
        slug = spec.to_slug()
        assert NetSpec.from_slug(slug) == spec
        assert quote(slug, safe="") == slug


def test_slugs_and_names_tell_all_nets_apart():
    assert len({spec.to_slug() for spec in ZOO}) == len({spec.name for spec in ZOO}) == len(set(ZOO))


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"depth": 21}', '{"colour": 3}', "3", "[" * 100_000, '{"classes": ' + "1" * 5000 + "}"]
)
def test_json_that_is_no_spec_is_refused(text):
    with pytest.raises(SpecError):
        NetSpec.from_json(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "resnet",
        "resnet-x",
        "resnet-21-A",
        "resnet-20-D",
        "resnet-20-A~colour.3",
        "resnet-20-A~batch_norm.yes",
        "resnet-20-A~survival.x",
        "resnet-20-A~",
        "resnet-20-A~in_channels.9999999999999999",
        "~~~",
        "resnet-²-A",
    ],
)
def test_a_slug_that_is_no_spec_is_refused(text):
    with pytest.raises(SpecError):
        NetSpec.from_slug(text)


@pytest.mark.parametrize(
    ("spec", "name", "slug"),
    [
        (NetSpec("plain", 56), "plain-56", "plain-56"),
        (NetSpec("resnet", 56, "B"), "ResNet-56 (B)", "resnet-56-B"),
        (NetSpec("resnet", 110, order="preact"), "ResNet-110 (A, Full pre-activation)", "resnet-110-A~order.preact"),
        (NetSpec("resnet", 50, "B", stem="imagenet"), "ResNet-50 (B, ImageNet)", "resnet-50-B~stem.imagenet"),
        (NetSpec("vgg", 16, batch_norm=False), "VGG-16", "vgg-16~batch_norm.0"),
        (NetSpec("plain", 20, activation="tanh"), "plain-20 (tanh)", "plain-20~activation.tanh"),
    ],
)
def test_names_and_slugs_are_short(spec, name, slug):
    assert (str(spec), spec.to_slug()) == (name, slug)


def test_pictures_too_small_for_a_net_are_refused_with_the_smallest():
    with pytest.raises(SpecError, match="at least 32 pixels a side, not 16"):
        NetSpec("vgg", 16).check_size(16)
    NetSpec("vgg", 18).check_size(16)
    NetSpec("resnet", 110).check_size(1)


def test_width_and_appended_blocks_are_in_layout_name_and_slug():
    spec = NetSpec("resnet", 20, width=4, appended=2)
    assert spec.layout.blocks == (3, 3, 5)
    assert spec.layout.widths == (4, 8, 16)
    assert spec.name == "ResNet-20 (A, 4 filters wide, 2 blocks appended)"
    assert NetSpec.from_slug(spec.to_slug()) == spec
    imagenet = NetSpec("resnet", 18, stem="imagenet", width=4, appended=2)
    assert imagenet == NetSpec("resnet", 18, stem="imagenet")
    with pytest.raises(SpecError, match="width must be a whole number from 1 to 256"):
        NetSpec("resnet", 20, width=0)
