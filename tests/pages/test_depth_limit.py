"""Does the page of the depth limit show the three nets, judge them by its rule, and start them anew?"""

from resnet_viz.paper import CIFAR_ERRORS, STOCHASTIC_DEPTH
from resnet_viz.runs import recorded_stores
from resnet_viz.studies.narrow import RECIPE, TRIO
from resnet_viz.training import TrainingConfig, preset
from resnet_viz.ui.depth_limit import config_of, find_trios
from tests.pages.opening import open_page, press, text_of


def finish_trio(store, finish, errors, seed: int = 7):
    return finish(store, [(spec, config_of(seed)) for spec in TRIO], errors)


def test_recorded_nets_are_shown_with_their_errors(home):
    runs = [run for run in recorded_stores()["digits"].runs() if run.config["subset"] == RECIPE["subset"]]
    assert len(runs) == 3
    page = open_page("depth_limit")
    shown = text_of(page)
    for run in runs:
        assert run.id in shown
        assert f"**{run.train_error:.1%}** training and **{run.test_error:.1%}** test error" in shown
    published = page.dataframe[0].value
    assert published["test error, %"].tolist()[2] == CIFAR_ERRORS[-1].error
    assert STOCHASTIC_DEPTH[-1].error in published["test error, %"].tolist()


def test_the_verdict_on_own_nets_is_shown(store, finish):
    runs = finish_trio(store, finish, [(0.0, 0.08), (0.0, 0.30), (0.1, 0.05)])
    shown = text_of(open_page("depth_limit", trio=runs[0].comparison))
    assert "**ResNet-1202 overfits**" in shown
    assert "One seed says nothing" in shown


def test_two_seeds_are_compared_by_the_test(store, finish):
    finish_trio(store, finish, [(0.0, 0.08), (0.0, 0.30), (0.1, 0.05)], 7)
    newest = finish_trio(store, finish, [(0.0, 0.09), (0.0, 0.31), (0.1, 0.06)], 8)
    page = open_page("depth_limit", trio=newest[0].comparison)
    recorded = len(find_trios()) - 2
    assert f"{2 + recorded} and {2 + recorded} runs" in text_of(page)
    assert "95 % interval" in text_of(page)


def test_other_recipes_and_lone_nets_are_not_taken_for_the_three(store, finish):
    before = len(find_trios())
    finish(store, [(TRIO[0], config_of(3))], [(0.0, 0.1)])
    finish(store, [(spec, preset("digits", epochs=3)) for spec in TRIO], [(0.0, 0.1)] * 3)
    assert len(find_trios()) == before


def test_a_link_that_makes_no_sense_gets_a_sentence(home):
    page = open_page("depth_limit", trio="<b>x")
    assert "on this machine; these are others" in text_of(page)


def test_the_three_are_started_with_a_seed_that_was_not_tried(store):
    tried = {run.config["seed"] for runs in find_trios().values() for run in runs}
    page = press(open_page("depth_limit"), "Train the three nets")
    runs = store.runs()
    assert [run.spec["survival"] for run in runs] == [1.0, 1.0, 0.5]
    assert [run.spec["depth"] for run in runs] == [20, 1202, 1202]
    assert all(TrainingConfig(**run.config) == config_of(run.config["seed"]) for run in runs)
    assert not {run.config["seed"] for run in runs} & tried
    assert page.query_params["trio"] == runs[0].comparison
    assert "waiting for its turn" in "\n".join(str(bar.proto.text) for bar in page.get("progress"))
