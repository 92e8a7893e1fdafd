"""What happened in each step? Loss, error and every layer's numbers, kept on the device until asked for."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from resnet_viz.nets import weighted_layers

CAPACITY = 256  # steps


@dataclass(frozen=True)
class LayerNumbers:
    """Numbers of every layer in some steps, float32 (steps, layers) each.

    2-norms of the gradient that the optimizer used, of the weights after its step, and of what the step changed;
    `responses` (steps, batch norms) has the standard deviation of each batch norm's output over a batch.
    """

    gradient: np.ndarray
    weight: np.ndarray
    update: np.ndarray
    responses: np.ndarray

    def __getitem__(self, steps: slice) -> "LayerNumbers":
        return LayerNumbers(**{name: values[steps] for name, values in vars(self).items()})


class StepRecorder:
    """A buffer for some hundred steps on the training device: writing never waits for it, `take` waits once.

    The gradient norms are those of the gradients that the optimizer used: no pass of their own. Call `begin` before
    the optimizer's step, `record` after it, and `count`; but for the last all of it may be recorded as a CUDA graph.
    """

    def __init__(
        self, net: nn.Module, device: torch.device | str, capacity: int = CAPACITY, first_step: int = 1
    ) -> None:
        layers = weighted_layers(net)
        self.layers = list(layers)
        self.weights = [weight.detach() for weight in layers.values()]
        self.parameters = list(layers.values())
        self.before = [torch.empty_like(weight) for weight in self.weights]
        norms = {name: module for name, module in net.named_modules() if isinstance(module, nn.BatchNorm2d)}
        self.norm_layers = list(norms)
        self.norms_by_width = _group_by_width(list(norms.values()))
        grouped = [place for places, _, _ in self.norms_by_width for place in places]
        self.places = np.argsort(grouped)  # of each batch norm in a row of `responses`
        self.numbers = torch.empty(capacity, 2 + 3 * len(layers), device=device)  # loss, error, norms
        self.place = torch.zeros(1, dtype=torch.long, device=device)  # of the next step; a CUDA graph reads it there
        self.responses = torch.empty(capacity, len(norms), device=device)
        self.rates: list[float] = []
        self.first_step = first_step

    @property
    def is_full(self) -> bool:
        """Whether `take` must come before the next `record`."""
        return len(self.rates) == len(self.numbers)

    @torch.no_grad()
    def begin(self) -> None:
        """Remember the weights, and how strongly the layers answer, before the optimizer changes them."""
        torch._foreach_copy_(self.before, self.weights)
        if self.norms_by_width:
            # A normalized map has mean 0 and deviation 1 in each channel, so what a batch norm puts out has mean
            # beta and deviation gamma, and over all channels the variance mean(gamma^2) + var(beta).
            spreads = [
                torch.stack(gammas).square_().mean(1) + torch.stack(betas).var(1, correction=0)
                for _, gammas, betas in self.norms_by_width
            ]
            self.responses.index_copy_(0, self.place, torch.cat(spreads).sqrt_()[None])

    @torch.no_grad()
    def record(self, loss: Tensor, error: Tensor) -> None:
        """Keep one step, its loss and its share of wrong answers, after the optimizer's step."""
        # A layer that stochastic depth has left out of this step has no gradient.
        gradients = [torch.zeros(1, device=p.device) if p.grad is None else p.grad for p in self.parameters]
        torch._foreach_sub_(self.before, self.weights)  # the update with its sign turned: the same norm
        norms = torch._foreach_norm(gradients + self.weights + self.before)
        self.numbers.index_copy_(0, self.place, torch.stack([loss.detach(), error, *norms])[None])
        self.place += 1

    def count(self, learning_rate: float) -> None:
        """Know, without asking the device, that a step was recorded, and its learning rate."""
        self.rates.append(learning_rate)

    def take(self) -> tuple[pd.DataFrame, LayerNumbers]:
        """The steps since the last `take`: columns step, loss, error, learning_rate; and the layers' numbers."""
        count = len(self.rates)
        numbers = self.numbers[:count].cpu().numpy()  # here the device is waited for
        rows = pd.DataFrame(
            {
                "step": np.arange(self.first_step, self.first_step + count),
                "loss": numbers[:, 0].astype(float),
                "error": numbers[:, 1].astype(float),
                "learning_rate": self.rates,
            }
        )
        responses = self.responses[:count].cpu().numpy()[:, self.places]
        self.first_step += count
        self.rates = []
        self.place.zero_()
        gradient, weight, update = numbers[:, 2:].reshape(count, 3, -1).transpose(1, 0, 2).copy()
        return rows, LayerNumbers(gradient, weight, update, responses)


def _group_by_width(norms: list[nn.BatchNorm2d]) -> list[tuple[list[int], list[Tensor], list[Tensor]]]:
    """Batch norms with equally many channels together, to be computed at once: places, gammas, betas."""
    widths = sorted({norm.num_features for norm in norms})
    groups = [[i for i, norm in enumerate(norms) if norm.num_features == width] for width in widths]
    return [
        (places, [norms[i].weight.detach() for i in places], [norms[i].bias.detach() for i in places])
        for places in groups
    ]
