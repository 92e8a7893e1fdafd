"""Is a step that is played again the same step, and does a GPU take the same ones as the CPU?"""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from resnet_viz.data.augment import draw_epoch
from resnet_viz.nets import NetSpec, build_net
from resnet_viz.training import Device, StepsDone, TrainingConfig, train
from resnet_viz.training.probes import StepRecorder
from resnet_viz.training.schedule import build_optimizer
from resnet_viz.training.step import RepeatedStep, Step, make_step

SPEC = NetSpec("resnet", 8, "B", in_channels=1)
CONFIG = TrainingConfig(precision="fp32", device="cpu", augmentation="mixup", clip_norm=1.0)
needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA GPU")


def build_step(data, config: TrainingConfig) -> Step:
    torch.manual_seed(5)
    net = build_net(SPEC).to(memory_format=torch.channels_last).train()
    parameters = list(net.parameters())
    pictures, labels = torch.from_numpy(data.train_pictures), torch.from_numpy(data.train_labels)
    optimizer, recorder = build_optimizer(parameters, config), StepRecorder(net, "cpu")
    return Step(net, parameters, optimizer, recorder, pictures, labels, data.form, config, Device("cpu", "CPU"), "fp32")


@pytest.mark.parametrize("optimizer", ["sgd", "adamw"])
def test_a_step_from_one_place_is_the_step_itself_a_shorter_last_batch_too(optimizer, few_digits):
    config = replace(CONFIG, optimizer=optimizer)
    draws = draw_epoch(160, 160, 64, few_digits.form.size, True, torch.Generator().manual_seed(0))
    taken = []
    for repeats in (False, True):
        step = build_step(few_digits, config)
        take = RepeatedStep(step, 64, graph=None) if repeats else step
        wrong = [float(take(batch, 0.05 / (i + 1))) for i, batch in enumerate(draws.split(64))]
        rows, numbers = step.recorder.take()
        assert rows["error"].tolist() == wrong
        assert rows["learning_rate"].tolist() == [0.05, 0.025, 0.05 / 3]
        taken.append((rows, numbers, [p.detach().clone() for p in step.parameters]))
    (first, numbers, weights), (again, numbers_again, weights_again) = taken
    pd.testing.assert_frame_equal(first, again, check_exact=True)
    for name, values in vars(numbers).items():
        assert np.array_equal(values, getattr(numbers_again, name))
    assert all(map(torch.equal, weights, weights_again))


def test_on_a_cpu_steps_are_taken_as_they_are(few_digits):
    step = build_step(few_digits, CONFIG)
    assert make_step(step, SPEC, 64, recomputes=False) is step


def losses(data, **changes) -> np.ndarray:
    config = replace(TrainingConfig(epochs=8, precision="fp32", device="cuda", augmentation="crop_flip"), **changes)
    return pd.concat([r.rows for r in train(SPEC, config, data) if isinstance(r, StepsDone)])["loss"].to_numpy()


@needs_cuda
@pytest.mark.parametrize(("precision", "tolerance"), [("fp32", 2e-3), ("bf16", 3e-2)])
def test_the_first_steps_on_a_gpu_are_those_of_the_cpu(precision, tolerance, few_digits):
    ours, reference = losses(few_digits, precision=precision), losses(few_digits, device="cpu")
    np.testing.assert_allclose(ours[:6], reference[:6], rtol=tolerance)  # before and after the graph is recorded


@needs_cuda
@pytest.mark.parametrize("changes", [{}, {"optimizer": "adamw"}, {"clip_norm": 0.5, "augmentation": "mixup"}], ids=str)
def test_a_graph_plays_what_would_have_been_launched(changes, few_digits, monkeypatch):
    recorded = losses(few_digits, **changes)
    monkeypatch.setattr("resnet_viz.training.step.EAGER_STEPS", 10**9)
    np.testing.assert_allclose(recorded, losses(few_digits, **changes), rtol=1e-2)


@needs_cuda
def test_a_graph_is_recorded_for_every_net_that_decides_nothing_anew(few_digits, caplog):
    for spec in (SPEC, NetSpec("plain", 8), NetSpec("resnet", 8, "exclusive"), NetSpec("resnet", 8, "scaling")):
        list(train(spec, TrainingConfig(epochs=3, device="cuda"), few_digits))
    assert not caplog.records
