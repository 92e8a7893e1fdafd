"""Is a spec checked when it is made?"""

import pytest

from resnet_viz.nets import NetSpec, SpecError


@pytest.mark.parametrize(
    ("depth", "hint"),
    [(21, "try 20 or 26"), (7, "try 8"), (0, "try 8"), (-4, "try 8"), (2000, "try 1202"), (20.0, "whole number")],
)
def test_a_depth_that_makes_no_net_is_refused_with_the_nearest_that_do(depth, hint):
    with pytest.raises(SpecError, match=hint):
        NetSpec(depth=depth)


@pytest.mark.parametrize(
    "fields",
    [{"family": "vgg"}, {"shortcut": "D"}, {"in_channels": 0}, {"classes": 1}, {"classes": True}, {"depth": True}],
)
def test_other_fields_that_make_no_net_are_refused(fields):
    with pytest.raises(SpecError):
        NetSpec(**fields)


def test_a_plain_net_has_no_shortcut_whatever_is_asked_for():
    assert NetSpec("plain", 20, "A") == NetSpec("plain", 20, "C")
    assert NetSpec("plain", 20).shortcut == "none"


@pytest.mark.parametrize("spec", [NetSpec(), NetSpec("plain", 56, in_channels=1), NetSpec("resnet", 1202, "C")])
def test_a_spec_round_trips_through_json(spec):
    assert NetSpec.from_json(spec.to_json()) == spec


@pytest.mark.parametrize("text", ["", "{", "[]", '{"depth": 21}', '{"colour": 3}', "3"])
def test_json_that_is_no_spec_is_refused(text):
    with pytest.raises(SpecError):
        NetSpec.from_json(text)


def test_names_are_short_and_tell_nets_apart():
    assert NetSpec("plain", 56).name == "plain-56"
    assert NetSpec("resnet", 56, "B").name == "ResNet-56 (B)"
