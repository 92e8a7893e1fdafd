"""Does the page of neurons ask, answer, and put a net of stochastic depth beside the others?"""

import json
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from resnet_viz.lab import UnitSummary, summarize_units
from resnet_viz.nets import NetSpec
from resnet_viz.runs import StudyStore
from resnet_viz.studies import QUESTIONS
from resnet_viz.ui.neurons import _compare, _expected, tell_units

PAGE = str(Path(__file__).parents[2] / "pages" / "neurons.py")


@pytest.fixture(autouse=True)
def few_pictures(monkeypatch):
    monkeypatch.setitem(QUESTIONS["neurons"].defaults, "pictures", 96)


def open_page(runs, **parameters) -> AppTest:
    page = AppTest.from_file(PAGE, default_timeout=60)
    page.query_params["nets"] = runs[0].comparison
    for name, value in parameters.items():
        page.query_params[name] = value
    return page.run()


def shown(page) -> str:
    assert not page.exception
    return "\n".join(element.value for element in [*page.markdown, *page.caption])


def test_units_are_asked_for_counted_and_told(lab_store, trained, monkeypatch):
    _, runs = trained
    monkeypatch.setattr("resnet_viz.ui.neurons.recorded_stores", dict)
    page = open_page(runs)
    assert "No net of stochastic depth" in shown(page)
    page.button(key="ask_neurons").click().run()
    text = shown(page)
    (study,) = StudyStore(lab_store).studies("neurons")
    assert study.params["runs"] == [run.id for run in runs]
    frame = StudyStore(lab_store).answer(study.id)
    for net, part in frame.groupby("net"):
        found = summarize_units(part, "evaluation")
        assert f"**{net}**: {found.active:.1%} of its {found.units:,} units" in text
        assert f"{found.never:.2%} of the units of {net}" in text
    assert "96 training pictures; of 1,400" in text
    page.button_group(key="mode").set_value("training").run()
    found = summarize_units(frame[frame["net"] == "plain-8"], "training")
    assert f"**plain-8**: {found.active:.1%} of its" in shown(page)


def test_a_net_of_stochastic_depth_stands_beside_them_and_the_link_says_which(lab_store, trained):
    _, (plain, residual) = trained
    make_stochastic(lab_store, residual.id)
    page = open_page([plain])
    assert page.selectbox[1].value == residual.id  # of the same depth: shown first
    page.button(key="ask_neurons").click().run()
    text = shown(page)
    (study,) = StudyStore(lab_store).studies("neurons")
    assert study.params["runs"] == [plain.id, residual.id]
    assert "Stochastic depth alone really leaves layers out" in text
    assert f"asks for {0.5 * 4 / 6:.1%}" in text
    page.selectbox[1].select("none").run()
    assert "Stochastic depth alone" not in shown(page)
    assert page.query_params["beside"] == "none"


def make_stochastic(store, run_id: str) -> None:
    """Turn a run into one of stochastic depth that was started for itself; its weights fit as they are."""
    changed = {"survival": 0.5}
    run = store.run(run_id)
    facts = run.facts | {"spec": run.facts["spec"] | changed}
    with store.write() as db:
        db.exec_driver_sql(
            "UPDATE runs SET comparison = 'beside', position = 0, spec = ?, facts = ? WHERE id = ?",
            (json.dumps(run.spec | changed), json.dumps(facts), run_id),
        )


def test_a_link_to_a_net_that_is_not_there_shows_the_nets_that_are(lab_store, trained):
    page = open_page(trained[1], beside="nonsense", mode="nonsense")
    assert page.selectbox[1].value == "none"  # the recorded net of stochastic depth has another depth
    assert not page.exception


def test_the_verdict_follows_what_was_counted():
    def found(active: float, never: float) -> UnitSummary:
        return UnitSummary(100, active, never, 0.0, 0.0)

    assert "fewer units that never fire" in _compare({"plain": found(0.4, 0.2), "resnet": found(0.6, 0.1)})
    assert "more units that never fire" in _compare({"plain": found(0.4, 0.1), "resnet": found(0.3, 0.2)})
    assert "fewer that fire" in _compare({"plain": found(0.4, 0.1), "resnet": found(0.3, 0.2)})
    assert _compare({"plain": found(0.4, 0.1)}) == ""


def test_the_mean_of_linear_decay_is_that_of_its_terms():
    spec = NetSpec("resnet", 20, survival=0.4)
    assert _expected(spec) == pytest.approx(sum(i / 9 * 0.6 for i in range(1, 10)) / 9)


def test_silent_channels_are_told_with_their_layer():
    units = pd.DataFrame(
        {"mode": "evaluation", "layer": ["stem.act1", "stage1.act1"], "place": ["", "branch"], "units": [10, 10],
         "active": 0.5, "never": 0.25, "always": 0.0, "never_channels": [0.0, 0.25], "skipped": 0.0}
    )  # fmt: skip
    assert "In stage1.act1 25% of the channels never fire" in tell_units("net", units, "evaluation")
    assert "no channel that never fires" in tell_units("net", units.assign(never_channels=0.0), "evaluation")
