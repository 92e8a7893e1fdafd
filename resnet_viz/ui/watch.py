"""What is happening to the runs of a comparison? Their state, their curves, and what came of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pandas as pd
import streamlit as st

from resnet_viz.runs import Run, RunStatus, RunStore
from resnet_viz.ui.comparisons import net_name
from resnet_viz.ui.plan import say_duration
from resnet_viz.ui.services import run_store

REFRESH_SECONDS = 2.0  # page, browser and training may share two cores
ICONS = {
    RunStatus.QUEUED: ":material/hourglass_top:",
    RunStatus.RUNNING: ":material/play_circle:",
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
    """All training steps of a run; only those newer than the last look are read from the store."""
    known = _remembered("steps", run)
    newer = run_store().steps(run.id, after=int(known["step"].iloc[-1]) if known is not None else 0)
    return _remember("steps", run, newer if known is None else pd.concat([known, newer], ignore_index=True))


@dataclass(frozen=True)
class Quantity:
    """A number of every layer in every step: its names, what it means, and how the store is asked for it."""

    title: str
    meaning: str
    read: Callable[[RunStore, str, int], pd.DataFrame]


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
        lambda store, run_id, after: store.update_norms(run_id, after) / store.weight_norms(run_id, after),
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
    known = _remembered(kind, run)
    newer = QUANTITIES[kind].read(run_store(), run.id, int(known.index[-1]) if known is not None else 0)
    return _remember(kind, run, newer if known is None else pd.concat([known, newer]))


def _remembered(kind: str, run: Run) -> pd.DataFrame | None:
    key, frame = st.session_state.get(f"seen_{kind}_{run.position}", ("", None))
    return frame if key == run.id and frame is not None and len(frame) else None


def _remember(kind: str, run: Run, frame: pd.DataFrame) -> pd.DataFrame:
    # One slot a position, not a run: a session remembers what it looks at and no more.
    st.session_state[f"seen_{kind}_{run.position}"] = (run.id, frame)
    return frame


def show_state(run: Run) -> None:
    """One run in a few lines: state, progress and time left, errors so far, and a way to stop it."""
    title, button = st.columns([3, 2], vertical_alignment="center")
    title.markdown(f"{ICONS[run.status]} **{net_name(run)}** · {run.status}")
    if run.status.is_active:
        # A callback: where two fragments refresh themselves, a button's value can go to the wrong one and be lost.
        button.button(
            "Stop training",
            key=f"stop_{run.id}",
            on_click=_stop,
            args=[run],
            disabled=run.stop_requested,
            icon=":material/stop:",
        )
        st.progress(run.progress, text=_what_happens(run))
    elif run.message:
        st.caption(f"{run.message[:1].upper()}{run.message[1:].rstrip('.')}.")
    if run.test_error is not None and run.train_error is not None:
        train, test = st.columns(2)
        train.metric("training error", f"{run.train_error:.1%}")
        test.metric("test error", f"{run.test_error:.1%}")


def _stop(run: Run) -> None:
    run_store().request_stop(run.id)
    st.toast(f"{net_name(run)} stops within seconds and keeps its curves.")


def _what_happens(run: Run) -> str:
    if run.stop_requested:
        return "stopping…"
    if run.status is RunStatus.QUEUED:
        return "waiting for its turn: two nets train at once"
    if run.seconds_left is None:
        return run.message or "the first steps are on their way"
    left = run.message or f"{say_duration(run.seconds_left)} left"
    return f"step {run.step} of {run.total_steps}, {left}"


def show_record(runs: Sequence[Run]) -> None:
    """What was run, to repeat it by: configuration, seed, machine and versions of each run."""
    with st.expander("What was run", icon=":material/receipt_long:"):
        st.dataframe(pd.DataFrame({net_name(run): _record(run) for run in runs}))


def _record(run: Run) -> pd.Series:
    facts = {name: value for name, value in run.facts.items() if name in ("device", "precision", "threads", "host")}
    counts = {"training pictures": run.facts.get("train_count"), "test pictures": run.facts.get("test_count")}
    versions = {f"version of {name}": value for name, value in run.facts.get("versions", {}).items()}
    record = {"run": run.id, **run.config, **counts, **facts, "seconds": round(run.seconds, 1), **versions}
    return pd.Series({name: "" if value is None else str(value) for name, value in record.items()})
