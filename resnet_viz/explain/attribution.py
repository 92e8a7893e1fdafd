"""Why did the net answer so? Captum's attribution of one class score to the pixels of a picture."""

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import ceil
from typing import Any, cast

import numpy as np
import torch
import torch.nn.functional as F
from captum.attr import (
    Attribution,
    Deconvolution,
    DeepLift,
    FeatureAblation,
    GradientShap,
    GuidedBackprop,
    GuidedGradCam,
    InputXGradient,
    IntegratedGradients,
    LayerAttribution,
    LayerGradCam,
    NoiseTunnel,
    Occlusion,
    Saliency,
)
from torch import Tensor, nn

from resnet_viz.explain.methods import AttributionConfig, AttributionError

MEMORY = 2**30  # bytes that the maps of all pictures on their way through a net may take
MOST_AT_ONCE = 64  # pictures; more gain nothing
COVERS = ("occlusion", "feature_ablation")  # methods that need no gradient
KEPT_TWICE = 2  # a map is kept, and its gradient beside it
Tell = Callable[[float], None]  # how far it is, 0 to 1; raises where it shall not go on


def ignore(done: float) -> None:
    """The Tell of a caller who does not look."""


@dataclass(frozen=True)
class Passes:
    """What one map takes: pictures that go forward through the net, and pictures that go forward and back."""

    forward: int
    backward: int

    @property
    def total(self) -> int:
        """All of them."""
        return self.forward + self.backward


@dataclass(frozen=True)
class _Call:
    """What Captum is called with: the attribution, its arguments, and how many pictures it passes at once for one."""

    attribution: Attribution
    arguments: dict[str, Any]
    at_once: int = 1


