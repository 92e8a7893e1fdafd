"""Is a sweep priced, started, stopped and continued from its page, and is it said what its seeds come to?"""

from dataclasses import replace

import pytest

from resnet_viz.nets import NetSpec
from resnet_viz.runs import Owner, RunStatus, RunWriter
from resnet_viz.training import preset
from tests.pages.opening import open_page, press, rerun, text_of

VERDICTS = "Errors against depth, with verdicts"


def test_a_sweep_is_priced_started_stopped_and_continued(store):
    page = open_page("sweep")
    assert "No sweep was started here yet." in text_of(page)
    page.multiselect(key="sweep_depths").set_value([8])
    page.number_input(key="sweep_seeds").set_value(2)
    assert "**4 runs** in 2 comparisons." in text_of(rerun(page))
    press(page, "Start the sweep")
    runs = store.runs()
    assert len(runs) == 4
    assert len({one.sweep for one in runs}) == 1
    assert {one.config["seed"] for one in runs} == {0, 1}
    writer = RunWriter(store, store.claim(Owner.here()))
    press(page, "Stop all")
    assert sorted(one.status for one in store.runs()) == [RunStatus.RUNNING, *[RunStatus.STOPPED] * 3]
    assert [one.request for one in store.running()] == ["stop"]
    writer.end(RunStatus.STOPPED)
    assert len(rerun(page).dataframe[0].value) == 4
    press(page, "Go on")
    assert {one.status for one in store.runs()} == {RunStatus.QUEUED}
    press(page, "Pause all")
    assert {one.status for one in store.runs()} == {RunStatus.PAUSED}
    page.number_input(key="at_once").set_value(3)
    rerun(page)
    assert store.chosen("at_once") == 3


def test_a_sweep_says_what_its_seeds_come_to_and_leads_to_its_verdicts(store, finish):
    config = replace(preset("digits"), epochs=2)
    for depth, errors in {8: (0.10, 0.20, 0.60), 14: (0.30, 0.40)}.items():
        for seed, error in enumerate(errors):
            finish(store, [(NetSpec("plain", depth), replace(config, seed=seed))], [(error / 2, error)], sweep="sweep")
    page = open_page("sweep")
    assert page.get("progress")[0].proto.text == "5 of 5 runs have ended"
    means = page.dataframe[0].value
    assert list(means["net"]) == ["plain-8", "plain-14"]
    assert list(means["runs"]) == [3, 2]
    assert list(means["training error"]) == pytest.approx([0.15, 0.175])
    assert list(means["test error"]) == pytest.approx([0.3, 0.35])
    assert list(means["least"]) == [0.10, 0.30]
    assert list(means["largest"]) == [0.60, 0.40]
    assert VERDICTS in [button.label for button in page.button]


def test_one_seed_has_no_mean(store, finish):
    finish(store, [(NetSpec("plain", 8), preset("digits"))], [(0.1, 0.2)], sweep="sweep")
    page = open_page("sweep")
    assert len(page.dataframe) == 1
    assert VERDICTS not in [button.label for button in page.button]


def test_a_sweep_of_nothing_says_what_to_choose(home):
    assert "Choose at least one depth, one kind of net and one seed." in text_of(
        open_page("sweep", sweep_depths="none")
    )
