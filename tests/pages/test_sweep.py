"""Is a sweep priced, started, stopped and continued from its page, and is it said what its seeds come to?"""

import time
from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from resnet_viz.nets import NetSpec
from resnet_viz.runs import RunStatus
from resnet_viz.training import preset

PAGE = Path(__file__).parents[2] / "pages" / "sweep.py"
VERDICTS = "Errors against depth, with verdicts"


def open_page() -> AppTest:
    return AppTest.from_file(str(PAGE), default_timeout=60).run()


def test_a_sweep_is_priced_started_stopped_and_continued(store, monkeypatch):
    monkeypatch.setattr("resnet_viz.training.executor.default_at_once", lambda: 1)
    page = open_page()
    assert "No sweep was started here yet." in [info.value for info in page.info]
    page.multiselect(key="sweep_depths").set_value([8])
    page.number_input(key="sweep_seeds").set_value(2).run()
    assert "**4 runs** in 2 comparisons." in [text.value for text in page.markdown]
    page.slider(key="epochs_digits").set_value(60).run()
    next(button for button in page.button if button.label == "Start the sweep").click().run()
    assert not page.exception
    runs = store.runs()
    assert len(runs) == 4
    assert len({run.sweep for run in runs}) == 1
    assert {run.config["seed"] for run in runs} == {0, 1}
    next(button for button in page.button if button.label == "Stop all").click().run()
    deadline = time.monotonic() + 60
    while any(run.status.is_active for run in store.runs()) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert {run.status for run in store.runs()} == {RunStatus.STOPPED}
    page.run()
    assert len(page.dataframe[0].value) == 4
    next(button for button in page.button if button.label == "Go on").click().run()
    assert all(run.status.is_active for run in store.runs())
    next(button for button in page.button if button.label == "Pause all").click().run()
    while any(run.status.is_active for run in store.runs()) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert {run.status for run in store.runs()} == {RunStatus.PAUSED}
    page.number_input(key="at_once").set_value(3).run()
    assert store.chosen("at_once") == 3
    assert not page.exception


def test_a_sweep_says_what_its_seeds_come_to_and_leads_to_its_verdicts(store, finish):
    config = replace(preset("digits"), epochs=2)
    for depth, errors in {8: (0.10, 0.20, 0.60), 14: (0.30, 0.40)}.items():
        for seed, error in enumerate(errors):
            finish(store, [(NetSpec("plain", depth), replace(config, seed=seed))], [(error / 2, error)], sweep="sweep")
    page = open_page()
    assert not page.exception
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
    page = open_page()
    assert not page.exception
    assert len(page.dataframe) == 1
    assert VERDICTS not in [button.label for button in page.button]


def test_a_sweep_of_nothing_says_what_to_choose(home):
    page = open_page()
    page.multiselect(key="sweep_depths").set_value([]).run()
    assert "Choose at least one depth, one kind of net and one seed." in [info.value for info in page.info]
    assert not page.exception
