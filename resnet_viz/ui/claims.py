"""How does a claim stand on the page, and what runs it again?"""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from resnet_viz import studies, training
from resnet_viz.runs import StudyStore
from resnet_viz.runs.store import ALL
from resnet_viz.settings import Settings
from resnet_viz.studies import Again, Claim, Evidence, Finding, Verdict
from resnet_viz.studies.published import PUBLISHED
from resnet_viz.training import preset
from resnet_viz.ui.language import _, cached, said, sentence
from resnet_viz.ui.services import or_say_why, run_store
from resnet_viz.ui.studies import params_of

BADGES: dict[Verdict, tuple[Any, str]] = {  # color and icon, so that the verdict is told by more than color
    Verdict.HOLDS: ("green", ":material/check_circle:"),
    Verdict.FAILS: ("red", ":material/cancel:"),
    Verdict.DEPENDS: ("orange", ":material/balance:"),
    Verdict.UNTESTED: ("gray", ":material/help:"),
}


def judge_all() -> dict[str, Finding]:
    """The finding on every claim by its key, from what is stored now."""
    store = run_store()
    latest = [f"{run.id} {run.attempt} {run.status}" for run in store.runs(ALL)]
    asked = [one.id + one.status for one in StudyStore(store).studies()]
    return _judge(store.url, (*latest, *asked))


@cached(st.cache_data, "Judging by what is stored…", max_entries=8)
def _judge(_url: str, stored: tuple[str, ...]) -> dict[str, Finding]:
    evidence = Evidence(run_store())
    return {claim.key: claim.judge(evidence) for claims in studies.CLAIMS.values() for claim in claims}


def count_verdicts(findings: Sequence[Finding]) -> str:
    """How many claims hold, and how many do not, in a sentence."""
    counts = {verdict: sum(one.verdict is verdict for one in findings) for verdict in Verdict}
    return ", ".join(f"{said(verdict)} **{count}**" for verdict, count in counts.items() if count)


def show_claim(claim: Claim, finding: Finding) -> None:
    """A claim with its verdict, the numbers behind it, where they come from, and what can be done."""
    color, icon = BADGES[finding.verdict]
    with st.container(border=True):
        st.badge(said(finding.verdict), icon=icon, color=color)
        st.markdown(f"**{said(claim.sentence)}**")
        st.caption(_("Claimed in {source}.", source=claim.source))
        st.markdown(said(finding.sentence))
        if claim.key in PUBLISHED:
            st.markdown(_("*Published:* {published}", published=said(PUBLISHED[claim.key])))
        if finding.runs or finding.studies:
            st.caption(_origin(finding))
        left, right = st.columns(2)
        left.page_link(f"pages/{claim.page}.py", label=_("Look closer"), icon=":material/search:")
        if claim.again:
            key, note = f"again_{claim.key}", _what(claim.again)
            right.button(_("Run it again"), key, note, _again, [claim.again], icon=":material/refresh:")


def _origin(finding: Finding) -> str:
    parts = []
    if finding.runs:
        shown = ", ".join(finding.runs[:6]) + (
            _(" and {runs} more", runs=len(finding.runs) - 6) if len(finding.runs) > 6 else ""
        )
        parts.append(_("Runs {shown}", shown=shown))
    if finding.studies:
        names = ", ".join(finding.studies)
        parts.append(_("study {names}", names=names) if parts else _("Study {names}", names=names))
    return sentence(_("; ").join(parts))


def _what(again: Again) -> str:
    if again.question:
        return _("{title}, asked again in the background.", title=said(studies.QUESTIONS[again.question].title))
    names = ", ".join(spec.name for spec in again.specs)
    return _(
        "Trains {names} on digits with {count} seeds, in the background; Sweep shows how far it is.",
        names=names,
        count=len(studies.SEEDS),
    )


@or_say_why
def _again(again: Again) -> None:
    """Have what a claim rests on measured anew; the verdict follows from it."""
    store, settings = run_store(), Settings()
    if again.question:
        for runs in _groups(again):
            studies.ask(store, settings, again.question, params_of(again.question, runs=runs))
    else:
        config = preset("digits", **again.recipe)
        wanted = [
            [(spec, training.TrainingConfig(**(vars(config) | {"seed": seed}))) for spec in again.specs]
            for seed in studies.SEEDS
        ]
        training.queue_sweep(store, settings, wanted)
    st.toast(_("Started. You can leave this page; the verdict changes when there is an answer."))


def _groups(again: Again) -> list[list]:
    """The trained nets that a question is about; one empty group where it is about none."""
    if "specs" in studies.QUESTIONS[again.question].defaults:
        return [[]]
    evidence = Evidence(run_store())
    pairs = [evidence.pair(depth) for depth in again.depths]
    return [[run for run in pair if run.spec["family"] in again.families] for pair in pairs if pair]


def is_at_work() -> bool:
    """Whether something is being measured or trained, after which verdicts may be others; sees to what waits."""
    store = run_store()
    studies.see_to_questions(store, Settings())
    return bool(store.count_active()) or any(one.status.is_active for one in StudyStore(store).studies())
