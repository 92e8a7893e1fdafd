"""Is a configuration checked, and does an estimate follow from the work?"""

import math
import subprocess
import sys

import numpy as np
import pytest
import torch
from torch.optim import lr_scheduler

from resnet_viz.nets import NetSpec
from resnet_viz.training import (
    ConfigError,
    Pace,
    TrainingConfig,
    estimate_seconds,
    find_devices,
    planned_rates,
    preset,
    resolve_device,
    resolve_precision,
)
from tests.conftest import PATIENCE


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"epochs": 0}, "epochs is 0; it must be a whole number from 1"),
        ({"epochs": 2.5}, "whole number"),
        ({"seed": -1}, "seed is -1"),
        ({"batch_size": 1}, "batch_size"),
        ({"peak_lr": math.nan}, "peak_lr is nan"),
        ({"peak_lr": "fast"}, "peak_lr is 'fast'"),
        ({"momentum": 1.0}, "momentum"),
        ({"optimizer": "lion"}, "try sgd, adam, adamw"),
        ({"augmentation": True}, "try none, crop_flip, cutout, mixup"),
        ({"iterations": -1}, "iterations is -1"),
        ({"label_smoothing": 1.0}, "label_smoothing"),
        ({"warm_up": "yes"}, "warm_up is 'yes'; it must be true or false"),
        ({"keep_epochs": 1}, "keep_epochs is 1; it must be true or false"),
        ({"device": "tpu"}, "try auto, cpu, cuda, mps"),
        ({"precision": "fp16"}, "try auto, fp32, bf16"),
    ],
)
def test_what_cannot_be_trained_with_is_refused_with_a_sentence(fields, sentence):
    with pytest.raises(ConfigError, match=sentence):
        TrainingConfig(**fields)


def test_presets_differ_by_data_and_take_changes():
    assert preset("digits") == TrainingConfig()
    assert preset("cifar10").augmentation == "crop_flip"
    assert preset("cifar10", epochs=1).epochs == 1


def test_the_papers_recipe_is_that_of_section_4_2():
    paper = preset("cifar10", "paper", depth=56)
    assert (paper.iterations, paper.batch_size, paper.peak_lr, paper.held_out) == (64_000, 128, 0.1, 5_000)
    assert (paper.weight_decay, paper.momentum, paper.nesterov, paper.augmentation) == (1e-4, 0.9, False, "crop_flip")
    assert not paper.warm_up
    assert preset("cifar10", "paper", depth=110).warm_up
    rates = planned_rates(paper, 64_000)
    assert set(np.flatnonzero(np.diff(rates)) + 1) == {32_000, 48_000}
    np.testing.assert_allclose(rates[[0, 31_999, 32_000, 47_999, 48_000, 63_999]], [0.1, 0.1, 0.01, 0.01, 0.001, 0.001])


@pytest.mark.parametrize("steps", [2, 3, 10, 333])
@pytest.mark.parametrize("schedule", ["one_cycle", "cosine", "steps", "constant"])
def test_schedules_equal_torchs_own(schedule, steps):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], 0.3)
    theirs = {
        "one_cycle": lambda: lr_scheduler.OneCycleLR(optimizer, 0.3, steps),
        "cosine": lambda: lr_scheduler.CosineAnnealingLR(optimizer, steps),
        "steps": lambda: lr_scheduler.MultiStepLR(optimizer, [steps // 2, steps * 3 // 4]),
        "constant": lambda: lr_scheduler.ConstantLR(optimizer, 1.0),
    }[schedule]()
    expected = []
    for _ in range(steps):
        expected.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        theirs.step()
    ours = planned_rates(TrainingConfig(peak_lr=0.3, schedule=schedule), steps)
    np.testing.assert_allclose(ours, expected, rtol=1e-9, atol=1e-12)


def test_an_estimate_counts_steps_and_tests():
    pace, config = Pace(first=0.5, block=0.25), TrainingConfig(epochs=3, batch_size=10)
    shallow, deep = NetSpec("resnet", 8), NetSpec("resnet", 20)  # one and three blocks a stage
    assert estimate_seconds(shallow, config, pace, 100, 0) == pytest.approx(30 * 0.5)
    assert estimate_seconds(deep, config, pace, 100, 0) == pytest.approx(30 * 1.0)
    assert estimate_seconds(shallow, config, pace, 100, 30) == pytest.approx(30 * 0.5 + 3 * 0.5)
    assert estimate_seconds(shallow, config, pace, 100, 0, recomputes=True) == pytest.approx(20.0)
    by_steps = TrainingConfig(iterations=7, batch_size=10, held_out=50)
    assert estimate_seconds(shallow, by_steps, pace, 100, 30) == pytest.approx(7 * 0.5 + 2 * 0.5)


def test_the_cpu_is_always_found():
    cpu = find_devices()[-1]
    assert cpu.kind == "cpu"
    assert resolve_device("cpu") == cpu
    assert resolve_precision("auto", cpu) in ("fp32", "bf16")


@pytest.mark.process
def test_workers_that_ask_at_once_come_to_one_precision():
    code = (
        "import torch; from resnet_viz.training import find_devices, resolve_precision; "
        "threads = torch.get_num_threads(); print(resolve_precision('auto', find_devices()[-1])); "
        "assert torch.get_num_threads() == threads"
    )
    workers = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) for _ in range(2)]
    told = {worker.communicate(timeout=PATIENCE)[0].strip() for worker in workers}
    assert all(worker.returncode == 0 for worker in workers)
    assert told == {resolve_precision("auto", find_devices()[-1])}


def test_a_device_that_is_not_there_gets_a_sentence():
    missing = {"cuda", "mps"} - {device.kind for device in find_devices()}
    for kind in missing:
        with pytest.raises(ConfigError, match=r"this machine has: .*CPU"):
            resolve_device(kind)
