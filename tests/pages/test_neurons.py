"""Does the page of neurons ask, answer, and put a net of stochastic depth beside the others?"""

import json

import pytest

from resnet_viz.lab import summarize_units
from resnet_viz.runs import StudyStore
from resnet_viz.studies import QUESTIONS
from tests.pages.opening import open_page, press_key, rerun, text_of


@pytest.fixture(autouse=True)
def few_pictures(monkeypatch):
    monkeypatch.setitem(QUESTIONS["neurons"].defaults, "pictures", 96)


def test_units_are_asked_for_counted_and_told(lab_store, trained, monkeypatch):
    _, runs = trained
    monkeypatch.setattr("resnet_viz.ui.neurons.recorded_stores", dict)
    page = open_page("neurons", nets=runs[0].comparison)
    assert "No net of stochastic depth" in text_of(page)
    text = text_of(press_key(page, "ask_neurons"))
    (study,) = StudyStore(lab_store).studies("neurons")
    assert study.params["runs"] == [one.id for one in runs]
    frame = StudyStore(lab_store).answer(study.id)
    for net, part in frame.groupby("net"):
        found = summarize_units(part, "evaluation")
        assert f"**{net}**: {found.active:.1%} of its {found.units:,} units" in text
        assert f"{found.never:.2%} of the units of {net}" in text
    assert "96 training pictures; of 1,400" in text
    page.button_group(key="mode").set_value("training")
    found = summarize_units(frame[frame["net"] == "plain-8"], "training")
    assert f"**plain-8**: {found.active:.1%} of its" in text_of(rerun(page))


def test_a_net_of_stochastic_depth_stands_beside_them_and_the_link_says_which(lab_store, trained):
    _, (plain, residual) = trained
    make_stochastic(lab_store, residual.id)
    page = open_page("neurons", nets=plain.comparison)
    assert page.selectbox[1].value == residual.id  # of the same depth: shown first
    text = text_of(press_key(page, "ask_neurons"))
    (study,) = StudyStore(lab_store).studies("neurons")
    assert study.params["runs"] == [plain.id, residual.id]
    assert "Stochastic depth alone really leaves layers out" in text
    assert f"asks for {0.5 * 4 / 6:.1%}" in text
    page.selectbox[1].select("none")
    assert "Stochastic depth alone" not in text_of(rerun(page))
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
    page = open_page("neurons", nets=trained[1][0].comparison, beside="nonsense", mode="nonsense")
    assert page.selectbox[1].value == "none"  # the recorded net of stochastic depth has another depth
