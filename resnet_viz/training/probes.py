"""What happened in each step? Loss, error and every layer's gradient norm, kept on the device until asked for."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import torch
from torch import Tensor


class StepRecorder:
    """A buffer for some hundred steps on the training device: writing never waits for it, `take` waits once.

    The norms are those of the gradients that the optimizer is about to use: no pass of their own.
    """

    def __init__(self, weights: Sequence[Tensor], device: torch.device | str, capacity: int = 256) -> None:
        self.weights = list(weights)
        self.losses = torch.empty(capacity, device=device)
        self.errors = torch.empty(capacity, device=device)
        self.norms = torch.empty(capacity, len(self.weights), device=device)
        self.rates: list[float] = []
        self.first_step = 1

    @property
    def is_full(self) -> bool:
        """Whether `take` must come before the next `record`."""
        return len(self.rates) == len(self.losses)

    @torch.no_grad()
    def record(self, loss: Tensor, logits: Tensor, labels: Tensor, learning_rate: float) -> None:
        """Keep one step, between its backward pass and the optimizer's step."""
        i = len(self.rates)
        # A layer that stochastic depth has left out of this step has no gradient.
        gradients = [torch.zeros(1, device=w.device) if w.grad is None else w.grad for w in self.weights]
        self.losses[i] = loss.detach()
        self.errors[i] = (logits.argmax(1) != labels).float().mean()
        torch.stack(torch._foreach_norm(gradients), out=self.norms[i])  # 2-norm of each layer
        self.rates.append(learning_rate)

    def take(self) -> tuple[pd.DataFrame, np.ndarray]:
        """The steps since the last `take`: columns step, loss, error, learning_rate; norms float32 (steps, layers)."""
        count = len(self.rates)
        rows = pd.DataFrame(
            {
                "step": np.arange(self.first_step, self.first_step + count),
                "loss": self.losses[:count].cpu().double().numpy(),
                "error": self.errors[:count].cpu().double().numpy(),
                "learning_rate": self.rates,
            }
        )
        norms = self.norms[:count].cpu().numpy().copy()
        self.first_step += count
        self.rates = []
        return rows, norms
