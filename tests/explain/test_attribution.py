"""Are the attributions Captum's own, and right where a closed form is known?"""

from concurrent.futures import ThreadPoolExecutor

import captum.attr
import numpy as np
import pytest
import torch
from torch import nn

from resnet_viz.explain import METHODS, attribute, class_probabilities, to_input, to_map
from resnet_viz.nets import NetSpec, build_net
from resnet_viz.plots import Answer
from resnet_viz.ui.answers import explain_answer
from resnet_viz.ui.services import nets_lock

SPECS = [NetSpec("plain", 8, in_channels=1), NetSpec("resnet", 14, "B", in_channels=1)]


@pytest.fixture(params=SPECS, ids=lambda spec: spec.name)
def net(request):
    torch.manual_seed(0)
    net = build_net(request.param)
    net(torch.randn(32, 1, 16, 16))  # running statistics that are not the initial ones
    return net.eval()


@pytest.fixture
def x():
    torch.manual_seed(1)
    return torch.randn(2, 1, 16, 16)


class Linear(nn.Module):
    """A net whose score is a weighted sum of pixels, with the stage that Grad-CAM asks for."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(2)
        self.last_stage = nn.Identity()
        self.weight = nn.Parameter(torch.randn(3, 2, 8, 8))

    def forward(self, x):
        return torch.einsum("bchw,kchw->bk", self.last_stage(x), self.weight)


def test_on_a_linear_net_the_closed_forms_come_out():
    net, x = Linear(), torch.randn(2, 2, 8, 8)
    weight = net.weight[1].detach()
    torch.testing.assert_close(attribute(net, x, 1, "saliency"), weight.abs().expand(2, -1, -1, -1))
    torch.testing.assert_close(attribute(net, x, 1, "integrated_gradients"), weight * x)
    drops = attribute(net, x, 1, "occlusion")  # mean over the patches on a pixel of what the patch takes away
    shares = (weight * x).sum(1)
    patches = [shares[:, r : r + 4, :4].sum((1, 2)) for r in (0, 2)]
    torch.testing.assert_close(drops[:, 0, 0, 0], patches[0])
    torch.testing.assert_close(drops[:, 1, 3, 0], (patches[0] + patches[1]) / 2)
    channel_weights = weight.mean((1, 2))[None, :, None, None]
    torch.testing.assert_close(attribute(net, x, 1, "grad_cam"), (channel_weights * x).sum(1, keepdim=True).relu())


def test_saliency_is_the_gradient_that_autograd_gives(net, x):
    leaf = x.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(net(leaf)[:, 3].sum(), leaf)
    torch.testing.assert_close(attribute(net, x, 3, "saliency"), gradient.abs())


def test_what_is_passed_on_equals_captums_to_the_last_digit(net, x):
    theirs = captum.attr.Saliency(net).attribute(x.clone().requires_grad_(), target=3)
    assert torch.equal(attribute(net, x, 3, "saliency"), theirs)
    theirs = captum.attr.Occlusion(net).attribute(
        x, target=3, sliding_window_shapes=(1, 4, 4), strides=(1, 2, 2), perturbations_per_eval=32
    )
    assert torch.equal(attribute(net, x, 3, "occlusion"), theirs)


def test_integrated_gradients_add_up_to_the_change_of_the_score(net, x):
    with torch.no_grad():
        change = (net(x) - net(torch.zeros_like(x)))[:, 3]
    shares = attribute(net, x, 3, "integrated_gradients")
    missing = (shares.sum((1, 2, 3)) - change).abs()  # what 50 points on the path do not see
    assert (missing < 0.02 * shares.abs().sum((1, 2, 3))).all()


@pytest.mark.parametrize("method", METHODS)
def test_every_method_gives_a_map_of_the_pictures_size_and_leaves_the_net_alone(net, x, method):
    before = [parameter.clone() for parameter in net.state_dict().values()]
    attribution = attribute(net, x, torch.tensor([3, 5]), method)
    assert to_map(attribution).shape == (2, 16, 16)
    assert torch.isfinite(attribution).all()
    assert not attribution.requires_grad
    assert not x.requires_grad
    assert all(torch.equal(a, b) for a, b in zip(before, net.state_dict().values(), strict=True))
    assert all(parameter.grad is None for parameter in net.parameters())


def test_each_picture_is_explained_for_its_own_class(net, x):
    both = attribute(net, x, torch.tensor([3, 5]), "saliency")
    torch.testing.assert_close(both[1:], attribute(net, x[1:], 5, "saliency"))


def test_probabilities_are_a_softmax_in_evaluation_mode(net, x):
    probabilities = class_probabilities(net.train(), x)
    torch.testing.assert_close(probabilities.sum(1), torch.ones(2))
    torch.testing.assert_close(probabilities[:1], class_probabilities(net, x[:1]))  # no batch statistics


def test_pictures_become_one_batch(digits):
    batch = to_input(list(digits.test_pictures[:5]), digits.form)
    assert batch.shape == (5, 1, 16, 16)
    white = (1 - digits.form.mean[0]) / digits.form.std[0]
    assert batch.max().item() <= white + 1e-6


@pytest.mark.parametrize("target", [3, np.int64(3), torch.tensor(3), torch.tensor([3, 3])])
def test_a_class_may_be_given_as_any_kind_of_whole_number(net, x, target):
    assert torch.equal(attribute(net, x, target), attribute(net, x, 3))


def test_sessions_that_share_a_net_do_not_disturb_each_other(trained):
    """The hooks that Captum hangs on a shared net are why the pages hold a lock; this is what it protects."""
    lock, runs = nets_lock(), trained[1]
    picture = np.zeros((16, 16, 1), np.uint8)
    answer = Answer("n", "plain", np.eye(10)[3])
    expected = explain_answer(runs[0], answer, picture, None, "grad_cam").attribution
    with ThreadPoolExecutor(4) as pool:
        maps = pool.map(lambda _: explain_answer(runs[0], answer, picture, None, "grad_cam").attribution, range(40))
        assert all(np.array_equal(one, expected) for one in maps)
    assert not lock.locked()
