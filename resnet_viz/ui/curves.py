"""How do nets learn side by side? Loss and error so far, of runs of this store or of recorded ones."""

from collections.abc import Sequence

import plotly.graph_objects as go
import streamlit as st

from resnet_viz.plots import Curve, error_against_start, loss_curves
from resnet_viz.runs import Run, store_of
from resnet_viz.ui.comparisons import net_name
from resnet_viz.ui.figures import draw_once, show_figure
from resnet_viz.ui.services import run_store
from resnet_viz.ui.watch import show_state, state_of, steps_so_far


def show_states(runs: Sequence[Run]) -> None:
    """The state of each run, in columns."""
    for run, column in zip(runs, st.columns(max(2, len(runs)), gap="large"), strict=False):
        with column:
            show_state(run)


def show_curves(runs: Sequence[Run], before: Sequence[float] = ()) -> None:
    """Loss and error of all runs; where nets went on from others, with the test errors `before` as dashed lines."""
    view = " ".join([run.id for run in runs] + [str(error) for error in before])
    loss, error = draw_once(lambda: _draw(runs, before), view, state_of(runs))
    names = " and ".join(net_name(run) for run in runs)
    left, right = st.columns(2, gap="large")
    with left:
        st.markdown("##### Loss")
        show_figure(loss, key="loss", alt=f"Training and test loss of {names} by training step")
    with right:
        st.markdown("##### Error")
        show_figure(error, key="error", alt=f"Training and test error of {names} by training step")


def _draw(runs: Sequence[Run], before: Sequence[float]) -> list[go.Figure]:
    curves = [
        Curve(
            net_name(run),
            run.spec["family"],
            steps_so_far(run),
            store_of(run_store(), run.id).evaluations(run.id),
        )
        for run in runs
    ]
    return [loss_curves(curves), error_against_start(curves, before)]
