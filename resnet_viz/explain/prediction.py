"""What does a net answer? Probabilities of its classes for pictures."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from resnet_viz.data import PictureFormat, normalize


def to_input(pictures: Sequence[np.ndarray], form: PictureFormat) -> Tensor:
    """Pictures uint8 (H, W, C), each as the format wants them, as one input batch (B, C, H, W)."""
    return normalize(torch.from_numpy(np.stack(pictures)), form)


@torch.no_grad()
def class_probabilities(net: nn.Module, x: Tensor) -> Tensor:
    """Softmax of the net's logits for inputs (B, C, H, W): (B, classes), each row sums to 1."""
    return net.eval()(x).softmax(1)


def entropy(probabilities: np.ndarray) -> float:
    """The entropy of probabilities (classes,) in bits: 0 where one has all, log2(classes) where all have the same."""
    known = probabilities[probabilities > 0].astype(float)
    return float(-(known * np.log2(known)).sum())
