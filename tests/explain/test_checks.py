"""Do the checks give the known answers on a net that looks at one patch only?"""

import itertools

import numpy as np
import pytest
import torch
from torch import nn

from resnet_viz.explain import METHODS, AttributionConfig, attribute, to_map
from resnet_viz.explain.checks import (
    areas,
    completeness_error,
    deletion_insertion,
    infidelity_of,
    mass_inside,
    max_sensitivity,
    pointing_hits,
    rank_pixels,
)
from resnet_viz.explain.randomization import STAYS, randomize, rank_correlation
from resnet_viz.nets import NetSpec, build_net

SIDE, PATCH = 8, slice(2, 4)


class Planted(nn.Module):
    """A net whose score for class 1 is a weighted sum of one patch of 2 x 2 pixels; that for class 0 is 0."""

    def __init__(self) -> None:
        super().__init__()
        self.last_stage = nn.Identity()
        self.weight = nn.Parameter(torch.zeros(1, SIDE, SIDE))
        self.weight.data[:, PATCH, PATCH] = torch.tensor([[3.0, 2.0], [4.0, 1.0]])

    def forward(self, x):
        score = (self.last_stage(x) * self.weight).flatten(1).sum(1)
        return torch.stack([torch.zeros_like(score), score], 1)


@pytest.fixture
def planted():
    return Planted()


@pytest.fixture
def x():
    return torch.ones(2, 1, SIDE, SIDE)


TARGET = torch.tensor([1, 1])


@pytest.fixture
def masks():
    masks = torch.zeros(2, SIDE, SIDE, dtype=torch.bool)
    masks[:, PATCH, PATCH] = True
    return masks


@pytest.mark.parametrize("method", ["saliency", "input_x_gradient", "integrated_gradients", "deep_lift", "grad_cam"])
def test_a_map_of_the_planted_net_lies_on_its_patch(planted, x, masks, method):
    relevance = to_map(attribute(planted, x, TARGET, method))
    if method != "grad_cam":  # whose weights are means over the whole map
        assert torch.allclose(mass_inside(relevance, masks), torch.ones(2))
        assert pointing_hits(relevance, masks).all()
    assert mass_inside(torch.ones_like(relevance), masks) == pytest.approx([4 / 64] * 2)


def test_without_the_patch_the_score_is_gone_and_the_rest_is_nothing(planted, x):
    relevance = to_map(attribute(planted, x, TARGET, "input_x_gradient"))
    curves = deletion_insertion(planted, x, TARGET, relevance, steps=64)  # one pixel a step
    one = curves[curves["picture"] == 0].reset_index()
    expected = [torch.sigmoid(torch.tensor(score)).item() for score in (10.0, 6.0, 3.0, 1.0, 0.0)]  # 4, 3, 2, 1 go
    assert one["deletion"][:5].tolist() == pytest.approx(expected)
    assert one["deletion"][5:].tolist() == pytest.approx([0.5] * 60)
    assert one["share"].iloc[4] == 4 / 64
    assert one["insertion"].iloc[-1] == pytest.approx(expected[0])


def test_the_area_is_that_of_the_trapezoids_and_the_worst_order_has_the_largest(planted, x):
    relevance = to_map(attribute(planted, x, TARGET, "input_x_gradient"))
    curves = deletion_insertion(planted, x, TARGET, relevance, steps=64)
    worst = areas(deletion_insertion(planted, x, TARGET, -relevance, steps=64))["deletion"]
    best = areas(curves)["deletion"]
    one = curves[curves["picture"] == 1]["deletion"].to_numpy()
    assert best[1] == pytest.approx((one.sum() - (one[0] + one[-1]) / 2) / 64)
    assert best[0] < worst[0]


def test_insertion_rises_with_the_first_pixels_of_a_good_map(planted):
    x = torch.zeros(1, 1, SIDE, SIDE)
    x[:, :, PATCH, PATCH] = 1.0
    relevance = planted.weight.detach()
    curves = [areas(deletion_insertion(planted, x, TARGET[:1], sign * relevance, steps=16)) for sign in (1, -1)]
    assert curves[0]["insertion"].item() > curves[1]["insertion"].item()


def test_pixels_are_ranked_by_relevance_and_ties_by_seed():
    relevance = torch.tensor([[[5.0, 1.0], [1.0, 7.0]]])
    ranks = rank_pixels(relevance)
    assert (ranks[0, 1, 1], ranks[0, 0, 0]) == (0, 1)
    assert sorted(ranks.flatten().tolist()) == [0, 1, 2, 3]
    flat = torch.zeros(1, 8, 8)
    assert torch.equal(rank_pixels(flat, 1), rank_pixels(flat, 1))
    assert not torch.equal(rank_pixels(flat, 1), rank_pixels(flat, 2))


