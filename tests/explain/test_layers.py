"""Are the layers that Grad-CAM is offered there, with maps to lay over a picture?"""

import pytest
import torch

from resnet_viz.explain import AttributionConfig, attribute, cam_layers, same_place
from resnet_viz.nets import NetSpec, build_net

SPECS = [
    NetSpec("plain", 8),
    NetSpec("resnet", 20, order="preact"),
    NetSpec("resnet", 29, "B", block="bottleneck"),
    NetSpec("vgg", 18),
]


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
def test_every_layer_that_is_offered_gives_a_map(spec):
    net, x = build_net(spec).eval(), torch.randn(1, 3, 32, 32)
    names = cam_layers(spec)
    assert len(names) == len(set(names))
    for name in (names[0], names[len(names) // 2], names[-1]):
        assert attribute(net, x, 0, AttributionConfig("grad_cam", layer=name)).shape == (1, 1, 32, 32)


def test_the_same_place_of_another_net_is_as_far_along_its_way():
    deep, shallow = NetSpec("resnet", 56), NetSpec("plain", 20)
    assert same_place("stem", deep, shallow) == "stem"
    assert same_place("stage3.block9", deep, shallow) == "stage3.block3"
    assert same_place("stage2.block5", deep, shallow) == "stage2.block2"
    assert same_place("stage2.block5", deep, NetSpec("plain", 56)) == "stage2.block5"
    assert same_place("", deep, shallow) == ""
    assert same_place("stem", deep, NetSpec("vgg", 18)) == cam_layers(NetSpec("vgg", 18))[0]
