"""How do nets learn side by side? Loss and error so far, of runs of this store or of recorded ones."""

from collections.abc import Sequence
from contextlib import nullcontext
from math import nan

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from resnet_viz.plots import ABSCISSAS, USUAL, Curve, View, error_against_start, loss_curves
from resnet_viz.runs import Run
from resnet_viz.ui.comparisons import tell_apart
from resnet_viz.ui.figures import draw_once, show_figure
from resnet_viz.ui.history import evaluations_so_far, is_long, recorded_runs, state_of, steps_so_far
from resnet_viz.ui.language import _, said
from resnet_viz.ui.tables import show_table
from resnet_viz.ui.watch import show_state

MANY = 8  # runs from which on reading them the first time is worth a word
NAMED = 4  # nets that a description names one by one


def show_states(runs: Sequence[Run]) -> None:
    """The state of each run, in columns."""
    for run, column in zip(runs, st.columns(max(2, len(runs)), gap="large"), strict=False):
        with column:
            show_state(run)


def show_curves(runs: Sequence[Run], before: Sequence[float] = (), shown: str = "both", view: View = USUAL) -> None:
    """Loss and error of all runs; where nets went on from others, with the test errors `before` as dashed lines.

    `shown` is both, loss or error.
    """
    same = " ".join([*(run.id for run in runs), *map(str, before), view.axes])
    wait = st.spinner(_("Reading the curves of {count} runs…", count=len(runs)), show_time=True)
    state = f"{view} {state_of(runs)} {[run.name for run in runs]}"
    with wait if len(runs) > MANY else nullcontext():
        loss, error = draw_once(lambda: _draw(runs, before, view), same, state)
    names = _name_all(runs)
    axis = said(ABSCISSAS[view.x])
    places = st.columns(2, gap="large") if shown == "both" else [st.container()] * 2
    if shown != "error":
        with places[0]:
            st.markdown(f"##### {_('Loss')}")
            alt = _("Training and test loss of {names} by {axis}", names=names, axis=axis)
            show_figure(loss, key="loss", alt=alt)
    if shown != "loss":
        with places[1]:
            st.markdown(f"##### {_('Error')}")
            alt = _("Training and test error of {names} by {axis}", names=names, axis=axis)
            show_figure(error, key="error", alt=alt)
    if said_of_view := say_view(runs, view):
        st.caption(said_of_view)


def _draw(runs: Sequence[Run], before: Sequence[float], view: View) -> list[go.Figure]:
    curves = [
        curve_of(run, name, group)
        for run, name, group in zip(runs, tell_apart(runs), tell_apart(runs, seeds=False), strict=True)
    ]
    return [loss_curves(curves, view), error_against_start(curves, before, view)]


def curve_of(run: Run, name: str, group: str = "") -> Curve:
    """What a run has to draw so far, under a name; `group` as in Curve."""
    ends, planned = evaluations_so_far(run), run.total_steps if run.status.is_active else nan
    return Curve(name, run.spec["family"], steps_so_far(run), ends, group, steps_of_epoch(run), pace_of(run), planned)


def pace_of(run: Run) -> float:
    """Seconds of a step, in the mean; NaN before the first."""
    return run.seconds / run.step if run.step else nan


def steps_of_epoch(run: Run) -> float:
    """As its first epoch says, before its end as its data and batches do; NaN where neither is known."""
    ends = evaluations_so_far(run)
    if len(ends):
        return float(ends["step"].iloc[0] / ends["epoch"].iloc[0])
    count = run.facts.get("train_count", 0)
    return float(count // min(run.config["batch_size"], count)) if count else nan


def _name_all(runs: Sequence[Run]) -> str:
    names = tell_apart(runs)
    if len(names) <= NAMED:
        return _(" and ").join(names)
    return _("{names} and {count} more", names=", ".join(names[:NAMED]), count=len(names) - NAMED)


def say_view(runs: Sequence[Run], view: View) -> str:
    """What was done to the numbers on the way to the figures; nothing where they are as recorded."""
    parts = []
    if any(is_long(run) for run in runs):
        parts.append(_("Of runs with more than 8,192 steps each point of the training loss is a mean over 64 of them."))
    if view.smoothing:
        parts.append(
            _(
                "Smoothed: an exponential moving average from point to point, the past weighing {weight:.2f}, "
                "corrected for its start: $s_n / (1 - {weight:.2f}^n)$. Faint: as measured.",
                weight=view.smoothing,
            )
        )
    if view.bands:
        parts.append(
            _(
                "Runs that differ in their seed alone are one line, their mean, and a band from the least to the "
                "greatest of them; where some have fewer steps, of those that came so far. The legend says of how many."
            )
        )
    if view.x == "time":
        parts.append(
            _(
                "Time is that of training, at each run's mean pace: steps are placed evenly over its seconds, for "
                "it is the total that is recorded. Waiting for a turn is not in it."
            )
        )
    return " ".join(parts)


def show_ends(runs: Sequence[Run]) -> None:
    """Every run with its state and how far it came, in a table: what a comparison of many is read from."""
    rows = [
        {
            "run": name,
            "state": str(run.status),
            "step": run.step,
            "training error": run.train_error,
            "test error": run.test_error,
            "seed": run.config["seed"],
            "time, s": run.seconds,
            "from": "recorded" if run.id in recorded_runs() else "trained here",
            "id": run.id,
        }
        for run, name in zip(runs, tell_apart(runs), strict=True)
    ]
    percent = st.column_config.NumberColumn(format="percent")
    seconds = st.column_config.NumberColumn(format="%.0f")
    columns = {"training error": percent, "test error": percent, "time, s": seconds}
    show_table(pd.DataFrame(rows), columns=columns, hide_index=True)