def test_what_a_linear_net_owes_to_its_pixels_foretells_every_change(planted, x):
    for method in ("saliency", "input_x_gradient", "deep_lift", "guided_backprop"):
        config = AttributionConfig(method)
        shares = attribute(planted, x, TARGET, config)
        assert infidelity_of(planted, x, TARGET, shares, config) == pytest.approx([0, 0], abs=1e-5)
        assert infidelity_of(planted, x, TARGET, 5 * shares, config) == pytest.approx([0, 0], abs=1e-5)  # any scale
        elsewhere = torch.roll(shares, 4, 3)
        assert (infidelity_of(planted, x, TARGET, elsewhere, config) > 0.5).all()


def test_a_map_that_does_not_depend_on_the_picture_is_not_sensitive(planted, x):
    assert max_sensitivity(planted, x, TARGET, AttributionConfig("saliency")) == pytest.approx([0, 0])
    moved = max_sensitivity(planted, x, TARGET, AttributionConfig("input_x_gradient"))
    assert ((moved > 0) & (moved <= 0.0501)).all()  # every pixel is off by a twentieth at most


def test_shares_that_promise_it_add_up_on_a_linear_net(planted, x):
    for method, about in METHODS.items():
        config = AttributionConfig(method, {"noise": 0.0} if method == "gradient_shap" else {})
        error = completeness_error(planted, x, TARGET, attribute(planted, x, TARGET, config), config)
        assert error.isnan().all() if not about.is_complete else error == pytest.approx([0, 0], abs=1e-5)
    config = AttributionConfig("deep_lift")
    half = attribute(planted, x, TARGET, config) / 2
    assert completeness_error(planted, x, TARGET, half, config) == pytest.approx([0.5, 0.5])


def test_the_pointing_game_forgives_two_pixels(masks):
    for place, hit in ((0, True), (5, True), (6, False), (7, False)):
        relevance = torch.zeros(2, SIDE, SIDE)
        relevance[:, place, 2] = 1.0
        assert pointing_hits(relevance, masks).tolist() == [hit, hit]


@pytest.fixture(scope="module")
def net():
    torch.manual_seed(0)
    net = build_net(NetSpec("resnet", 14, in_channels=1))
    net(torch.randn(32, 1, 16, 16))
    return net.eval()


PICTURES = torch.randn(3, 1, 16, 16, generator=torch.Generator().manual_seed(1))


def test_a_cascade_goes_from_the_scores_to_the_picture_and_leaves_the_net_alone(net):
    before = {name: value.clone() for name, value in net.state_dict().items()}
    seen = []

    def look(changed):
        state = changed.state_dict()
        weights = [name for name in before if name.endswith("weight")]
        seen.append({name.split(".")[0] for name in weights if not torch.equal(state[name], before[name])})
        return PICTURES[:, 0]

    cascade = randomize(net, look)
    assert cascade.parts == ["", "head", "stage3.block2", "stage3.block1", "stage2.block2", "stage2.block1",
                             "stage1.block2", "stage1.block1", "stem"]  # fmt: skip
    assert seen[0] == set()
    assert seen[1] == {"head"}
    assert seen[-1] == {"head", "stage1", "stage2", "stage3", "stem"}
    assert all(earlier <= later for earlier, later in itertools.pairwise(seen))
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())


def test_a_map_that_draws_the_picture_stays_and_one_of_the_scores_does_not(net):
    drawn = randomize(net, lambda changed: PICTURES[:, 0])
    assert drawn.similarity.min() == pytest.approx(1.0)
    assert drawn.stays.all()

    def weights_of(changed):  # a map that is nothing but the weights of the scores
        return changed.head.fc.weight.detach()[:1].reshape(1, 8, 8)

    followed = randomize(net, weights_of)
    assert not followed.stays.any()
    assert abs(followed.similarity[-1, 0]) < STAYS


def test_a_deep_net_is_drawn_anew_in_a_few_steps():
    net = build_net(NetSpec("plain", 56, in_channels=1)).eval()
    cascade = randomize(net, lambda changed: PICTURES[:, 0])
    assert len(cascade.parts) == 9
    assert cascade.parts[-1] == "stem"


def test_rank_correlation_is_of_absolute_values_and_zero_for_a_flat_map():
    values = np.random.default_rng(0).normal(size=(8, 8))
    assert rank_correlation(values, -(values**3)) == pytest.approx(1.0)
    assert rank_correlation(values, np.zeros((8, 8))) == 0.0
