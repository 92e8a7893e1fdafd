"""Are verdicts computed from what is stored, and does each follow when the evidence changes?"""

import re
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from resnet_viz.nets import NetSpec
from resnet_viz.runs import Checkpoint, Owner, RunStatus, RunStore, RunWriter, StudyStore
from resnet_viz.settings import Settings
from resnet_viz.studies import CLAIMS, QUESTIONS, Evidence, Verdict
from resnet_viz.studies.by_runs import beats, fits_its_pictures, keeps_more, overfits, ties
from resnet_viz.studies.by_studies import (
    error_rises_smoothly,
    one_block_is_hardly_missed,
    parameters_are_smaller,
    short_paths_carry_most,
)
from resnet_viz.studies.evidence import ENOUGH
from resnet_viz.studies.published import PUBLISHED
from resnet_viz.training import preset

ALL = [claim for claims in CLAIMS.values() for claim in claims]
PAGES = {path.stem for path in (Path(__file__).parents[2] / "pages").glob("*.py")}
PLAIN, RESIDUAL = NetSpec("plain", 14), NetSpec("resnet", 14)  # of a depth that no recorded run has


class OwnEvidence(Evidence):
    """Answers about nets of that depth alone."""

    def answer(self, kind, families=(), depth=0):
        return super().answer(kind, families, PLAIN.depth)


def add_runs(store: RunStore, spec: NetSpec, errors: list[tuple[float, float]], **changes) -> list[str]:
    """Finished runs with these training and test errors, one a seed."""
    ids = []
    for seed, (train, test) in enumerate(errors):
        store.add_comparison([(asdict(spec), asdict(preset("digits", seed=seed, threads=seed + 1, **changes)))])
        claim = store.claim(Owner.here())
        assert claim is not None
        writer = RunWriter(store, claim)
        writer.describe({"spec": asdict(spec), "test_count": 397}, total_steps=105)
        rates = {"train_loss": 1.0, "train_error": train, "test_loss": 1.0, "test_error": test}
        writer.evaluate({"epoch": 1, "step": 105} | rates, 1.0)
        writer.end(RunStatus.FINISHED, "")
        ids.append(writer.run_id)
    return ids


def keep_answer(store: RunStore, kind: str, runs: list[str], frame: pd.DataFrame) -> str:
    studies = StudyStore(store)
    studies.ask(kind, QUESTIONS[kind].defaults | {"runs": runs})
    study = studies.claim(Owner.here())
    studies.finish(study.id, frame, {}, 1.0)
    return study.id


def test_there_are_at_least_twenty_claims_each_with_a_page_and_a_source():
    assert len(ALL) >= 20
    assert len({claim.key for claim in ALL}) == len(ALL)
    for claim in ALL:
        assert claim.page in PAGES
        assert claim.source
        assert claim.sentence.endswith(".")
        assert claim.again is None or claim.again.specs or claim.again.question in QUESTIONS


def test_a_claim_of_training_follows_the_runs(store):
    judge = beats(RESIDUAL, PLAIN)
    assert judge(Evidence(store)).verdict is Verdict.UNTESTED
    ids = add_runs(store, RESIDUAL, [(0.0, 0.01), (0.0, 0.02), (0.0, 0.015)])
    assert "plain-14" in judge(Evidence(store)).sentence
    ids += add_runs(store, PLAIN, [(0.3, 0.30), (0.3, 0.33), (0.3, 0.31)])
    found = judge(Evidence(store))
    assert found.verdict is Verdict.HOLDS
    assert set(found.runs) == set(ids)
    assert "1.5 % test error" in found.sentence
    assert beats(PLAIN, RESIDUAL)(Evidence(store)).verdict is Verdict.FAILS


def test_runs_that_differ_by_less_than_their_seeds_decide_nothing(store):
    add_runs(store, RESIDUAL, [(0.0, 0.10), (0.0, 0.20)])
    add_runs(store, PLAIN, [(0.0, 0.12), (0.0, 0.22)])
    assert beats(RESIDUAL, PLAIN)(Evidence(store)).verdict is Verdict.DEPENDS
    assert ties(RESIDUAL, [PLAIN])(Evidence(store)).verdict is Verdict.DEPENDS  # the interval is wide


