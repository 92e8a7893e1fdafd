"""What is happening to the runs of a comparison? Their state, their curves, and what came of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from resnet_viz import training
from resnet_viz.runs import Run, RunStatus, RunStore, store_of
from resnet_viz.settings import Settings
from resnet_viz.training import ConfigError, LimitError
from resnet_viz.ui.comparisons import net_name
from resnet_viz.ui.plan import say_duration
from resnet_viz.ui.services import at_work, run_store
from resnet_viz.ui.text import cell, plain

LONG = 8192  # steps
REFRESH_SECONDS = 2.0  # page, browser and training may share two cores
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


def refresh_interval(runs: Sequence[Run]) -> float | None:
    """Seconds between looks at the store: None once nothing runs."""
    return REFRESH_SECONDS if any(run.status.is_active for run in runs) else None


def steps_so_far(run: Run) -> pd.DataFrame:
    """All training steps of a run, of a long one means over 64; only what is new since the last look is read.

    The run can be a recorded one.
    """
    kind = f"steps {is_long(run)}"
    known = _remembered(kind, run)
    last = int(known["step"].iloc[-1]) if known is not None else 0
    newer = store_of(run_store(), run.id).steps(run.id, last, by_block=is_long(run))
    return _remember(kind, run, newer if known is None else pd.concat([known, newer], ignore_index=True))


def state_of(runs: Sequence[Run]) -> str:
    """What figures of runs depend on: the same text where nothing is new."""
    return repr([(run.id, run.attempt, run.step, run.status, run.test_error, is_long(run)) for run in runs])


def is_long(run: Run) -> bool:
    """Whether its curves are shown as means over 64 steps."""
    return run.step > LONG


@dataclass(frozen=True)
class Quantity:
    """A number of every layer in every step: its names, what it means, and how the store is asked for it."""

    title: str
    meaning: str
    read: Callable[[RunStore, str, int, bool], pd.DataFrame]


QUANTITIES = {
    "gradient": Quantity(
        "gradient norm",
        r"the 2-norm $\lVert \partial L / \partial W_l \rVert_2$ of the gradient that the optimizer used",
        RunStore.gradient_norms,
    ),
    "weight": Quantity(
        "weight norm", r"the 2-norm $\lVert W_l \rVert_2$ of the weights after the step", RunStore.weight_norms
    ),
    "update": Quantity(
        "update over weight",
        r"$\lVert \Delta W_l \rVert_2 / \lVert W_l \rVert_2$, how far a step moved the weights for their own size",
        lambda store, *which: store.update_norms(*which) / store.weight_norms(*which),
    ),
    "response": Quantity(
        "response",
        "the standard deviation of what a layer's batch norm puts out, from its own weights: "
        r"$\sqrt{\mathrm{mean}(\gamma^2) + \mathrm{var}(\beta)}$ (He et al. 2015, Fig. 7)",
        RunStore.responses,
    ),
}


def layers_so_far(run: Run, kind: str) -> pd.DataFrame:
    """A quantity of QUANTITIES of all layers of a run; only what is newer than the last look is read from the store."""
    slot = f"{kind} {is_long(run)}"
    known = _remembered(slot, run)
    last = int(known.index[-1]) if known is not None else 0
    newer = QUANTITIES[kind].read(store_of(run_store(), run.id), run.id, last, is_long(run))
    return _remember(slot, run, newer if known is None else pd.concat([known, newer]))


def _remembered(kind: str, run: Run) -> pd.DataFrame | None:
    key, frame = st.session_state.get(f"seen_{kind}_{run.position}", ("", None))
    return frame if key == _slot(run) and frame is not None and len(frame) else None


def _slot(run: Run) -> str:
    return f"{run.id} {run.attempt}"  # a new attempt may take steps back


def _remember(kind: str, run: Run, frame: pd.DataFrame) -> pd.DataFrame:
    # One slot a position, not a run: a session remembers what it looks at and no more.
    st.session_state[f"seen_{kind}_{run.position}"] = (_slot(run), frame)
    return frame


def show_state(run: Run) -> None:
    """One run in a few lines: state, progress and time left, errors so far, and a way to stop it."""
    title, pause, stop = st.columns([3, 1.4, 2], vertical_alignment="center")
    title.markdown(f"{ICONS[run.status]} **{net_name(run)}** · {run.status}")
    if run.status.is_active:
        # Callbacks: where two fragments refresh themselves, a button's value can go to the wrong one and be lost.
        _ask(pause, run, "pause", "Pause", "It keeps a checkpoint and goes on from there, today or next week.")
        _ask(stop, run, "stop", "Stop training", "It keeps its curves and its last weights.")
        st.progress(run.progress, text=_what_happens(run))
    else:
        if run.status.can_resume or run.status is RunStatus.FINISHED:
            _offer_to_go_on(stop, run)
        if run.message:
            st.caption(f"{plain(run.message[:1].upper() + run.message[1:].rstrip('.'))}.")
    if run.test_error is not None and run.train_error is not None:
        train, test = st.columns(2)
        train.metric("training error", f"{run.train_error:.1%}")
        test.metric("test error", f"{run.test_error:.1%}")


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


def _request(run: Run, request: str) -> None:
    run_store().request(run.id, request)
    st.toast(f"{net_name(run)} {request}s within seconds and keeps its curves.")


def _offer_to_go_on(place: DeltaGenerator, run: Run) -> None:
    """Resume a run that has not reached its end; let one that has learn for more epochs."""
    if run.status is not RunStatus.FINISHED:
        place.button("Resume", key=f"resume_{run.id}", on_click=_go_on, args=[run], icon=":material/resume:")
        return
    with place.popover("Train on", icon=":material/forward:"):
        st.caption("From the last weights, along the same schedule once more.")
        key = f"more_{run.id}"
        st.number_input("Epochs", 1, 500, run.config["epochs"], key=key)
        st.button("Go on", key=f"go_on_{run.id}", on_click=_go_on, args=[run, key], type="primary")


def _go_on(run: Run, key: str = "") -> None:
    epochs = st.session_state[key] if key else 0
    try:
        training.continue_run(run_store(), Settings(), run, epochs)
    except (LimitError, ConfigError) as error:
        st.toast(f"{plain(str(error))}.", icon=":material/error:")


def _what_happens(run: Run) -> str:
    if run.request:
        return "stopping…" if run.request == "stop" else "pausing…"
    if run.status is RunStatus.QUEUED:
        return f"waiting for its turn: {at_work()} nets train at once"
    if run.is_silent:
        return f"step {run.step}; no news for {run.silent_for:.0f} s: what is shown is older"
    if run.seconds_left is None:
        return plain(run.message) or "the first steps are on their way"
    left = plain(run.message) or f"{say_duration(run.seconds_left)} left"
    return f"step {run.step} of {run.total_steps}, {left}"


def show_record(runs: Sequence[Run]) -> None:
    """What was run, to repeat it by: configuration, seed, machine and versions of each run."""
    with st.expander("What was run", icon=":material/receipt_long:"):
        st.dataframe(pd.DataFrame({net_name(run): _record(run) for run in runs}))


def _record(run: Run) -> pd.Series:
    facts = {name: value for name, value in run.facts.items() if name in ("device", "precision", "threads", "host")}
    counts = {"training pictures": run.facts.get("train_count"), "test pictures": run.facts.get("test_count")}
    versions = {f"version of {name}": value for name, value in run.facts.get("versions", {}).items()}
    tries = {"attempts": run.attempt} if run.attempt > 1 else {}
    record = {"run": run.id, **run.config, **tries, **counts, **facts, "seconds": round(run.seconds, 1), **versions}
    return pd.Series({name: "" if value is None else cell(str(value)) for name, value in record.items()})
