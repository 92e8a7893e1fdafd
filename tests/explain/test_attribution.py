"""Are the attributions Captum's own, and right where a closed form is known?"""

import captum.attr
import numpy as np
import pytest
import torch
from torch import nn

from resnet_viz.explain import (
    METHODS,
    AttributionConfig,
    AttributionError,
    attribute,
    class_probabilities,
    count_passes,
    to_input,
    to_map,
)
from resnet_viz.explain.attribution import MOST_AT_ONCE, blur, pictures_at_once
from resnet_viz.nets import NetSpec, build_net

SPECS = [NetSpec("plain", 8, in_channels=1), NetSpec("resnet", 14, "B", in_channels=1)]


@pytest.fixture(params=[SPECS[0], pytest.param(SPECS[1], marks=pytest.mark.long)], ids=lambda spec: spec.name)
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


PLAIN_GRADIENT = ("input_x_gradient", "integrated_gradients", "gradient_shap", "deep_lift")


def test_on_a_linear_net_the_closed_forms_come_out():
    net, x = Linear(), torch.randn(2, 2, 8, 8)
    weight = net.weight[1].detach()
    torch.testing.assert_close(attribute(net, x, 1, "saliency"), weight.abs().expand(2, -1, -1, -1))
    for method in ("guided_backprop", "deconvolution"):  # no ReLU, and so nothing but the gradient
        torch.testing.assert_close(attribute(net, x, 1, method), weight.expand(2, -1, -1, -1))
    for method in PLAIN_GRADIENT:
        noiseless = {"noise": 0.0} if method == "gradient_shap" else {}
        points = attribute(net, x, 1, AttributionConfig(method, noiseless))
        torch.testing.assert_close(points, weight * x, msg=method)
    shares = (weight * x).sum(1)
    drops = attribute(net, x, 1, AttributionConfig("occlusion", {"windows": 2}))
    patches = [shares[:, r : r + 4, :4].sum((1, 2)) for r in (0, 2)]  # the mean over the windows on a pixel
    torch.testing.assert_close(drops[:, 0, 0, 0], patches[0])
    torch.testing.assert_close(drops[:, 1, 3, 0], (patches[0] + patches[1]) / 2)
    squares = attribute(net, x, 1, AttributionConfig("feature_ablation", {"windows": 2}))
    torch.testing.assert_close(squares[:, :, 5, 2], shares[:, 4:, :4].sum((1, 2))[:, None].expand(-1, 2))
    cam = (weight.mean((1, 2))[None, :, None, None] * x).sum(1, keepdim=True)
    torch.testing.assert_close(attribute(net, x, 1, "grad_cam"), cam.relu())
    torch.testing.assert_close(attribute(net, x, 1, AttributionConfig("grad_cam", {"keep": "all"})), cam)
    torch.testing.assert_close(attribute(net, x, 1, "guided_grad_cam"), weight * cam.relu())


def test_covered_with_the_blurred_picture_what_is_lost_is_the_difference():
    net, x = Linear(), torch.randn(1, 2, 8, 8)
    change = (net.weight[1].detach() * (x - blur(x))).sum(1)
    squares = attribute(net, x, 1, AttributionConfig("feature_ablation", {"windows": 2, "baseline": "blur"}))
    torch.testing.assert_close(squares[0, 0, 0, 0], change[0, :4, :4].sum())
    points = attribute(net, x, 1, AttributionConfig("integrated_gradients", {"baseline": "blur"}))
    torch.testing.assert_close(points.sum(1), change)


def test_blur_is_the_mean_of_a_square():
    x = torch.arange(64.0).view(1, 1, 8, 8)
    assert blur(x)[0, 0, 4, 4] == x[0, 0, 3:6, 3:6].mean()
    assert blur(x)[0, 0, 0, 0] == x[0, 0, :2, :2].mean()


def test_saliency_is_the_gradient_that_autograd_gives(net, x):
    leaf = x.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(net(leaf)[:, 3].sum(), leaf)
    torch.testing.assert_close(attribute(net, x, 3, "saliency"), gradient.abs())


