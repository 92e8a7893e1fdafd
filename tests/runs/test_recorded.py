"""Are the runs that ship with the project whole, and do they say what they are?"""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from resnet_viz.data import normalize
from resnet_viz.data.pictures import PictureFormat
from resnet_viz.nets import NetSpec, load_checkpoint
from resnet_viz.runs import RunStatus, RunStore
from resnet_viz.training import TrainingConfig, preset

RECORDED = Path(__file__).parents[2] / "recorded"
SETS = sorted(RECORDED.glob("*.sqlite"))
MOST_BYTES = 25e6


@pytest.fixture(params=SETS, ids=lambda path: path.stem)
def recorded(request) -> tuple[str, RunStore]:
    return request.param.stem, RunStore(f"sqlite:///{request.param}", read_only=True)


def test_all_recorded_runs_together_are_small():
    assert SETS
    assert sum(path.stat().st_size for path in RECORDED.rglob("*") if path.is_file()) < MOST_BYTES


def test_recorded_runs_are_finished_by_their_recipe_and_whole(recorded):
    recipe, store = recorded
    for run in store.runs():
        config, facts = TrainingConfig(**run.config), run.facts
        assert run.status is RunStatus.FINISHED
        wanted = preset("cifar10", recipe, run.spec["depth"], seed=config.seed)
        assert replace(config, threads=0, precision="auto") == wanted
        assert {"device", "precision", "threads", "versions"} <= facts.keys()
        assert not {"host", "pid"} & facts.keys()
        assert store.steps(run.id)["step"].tolist() == list(range(1, run.total_steps + 1))
        steps = list(range(1, run.total_steps + 1, 4 if run.total_steps > 2000 else 1))
        for frame, names in ((store.gradient_norms(run.id), "layers"), (store.responses(run.id), "norm_layers")):
            assert frame.index.tolist() == steps
            assert list(frame) == facts[names]
        assert store.evaluations(run.id)["test_error"].iloc[-1] == run.test_error


def test_plain_and_residual_runs_stand_side_by_side(recorded):
    _, store = recorded
    for run in store.runs():
        pair = store.comparison(run.comparison)
        assert {(one.spec["depth"], one.config["seed"]) for one in pair} == {(run.spec["depth"], run.config["seed"])}
        assert [one.spec["family"] for one in pair] == ["plain", "resnet"][: len(pair)]


def test_recorded_weights_give_the_recorded_error(recorded, shared, cifar10_test):
    _, store = recorded
    pictures, labels = cifar10_test
    for run in store.runs()[:4]:
        net = load_checkpoint(run.weights).eval()
        assert net.spec == NetSpec(**run.facts["spec"])
        with torch.no_grad():
            answers = net(normalize(pictures, PictureFormat.from_dict(run.facts["form"]))).argmax(1)
        error = float((answers != labels).float().mean())
        assert error == pytest.approx(run.test_error, abs=0.06)  # 1,000 of 10,000 pictures: four deviations
