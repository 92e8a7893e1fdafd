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
from resnet_viz.data.augment import crop_and_flip
from resnet_viz.nets import ConvNet, NetSpec, build_net, weighted_layers
from resnet_viz.training.config import ConfigError, TrainingConfig
from resnet_viz.training.devices import Device, autocast, describe_machine
from resnet_viz.training.probes import StepRecorder
from resnet_viz.training.reports import Diverged, EpochDone, Evaluating, Report, Started, StepsDone

REPORT_SECONDS = 0.5  # a curve grows about twice a second
EVALUATION_BATCH = 200


def train(spec: NetSpec, config: TrainingConfig, data: ImageData | None = None) -> Iterator[Report]:
    """Train a net and yield Started, then StepsDone about twice a second, Evaluating and EpochDone.

    The net takes the channels and classes of the data, whatever the spec says of them. The same seed on the
    same machine and number of threads gives the same numbers. Raises Diverged after having yielded the steps
    up to the one whose loss is not finite, ConfigError, SpecError or DatasetError before the first step.
    """
    data = data or load_dataset(config.dataset, folder=config.folder or None)
    device, precision = describe_machine(config)
    form = data.form
    spec = replace(spec, in_channels=form.channels, classes=len(form.classes))
    spec.check_size(form.size)

    torch.manual_seed(config.seed)  # the initialization
    draws = torch.Generator().manual_seed(config.seed)  # the data order and the augmentation
    net = build_net(spec).to(device.kind).to(memory_format=torch.channels_last)
    # The whole set as uint8 on the device: a batch is an index, no worker processes, no copies from the host.
    pictures = torch.from_numpy(data.train_pictures).to(device.kind)
    labels = torch.from_numpy(data.train_labels).to(device.kind)

    batch_size = min(config.batch_size, len(labels))
    steps_an_epoch = len(labels) // batch_size  # the odd rest of an epoch is left out
    total_steps = config.epochs * steps_an_epoch
    if total_steps < 2:
        raise ConfigError("one step in all is no training; take a smaller batch size or more epochs")
    optimizer, schedule = _build_optimizer(net, config, total_steps)
    layers = weighted_layers(net)
    recorder = StepRecorder(list(layers.values()), device.kind)
    yield Started(net, list(layers), total_steps, device, precision)

    start = reported = time.monotonic()
    for epoch in range(1, config.epochs + 1):
        net.train()
        taken: list[pd.DataFrame] = []
        order = torch.randperm(len(labels), generator=draws)[: steps_an_epoch * batch_size]
        batches = order.split(batch_size)
        for batch in batches:
            picks = batch.to(device.kind)
            x = normalize(pictures[picks], form)  # (B, C, H, W), channels_last
            if config.augment:
                x = crop_and_flip(x, draws)
            with autocast(device, precision):
                logits = net(x)
                loss = F.cross_entropy(logits, labels[picks])
            optimizer.zero_grad()
            loss.backward()
            recorder.record(loss, logits, labels[picks], float(schedule.get_last_lr()[0]))
            optimizer.step()
            schedule.step()

            is_last = batch is batches[-1]
            if is_last or recorder.is_full or time.monotonic() - reported > REPORT_SECONDS:
                rows, norms = recorder.take()
                rows, norms, diverged_at = _until_divergence(rows, norms)
                reported = time.monotonic()
                yield StepsDone(rows, norms, reported - start)
                if diverged_at is not None:
                    raise Diverged(diverged_at)
                taken.append(rows)

        means = pd.concat(taken)[["loss", "error"]].mean()
        test_loss, test_error = yield from _evaluate(net, data.test_pictures, data.test_labels, form, device, precision)
        errors = (float(means["loss"]), float(means["error"]), test_loss, test_error)
        yield EpochDone(epoch, epoch * steps_an_epoch, *errors, time.monotonic() - start)


def _build_optimizer(
    net: ConvNet, config: TrainingConfig, total_steps: int
) -> tuple[torch.optim.SGD, torch.optim.lr_scheduler.OneCycleLR]:
    optimizer = torch.optim.SGD(
        net.parameters(),
        config.peak_lr,
        config.momentum,
        weight_decay=config.weight_decay,
        nesterov=config.momentum > 0,
    )
    # OneCycleLR would cycle the momentum too: the configuration's shall hold.
    return optimizer, torch.optim.lr_scheduler.OneCycleLR(optimizer, config.peak_lr, total_steps, cycle_momentum=False)


def _until_divergence(rows: pd.DataFrame, norms: np.ndarray) -> tuple[pd.DataFrame, np.ndarray, int | None]:
    finite = np.isfinite(rows["loss"].to_numpy())
    if finite.all():
        return rows, norms, None
    bad = int(finite.argmin())
    return rows.iloc[: bad + 1], norms[: bad + 1], int(rows["step"].iloc[bad])


def _evaluate(
    net: ConvNet, pictures: np.ndarray, labels: np.ndarray, form: PictureFormat, device: Device, precision: str
) -> Generator[Report, None, tuple[float, float]]:
    """Mean loss and error of the net on pictures it does not learn from, in evaluation mode."""
    net.eval()
    losses, wrong = [], []
    for first in range(0, len(labels), EVALUATION_BATCH):
        part = slice(first, first + EVALUATION_BATCH)
        logits = _logits(net, pictures[part], form, device, precision)
        answers = torch.from_numpy(labels[part]).to(device.kind)
        losses.append(F.cross_entropy(logits, answers, reduction="sum"))
        wrong.append((logits.argmax(1) != answers).sum())
        yield Evaluating(min(part.stop, len(labels)), len(labels))
    return float(torch.stack(losses).sum() / len(labels)), float(torch.stack(wrong).sum() / len(labels))


@torch.no_grad()
def _logits(net: ConvNet, pictures: np.ndarray, form: PictureFormat, device: Device, precision: str) -> Tensor:
    with autocast(device, precision):
        return net(normalize(torch.from_numpy(pictures).to(device.kind), form)).float()  # (B, classes)
