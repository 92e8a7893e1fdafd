"""Does the table of trust rank by its means, know chance, and hold maps against masks?"""

import numpy as np
import pandas as pd
import pytest
import torch

from resnet_viz.data import shape_masks
from resnet_viz.explain import STAYS, AttributionConfig, attribute, chance_curves, check, randomize, to_map
from resnet_viz.nets import NetSpec, build_net
from resnet_viz.runs import RunStore, recorded_stores
from resnet_viz.settings import Settings
from resnet_viz.studies import QUESTIONS, load_subjects
from resnet_viz.studies.subjects import pick
from resnet_viz.studies.trust import LESS_IS_BETTER, RANDOM, passes_of_trust, rank_trust, summarize_trust


def make_frame() -> pd.DataFrame:
    """Two methods and chance on two pictures; "good" is better by every measure."""
    rows = []
    for method, good in (("good", 0.1), ("bad", 0.8), (RANDOM, 0.5)):
        for picture, off in ((0, -0.05), (1, 0.05)):
            values = {name: good + off if less else 1 - good + off for name, less in LESS_IS_BETTER.items()}
            if method == RANDOM:
                values |= dict.fromkeys(("infidelity", "sensitivity", "similarity"), np.nan)
            rows.append({"net": "a", "method": method, "picture": picture, "completeness": np.nan} | values)
    return pd.DataFrame(rows)


def test_a_summary_has_means_and_standard_errors_of_what_was_measured():
    means = summarize_trust(make_frame()).set_index(["method", "measure"])
    assert means.loc[("good", "deletion"), "mean"] == pytest.approx(0.1)
    assert means.loc[("good", "deletion"), "error"] == pytest.approx(0.05)  # 0.0707 / sqrt(2)
    assert means.loc[("good", "deletion"), "pictures"] == 2
    assert ("good", "completeness") not in means.index
    assert (RANDOM, "similarity") not in means.index


def test_the_better_method_comes_first_whichever_way_a_measure_goes():
    ranks = rank_trust(summarize_trust(make_frame()))
    assert ranks.index.tolist() == [("a", "good"), ("a", "bad")]
    assert (ranks.loc[("a", "good")] == 1).all()
    assert (ranks.loc[("a", "bad")] == 2).all()


@pytest.fixture(scope="module")
def shapes() -> pd.DataFrame:
    """The question about the recorded pair of shapes, of few pictures and methods."""
    store = RunStore("sqlite://")
    runs = [run.id for run in recorded_stores()["shapes"].runs() if run.weights]
    params = QUESTIONS["trust"].defaults | {"pictures": 3, "methods": ["saliency", "guided_backprop"]}
    told: list[float] = []
    frame = QUESTIONS["trust"].answer(load_subjects(store, Settings(), runs), params, told.append)
    assert told == sorted(told)
    return frame


@pytest.mark.long
def test_maps_of_nets_of_shapes_are_held_against_the_masks_of_their_pictures(shapes):
    assert len(shapes) == 2 * 3 * 3  # nets, methods with random order, pictures
    expected = shape_masks()[pick(1000, 3)].mean((1, 2))
    for _, part in shapes.groupby(["net", "method"]):
        assert part["mask_share"].to_numpy() == pytest.approx(expected)
    assert shapes["hit"].isin((0, 1)).all()
    assert shapes["inside"].between(0, 1).all()
    random = shapes[shapes["method"] == RANDOM]
    assert random["inside"].to_numpy() == pytest.approx(random["mask_share"].to_numpy(), abs=0.05)


@pytest.mark.long
@pytest.mark.parametrize("family", ["plain", "resnet"])
def test_guided_backprop_fails_under_random_weights_and_gradients_do_not(family):
    runs = [run for run in recorded_stores()["digits"].runs() if run.weights]
    run = next(run for run in runs if (run.spec["family"], run.spec["depth"]) == (family, 20))
    (subject,) = load_subjects(RunStore("sqlite://"), Settings(), [run.id])
    x, labels = subject.test(4)
    for method in ("saliency", "integrated_gradients", "grad_cam", "guided_backprop"):
        config = AttributionConfig(method)

        def maps_of(net, config=config):
            return to_map(attribute(net, x, labels, config))

        cascade = randomize(subject.net, maps_of)
        assert (cascade.likeness.mean() > STAYS) == (method == "guided_backprop"), (method, cascade.likeness)


@pytest.mark.long
def test_the_work_that_is_announced_is_the_work_that_is_done():
    net = build_net(NetSpec("plain", 20, in_channels=1, width=4)).eval()  # with parts for every step of a cascade
    passed = 0

    def count(module, inputs, output):
        nonlocal passed
        passed += len(output)

    net.register_forward_hook(count)  # copies of the net count as well
    x = torch.randn(1, 1, 32, 32)
    chance_curves(net, x, 1)
    check(net, x, 1, AttributionConfig("feature_ablation"))
    (work,) = passes_of_trust([net.spec], {"pictures": 1, "methods": ["feature_ablation"]})
    assert passed == pytest.approx(work.forward, rel=0.1)
