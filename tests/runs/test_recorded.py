"""Are the runs that ship with the project whole, and do they say what they are?"""

from collections import Counter
from dataclasses import replace
from math import ceil, log2
from pathlib import Path

import pytest
import torch

from benchmarks.recorded_runs import EVERY, LONG, NUMBERS, plan
from resnet_viz.data import load_dataset, normalize
from resnet_viz.data.pictures import PictureFormat
from resnet_viz.nets import NetSpec, load_checkpoint
from resnet_viz.runs import Run, RunStatus, RunStore, recorded_stores
from resnet_viz.settings import Settings
from resnet_viz.training import TrainingConfig, kept_epochs, load_epoch, load_net

RECORDED = Path(__file__).parents[2] / "recorded"
MOST_BYTES = 25e6


@pytest.fixture(params=["digits", "shapes", "few", "short"])
def recorded(request) -> tuple[str, RunStore]:
    return request.param, recorded_stores()[request.param]


def wanted_of(run: Run) -> tuple[NetSpec, TrainingConfig]:
    return NetSpec(**run.spec), replace(TrainingConfig(**run.config), threads=0, precision="auto")


def test_all_recorded_runs_together_are_small():
    assert {"digits", "shapes", "few", "short", "studies"} == set(recorded_stores())
    assert sum(path.stat().st_size for path in RECORDED.rglob("*") if path.is_file()) < MOST_BYTES


def test_recorded_runs_are_finished_and_those_that_the_script_plans(recorded):
    recipe, store = recorded
    planned = [one for comparison in plan(recipe, [0], {}, store) for one in comparison]
    found = [wanted_of(run) for run in store.runs()]
    assert {run.status for run in store.runs()} == {RunStatus.FINISHED}
    assert set(found) <= set(planned)
    assert max(Counter(found).values()) == 1
    if recipe != "few":  # of which three were trained
        assert set(found) == set(planned)


@pytest.mark.long
def test_recorded_runs_are_whole(recorded):
    recipe, store = recorded
    for run in store.runs():
        assert {"device", "precision", "threads", "versions"} <= run.facts.keys()
        assert not {"host", "pid"} & run.facts.keys()
        assert store.steps(run.id)["step"].tolist() == list(range(1, run.total_steps + 1))
        assert store.evaluations(run.id)["test_error"].iloc[-1] == run.test_error
        every = 2 ** max(0, ceil(log2(run.total_steps * len(run.facts["layers"]) / NUMBERS[recipe])))
        steps = list(range(1, run.total_steps + 1, every)) if run.config["seed"] == 0 else []
        for frame, names in ((store.gradient_norms(run.id), "layers"), (store.responses(run.id), "norm_layers")):
            assert frame.index.tolist() == steps
            assert list(frame) == run.facts[names]
        assert run.total_steps <= LONG


def test_plain_and_residual_runs_stand_side_by_side_plain_first(recorded):
    _, store = recorded
    pairs = [store.comparison(run.comparison) for run in store.runs() if run.spec["family"] == "plain"]
    assert pairs
    for pair in pairs:
        assert {(one.spec["depth"], one.config["seed"]) for one in pair} == {
            (pair[0].spec["depth"], pair[0].config["seed"])
        }
        assert [one.spec["family"] for one in pair] == ["plain", "resnet"][: len(pair)]
        listed = [run.id for run in store.runs() if run.comparison == pair[0].comparison]
        assert listed == [run.id for run in pair]


@pytest.mark.long
def test_recorded_weights_give_the_recorded_error_on_digits(digits):
    with_weights = [run for run in recorded_stores()["digits"].runs() if run.weights]
    assert len(with_weights) == 5
    for run in with_weights:
        net = load_checkpoint(run.weights).eval()
        x = normalize(torch.from_numpy(digits.test_pictures), digits.form)
        with torch.no_grad():
            error = float((net(x).argmax(1) != torch.from_numpy(digits.test_labels)).float().mean())
        assert error == pytest.approx(run.test_error, abs=2 / 397)  # weights are 16-bit floats


@pytest.mark.long
def test_shapes_are_drawn_as_they_were_when_the_recorded_runs_learned_from_them():
    form = load_dataset("shapes").form
    for run in recorded_stores()["shapes"].runs():
        told = PictureFormat.from_dict(run.facts["form"])
        assert form.classes == told.classes
        assert (*form.mean, *form.std) == pytest.approx((*told.mean, *told.std), abs=1e-7)  # 130 pixels off by one


@pytest.mark.long
def test_recorded_shapes_have_kept_some_epochs_and_their_errors():
    data = load_dataset("shapes")
    x, labels = normalize(torch.from_numpy(data.test_pictures), data.form), torch.from_numpy(data.test_labels)
    runs = recorded_stores()["shapes"].runs()
    assert [run.spec["family"] for run in runs] == ["plain", "resnet"]
    for run in runs:
        assert list(kept_epochs(run)) == list(range(0, run.config["epochs"] + 1, EVERY))
        told = dict(recorded_stores()["shapes"].evaluations(run.id).set_index("epoch")["test_error"])
        for epoch in kept_epochs(run)[1::4]:
            with torch.no_grad():
                error = float((load_epoch(run, Settings(), epoch)(x).argmax(1) != labels).float().mean())
            assert error == pytest.approx(told[epoch], abs=4 / 1000)  # weights are 16-bit floats
        last, end = (
            load_epoch(run, Settings(), run.config["epochs"]).state_dict(),
            load_net(run, Settings()).state_dict(),
        )
        assert all(torch.equal(last[name], end[name]) for name in end)


@pytest.mark.long
def test_recorded_weights_give_the_recorded_error_on_photographs(shared, cifar10_test):
    pictures, labels = cifar10_test
    with_weights = [run for run in recorded_stores()["short"].runs() if run.weights]
    assert len(with_weights) == 8
    for run in sorted(with_weights, key=lambda run: run.spec["depth"])[:2]:
        net = load_checkpoint(run.weights).eval()
        assert net.spec == NetSpec(**run.facts["spec"])
        with torch.no_grad():
            answers = net(normalize(pictures, PictureFormat.from_dict(run.facts["form"]))).argmax(1)
        error = float((answers != labels).float().mean())
        assert error == pytest.approx(run.test_error, abs=0.06)  # 1,000 of 10,000 pictures: four deviations
