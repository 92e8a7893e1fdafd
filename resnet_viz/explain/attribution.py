"""Why did the net answer so? Captum's attribution of one class score to the pixels of a picture."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from captum.attr import IntegratedGradients, LayerAttribution, LayerGradCam, Occlusion, Saliency
from torch import Tensor, nn

PATHS_STEPS = 50  # points on the way from the baseline to the picture
PATCH = 4  # pixels a side of what Occlusion covers
EVALUATIONS_AT_ONCE = 32


@dataclass(frozen=True)
class Method:
    """One way to attribute: its name, what it does in a sentence, its paper, and the call."""

    title: str
    note: str
    source: str
    attribute: Callable[[nn.Module, Tensor, Tensor], Tensor]
    signed: bool = False  # whether values below zero speak against the class


def attribute(net: nn.Module, x: Tensor, target: int | Tensor, method: str = "saliency") -> Tensor:
    """The share of each input pixel in the score (logit) of a class, by a method named in METHODS.

    x (B, C, H, W) as the net takes it; target one class for all pictures, or (B,). Gives (B, C, H, W), Captum's
    own numbers; for Grad-CAM (B, 1, H, W), its coarse map enlarged to the picture. The net is left in
    evaluation mode with no gradients on its weights touched. Raises KeyError for an unknown method.
    """
    x = x.detach().clone()
    target = torch.as_tensor(target, device=x.device).long().expand(len(x))
    return METHODS[method].attribute(net.eval(), x, target).detach()


def _saliency(net: nn.Module, x: Tensor, target: Tensor) -> Tensor:
    return Saliency(net).attribute(x.requires_grad_(), target=target)


def _integrated_gradients(net: nn.Module, x: Tensor, target: Tensor) -> Tensor:
    # The baseline is zero: after normalization, the mean gray of the training set.
    return IntegratedGradients(net).attribute(
        x, target=target, n_steps=PATHS_STEPS, internal_batch_size=max(PATHS_STEPS, len(x))
    )


def _grad_cam(net: nn.Module, x: Tensor, target: Tensor) -> Tensor:
    coarse = LayerGradCam(net, net.last_stage).attribute(x, target=target, relu_attributions=True)
    return LayerAttribution.interpolate(coarse, x.shape[2:], interpolate_mode="bilinear")


def _occlusion(net: nn.Module, x: Tensor, target: Tensor) -> Tensor:
    return Occlusion(net).attribute(
        x,
        target=target,
        sliding_window_shapes=(x.shape[1], PATCH, PATCH),
        strides=(x.shape[1], PATCH // 2, PATCH // 2),
        perturbations_per_eval=EVALUATIONS_AT_ONCE,
    )


METHODS = {
    "saliency": Method(
        "Saliency",
        "The absolute gradient of the class score: which pixels would change it most.",
        "Simonyan et al. 2013",
        _saliency,
    ),
    "integrated_gradients": Method(
        "Integrated Gradients",
        "Gradients summed on the way from a mean gray picture; the shares add up to the change of the score.",
        "Sundararajan et al. 2017",
        _integrated_gradients,
        signed=True,
    ),
    "grad_cam": Method(
        "Layer Grad-CAM",
        "The last stage's feature maps, each weighed by its gradient; only what speaks for the class.",
        "Selvaraju et al. 2017",
        _grad_cam,
    ),
    "occlusion": Method(
        "Occlusion",
        f"How far the score falls when a patch of {PATCH}x{PATCH} pixels is covered with mean gray.",
        "Zeiler and Fergus 2014",
        _occlusion,
        signed=True,
    ),
}


def to_map(attribution: Tensor) -> Tensor:
    """One number a pixel to draw: the sum over channels, (B, C, H, W) to (B, H, W)."""
    return attribution.sum(1)
