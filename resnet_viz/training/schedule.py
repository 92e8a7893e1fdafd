"""How large is each step? The optimizer, and the learning rate's way through a run."""

from typing import TYPE_CHECKING, Any

import numpy as np

from resnet_viz.training.config import TrainingConfig

if TYPE_CHECKING:
    import torch

RISE = 0.3  # the share of the steps in which one cycle goes up
START, END = 1 / 25, 1 / 250_000  # of the peak, where one cycle begins and ends
WARM_UP_SHARE = 0.1  # of the learning rate: 0.01 of 0.1
WARM_UP_ERROR = 0.8  # the training error that ends the warm-up
WARM_UP_STEPS = 50  # over which that error is taken, and how often it is looked at: on a GPU a look waits for it


def planned_rates(config: TrainingConfig, total_steps: int) -> np.ndarray:
    """The learning rate of every step of a run, float64 (total_steps,), before any warm-up."""
    step = np.arange(total_steps)
    if config.schedule == "one_cycle":
        top = RISE * total_steps - 1  # the step at the peak, possibly between two
        up = _along_cosine(START, 1.0, step / top if top > 0 else np.ones(total_steps))
        down = _along_cosine(1.0, END, (step - top) / (total_steps - 1 - top))
        share = np.where(step <= top, up, down)
    elif config.schedule == "steps":
        share = 0.1 ** ((step >= total_steps // 2).astype(float) + (step >= total_steps * 3 // 4))
    elif config.schedule == "cosine":
        share = _along_cosine(1.0, 0.0, step / total_steps)
    else:
        share = np.ones(total_steps)
    return config.peak_lr * share


def _along_cosine(start: float, end: float, done: np.ndarray) -> np.ndarray:
    return end + (start - end) / 2 * (1 + np.cos(np.pi * done))


def build_optimizer(
    parameters: "list[torch.nn.Parameter]", config: TrainingConfig, device: str = "cpu"
) -> "torch.optim.Optimizer":
    """The optimizer of a configuration for weights on a device; on CUDA one that a graph can record."""
    import torch

    options: dict[str, Any] = {"lr": config.peak_lr, "weight_decay": config.weight_decay}
    if device == "cuda":  # one kernel for all layers, with a learning rate that lies on the device
        options |= {"lr": torch.tensor(config.peak_lr, device=device), "fused": True}
    if config.optimizer == "sgd":
        nesterov = config.nesterov and config.momentum > 0
        return torch.optim.SGD(parameters, momentum=config.momentum, nesterov=nesterov, **options)
    kind = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[config.optimizer]
    return kind(parameters, capturable=device == "cuda", **options)