def test_a_tie_holds_where_the_interval_is_narrow(store):
    add_runs(store, RESIDUAL, [(0.0, 0.010), (0.0, 0.012), (0.0, 0.011)])
    add_runs(store, PLAIN, [(0.0, 0.011), (0.0, 0.013), (0.0, 0.012)])
    assert ties(RESIDUAL, [PLAIN])(Evidence(store)).verdict is Verdict.HOLDS


def test_a_recipe_that_was_changed_is_other_evidence(store):
    add_runs(store, RESIDUAL, [(0.0, 0.1)] * 2, epochs=7)
    assert not Evidence(store).runs(RESIDUAL)
    assert len(Evidence(store).runs(RESIDUAL, epochs=7)) == 2


@pytest.mark.parametrize(
    ("deep", "expected"),
    [((0.0, 0.30), Verdict.HOLDS), ((0.0, 0.02), Verdict.FAILS), ((0.5, 0.6), Verdict.DEPENDS)],
)
def test_overfitting_needs_a_fit_and_a_loss(store, deep, expected):
    add_runs(store, RESIDUAL, [deep])
    add_runs(store, NetSpec("resnet", 26), [(0.0, 0.02)])
    assert overfits(RESIDUAL, NetSpec("resnet", 26))(Evidence(store)).verdict is expected
    fits = fits_its_pictures(RESIDUAL)(Evidence(store)).verdict
    assert fits is (Verdict.FAILS if deep[0] else Verdict.HOLDS)


def pair(store: RunStore) -> list[str]:
    return [*add_runs(store, PLAIN, [(0.0, 0.1)]), *add_runs(store, RESIDUAL, [(0.0, 0.1)])]


