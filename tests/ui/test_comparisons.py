"""By what are runs told apart, which of them belong together, and what is trained when one thing changes?"""

from dataclasses import replace

from resnet_viz.nets import NetSpec
from resnet_viz.runs import RunStatus
from resnet_viz.training import TrainingConfig, preset
from resnet_viz.ui.again import _change
from resnet_viz.ui.comparisons import run_name, tell_apart
from resnet_viz.ui.recipe import say_length
from resnet_viz.ui.responses import began_alike, find_pair
from resnet_viz.ui.sweeps import means_over_seeds, name_comparisons
from tests.ui.making import make_run

PLAIN, RESNET = make_run(NetSpec("plain", 8), {"epochs": 1}), make_run(NetSpec("resnet", 8), {"epochs": 1})


def changed(run, **recipe):
    """The same run with another id and recipe."""
    return replace(run, id="other", config=run.config | recipe)


def test_nets_of_one_recipe_are_told_by_their_names_alone():
    assert tell_apart([PLAIN, RESNET]) == ["plain-8", "ResNet-8 (A)"]
    assert tell_apart([]) == []


def test_seeds_are_named_where_they_tell_runs_apart():
    other = changed(RESNET, seed=7)
    assert tell_apart([PLAIN, RESNET, other]) == ["plain-8", "ResNet-8 (A) · seed 0", "ResNet-8 (A) · seed 7"]
    assert tell_apart([RESNET, other], seeds=False) == ["ResNet-8 (A)"] * 2


def test_what_differs_in_the_recipe_is_named():
    names = tell_apart([RESNET, changed(RESNET, epochs=9)])
    assert names == ["ResNet-8 (A) · epochs 1", "ResNet-8 (A) · epochs 9"]


def test_runs_that_differ_in_nothing_have_their_ids():
    assert tell_apart([RESNET, changed(RESNET)]) == [f"ResNet-8 (A) · {RESNET.id}", "ResNet-8 (A) · other"]


def test_data_are_named_for_every_run_where_they_differ():
    foreign = changed(PLAIN, dataset="cifar10")
    assert tell_apart([foreign, RESNET]) == ["plain-8 · CIFAR-10", "ResNet-8 (A) · Handwritten digits"]
    own = [changed(PLAIN, dataset="folder", folder=f"/data/{name}/") for name in ("cats", "dogs")]
    assert tell_apart(own) == ["plain-8 · cats", "plain-8 · dogs"]


def test_a_run_with_a_name_of_its_reader_is_called_by_it():
    assert run_name(replace(RESNET, name="mine")) == "mine (ResNet-8 (A))"
    assert tell_apart([replace(RESNET, name="mine"), PLAIN]) == ["mine (ResNet-8 (A))", "plain-8"]
    assert tell_apart([replace(RESNET, name="mine"), PLAIN], seeds=False) == ["ResNet-8 (A)", "plain-8"]


def test_a_residual_net_is_paired_with_the_plain_one_that_has_its_layers():
    preact = make_run(NetSpec("resnet", 8, order="preact"))
    assert find_pair([PLAIN, preact, RESNET]) == (PLAIN, RESNET)
    assert find_pair([PLAIN, preact]) is None
    assert find_pair([RESNET]) is None


def test_nets_began_alike_with_one_seed_and_from_drawn_weights():
    assert began_alike(PLAIN, RESNET)
    assert not began_alike(PLAIN, changed(RESNET, seed=1))
    assert not began_alike(PLAIN, changed(RESNET, start="somewhere"))


def test_one_change_leaves_all_else_but_what_a_run_went_on_for():
    config = preset("digits", epochs=5, more_epochs=(5,))
    assert _change(NetSpec("plain", 8), config, "epochs", 9) == (NetSpec("plain", 8), preset("digits", epochs=9))
    assert _change(NetSpec("plain", 8), config, "depth", 14) == (NetSpec("plain", 14), preset("digits", epochs=5))


def test_a_plain_net_has_no_shortcut_to_change():
    config = TrainingConfig()
    assert _change(NetSpec("plain", 8), config, "shortcut", "B") == (NetSpec("plain", 8), config)
    assert _change(NetSpec("resnet", 8), config, "shortcut", "B") == (NetSpec("resnet", 8, "B"), config)


def test_the_length_of_a_recipe_counts_what_a_run_went_on_for():
    assert say_length({"epochs": 5}) == "5 epochs"
    assert say_length({"epochs": 5, "more_epochs": [2, 3]}) == "10 epochs"
    assert say_length({"epochs": 5, "iterations": 64_000}) == "64,000 steps"


def test_means_over_seeds_are_of_the_runs_that_finished():
    errors = [(0.1, 0.2), (0.3, 0.6), (0.9, 0.9)]
    runs = [replace(RESNET, train_error=train, test_error=test) for train, test in errors]
    runs[2] = replace(runs[2], status=RunStatus.DIVERGED)
    (row,) = means_over_seeds([*runs]).to_dict("records")
    assert (row["net"], row["runs"]) == ("ResNet-8 (A)", 2)
    assert (row["training error"], row["test error"]) == (0.2, 0.4)
    assert (row["least"], row["largest"]) == (0.2, 0.6)


def test_comparisons_of_a_sweep_are_named_by_their_nets_and_seed():
    runs = [replace(run, comparison="one") for run in (PLAIN, RESNET)]
    assert name_comparisons(runs) == {"one": "plain-8, ResNet-8 (A) · seed 0"}
