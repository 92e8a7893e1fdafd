"""What do the pages of the laboratory say of numbers, and do the sentences follow them?"""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from resnet_viz.lab import UnitSummary, share_of_paths
from resnet_viz.nets import NetSpec
from resnet_viz.paper import FINDINGS
from resnet_viz.runs import RunStatus
from resnet_viz.studies.narrow import TRIO
from resnet_viz.training import TrainingConfig
from resnet_viz.ui import depth_limit, flow, initialization, lesions, neurons, shattering, surface
from tests.ui.making import make_run


def trio(*errors: tuple[float, float]):
    return [make_run(spec, train_error=train, test_error=test)
            for spec, (train, test) in zip(TRIO, errors, strict=True)]  # fmt: skip


# -- the depth limit ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("deep", "said"),
    [
        ((0.0, 0.30), "**ResNet-1202 overfits**"),
        ((0.63, 0.74), "**ResNet-1202 does not fit its training pictures**"),
        ((0.0, 0.08), "**ResNet-1202 fits its training pictures, and tests no worse than chance allows**"),
        ((0.0, 0.01), "**ResNet-1202 fits its training pictures, and tests better**"),
    ],
)
def test_whether_depth_overfits_follows_the_rule(deep, said):
    told = depth_limit.say_verdict(trio((0.0, 0.08), deep, (0.1, 0.05)))
    assert said in told
    assert f"its training error is {deep[0]:.1%}" in told
    assert (" above that of ResNet-20" in told) == (deep[1] > 0.08)


def test_what_stochastic_depth_saves_is_told_against_the_same_net():
    told = depth_limit.say_rescue(trio((0.0, 0.08), (0.0, 0.30), (0.1, 0.05)))
    assert told.startswith("With stochastic depth the test error is 25.0 points (")
    assert " below that of the same net without." in told


def test_errors_are_told_with_the_gap_between_them_and_the_step_of_who_trains():
    runs = trio((0.0, 0.08), (0.1, 0.3), (0.1, 0.05))
    runs = [runs[0], replace(runs[1], status=RunStatus.RUNNING, step=7), replace(runs[2], test_error=None)]
    shallow, deep = depth_limit.say_errors(runs)
    assert shallow == "**ResNet-20** ends at **0.0%** training and **8.0%** test error: a gap of 8.0 points."
    assert deep.startswith("**ResNet-1202** is at step 7 at **10.0%** training")


def test_over_seeds_a_seed_counts_once_and_what_has_not_finished_not_at_all():
    one, again, other = (trio((0.0, test), (0.0, test + 0.2), (0.0, test)) for test in (0.1, 0.9, 0.2))
    other = [replace(run, config=run.config | {"seed": 1}) for run in other]
    stopped = [replace(run, config=run.config | {"seed": 2}, status=RunStatus.STOPPED) for run in again]
    deep, rescue = depth_limit.over_seeds({"1": one, "2": again, "3": other, "4": stopped})
    assert (deep.counts, deep.names) == ((2, 2), ("ResNet-1202", "ResNet-20"))
    assert deep.difference == pytest.approx(20.0)
    assert rescue.difference == pytest.approx(-20.0)


# -- gradients ---------------------------------------------------------------------------------------------------------


def test_growing_gradients_do_not_vanish_and_sigmoids_do_what_they_do():
    spec = NetSpec("resnet", 20)
    assert "grow towards the picture. So they do not vanish" in initialization.say_growth(spec, 1.1)
    assert "do not grow" in initialization.say_growth(spec, 0.99)
    assert "sigmoids" in initialization.say_growth(NetSpec("resnet", 20, activation="sigmoid"), 0.9)


def layers(gradients: np.ndarray) -> pd.DataFrame:
    """Layers from the picture on, with these gradient norms."""
    position = np.arange(1, len(gradients) + 1)
    return pd.DataFrame({"position": position, "gradient": gradients, "activation": gradients})


def test_the_growth_a_layer_is_the_factor_of_a_geometric_row():
    assert initialization.growth_a_layer(layers(1.1 ** -np.arange(56))) == pytest.approx(1.1)
    assert initialization.growth_a_layer(layers(0.8 ** -np.arange(20))) == pytest.approx(0.8)


@pytest.mark.parametrize(("factor", "words"), [(0.5, "**vanish**"), (1.0, "**healthy**"), (2.0, "**explode**")])
def test_what_the_gradients_come_to_is_said(factor, words):
    told = initialization.say_gradients("plain-56", layers(factor ** -np.arange(30.0)))
    assert told.startswith("**plain-56**: the median gradient norm is ")
    assert words in told