def of_both(plain: pd.DataFrame, residual: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([plain.assign(net=PLAIN.name), residual.assign(net=RESIDUAL.name)])


@pytest.mark.parametrize(
    ("plain", "residual", "expected"),
    [(0.5, 0.01, Verdict.HOLDS), (0.5, 0.5, Verdict.DEPENDS), (0.01, 0.5, Verdict.FAILS)],
)
def test_lesions_decide_by_what_is_lost(store, plain, residual, expected):
    frames = [pd.DataFrame({"error": [0.1 + rise, np.nan, 0.1 + rise], "intact": 0.1}) for rise in (plain, residual)]
    study = keep_answer(store, "lesions", pair(store), of_both(*frames))
    found = one_block_is_hardly_missed(Evidence(store))
    if study in found.studies:  # a recorded answer about deeper nets goes first
        assert found.verdict is expected


def test_a_collapse_is_no_smooth_rise(store):
    def frame(errors):
        return pd.DataFrame({"what": "deleted", "count": range(len(errors)), "error": errors})

    smooth, sudden = [0.0, 0.1, 0.2, 0.3, 0.4], [0.0, 0.0, 0.8, 0.8, 0.9]
    runs = pair(store)
    judged = {}
    for name, errors in (("smooth", smooth), ("sudden", sudden)):
        keep_answer(store, "more_lesions", runs, of_both(frame(sudden), frame(errors)))
        judged[name] = error_rises_smoothly(OwnEvidence(store)).verdict
    assert judged == {"smooth": Verdict.HOLDS, "sudden": Verdict.FAILS}


def test_short_paths_are_those_through_fewer_than_half_of_the_blocks(store):
    runs = pair(store)
    for contribution, expected in (
        ([0.1, 0.6, 0.1, 0.1, 0.1], Verdict.HOLDS),
        ([0.0, 0.1, 0.1, 0.4, 0.4], Verdict.FAILS),
    ):
        frame = pd.DataFrame({"length": range(5), "contribution": contribution, "net": RESIDUAL.name})
        keep_answer(store, "paths", runs, frame)
        assert short_paths_carry_most(OwnEvidence(store)).verdict is expected


@pytest.mark.long
def test_the_recorded_runs_and_answers_judge_every_claim_that_they_are_about(home):
    evidence = Evidence(RunStore(Settings().store_url))
    found = {claim.key: claim.judge(evidence) for claim in ALL}
    untested = {key for key, finding in found.items() if finding.verdict is Verdict.UNTESTED}
    assert untested == {"gating", "scaling", "imagenet"}  # what was not trained for this project
    for key, finding in found.items():
        assert finding.sentence.endswith("."), key
        assert "nan" not in finding.sentence, key
    assert found["deeper_plain"].verdict is Verdict.HOLDS
    assert found["zero_branch"].verdict is Verdict.HOLDS
    assert parameters_are_smaller(evidence) == found["parameters"]


def test_own_runs_go_before_recorded_ones(store):
    spec = NetSpec("resnet", 20)
    recorded = Evidence(store).runs(spec)
    assert len(recorded) == 3
    own = add_runs(store, spec, [(0.5, 0.5), (0.5, 0.6)])
    assert {run.id for run in Evidence(store).runs(spec)} == set(own)


def test_runs_of_one_seed_are_one_however_many(store):
    spec = NetSpec("resnet", 20)
    recorded = {run.id for run in Evidence(store).runs(spec)}
    for _ in range(ENOUGH):
        add_runs(store, spec, [(0.5, 0.5)])
    assert {run.id for run in Evidence(store).runs(spec)} == recorded
    newest = add_runs(store, spec, [(0.5, 0.5), (0.5, 0.6)])
    assert [run.id for run in Evidence(store).runs(spec)] == newest


def test_own_runs_count_however_many_were_started_since(store):
    own = add_runs(store, RESIDUAL, [(0.5, 0.5), (0.5, 0.6)])
    store.add_sweep([[(asdict(PLAIN), asdict(preset("digits", seed=1000 + i)))] for i in range(201)])
    assert [run.id for run in Evidence(store).runs(RESIDUAL)] == own


@pytest.mark.parametrize("changes", [{"keep_epochs": True}, {"recompute": "on"}, {"precision": "bf16"}])
def test_runs_count_however_they_were_carried_out(store, changes):
    own = add_runs(store, RESIDUAL, [(0.5, 0.5), (0.5, 0.6)], **changes)
    assert [run.id for run in Evidence(store).runs(RESIDUAL)] == own


def test_nets_that_were_trained_on_are_counted_by_their_seeds(store):
    starts = dict(zip(("plain", "resnet"), pair_of_one_comparison(store), strict=True))
    for family, error in (("plain", 0.5), ("resnet", 0.1), ("plain", 0.5), ("resnet", 0.1)):
        grown = NetSpec(family, 14, appended=3)
        add_runs(store, grown, [(0.0, error)], start=starts[family])
    found = keeps_more(14)(Evidence(store))
    assert found.verdict is Verdict.HOLDS
    assert "(one seed each; " in found.sentence
    assert len(found.runs) == 4


def test_a_pair_that_was_not_trained_on_takes_no_verdict_away(store):
    recorded = keeps_more(20)(Evidence(store))
    assert recorded.verdict is not Verdict.UNTESTED
    pair_of_one_comparison(store, 20)
    assert keeps_more(20)(Evidence(store)) == recorded


def pair_of_one_comparison(store: RunStore, depth: int = PLAIN.depth) -> list[str]:
    """A plain and a residual net with weights, as they are trained side by side."""
    specs = [NetSpec(family, depth) for family in ("plain", "resnet")]
    runs = store.add_comparison([(asdict(spec), asdict(preset("digits"))) for spec in specs])
    for run in runs:
        claim = store.claim(Owner.here(), run_id=run.id)
        assert claim is not None
        writer = RunWriter(store, claim)
        writer.describe({"test_count": 397}, total_steps=105)
        rates = {"train_loss": 1.0, "train_error": 0.0, "test_loss": 1.0, "test_error": 0.1}
        writer.evaluate({"epoch": 1, "step": 105} | rates, 1.0)
        writer.keep_checkpoint(Checkpoint(105, 1, 1, 0.1, "w", "0" * 64, "s", "1" * 64), "/nowhere/w.safetensors")
        writer.end(RunStatus.FINISHED)
    return [run.id for run in runs]


def test_what_is_printed_as_published_stands_beside_a_claim_and_in_the_reference(shared):
    assert set(PUBLISHED) <= {claim.key for claim in ALL}
    reference = (shared / "REFERENCE.md").read_text()
    for key, sentence in PUBLISHED.items():
        assert sentence.endswith(".")
        for number in re.findall(r"\d+\.\d+", re.sub(r"sec\. [\d.]+|\bTable \d", "", sentence)):
            assert number.removesuffix(".00") in reference, (key, number)
