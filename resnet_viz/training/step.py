"""What is one step of training? The same work on every device; on a CUDA GPU recorded once and played again."""

import logging
from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from resnet_viz.data import PictureFormat, normalize
from resnet_viz.data.augment import Draws, augment
from resnet_viz.nets import NetSpec
from resnet_viz.training.config import TrainingConfig
from resnet_viz.training.devices import Device, autocast
from resnet_viz.training.probes import StepRecorder

EAGER_STEPS = 3  # before a graph is recorded: libraries choose their kernels, the optimizer makes its buffers

TakeStep = Callable[[Draws, float], Tensor]
log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Step:
    """All that a step needs: the net's forward pass and weights, what it learns from, and who changes and records it.

    `pictures` uint8 (N, H, W, C) and `labels` int64 (N,) lie on the device.
    """

    forward: Callable[[Tensor], Tensor]
    parameters: list[nn.Parameter]
    optimizer: torch.optim.Optimizer
    recorder: StepRecorder
    pictures: Tensor
    labels: Tensor
    form: PictureFormat
    config: TrainingConfig
    device: Device
    precision: str

    def __call__(self, draws: Draws, rate: float) -> Tensor:
        """Learn from the pictures drawn with a learning rate; the share of wrong answers, shape ()."""
        set_rate(self.optimizer, rate)
        wrong = self.compute(draws)
        self.recorder.count(rate)
        return wrong

    def compute(self, draws: Draws) -> Tensor:
        """What the device does in a step, and nothing that waits for it: this much goes into a graph."""
        x = augment(normalize(self.pictures[draws.order], self.form), self.config.augmentation, draws)
        right = self.labels[draws.order]
        with autocast(self.device, self.precision):
            logits = self.forward(x)  # x: (B, C, H, W), channels_last
            loss = loss_of(logits, right, self.config, draws)
        self.optimizer.zero_grad()
        loss.backward()
        if self.config.clip_norm:
            nn.utils.clip_grad_norm_(self.parameters, self.config.clip_norm)
        self.recorder.begin()
        self.optimizer.step()
        wrong = (logits.argmax(1) != right).float().mean()
        self.recorder.record(loss, wrong)
        return wrong


class RepeatedStep:
    """A step whose batches are copied to one place, so that a CUDA graph can play it again from there.

    The kernels of a step, a thousand and more, are then launched at once and not one by one from Python. The last
    batch of an epoch, where it is smaller, is computed as ever. Where no graph can be recorded, the log says why, and
    every step is computed so.
    """

    def __init__(self, step: Step, batch: int, graph: "torch.cuda.CUDAGraph | None") -> None:
        self.step, self.batch, self.graph = step, batch, graph
        self.taken = 0
        self.is_recorded = False
        self.draws: Draws | None = None
        self.wrong = torch.empty(())

    def __call__(self, draws: Draws, rate: float) -> Tensor:
        """As `Step`; the answer is only good until the next call."""
        if len(draws.order) != self.batch:
            return self.step(draws, rate)
        self.taken += 1
        self.draws = self.draws or draws.clone()
        self.draws.copy_from(draws)
        set_rate(self.step.optimizer, rate)
        if self.graph is not None and self.taken > EAGER_STEPS:
            self._replay(self.graph)
        else:
            self.wrong = self.step.compute(self.draws)
        self.step.recorder.count(rate)
        return self.wrong

    def _replay(self, graph: "torch.cuda.CUDAGraph") -> None:
        assert self.draws is not None
        if not self.is_recorded:
            try:
                with torch.cuda.graph(graph):
                    self.wrong = self.step.compute(self.draws)
            except RuntimeError:
                log.exception("no CUDA graph could be recorded; every step is launched from Python")
                self.graph = None
                self.wrong = self.step.compute(self.draws)
                return
            self.is_recorded = True
        graph.replay()


def make_step(step: Step, spec: NetSpec, batch: int, recomputes: bool) -> TakeStep:
    """The fastest way to take this step again and again on its device."""
    # What Python decides anew in every step (which blocks stochastic depth leaves out), or what checkpointing saves
    # of the random state, cannot be recorded.
    if step.device.kind != "cuda" or spec.survival < 1 or recomputes:
        return step
    torch.backends.cudnn.benchmark = True
    return RepeatedStep(step, batch, torch.cuda.CUDAGraph())


def set_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    """Give an optimizer its learning rate, where it lies: a number, or a tensor that a graph reads."""
    for group in optimizer.param_groups:
        if isinstance(group["lr"], Tensor):
            group["lr"].fill_(rate)
        else:
            group["lr"] = rate


def loss_of(logits: Tensor, labels: Tensor, config: TrainingConfig, draws: Draws) -> Tensor:
    """Cross entropy of logits (B, classes) and labels (B,), smoothed and mixed as the configuration says, shape ()."""
    loss = F.cross_entropy(logits, labels, label_smoothing=config.label_smoothing)
    if config.augmentation != "mixup":
        return loss
    other = F.cross_entropy(logits, labels[draws.partner], label_smoothing=config.label_smoothing)
    share = draws.share[0]  # one for the batch
    return share * loss + (1 - share) * other