def test_numbers_that_no_axis_shows_are_counted():
    told = initialization.say_gradients("net", layers(np.array([0.0, 0.0, 1.0, 1.0, np.inf, 1.0])))
    assert "In 2 layers the gradient is exactly 0" in told
    assert "In 1 layers the gradient has overflowed" in told


# -- shattering --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("plain", "residual", "word"),
    [
        ([0.9, 0.0], [0.95, 0.8], "agrees**"),
        ([0.9, 0.7], [0.95, 0.8], "agrees in the order of the two"),
        ([0.9, 0.0], [0.95, 0.2], "agrees in the order of the two"),
        ([0.9, 0.8], [0.7, 0.6], "does not agree"),
    ],
)
def test_whether_the_paper_is_met_follows_the_numbers(plain, residual, word):
    near = pd.DataFrame({"family": ["plain"] * 2 + ["resnet"] * 2, "depth": [8, 56] * 2, "seed": 0,
                         "value": [*plain, *residual]})  # fmt: skip
    assert word in shattering.say_agreement(near)


def test_the_correlation_of_neighbours_is_that_of_lag_one():
    curve = {"family": "plain", "depth": 8, "seed": 0, "lag": [0, 1, 2], "correlation": [1.0, 0.4, 0.1]}
    (row,) = shattering.numbers_by_depth(pd.DataFrame(curve), "near").to_dict("records")
    assert row == {"family": "plain", "depth": 8, "seed": 0, "value": 0.4}


def test_a_correlation_that_rounds_to_zero_has_no_minus():
    assert shattering._two(-0.001) == "0.00"
    assert shattering._two(-0.51) == "-0.51"


# -- paths of the gradient ---------------------------------------------------------------------------------------------


def test_the_published_share_stands_beside_the_one_counted_here():
    assert f"{share_of_paths(54, 5, 17):.2%}" in flow.tell_published(FINDINGS["paths"])


def test_a_net_that_sends_no_gradient_back_gives_a_sentence():
    lengths = pd.DataFrame({"length": [0, 1], "contribution": [float("nan")] * 2})
    assert "no gradient" in flow.tell_lengths("net", lengths)


def test_nets_with_blocks_are_asked_for_their_paths_unless_there_are_too_many():
    assert flow.fits(NetSpec("resnet", 56))
    assert not flow.fits(NetSpec("resnet", 1202))
    assert not flow.fits(NetSpec("vgg", 16))


def test_the_shortcut_s_part_is_told_with_the_blocks_where_it_is_least_and_most():
    shares = pd.DataFrame({"block": ["a", "b", "c"], "share": [0.9, 0.4, 0.6], "shortcut": [1.0, 1.0, 3.0],
                           "arriving": [2.0, 4.0, 4.0], "cosine": [0.1, -0.2, 0.0]})  # fmt: skip
    told = flow.tell_ways("net", shares)
    assert "the larger one in 2 of 3 blocks; its share is 60% in the median, from 40% in b to 90% in a" in told
    assert "50% comes through its shortcut" in told
    assert "0.00 in the median, from -0.20 to 0.10" in told


# -- neurons -----------------------------------------------------------------------------------------------------------


def test_which_net_rests_more_follows_what_was_counted():
    def found(active: float, never: float) -> UnitSummary:
        return UnitSummary(100, active, never, 0.0, 0.0)

    assert "fewer units that never fire" in neurons._compare({"plain": found(0.4, 0.2), "resnet": found(0.6, 0.1)})
    assert "more units that never fire" in neurons._compare({"plain": found(0.4, 0.1), "resnet": found(0.3, 0.2)})
    assert "fewer that fire" in neurons._compare({"plain": found(0.4, 0.1), "resnet": found(0.3, 0.2)})
    assert neurons._compare({"plain": found(0.4, 0.1)}) == ""


def test_the_mean_of_linear_decay_is_that_of_its_terms():
    spec = NetSpec("resnet", 20, survival=0.4)
    assert neurons._expected(spec) == pytest.approx(sum(i / 9 * 0.6 for i in range(1, 10)) / 9)


