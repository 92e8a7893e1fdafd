"""How does a net learn? One loop that yields what happens; it knows no database and no screen."""

import time
from collections.abc import Generator, Iterator
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F
from torch import Tensor

from resnet_viz.data import ImageData, PictureFormat, load_dataset, normalize
from resnet_viz.data.augment import draw_epoch
from resnet_viz.nets import ConvNet, NetSpec, SpecError, append_identity, build_net
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
from resnet_viz.training.snapshot import Course, Snapshot, restore, take_snapshot
from resnet_viz.training.step import Step, make_step

REPORT_SECONDS = 0.5  # a curve grows about twice a second
EVALUATION_BATCH = (32, 256)  # at least and at most; between them that of the training, whose memory is there
CALIBRATION = 512  # training pictures that tell the batch norms of appended plain blocks what arrives
GPU_PIXELS = 2_000_000  # of a batch of the evaluation on a GPU, where that is more


def train(
    spec: NetSpec,
    config: TrainingConfig,
    data: ImageData | None = None,
    snapshot: Snapshot | None = None,
    start_from: ConvNet | None = None,
) -> Iterator[Report]:
    """Train a net and yield Started, then StepsDone about twice a second, Evaluating and EpochDone.

    The net takes the channels and classes of the data, whatever the spec says of them. The same seed on the
    same machine and number of threads gives the same numbers; from a snapshot, which `Started.save` takes, a training
    goes on as if it had never been left. With `start_from` the net begins as that one, and blocks that the spec has
    appended to it as the identity.
    Raises Diverged after having yielded the steps up to the one whose loss is not finite, ConfigError, SpecError or
    DatasetError before the first step.
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
    net = _first_net(spec, start_from, data, chosen).to(device.kind).to(memory_format=torch.channels_last)
    # The whole set as uint8 on the device: a batch is an index, no worker processes, no copies from the host.
    pictures = torch.from_numpy(data.train_pictures[chosen]).to(device.kind)
    labels = torch.from_numpy(data.train_labels[chosen]).to(device.kind)
    optimizer = build_optimizer(list(net.parameters()), config, device.kind)
    rates = np.concatenate([planned_rates(config, part) for part in steps.parts])
    course = Course(config.warm_up, chance.get_state())
    if snapshot is not None:
        course = restore(snapshot, net, optimizer, device.kind)
    recorder = StepRecorder(net, device.kind, first_step=course.step + 1)
    recomputes = must_recompute(spec, config, form.size, len(chosen), free_memory(device.kind))
    forward = forward_recomputing(net) if recomputes else net
    parts = (list(net.parameters()), optimizer, recorder, pictures, labels, form, config, device, precision)
    take_step = make_step(Step(forward, *parts), spec, steps.batch_size, recomputes)
    yield Started(
        net,
        recorder.layers,
        recorder.norm_layers,
        steps.total,
        device,
        precision,
        recomputes,
        len(chosen),
        save=partial(take_snapshot, net, optimizer, course),
    )

    start, reported = time.monotonic() - course.seconds, -REPORT_SECONDS  # the first step is told at once
    while course.step < steps.total or course.in_epoch:
        net.train()
        chance.set_state(course.drawn_from)
        an_epoch = steps.of_epoch(course.step - course.in_epoch)
        mixes = config.augmentation == "mixup"
        used = an_epoch * steps.batch_size
        draws = draw_epoch(len(labels), used, steps.batch_size, form.size, mixes, chance).to(device.kind)
        for batch in draws.split(steps.batch_size)[course.in_epoch :]:
            wrong = take_step(batch, float(rates[course.step]) * (WARM_UP_SHARE if course.warms_up else 1.0))
            course.step += 1
            course.in_epoch += 1
            if course.warms_up:
                _look_whether_warm(course, wrong)

            is_last = course.in_epoch == an_epoch
            if is_last or recorder.is_full or time.monotonic() - reported > REPORT_SECONDS:
                rows, numbers = recorder.take()
                rows, numbers, diverged_at = _until_divergence(rows, numbers)
                reported = time.monotonic()
                course.seconds = reported - start
                course.rows = np.concatenate([course.rows, rows[["loss", "error"]].to_numpy()])
                yield StepsDone(rows, numbers, course.seconds)
                if diverged_at is not None:
                    raise Diverged(diverged_at)

        train_loss, train_error = course.rows.mean(0)
        test_loss, test_error = yield from _evaluate(net, data, steps.batch_size, device, precision)
        course.epoch += 1
        course.seconds = time.monotonic() - start
        course.begin_epoch(chance.get_state())
        errors = (float(train_loss), float(train_error), test_loss, test_error)
        yield EpochDone(course.epoch, course.step, *errors, course.seconds)


def _first_net(spec: NetSpec, start_from: ConvNet | None, data: ImageData, chosen: np.ndarray) -> ConvNet:
    """The net before its first step. Raises SpecError where the spec is not what `start_from` can become."""
    if start_from is None:
        return build_net(spec)
    if replace(start_from.spec, appended=spec.appended) != spec or start_from.spec.appended > spec.appended:
        raise SpecError(f"{start_from.spec.name} cannot become {spec.name}; only blocks can be appended to it")
    pictures = data.train_pictures[chosen[:CALIBRATION]]
    x = normalize(torch.from_numpy(np.ascontiguousarray(pictures)), data.form)
    return append_identity(start_from, spec.appended - start_from.spec.appended, x)


def _look_whether_warm(course: Course, wrong: Tensor) -> None:
    """Remember a step's share of wrong answers, and now and then see whether the warm-up can end."""
    course.recent.append(wrong.clone())
    if course.step % WARM_UP_STEPS == 0:
        course.warms_up = float(torch.stack(course.recent).mean()) >= WARM_UP_ERROR
        course.recent.clear()


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
