"""Is a configuration checked, and does an estimate follow from the work?"""

import math

import pytest

from resnet_viz.nets import NetSpec
from resnet_viz.training import (
    ConfigError,
    TrainingConfig,
    estimate_seconds,
    find_devices,
    measure_step_seconds,
    preset,
    resolve_device,
    resolve_precision,
)
from resnet_viz.training.estimate import PROBE, PROBE_PICTURES, PROBE_SIZE


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
        ({"device": "tpu"}, "try auto, cpu, cuda, mps"),
        ({"precision": "fp16"}, "try auto, fp32, bf16"),
    ],
)
def test_what_cannot_be_trained_with_is_refused_with_a_sentence(fields, sentence):
    with pytest.raises(ConfigError, match=sentence):
        TrainingConfig(**fields)


def test_presets_differ_by_data_and_take_changes():
    assert preset("digits") == TrainingConfig()
    assert preset("cifar10").augment
    assert preset("cifar10", epochs=1).epochs == 1


def test_an_estimate_goes_with_the_work():
    once = estimate_seconds(PROBE, 1, PROBE_PICTURES, 0, PROBE_SIZE, 0.5)
    assert once == 0.5  # one step of the probe itself
    assert estimate_seconds(PROBE, 3, PROBE_PICTURES, 0, PROBE_SIZE, 0.5) == 1.5
    deep = [estimate_seconds(NetSpec("resnet", d), 1, 100, 100, 32, 1.0) for d in (20, 56, 110)]
    assert deep == sorted(deep)


def test_the_cpu_is_always_found_and_measured():
    cpu = find_devices()[-1]
    assert cpu.kind == "cpu"
    assert resolve_device("cpu") == cpu
    assert resolve_precision("auto", cpu) in ("fp32", "bf16")
    assert 0 < measure_step_seconds(cpu, "fp32", threads=1) < 10


def test_a_device_that_is_not_there_gets_a_sentence():
    missing = {"cuda", "mps"} - {device.kind for device in find_devices()}
    for kind in missing:
        with pytest.raises(ConfigError, match=r"this machine has: .*CPU"):
            resolve_device(kind)
