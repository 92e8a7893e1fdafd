"""Does a net know its own pictures from strangers, where it is known which are which?"""

import math

import numpy as np
import pytest
import torch
from torch import nn

from resnet_viz.data import PictureFormat, load_dataset
from resnet_viz.explain import entropy
from resnet_viz.explain.strangers import WARNED, calibrate, features, foreign_pictures, from_frame, to_frame


class Planted(nn.Module):
    """A net whose features are its two pixels, and whose classes are the two axes."""

    def __init__(self) -> None:
        super().__init__()
        self.last = nn.Linear(2, 2, bias=False)

    def forward(self, x):
        return self.last(x.flatten(1))


def pictures(count: int, angle: float, spread: float = 0.1) -> torch.Tensor:
    """Pictures (N, 1, 1, 2) whose pixels point in a direction, in degrees."""
    turn = torch.randn(count, generator=torch.Generator().manual_seed(count)) * spread + math.radians(angle)
    return 3 * torch.stack([turn.cos(), turn.sin()], 1)[:, None, None]


def measured():
    x, labels = torch.cat([pictures(200, 0), pictures(201, 90)]), torch.tensor([0] * 200 + [1] * 201)
    held_out = torch.cat([pictures(400, 0), pictures(401, 90)])[torch.randperm(801, generator=torch.Generator())]
    return calibrate(Planted(), x, labels, held_out, {"between": pictures(100, 45), "own": pictures(99, 0)})


def test_features_are_what_goes_into_the_last_layer_at_length_one():
    x = pictures(5, 30)
    assert torch.allclose(features(Planted(), x), x.flatten(1) / 3, atol=1e-6)


def test_means_point_where_the_classes_are_and_strangers_are_found():
    found = measured()
    assert torch.allclose(found.means.abs(), torch.eye(2), atol=0.05)
    assert found.missed["between"] == 0.0
    assert found.missed["own"] > 0.85
    assert found.false_alarms == pytest.approx(WARNED, abs=0.04)
    assert found.counts == {"held out": 401, "between": 100, "own": 99}


def test_familiarity_is_the_cosine_to_the_nearest_class():
    found = measured()
    near = found.of(Planted(), torch.tensor([[[[2.0, 0.0]]], [[[1.0, 1.0]]]]))
    assert near == pytest.approx([1.0, math.cos(math.radians(45))], abs=0.03)
    assert near[0] > found.threshold > near[1]


def test_it_is_the_same_after_a_way_through_a_frame():
    found = measured()
    again = from_frame(to_frame(found).assign(net="a net"))
    assert torch.allclose(again.means, found.means, atol=1e-4)
    assert (again.threshold, again.false_alarms) == (found.threshold, found.false_alarms)
    assert (again.missed, again.counts) == (found.missed, found.counts)


@pytest.mark.long
def test_foreign_pictures_have_the_nets_format_and_none_of_its_own_data():
    form = PictureFormat(24, 3, ("a",), (0.5,) * 3, (0.2,) * 3)
    found = foreign_pictures(form, "shapes")
    assert set(found) == {"noise", "single colors", "clouds", "digits"}
    assert all(kind.shape[1:] == (24, 24, 3) and kind.dtype == np.uint8 for kind in found.values())
    assert all(np.array_equal(found[kind], foreign_pictures(form, "shapes")[kind]) for kind in found)
    gray = foreign_pictures(load_dataset("digits").form, "digits")
    assert set(gray) == {"noise", "single colors", "clouds", "shapes"}
    assert gray["clouds"].shape[1:] == (16, 16, 1)


def test_entropy_is_in_bits():
    assert entropy(np.array([0.0, 1.0])) == 0.0
    assert entropy(np.full(8, 1 / 8)) == pytest.approx(3.0)
    assert entropy(np.array([0.25, 0.75])) == pytest.approx(0.8113, abs=1e-4)
