"""Does the page of claims show computed verdicts, filter them, and start what would change them?"""

from dataclasses import asdict, replace

from resnet_viz.nets import NetSpec
from resnet_viz.runs import Owner, RunStatus, RunWriter, StudyStore
from resnet_viz.studies import CLAIMS, Verdict
from resnet_viz.training import TrainingConfig, preset
from resnet_viz.ui.claims import judge_all
from tests.pages.opening import open_app, press_key, rerun, text_of

ALL = [claim for claims in CLAIMS.values() for claim in claims]


def test_every_claim_is_shown_with_the_runs_behind_it_and_verdicts_can_be_chosen(home):
    page = open_app("claims")
    shown = text_of(page)
    for claim in ALL:
        assert claim.sentence in shown
        assert f"Claimed in {claim.source}" in shown
    assert f"Of {len(ALL)} claims" in shown
    assert "3 seeds each" in shown
    page.button_group(key="verdicts").select(Verdict.UNTESTED)
    shown = text_of(rerun(page))
    assert next(claim.sentence for claim in ALL if claim.key == "imagenet") in shown
    assert next(claim.sentence for claim in ALL if claim.key == "no_parameters") not in shown


def test_a_claim_is_run_again(store):
    page = press_key(open_app("claims"), "again_lesions")
    asked = StudyStore(store).studies()
    assert {study.kind for study in asked} == {"lesions"}
    assert [len(study.params["runs"]) for study in asked] == [2, 2]  # of 20 layers and of 56
    press_key(page, "again_deeper_plain")
    runs = store.runs()
    assert {(one.spec["depth"], one.config["seed"]) for one in runs} == {(d, s) for d in (20, 56) for s in (0, 1, 2)}
    assert "Something is being measured" in text_of(page)


def test_a_run_that_went_on_to_its_new_end_is_judged_anew(store, finish):
    """Not of that recipe any longer: the verdict rests on the recorded runs again."""
    wanted = [(NetSpec("plain", depth), preset("digits", seed=seed)) for seed in (0, 1) for depth in (20, 56)]
    runs = finish(store, wanted, [(0.5, 0.5), (0.1, 0.1)] * 2)
    assert set(judge_all()["not_overfitting"].runs) & {run.id for run in runs}
    for one in runs:
        assert store.resume(one.id, asdict(replace(TrainingConfig(**one.config), more_epochs=(5,))))
        RunWriter(store, store.claim(Owner.here(), run_id=one.id)).end(RunStatus.FINISHED)
    assert not set(judge_all()["not_overfitting"].runs) & {run.id for run in runs}