def captums(net, x, method):
    """What Captum itself gives, called as its documentation shows."""
    x, blank = x.clone().requires_grad_(), torch.zeros_like(x)
    layer = net.last_stage
    blurred = {"target": 3, "baselines": blank}
    windows = {"sliding_window_shapes": (1, 2, 2), "strides": (1, 1, 1), "perturbations_per_eval": 32}
    cells = torch.arange(16) // 2
    calls = {
        "saliency": lambda: captum.attr.Saliency(net).attribute(x, target=3),
        "input_x_gradient": lambda: captum.attr.InputXGradient(net).attribute(x, target=3),
        "integrated_gradients": lambda: captum.attr.IntegratedGradients(net).attribute(
            x, n_steps=50, internal_batch_size=64, **blurred
        ),
        "gradient_shap": lambda: captum.attr.GradientShap(net).attribute(
            x, blank[:1], n_samples=20, stdevs=0.1, target=3
        ),
        "deep_lift": lambda: captum.attr.DeepLift(net).attribute(x, **blurred),
        "guided_backprop": lambda: captum.attr.GuidedBackprop(net).attribute(x, target=3),
        "deconvolution": lambda: captum.attr.Deconvolution(net).attribute(x, target=3),
        "grad_cam": lambda: captum.attr.LayerAttribution.interpolate(
            captum.attr.LayerGradCam(net, layer).attribute(x, target=3, relu_attributions=True), (16, 16), "bilinear"
        ),
        "guided_grad_cam": lambda: captum.attr.GuidedGradCam(net, layer).attribute(
            x, target=3, interpolate_mode="bilinear"
        ),
        "occlusion": lambda: captum.attr.Occlusion(net).attribute(x.detach(), target=3, **windows),
        "feature_ablation": lambda: captum.attr.FeatureAblation(net).attribute(
            x.detach(), target=3, feature_mask=(cells[:, None] * 8 + cells)[None, None], perturbations_per_eval=32
        ),
    }
    torch.manual_seed(0)
    np.random.seed(0)
    return calls[method]().detach()


@pytest.mark.filterwarnings("ignore:Setting")  # Captum tells of its hooks
@pytest.mark.parametrize("method", METHODS)
def test_what_is_passed_on_equals_captums_to_the_last_digit(net, x, method):
    ours = attribute(net, x[:1], 3, method)
    theirs = captums(net, x[:1], method)
    if method in ("occlusion", "feature_ablation"):  # another number of pictures at once: another order of summing
        torch.testing.assert_close(ours, theirs)
    else:
        assert torch.equal(ours, theirs)


@pytest.mark.parametrize("noise", ["smoothgrad", "smoothgrad_sq", "vargrad"])
def test_noise_is_captums_noise_tunnel(net, x, noise):
    config = AttributionConfig("saliency", noise=noise, noise_samples=5, noise_std=0.3, seed=4)
    torch.manual_seed(4)
    tunnel = captum.attr.NoiseTunnel(captum.attr.Saliency(net))
    theirs = tunnel.attribute(x.clone().requires_grad_(), noise, nt_samples=5, stdevs=0.3, target=3)
    assert torch.equal(attribute(net, x, 3, config), theirs.detach())


def test_integrated_gradients_add_up_to_the_change_of_the_score(net, x):
    with torch.no_grad():
        change = (net(x) - net(torch.zeros_like(x)))[:, 3]
    shares = attribute(net, x, 3, "integrated_gradients")
    missing = (shares.sum((1, 2, 3)) - change).abs()  # what 50 points on the path do not see
    assert (missing < 0.02 * shares.abs().sum((1, 2, 3))).all()


EVERY = [(method, noise) for method in METHODS for noise in ("", "smoothgrad", "vargrad")]


@pytest.mark.parametrize(("method", "noise"), EVERY)
def test_every_method_gives_a_map_of_the_pictures_size_and_leaves_the_net_alone(net, x, method, noise):
    before = [parameter.clone() for parameter in net.state_dict().values()]
    config = AttributionConfig(method, noise=noise, noise_samples=2)
    told = []
    attribution = attribute(net, x, torch.tensor([3, 5]), config, told.append)
    assert to_map(attribution).shape == (2, 16, 16)
    assert torch.isfinite(attribution).all()
    assert torch.equal(attribution, attribute(net, x, torch.tensor([3, 5]), config))  # the seed repeats it
    assert not attribution.requires_grad
    assert not x.requires_grad
    assert all(torch.equal(a, b) for a, b in zip(before, net.state_dict().values(), strict=True))
    assert all(parameter.grad is None for parameter in net.parameters())
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in net.modules())
    assert told == sorted(told)
    assert told[-1] > 0.9


@pytest.mark.parametrize("method", METHODS)
def test_the_passes_that_are_announced_are_those_that_are_made(net, x, method, monkeypatch):
    passed = []
    config = AttributionConfig(method, noise="smoothgrad", noise_samples=2)
    expected = count_passes(config, 16).total
    hook = net.register_forward_hook(lambda module, inputs, output: passed.append(len(output)))
    monkeypatch.setattr("resnet_viz.explain.attribution.pictures_at_once", lambda net, x: 8)
    attribute(net, x[:1], 3, config)
    hook.remove()
    assert abs(sum(passed) - expected) <= 2  # of a cover method's unchanged picture


