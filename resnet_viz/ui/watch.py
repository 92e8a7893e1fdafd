"""What is happening to the runs of a comparison? Their state and progress, word of their end, and what came of them."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from resnet_viz import training
from resnet_viz.runs import Run, RunStatus
from resnet_viz.settings import Settings
from resnet_viz.ui.comparisons import run_name, tell_apart
from resnet_viz.ui.language import _, said
from resnet_viz.ui.plan import say_duration
from resnet_viz.ui.services import at_work, or_say_why, run_store
from resnet_viz.ui.tables import show_table
from resnet_viz.ui.text import cell, plain

REFRESH_SECONDS = 2.0  # page, browser and training may share two cores
WATCHED = "watched_runs"  # in the session: ids of runs that were at work when they were last seen
ICONS = {
    RunStatus.QUEUED: ":material/hourglass_top:",
    RunStatus.RUNNING: ":material/play_circle:",
    RunStatus.PAUSED: ":material/pause_circle:",
    RunStatus.FINISHED: ":material/check_circle:",
    RunStatus.STOPPED: ":material/stop_circle:",
    RunStatus.DIVERGED: ":material/trending_up:",
    RunStatus.FAILED: ":material/error:",
    RunStatus.INTERRUPTED: ":material/power_off:",
}
ENDS = {
    RunStatus.PAUSED: "**{net}** is paused at step {step:,}.",
    RunStatus.FINISHED: "**{net}** has finished: {error} test error.",
    RunStatus.STOPPED: "**{net}** was stopped at step {step:,}.",
    RunStatus.DIVERGED: "**{net}** diverged at step {step:,}: its loss is no longer a number.",
    RunStatus.FAILED: "**{net}** failed at step {step:,}; its page says why.",
    RunStatus.INTERRUPTED: "**{net}** was interrupted at step {step:,}; its page says why.",
}


def refresh_interval(runs: Sequence[Run]) -> float | None:
    """Seconds between looks at the store: None once nothing runs."""
    return REFRESH_SECONDS if any(run.status.is_active for run in runs) else None


def announce_ends(runs: Sequence[Run]) -> None:
    """Say so, once, when a run has ended that this session saw at work: on whatever page looks at it."""
    watched: set[str] = st.session_state.setdefault(WATCHED, set())
    for run in runs:
        if run.status.is_active:
            watched.add(run.id)
        elif run.id in watched:
            watched.remove(run.id)
            error = "—" if run.test_error is None else f"{run.test_error:.1%}"
            st.toast(_(ENDS[run.status], net=plain(run_name(run)), step=run.step, error=error), icon=ICONS[run.status])


def show_state(run: Run) -> None:
    """One run in a few lines: state, progress and time left, errors so far, and a way to stop it. Says when it ends."""
    announce_ends([run])
    title, pause, stop = st.columns([3, 1.4, 2], vertical_alignment="center")
    title.markdown(f"{ICONS[run.status]} **{plain(run_name(run))}** · {said(run.status)}")
    if run.status.is_active:
        # Callbacks: where two fragments refresh themselves, a button's value can go to the wrong one and be lost.
        note = _("It keeps a checkpoint and goes on from there, today or next week.")
        _ask(pause, run, "pause", _("Pause"), note)
        _ask(stop, run, "stop", _("Stop training"), _("It keeps its curves and its last weights."))
        st.progress(run.progress, text=_what_happens(run))
    else:
        if run.status.can_resume or run.status is RunStatus.FINISHED:
            _offer_to_go_on(stop, run)
        if run.message:
            message = said(run.message[:1].upper() + run.message[1:].rstrip(".") + ".")
            st.caption(plain(message))
    if run.test_error is not None and run.train_error is not None:
        train, test = st.columns(2)
        train.metric(_("training error"), f"{run.train_error:.1%}")
        test.metric(_("test error"), f"{run.test_error:.1%}")


def _ask(place: DeltaGenerator, run: Run, request: str, label: str, note: str) -> None:
    icon, is_asked = f":material/{request}:", bool(run.request)
    place.button(
        label,
        key=f"{request}_{run.id}",
        on_click=_request,
        args=[run, request],
        disabled=is_asked,
        icon=icon,
        help=note,
    )


@or_say_why
def _request(run: Run, request: str) -> None:
    run_store().request(run.id, request)
    net = plain(run_name(run))
    if request == "stop":
        st.toast(_("{net} stops within seconds and keeps its curves.", net=net))
    else:
        st.toast(_("{net} pauses within seconds and keeps its curves.", net=net))


def _offer_to_go_on(place: DeltaGenerator, run: Run) -> None:
    """Resume a run short of its end, or let one at its end learn for more epochs; neither without a checkpoint."""
    if training.is_from_elsewhere(run_store(), run):
        return
    if run.status is not RunStatus.FINISHED:
        place.button(_("Resume"), key=f"resume_{run.id}", on_click=_go_on, args=[run], icon=":material/resume:")
        return
    with place.popover(_("Train on"), icon=":material/forward:"):
        st.caption(_("From the last weights, along the same schedule once more."))
        key = f"more_{run.id}"
        st.number_input(_("Epochs"), 1, 500, run.config["epochs"], key=key)
        st.button(_("Go on"), key=f"go_on_{run.id}", on_click=_go_on, args=[run, key], type="primary")


@or_say_why
def _go_on(run: Run, key: str = "") -> None:
    training.continue_run(run_store(), Settings(), run, st.session_state[key] if key else 0)


def _what_happens(run: Run) -> str:
    if run.request:
        return _("stopping…") if run.request == "stop" else _("pausing…")
    if run.status is RunStatus.QUEUED:
        return _("waiting for its turn: {count} nets train at once", count=at_work())
    if run.is_silent:
        return _(
            "step {step}; no news for {seconds:.0f} s: what is shown is older", step=run.step, seconds=run.silent_for
        )
    if run.seconds_left is None:
        return plain(said(run.message)) if run.message else _("the first steps are on their way")
    if run.message:
        return _(
            "step {step} of {total}, {message}", step=run.step, total=run.total_steps, message=plain(said(run.message))
        )
    left = say_duration(run.seconds_left)
    return _("step {step} of {total}, {duration} left", step=run.step, total=run.total_steps, duration=left)


def show_record(runs: Sequence[Run]) -> None:
    """What was run, to repeat it by: configuration, seed, machine and versions of each run."""
    with st.expander(_("What was run"), icon=":material/receipt_long:"):
        names = tell_apart(runs)
        show_table(pd.DataFrame({name: _record(run) for name, run in zip(names, runs, strict=True)}))


def _record(run: Run) -> pd.Series:
    facts = {name: value for name, value in run.facts.items() if name in ("device", "precision", "threads", "host")}
    counts = {"training pictures": run.facts.get("train_count"), "test pictures": run.facts.get("test_count")}
    versions = {f"version of {name}": value for name, value in run.facts.get("versions", {}).items()}
    tries = {"attempts": run.attempt} if run.attempt > 1 else {}
    record = {"run": run.id, **run.config, **tries, **counts, **facts, "seconds": round(run.seconds, 1), **versions}
    return pd.Series({name: "" if value is None else cell(str(value)) for name, value in record.items()})