def test_silent_channels_are_told_with_their_layer():
    units = pd.DataFrame(
        {"mode": "evaluation", "layer": ["stem.act1", "stage1.act1"], "place": ["", "branch"], "units": [10, 10],
         "active": 0.5, "never": 0.25, "always": 0.0, "never_channels": [0.0, 0.25], "skipped": 0.0}
    )  # fmt: skip
    assert "In stage1.act1 25% of the channels never fire" in neurons.tell_units("net", units, "evaluation")
    told = neurons.tell_units("net", units.assign(never_channels=0.0), "evaluation")
    assert "no channel that never fires" in told


def test_only_nets_with_relus_have_units_at_rest():
    assert neurons.fits(NetSpec("plain", 20))
    assert not neurons.fits(NetSpec("plain", 20, activation="tanh"))
    assert neurons.is_stochastic(make_run(NetSpec("resnet", 20, survival=0.5)))
    assert not neurons.is_stochastic(make_run())


# -- lesions -----------------------------------------------------------------------------------------------------------


def test_deletable_are_the_blocks_that_leave_the_map_as_large_as_it_was():
    assert lesions._deletable([NetSpec("resnet", 14)]) == [
        "stage1.block1", "stage1.block2", "stage2.block2", "stage3.block2",
    ]  # fmt: skip
    assert lesions._deletable([NetSpec("resnet", 14), NetSpec("plain", 8)]) == ["stage1.block1"]
    assert "stage1.block1" not in lesions._deletable([NetSpec("resnet", 20, block="bottleneck")])
    assert lesions._short("stage3.block2") == "3.2"


# -- slices of the loss ------------------------------------------------------------------------------------------------

GRID = [(a, b) for a in np.linspace(-1, 1, 5) for b in np.linspace(-1, 1, 5)]


def slice_of(loss) -> pd.DataFrame:
    return pd.DataFrame([(a, b, loss(a, b)) for a, b in GRID], columns=["a", "b", "loss"])


BOWL, HILL = slice_of(lambda a, b: 1 + a**2 + b**2), slice_of(lambda a, b: 4 - a**2 - b**2)


def test_a_slice_is_told_by_its_centre_range_and_bends():
    told = surface.tell_slice("net", BOWL, classes=10)
    assert told.startswith("**net**: loss 1 at the centre, from 1 to 3 on the slice")
    assert "bends down on **0%**" in told
    assert "bends down on **100%**" in surface.tell_slice("net", HILL, classes=10)
    assert "not a finite number" not in told


def test_places_without_a_finite_loss_are_counted():
    lost = BOWL.assign(loss=BOWL["loss"].where(BOWL["a"] < 1))
    assert "At 5 places the loss is not a finite number." in surface.tell_slice("net", lost, classes=10)


@pytest.mark.parametrize(
    ("plain", "residual", "said"),
    [(HILL, BOWL, "the plain net's ground is the rougher"), (BOWL, HILL, "it is the **residual** net's"),
     (BOWL, BOWL, "no difference here")],
)  # fmt: skip
def test_whose_slice_is_rougher_follows_the_slices(plain, residual, said):
    runs = [make_run(NetSpec("plain", 20)), make_run(NetSpec("resnet", 20))]
    assert said in surface.compare_slices({"plain-20": plain, "ResNet-20 (A)": residual}, runs)


def test_one_family_alone_is_not_compared():
    assert surface.compare_slices({"plain-20": BOWL}, [make_run(NetSpec("plain", 20))]) == ""


def test_of_two_nets_of_one_name_the_first_is_shown():
    twice = pd.concat([BOWL, HILL]).assign(net="net")
    assert surface.parts_of(twice)["net"]["loss"].tolist() == BOWL["loss"].tolist()


def test_a_run_is_repeated_from_drawn_weights_with_every_epoch_kept():
    run = make_run(recipe={"seed": 4, "start": "abcd", "device": "cpu"})
    assert surface.with_epochs(run) == TrainingConfig(
        **(run.config | {"keep_epochs": True, "start": "", "device": "auto"})
    )


def test_how_far_a_plane_can_be_believed_is_told():
    path = pd.DataFrame({"epoch": [0, 1, 2], "share_a": 0.8, "share_b": 0.1, "loss": [2.0, 1.0, 0.5],
                         "plane_loss": [2.0, 4.0, 0.5]})  # fmt: skip
    told = surface.tell_way("net", path)
    assert "holds 80% and 10% of the variance of its 3 nets, 90% in all" in told
    assert "furthest from the truth at epoch 1: the net has loss 1, the place below it 4" in told
