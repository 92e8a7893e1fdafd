"""How does a page ask the laboratory? What it will take, a button, progress, and then the answer, kept for good."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from resnet_viz import studies
from resnet_viz.nets import NetSpec
from resnet_viz.runs import Run, RunStatus, Study, StudyStore
from resnet_viz.settings import Settings
from resnet_viz.studies import Answer
from resnet_viz.studies.cost import BATCH, estimate_answer
from resnet_viz.training import TrainingConfig
from resnet_viz.ui.language import _, cached, sentence
from resnet_viz.ui.plan import say_duration, wait_for_machine
from resnet_viz.ui.services import machine, nets_lock, or_say_why, run_store, while_store_answers
from resnet_viz.ui.subjects import spec_of
from resnet_viz.ui.text import plain


def answered(
    kind: str, changes: dict[str, Any] | None = None, runs: Sequence[Run] = (), size: int = 0
) -> Answer | None:
    """The answer to a question of QUESTIONS about the nets of these runs; None while there is none.

    Shows what the answer will take and a button that has it found, how far it is, or what went wrong. `changes` are
    parameters that differ from the question's own; without runs "specs" among them names nets by slug, and `size` is
    the side of their pictures. Call `say_origin` under the figure.
    """
    params = params_of(kind, changes, runs)
    found = studies.find_answer(run_store(), kind, params)
    study = studies.find_study(run_store(), kind, params)
    if study is not None and study.status.is_active:
        st.fragment(while_store_answers(_show_progress), run_every=1.0)(study.id)
        return found
    if study is not None and study.status is not RunStatus.FINISHED:
        st.error(plain(sentence(study.message[:1].upper() + study.message[1:])))
    if found is None:
        _offer(kind, params, _specs(params, runs), size or _size(runs))
    return found


def params_of(kind: str, changes: dict[str, Any] | None = None, runs: Sequence[Run] = ()) -> dict[str, Any]:
    """All parameters of a question, as it is kept."""
    asked = {"runs": [run.id for run in runs]} if runs else {}
    return studies.QUESTIONS[kind].defaults | (changes or {}) | asked


def _specs(params: dict[str, Any], runs: Sequence[Run]) -> list[NetSpec]:
    return [spec_of(run) for run in runs] or [NetSpec.from_slug(slug) for slug in params.get("specs", [])]


def _size(runs: Sequence[Run]) -> int:
    return max((run.facts["form"]["size"] for run in runs), default=0)


def _offer(kind: str, params: dict[str, Any], specs: Sequence[NetSpec], size: int) -> None:
    question = studies.QUESTIONS[kind]
    seconds = estimate(kind, params, specs, size)
    told = _("Time not known yet") if seconds is None else _("**About {time}**", time=say_duration(seconds))
    st.caption(
        _(
            ":material/timer: {title}: not asked yet. {duration}, in the background; you can leave this page.",
            title=question.title,
            duration=told,
        )
    )
    label = _("Measure")
    st.button(label, key=f"ask_{kind}", type="primary", icon=":material/science:", on_click=_ask, args=[kind, params])


@or_say_why
def _ask(kind: str, params: dict[str, Any]) -> None:
    studies.ask(run_store(), Settings(), kind, params)


def estimate(kind: str, params: dict[str, Any], specs: Sequence[NetSpec], size: int) -> float | None:
    """Seconds that an answer takes on this machine, from steps of small nets measured here; None before they were."""
    found = machine()
    if not found.is_known:
        wait_for_machine(lambda: machine().is_known)
        return None
    config = TrainingConfig(batch_size=BATCH, precision="fp32")
    device = found.devices[0].kind
    work = studies.QUESTIONS[kind].work(specs, params)
    paces = [found.pace(one.spec, config, size, device, 1) for one in work]
    if None in paces:
        wait_for_machine(lambda: None not in [machine().pace(one.spec, config, size, device, 1) for one in work])
        return None
    return estimate_answer(work, [pace for pace in paces if pace])


def _show_progress(study_id: str) -> None:
    """How far a question is; runs again and again, and the whole page once there is an answer."""
    studies.see_to_questions(run_store(), Settings())
    try:
        study = StudyStore(run_store()).study(study_id)
    except KeyError:  # another reader has deleted the run, and what was asked about it
        st.rerun()
    if not study.status.is_active:
        st.rerun()
    bar, stop = st.columns([4, 1], vertical_alignment="center")
    bar.progress(study.progress, text=_what_happens(study))
    stop.button(_("Stop"), key=f"stop_{study_id}", icon=":material/stop:", on_click=_stop, args=[study_id])


@or_say_why
def _stop(study_id: str) -> None:
    StudyStore(run_store()).stop(study_id)


def _what_happens(study: Study) -> str:
    if study.status is RunStatus.QUEUED:
        return _("waits for its turn")
    return (
        _("measuring, {progress:.0%}", progress=study.progress) if study.progress else _("loading torch and the nets")
    )


def say_origin(answer: Answer, runs: Sequence[Run] = ()) -> None:
    """Under a figure: which runs, configuration, seed, machine and date it comes from, and a way to ask again."""
    facts, study = answer.study.facts, answer.study
    where = _("recorded with the project") if answer.is_recorded else _("measured here")
    trained = "; ".join(
        _("run {id} (seed {seed}, {dataset})", id=run.id, seed=run.config["seed"], dataset=run.config["dataset"])
        for run in runs
    )
    told = _(
        "{where} on {date} in {time} on {device}",
        where=where,
        date=facts["date"],
        time=say_duration(max(1.0, study.seconds)),
        device=facts["device"],
    )
    text, again = st.columns([5, 1], vertical_alignment="center")
    text.caption(
        _("{trained}{word}study {id}, {when}.", trained=trained, word="; " if trained else "", id=study.id, when=told)
    )
    again.button(
        _("Ask again"),
        key=f"again_{study.kind}",
        icon=":material/refresh:",
        on_click=_ask,
        args=[study.kind, study.params],
    )


def subject_of(run: Run) -> "studies.Subject":
    """The trained net of a run and its data, for what is measured on the page itself; ask it under `nets_lock`."""
    return _load_subject(run.weights, run)


@cached(st.cache_resource, "Loading the net and its pictures…", max_entries=8)
def _load_subject(weights: str, _run: Run) -> "studies.Subject":
    return studies.load_subject(run_store(), Settings(), _run.id)


__all__ = ["answered", "estimate", "nets_lock", "params_of", "say_origin", "subject_of"]
