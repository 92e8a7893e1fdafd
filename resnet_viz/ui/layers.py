"""How does the reader want to see the layers? In order or sorted, in which colors, and at which step."""

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from resnet_viz.plots import LayerView, Norms
from resnet_viz.runs import Run
from resnet_viz.runs.schema import BLOCK
from resnet_viz.ui.comparisons import tell_apart
from resnet_viz.ui.curves import pace_of, steps_of_epoch
from resnet_viz.ui.history import is_long, layers_so_far
from resnet_viz.ui.language import _
from resnet_viz.ui.links import choose_by_key, say_in_url
from resnet_viz.ui.view import choose_abscissa, offer_hold

ORDERS = {"depth": "In order", "size": "Sorted"}
SCALES = {"log": "Logarithmic", "linear": "Linear"}


def norms_of(runs: Sequence[Run], kind: str) -> list[Norms]:
    """A quantity of the runs' layers so far; of those that have any."""
    found = [
        Norms(name, run.spec["family"], layers_so_far(run, kind), steps_of_epoch(run), pace_of(run))
        for run, name in zip(runs, tell_apart(runs), strict=True)
    ]
    return [one for one in found if len(one.frame.columns) and len(one.frame)]


def choose_layer_view(runs: Sequence[Run]) -> LayerView:
    """A row of controls. Where layers are sorted, `sorted_by` says at which step."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        order = choose_by_key("layers", _("Layers"), ORDERS)
        scale = choose_by_key("scale", _("Colors and heights"), SCALES, "scale_of_layers")
        x = choose_abscissa("x_of_layers")
        x_log = st.toggle(_("Logarithmic x axis"), key="xlog", bind="query-params")
        offer_hold(runs)
    return LayerView(x, x_log, scale == "log", 0 if order == "size" else None)


def choose_step(runs: Sequence[Run]) -> int:
    """The step at which layers are compared: the last one until the reader chooses another, which is in the URL."""
    last, apart = max(2, *(run.total_steps for run in runs)), BLOCK if any(map(is_long, runs)) else 1
    last = max(2 * apart, last // apart * apart)
    key, wished = f"step_{runs[0].comparison}", st.query_params.get("step", "")
    if key not in st.session_state:
        st.session_state[key] = int(wished) if wished.isdecimal() and len(wished) < 10 else last
    st.session_state[key] = min(last, max(apart, st.session_state[key] // apart * apart))
    help_ = _("The nearest recorded step. The arrow keys move it, Home and End take it to the first and the last.")
    step = st.slider(_("Step"), apart, last, step=apart, key=key, help=help_)
    say_in_url("step", "" if step == last else str(step), key)
    return step


def sorted_by(view: LayerView, step: int) -> LayerView:
    """The same view; where its layers are sorted, by their size at this step."""
    return view if view.sorted_at is None else replace(view, sorted_at=step)