@pytest.mark.long
@pytest.mark.parametrize("method", METHODS)
def test_little_memory_changes_nothing_but_the_batches(net, x, method, monkeypatch):
    config = AttributionConfig(method, {"samples": 8, "noise": 0.0} if method == "gradient_shap" else {})
    whole = attribute(net, x, 3, config)
    monkeypatch.setattr("resnet_viz.explain.attribution.pictures_at_once", lambda net, x: 3)
    largest = 0

    def look(module, inputs):
        nonlocal largest
        largest = max(largest, len(inputs[0]))

    hook = net.register_forward_pre_hook(look)
    parts = attribute(net, x, 3, config)
    hook.remove()
    assert largest <= 4
    if method != "gradient_shap":  # whose points are drawn in other batches
        torch.testing.assert_close(parts, whole, rtol=1e-3, atol=1e-4 * whole.abs().max().item())


def test_a_deep_net_on_large_pictures_passes_few_at_once():
    small = build_net(NetSpec("resnet", 8)).eval()
    large = build_net(NetSpec("resnet", 50, "B", classes=10, stem="imagenet", block="bottleneck")).eval()
    assert pictures_at_once(small, torch.zeros(1, 3, 32, 32)) == MOST_AT_ONCE
    assert 1 <= pictures_at_once(large, torch.zeros(1, 3, 224, 224)) <= 8


@pytest.mark.long
def test_a_reader_can_stop_a_map_and_no_hook_stays(net, x):
    class Enough(Exception):
        pass

    def tell(done):
        if done > 0.3:
            raise Enough

    for method in ("integrated_gradients", "occlusion", "deep_lift", "guided_backprop"):
        with pytest.raises(Enough):
            attribute(net, x.repeat(8, 1, 1, 1), 3, AttributionConfig(method, noise="smoothgrad"), tell)
        hooks = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
        assert not any(getattr(module, name) for module in net.modules() for name in hooks)


def test_grad_cam_looks_at_the_layer_that_is_named(net, x):
    maps = {
        layer: attribute(net, x, 3, AttributionConfig("grad_cam", layer=layer)) for layer in ("", "stage3", "stage1")
    }
    assert torch.equal(maps[""], maps["stage3"])
    assert not torch.equal(maps["stage3"], maps["stage1"])
    with pytest.raises(AttributionError, match="no layer 'stage9'"):
        attribute(net, x, 3, AttributionConfig("grad_cam", layer="stage9"))


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"method": "magic"}, "unknown"),
        ({"method": "saliency", "params": {"steps": 3}}, "has no parameter"),
        ({"method": "integrated_gradients", "params": {"steps": 10**9}}, "goes from 8 to 300"),
        ({"method": "integrated_gradients", "params": {"steps": True}}, "goes from 8 to 300"),
        ({"method": "integrated_gradients", "params": {"steps": 20.5}}, "goes from 8 to 300"),
        ({"method": "gradient_shap", "params": {"noise": float("nan")}}, "goes from 0 to 1"),
        ({"method": "deep_lift", "params": {"baseline": "red"}}, "choose one of gray, blur"),
        ({"noise": "loud"}, "choose one of"),
        ({"noise_samples": 1000}, "goes from 2 to 64"),
    ],
)
def test_a_map_that_cannot_be_made_is_refused_with_a_sentence(fields, sentence):
    with pytest.raises(AttributionError, match=sentence):
        AttributionConfig(**fields)


@pytest.mark.parametrize("method", METHODS)
def test_a_config_is_what_it_was_after_a_way_through_text(method):
    config = AttributionConfig(method, layer="stage1", noise="vargrad", seed=3)
    again = AttributionConfig.from_text(config.to_text())
    assert again.to_text() == config.to_text()
    assert again.signed == config.signed
    assert again.params == config.params
    other = AttributionConfig(method, layer="stage2", noise="vargrad", seed=3)
    assert (other.to_text() == config.to_text()) == (not METHODS[method].uses_layer)


@pytest.mark.parametrize("text", ["", "{", "[]", "3", '{"method": 5}', '{"params": 3}', '{"x": 1}', '{"noise": []}'])
def test_text_that_is_no_config_is_refused(text):
    with pytest.raises(AttributionError):
        AttributionConfig.from_text(text)


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
