"""Does the page of responses ask, show both figures, and compare what is measured with what was recorded?"""

import re

from sqlalchemy import select, update

from resnet_viz import lab, studies
from resnet_viz.nets import NetSpec
from resnet_viz.runs import StudyStore
from resnet_viz.runs.schema import runs as table
from tests.pages.figures import figures
from tests.pages.opening import open_page, press_key, text_of


def open_responses(runs):
    return open_page("responses", nets=runs[0].comparison)


def test_responses_are_measured_compared_with_the_recorded_ones_and_judged(lab_store, trained):
    _, runs = trained
    page = open_responses(runs)
    assert not figures(page)
    press_key(page, "ask_responses")
    (study,) = StudyStore(lab_store).studies("responses")
    frame = StudyStore(lab_store).answer(study.id)
    shown = text_of(page)
    assert len(figures(page)) == 2
    assert study.id in shown
    for run in runs:
        name = NetSpec(**run.spec).name
        part = frame[frame["net"] == name]
        assert f"**{name}**: {part['response'].median():.3f} in the median of 7 layers" in shown
        recorded = lab_store.responses(run.id).iloc[-1][part["norm"].tolist()].median()
        assert f"at step 21 the closed form gave {recorded:.3f}" in shown
    plain, residual = (part for _, part in frame.groupby("net", sort=False))
    for column in ("weight_rms", "response"):
        found = lab.compare_layers(plain, residual, column)
        assert f"**{found.verdict}**; over the 6 layers of the blocks the ratio is {found.ratio:.3f}" in shown
    assert "Both began with the same weights" in shown


def test_one_net_alone_is_shown_without_a_verdict(lab_store, trained, tmp_path):
    _, runs = trained
    (alone,) = lab_store.add_comparison([(runs[1].spec, runs[1].config)])
    give_weights(lab_store, alone.id, runs[1].id)
    page = open_responses([alone])
    press_key(page, "ask_responses")
    assert "choose nets among which a plain and a residual one have the same layers" in text_of(page)
    assert not re.search("smaller|larger|no clear difference", text_of(page).partition("To answer it")[2])


def give_weights(store, run_id, source):
    """Let a run look as if it had trained: with the weights and facts of another, but without its curves."""
    columns = (table.c.status, table.c.facts, table.c.weights, table.c.step, table.c.test_error)
    with store.write() as db:
        row = db.execute(select(*columns).where(table.c.id == source)).mappings().one()
        db.execute(update(table).where(table.c.id == run_id).values(dict(row)))


def test_a_net_with_another_seed_is_found_by_its_name(lab_store, trained):
    """Answers name nets with their seed, where that is not 0."""
    _, runs = trained
    copies = lab_store.add_comparison([(run.spec, run.config | {"seed": 5}) for run in runs])
    for copy, run in zip(copies, runs, strict=True):
        give_weights(lab_store, copy.id, run.id)
    page = open_responses(copies)
    press_key(page, "ask_responses")
    assert "**plain-8, seed 5**:" in text_of(page)
    assert "nothing was recorded that could be compared" in text_of(page)


def test_weights_that_are_gone_are_a_sentence(lab_store, trained, monkeypatch):
    def gone(store, settings, run_ids):
        raise studies.StudyError("run x has kept no weights")

    monkeypatch.setattr("resnet_viz.studies.worker.load_subjects", gone)
    page = open_responses(trained[1])
    press_key(page, "ask_responses")
    assert page.error[0].value == "Run x has kept no weights."