def attribute(
    net: nn.Module,
    x: Tensor,
    target: int | Tensor,
    config: AttributionConfig | str = "saliency",
    tell: Tell = ignore,
) -> Tensor:
    """The share of each input pixel in the score (logit) of a class, by a method of METHODS.

    x (B, C, H, W) as the net takes it; target one class for all pictures, or (B,). Gives (B, C, H, W), Captum's
    own numbers; for Grad-CAM (B, 1, H, W), its coarse map enlarged to the picture. As many pictures pass at once as
    MEMORY has room for. The net is left in evaluation mode with no gradients on its weights touched.
    Raises AttributionError for a method, parameter or layer that is unknown, and whatever `tell` raises.
    """
    config = AttributionConfig(config) if isinstance(config, str) else config
    x = x.detach()
    target = torch.as_tensor(target, device=x.device).long().expand(len(x))
    room = pictures_at_once(net.eval(), x)
    count = max(1, room // min(room, _at_once(config, x)))  # pictures that are explained at once
    expected = count_passes(config, x.shape[-1]).total * len(x)
    told = net.register_forward_hook(_Teller(expected, tell))
    try:
        with _seeded(config.seed, x), warnings.catch_warnings(action="ignore"):  # Captum tells of its hooks
            parts = [
                _attribute(net, part, classes, config, room)
                for part, classes in zip(x.split(count), target.split(count), strict=True)
            ]
    finally:
        told.remove()
    return torch.cat(parts)


class _Teller:
    """Counts the pictures that pass through a net, and tells."""

    def __init__(self, expected: int, tell: Tell) -> None:
        self.expected, self.tell, self.passed = expected, tell, 0

    def __call__(self, net: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        self.passed += len(output)  # DeepLift passes the baseline beside the picture
        self.tell(min(1.0, self.passed / self.expected))


@contextmanager
def _seeded(seed: int, x: Tensor) -> Iterator[None]:
    """Both generators that Captum draws from begin at a seed, and are then as they were."""
    devices = [x.device.index or 0] if x.device.type == "cuda" else []
    state = np.random.get_state()
    try:
        with torch.random.fork_rng(devices):
            torch.manual_seed(seed)
            np.random.seed(seed)
            yield
    finally:
        np.random.set_state(state)


def _attribute(net: nn.Module, x: Tensor, target: Tensor, config: AttributionConfig, room: int) -> Tensor:
    """Attributions of pictures that pass together."""
    shares = _shares(config, room // len(x))
    parts = []
    for share in shares:
        call = CALLS[config.method](net, x, config, share)
        arguments = call.arguments | {"target": target}
        inputs = x.clone().requires_grad_(config.method not in COVERS)
        if config.noise:
            noise = {"nt_type": config.noise, "nt_samples": config.noise_samples, "stdevs": float(config.noise_std)}
            at_once = max(1, room // (len(x) * call.at_once))
            arguments |= noise | {"nt_samples_batch_size": min(at_once, config.noise_samples)}
            parts.append(NoiseTunnel(call.attribution).attribute(inputs, **arguments).detach())
        else:
            parts.append(call.attribution.attribute(inputs, **arguments).detach())
    values = sum(part * share for part, share in zip(parts, shares, strict=True)) / sum(shares)
    if config.method == "grad_cam":
        values = LayerAttribution.interpolate(values, x.shape[2:], interpolate_mode="bilinear")
    return values


def _shares(config: AttributionConfig, room: int) -> list[int]:
    """How many points each call takes: one call, but for Gradient SHAP, which has no batches of its own."""
    if config.method != "gradient_shap":
        return [max(1, room)]
    samples = int(config.params["samples"])
    rounds = ceil(samples / max(1, room))
    if rounds > 1 and config.noise not in ("", "smoothgrad"):
        raise AttributionError(f"The memory has room for {room} random points under this noise; choose no more.")
    return [samples // rounds + (i < samples % rounds) for i in range(rounds)]


# Each takes pictures (B, C, H, W) that pass together, and the `room` that there is for every one of them.


def _saliency(net: nn.Module, x: Tensor, config: AttributionConfig, room: int) -> _Call:
    return _Call(Saliency(net), {})


def _input_x_gradient(net: nn.Module, x: Tensor, config: AttributionConfig, room: int) -> _Call:
    return _Call(InputXGradient(net), {})


def _integrated_gradients(net: nn.Module, x: Tensor, config: AttributionConfig, room: int) -> _Call:
    arguments = {"n_steps": int(config.params["steps"]), "baselines": baseline_of(x, config)}
    return _Call(IntegratedGradients(net), arguments | {"internal_batch_size": room * len(x)})


def _gradient_shap(net: nn.Module, x: Tensor, config: AttributionConfig, room: int) -> _Call:
    arguments = {"baselines": torch.zeros_like(x[:1]), "n_samples": room, "stdevs": float(config.params["noise"])}
    return _Call(GradientShap(net), arguments, room)


def _deep_lift(net: nn.Module, x: Tensor, config: AttributionConfig, room: int) -> _Call:
    return _Call(DeepLift(net), {"baselines": baseline_of(x, config)}, 2)


def _guided_backprop(net: nn.Module, x: Tensor, config: AttributionConfig, room: int) -> _Call:
    return _Call(GuidedBackprop(net), {})


def _deconvolution(net: nn.Module, x: Tensor, config: AttributionConfig, room: int) -> _Call:
    return _Call(Deconvolution(net), {})


def _grad_cam(net: nn.Module, x: Tensor, config: AttributionConfig, room: int) -> _Call:
    keeps_positive = config.params["keep"] == "positive"
    return _Call(LayerGradCam(net, _layer(net, config)), {"relu_attributions": keeps_positive})


def _guided_grad_cam(net: nn.Module, x: Tensor, config: AttributionConfig, room: int) -> _Call:
    return _Call(GuidedGradCam(net, _layer(net, config)), {"interpolate_mode": "bilinear"})


def _occlusion(net: nn.Module, x: Tensor, config: AttributionConfig, room: int) -> _Call:
    side, stride = window_of(config, x.shape[-1])
    arguments = {
        "sliding_window_shapes": (x.shape[1], side, side),
        "strides": (x.shape[1], stride, stride),
        "perturbations_per_eval": room,
        "baselines": baseline_of(x, config),
    }
    return _Call(Occlusion(net), arguments, room)


def _feature_ablation(net: nn.Module, x: Tensor, config: AttributionConfig, room: int) -> _Call:
    arguments = {
        "feature_mask": grid(x.shape[-1], int(config.params["windows"])).to(x.device),
        "perturbations_per_eval": room,
        "baselines": baseline_of(x, config),
    }
    return _Call(FeatureAblation(net), arguments, room)


CALLS: dict[str, Callable[[nn.Module, Tensor, AttributionConfig, int], _Call]] = {
    "saliency": _saliency,
    "input_x_gradient": _input_x_gradient,
    "integrated_gradients": _integrated_gradients,
    "gradient_shap": _gradient_shap,
    "deep_lift": _deep_lift,
    "guided_backprop": _guided_backprop,
    "deconvolution": _deconvolution,
    "grad_cam": _grad_cam,
    "guided_grad_cam": _guided_grad_cam,
    "occlusion": _occlusion,
    "feature_ablation": _feature_ablation,
}


def _layer(net: nn.Module, config: AttributionConfig) -> nn.Module:
    try:
        return net.get_submodule(config.layer) if config.layer else cast(nn.Module, net.last_stage)
    except AttributeError as error:
        raise AttributionError(f"This net has no layer {config.layer[:80]!r}; choose one from its drawing.") from error


def baseline_of(x: Tensor, config: AttributionConfig) -> Tensor:
    """The pictures (B, C, H, W) without what they show, as the method's baseline says."""
    if config.params.get("baseline", "gray") == "gray":
        return torch.zeros_like(x)
    return blur(x)


def blur(x: Tensor) -> Tensor:
    """Pictures (B, C, H, W) as means over squares a quarter of their side wide."""
    side = max(1, x.shape[-1] // 8) * 2 + 1
    return F.avg_pool2d(x, side, 1, side // 2, count_include_pad=False)


def window_of(config: AttributionConfig, size: int) -> tuple[int, int]:
    """Side and stride in pixels of the windows that cover a picture of this size."""
    side = max(1, size // int(config.params["windows"]))
    return side, max(1, side // 2)


def grid(size: int, cells: int) -> Tensor:
    """The number of its square for each pixel: long (1, 1, size, size), cells x cells squares at most."""
    place = torch.arange(size) * min(cells, size) // size
    return (place[:, None] * min(cells, size) + place)[None, None]


def count_passes(config: AttributionConfig, size: int) -> Passes:
    """The pictures that pass through a net for the map of one picture of this size."""
    copies = config.noise_samples if config.noise else 1
    if config.method in COVERS:
        return Passes(copies * (1 + _count_windows(config, size)), 0)
    return Passes(0, copies * _at_once(config, torch.empty(0, 0, size, size)))


def _count_windows(config: AttributionConfig, size: int) -> int:
    if config.method == "feature_ablation":
        return min(size, int(config.params["windows"])) ** 2
    side, stride = window_of(config, size)
    return (1 + ceil((size - side) / stride)) ** 2


def _at_once(config: AttributionConfig, x: Tensor) -> int:
    """Pictures that pass for one picture, without those of noise: what its memory would be if all passed at once."""
    if config.method in COVERS:
        return _count_windows(config, x.shape[-1])
    of_points = {"integrated_gradients": "steps", "gradient_shap": "samples"}
    if config.method in of_points:
        return int(config.params[of_points[config.method]])
    return 2 if config.method in ("deep_lift", "guided_grad_cam") else 1


def pictures_at_once(net: nn.Module, x: Tensor) -> int:
    """How many pictures like x (B, C, H, W) may pass through a net together: what their maps take, seen on one."""
    numbers = 0

    def count(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        nonlocal numbers
        numbers += output.numel()

    hooks = [module.register_forward_hook(count) for module in net.modules() if not list(module.children())]
    try:
        with torch.no_grad():
            net(x[:1])
    finally:
        for hook in hooks:
            hook.remove()
    bytes_a_picture = KEPT_TWICE * x.element_size() * (numbers + x[0].numel())
    return max(1, min(MOST_AT_ONCE, MEMORY // bytes_a_picture))


def to_map(attribution: Tensor) -> Tensor:
    """One number a pixel to draw: the sum over channels, (B, C, H, W) to (B, H, W)."""
    return attribution.sum(1)
