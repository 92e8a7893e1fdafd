"""Does the page of claims show computed verdicts, filter them, and start what would change them?"""

from dataclasses import asdict, replace
from pathlib import Path

from streamlit.testing.v1 import AppTest

from resnet_viz.nets import NetSpec
from resnet_viz.runs import Owner, RunStatus, RunStore, RunWriter, StudyStore
from resnet_viz.settings import Settings
from resnet_viz.studies import CLAIMS, Verdict
from resnet_viz.training import TrainingConfig, preset
from resnet_viz.ui.claims import judge_all

APP = str(Path(__file__).parents[2] / "app.py")
ALL = [claim for claims in CLAIMS.values() for claim in claims]


def open_page() -> AppTest:
    page = AppTest.from_file(APP, default_timeout=120).run()
    return page.switch_page("pages/claims.py").run()


def shown(page: AppTest) -> str:
    return "\n".join(element.value for element in [*page.markdown, *page.caption])


def test_every_claim_is_shown_with_the_runs_behind_it(home):
    page = open_page()
    assert not page.exception
    text = shown(page)
    for claim in ALL:
        assert claim.sentence in text
        assert f"Claimed in {claim.source}" in text
    assert f"Of {len(ALL)} claims" in text
    assert "3 seeds each" in text


def test_verdicts_can_be_chosen(home):
    page = open_page()
    page.button_group(key="verdicts").select(Verdict.UNTESTED).run()
    assert not page.exception
    text = shown(page)
    assert next(claim.sentence for claim in ALL if claim.key == "imagenet") in text
    assert next(claim.sentence for claim in ALL if claim.key == "no_parameters") not in text


def test_a_claim_is_run_again(home, monkeypatch):
    monkeypatch.setattr("resnet_viz.studies.asking.start_worker", lambda settings: None)
    monkeypatch.setattr("resnet_viz.training.sweep.see_to_runs", lambda store, settings: None)
    page = open_page()
    page.button(key="again_lesions").click().run()
    assert not page.exception
    store = RunStore(Settings().store_url)
    asked = StudyStore(store).studies()
    assert {study.kind for study in asked} == {"lesions"}
    assert [len(study.params["runs"]) for study in asked] == [2, 2]  # of 20 layers and of 56
    page.button(key="again_deeper_plain").click().run()
    assert not page.exception
    runs = store.runs()
    assert {(run.spec["depth"], run.config["seed"]) for run in runs} == {(d, s) for d in (20, 56) for s in (0, 1, 2)}
    assert "Something is being measured" in shown(page)


def test_a_run_that_went_on_to_its_new_end_is_judged_anew(store, finish):
    """Not of that recipe any longer: the verdict rests on the recorded runs again."""
    wanted = [(NetSpec("plain", depth), preset("digits", seed=seed)) for seed in (0, 1) for depth in (20, 56)]
    runs = finish(store, wanted, [(0.5, 0.5), (0.1, 0.1)] * 2)
    assert set(judge_all()["not_overfitting"].runs) & {run.id for run in runs}
    for run in runs:
        assert store.resume(run.id, asdict(replace(TrainingConfig(**run.config), more_epochs=(5,))))
        RunWriter(store, store.claim(Owner.here(), run_id=run.id)).end(RunStatus.FINISHED)
    assert not set(judge_all()["not_overfitting"].runs) & {run.id for run in runs}
