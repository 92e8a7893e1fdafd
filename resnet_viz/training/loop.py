"""How does a net learn? One loop that yields what happens; it knows no database and no screen."""

import time
from collections.abc import Generator, Iterator
from dataclasses import replace

import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F
from torch import Tensor

from resnet_viz.data import ImageData, PictureFormat, load_dataset, normalize
from resnet_viz.data.augment import draw_epoch
from resnet_viz.nets import ConvNet, NetSpec, build_net
from resnet_viz.training.config import TrainingConfig, count_pictures, count_steps
from resnet_viz.training.devices import Device, autocast, describe_machine
from resnet_viz.training.memory import forward_recomputing, free_memory, must_recompute
from resnet_viz.training.probes import LayerNumbers, StepRecorder
from resnet_viz.training.reports import Diverged, EpochDone, Evaluating, Report, Started, StepsDone
from resnet_viz.training.schedule import (
    WARM_UP_ERROR,
    WARM_UP_SHARE,
    WARM_UP_STEPS,
    build_optimizer,
    planned_rates,
)
from resnet_viz.training.step import Step, make_step

REPORT_SECONDS = 0.5  # a curve grows about twice a second
EVALUATION_BATCH = (32, 256)  # at least and at most; between them that of the training, whose memory is there
GPU_PIXELS = 2_000_000  # of a batch of the evaluation on a GPU, where that is more


def train(spec: NetSpec, config: TrainingConfig, data: ImageData | None = None) -> Iterator[Report]:
    """Train a net and yield Started, then StepsDone about twice a second, Evaluating and EpochDone.

    The net takes the channels and classes of the data, whatever the spec says of them. The same seed on the
    same machine and number of threads gives the same numbers. Raises Diverged after having yielded the steps
    up to the one whose loss is not finite, ConfigError, SpecError or DatasetError before the first step.
    """
    data = data or load_dataset(config.dataset, folder=config.folder or None, size=config.size)
    device, precision = describe_machine(config)
    form = data.form
    spec = replace(spec, in_channels=form.channels, classes=len(form.classes))
    spec.check_size(form.size)
    steps = count_steps(len(data.train_labels), config)
    chosen = choose_pictures(len(data.train_labels), config)

    torch.manual_seed(config.seed)  # the initialization
    chance = torch.Generator().manual_seed(config.seed)  # the data order and the augmentation
    net = build_net(spec).to(device.kind).to(memory_format=torch.channels_last)
    # The whole set as uint8 on the device: a batch is an index, no worker processes, no copies from the host.
    pictures = torch.from_numpy(data.train_pictures[chosen]).to(device.kind)
    labels = torch.from_numpy(data.train_labels[chosen]).to(device.kind)
    optimizer = build_optimizer(list(net.parameters()), config, device.kind)
    rates = planned_rates(config, steps.total)
    warms_up, recent = config.warm_up, list[Tensor]()
    recorder = StepRecorder(net, device.kind)
    recomputes = must_recompute(spec, config, form.size, len(chosen), free_memory(device.kind))
    forward = forward_recomputing(net) if recomputes else net
    parts = (list(net.parameters()), optimizer, recorder, pictures, labels, form, config, device, precision)
    take_step = make_step(Step(forward, *parts), spec, steps.batch_size, recomputes)
    yield Started(net, recorder.layers, recorder.norm_layers, steps.total, device, precision, recomputes, len(chosen))

    step, epoch = 0, 0
    start, reported = time.monotonic(), -REPORT_SECONDS  # the first step is told at once
    while step < steps.total:
        epoch += 1
        net.train()
        taken: list[pd.DataFrame] = []
        used = min(steps.an_epoch, steps.total - step) * steps.batch_size
        mixes = config.augmentation == "mixup"
        draws = draw_epoch(len(labels), used, steps.batch_size, form.size, mixes, chance).to(device.kind)
        for batch in draws.split(steps.batch_size):
            wrong = take_step(batch, float(rates[step]) * (WARM_UP_SHARE if warms_up else 1.0))
            step += 1
            if warms_up:
                recent.append(wrong.clone())
                if step % WARM_UP_STEPS == 0:
                    warms_up = float(torch.stack(recent).mean()) >= WARM_UP_ERROR
                    recent.clear()

            is_last = step % steps.an_epoch == 0 or step == steps.total
            if is_last or recorder.is_full or time.monotonic() - reported > REPORT_SECONDS:
                rows, numbers = recorder.take()
                rows, numbers, diverged_at = _until_divergence(rows, numbers)
                reported = time.monotonic()
                yield StepsDone(rows, numbers, reported - start)
                if diverged_at is not None:
                    raise Diverged(diverged_at)
                taken.append(rows)

        means = pd.concat(taken)[["loss", "error"]].mean()
        test_loss, test_error = yield from _evaluate(net, data, steps.batch_size, device, precision)
        errors = (float(means["loss"]), float(means["error"]), test_loss, test_error)
        yield EpochDone(epoch, step, *errors, time.monotonic() - start)


def choose_pictures(count: int, config: TrainingConfig) -> np.ndarray:
    """Which of `count` training pictures are learned from, in order: the same ones for every seed.

    Raises ConfigError where too few are left.
    """
    left = np.random.default_rng(0).permutation(count)[config.held_out :]
    return np.sort(left[: count_pictures(count, config)])


def _until_divergence(rows: pd.DataFrame, numbers: LayerNumbers) -> tuple[pd.DataFrame, LayerNumbers, int | None]:
    finite = np.isfinite(rows["loss"].to_numpy())
    if finite.all():
        return rows, numbers, None
    bad = int(finite.argmin())
    return rows.iloc[: bad + 1], numbers[: bad + 1], int(rows["step"].iloc[bad])


def _evaluate(
    net: ConvNet, data: ImageData, batch_size: int, device: Device, precision: str
) -> Generator[Report, None, tuple[float, float]]:
    """Mean loss and error of the net on the test pictures, in evaluation mode."""
    net.eval()
    losses, wrong = [], []
    count, size = len(data.test_labels), min(max(batch_size, EVALUATION_BATCH[0]), EVALUATION_BATCH[1])
    if device.kind == "cuda":
        size = max(size, GPU_PIXELS // data.form.size**2)
    for first in range(0, count, size):
        part = slice(first, first + size)
        logits = _logits(net, data.test_pictures[part], data.form, device, precision)
        answers = torch.from_numpy(data.test_labels[part]).to(device.kind)
        losses.append(F.cross_entropy(logits, answers, reduction="sum"))
        wrong.append((logits.argmax(1) != answers).sum())
        yield Evaluating(min(part.stop, count), count)
    return float(torch.stack(losses).sum() / count), float(torch.stack(wrong).sum() / count)


@torch.no_grad()
def _logits(net: ConvNet, pictures: np.ndarray, form: PictureFormat, device: Device, precision: str) -> Tensor:
    with autocast(device, precision):
        batch = torch.from_numpy(np.ascontiguousarray(pictures))
        return net(normalize(batch.to(device.kind), form)).float()  # (B, classes)
