"""What if all of them were tried? A grid of depths, shortcuts and seeds, trained one after the other."""

import streamlit as st

from resnet_viz.nets import ORDERS, SHORTCUTS, SpecError
from resnet_viz.ui.language import _
from resnet_viz.ui.plan import KEYS, Plan, choose_at_once, show_price
from resnet_viz.ui.services import while_store_answers
from resnet_viz.ui.sweeps import (
    choose_grid,
    choose_recipe_of_sweep,
    choose_sweep,
    continue_chosen,
    name_comparisons,
    offer_verdicts,
    runs_of,
    show_progress,
    start_sweep,
    stop_chosen,
)
from resnet_viz.ui.text import refuse
from resnet_viz.ui.watch import refresh_interval

st.title(_("What if all of them were tried?"))
st.markdown(
    _(
        "One net and one seed say little. Choose several depths, shortcuts and seeds; every combination becomes a "
        "run. They train in the background, as many at once as the machine is set to, and go on where they stand "
        "after any stop."
    )
)

try:
    grid = choose_grid(SHORTCUTS, ORDERS)
    data, config = choose_recipe_of_sweep(max(grid.depths, default=0))
    comparisons = grid.comparisons(config)
except (SpecError, ValueError) as error:
    refuse(error)
    comparisons = []

if comparisons:
    specs = tuple(spec for wanted in comparisons for spec, _ in wanted)
    if len(comparisons) > 1:
        st.markdown(_("**{runs} runs** in {count} comparisons.", runs=len(specs), count=len(comparisons)))
    else:
        st.markdown(_("**{runs} runs** in 1 comparison.", runs=len(specs)))
    choose_at_once()
    can_start = show_price(Plan(specs, config, data), with_sizes=False)
    if st.button(
        _("Start the sweep"), type="primary", icon=":material/play_arrow:", disabled=not can_start, shortcut=KEYS
    ):
        start_sweep(comparisons)
else:
    st.info(_("Choose at least one depth, one kind of net and one seed."))

st.divider()
chosen = choose_sweep()


def watch(sweep: str, was_active: bool) -> None:
    """Every run of the sweep and how far it is; runs again and again while one trains."""
    runs = runs_of(sweep)
    show_progress(runs)
    is_active = any(run.status.is_active for run in runs)
    if was_active and not is_active:
        st.toast(_("The sweep has ended."), icon=":material/check_circle:")
    if is_active != was_active:
        st.rerun()  # the buttons above are others now


if chosen:
    runs = runs_of(chosen)
    is_active, can_go_on = (any(getattr(run.status, name) for run in runs) for name in ("is_active", "can_resume"))
    buttons, look = st.columns([3, 2])
    with buttons, st.container(horizontal=True):
        for label, request in ((_("Stop all"), "stop"), (_("Pause all"), "pause")):
            icon, off = f":material/{request}:", not is_active
            st.button(label, icon=icon, on_click=stop_chosen, args=[chosen, request], disabled=off)
        st.button(_("Go on"), icon=":material/resume:", on_click=continue_chosen, args=[chosen], disabled=not can_go_on)
    with look:
        names = name_comparisons(runs)
        picked = st.selectbox(_("Look at one"), list(names), format_func=names.__getitem__, key="sweep_comparison")
        if st.button(_("Show its curves"), icon=":material/show_chart:"):
            st.switch_page("pages/train.py", query_params={"comparison": picked})
        if group := offer_verdicts(runs):
            st.switch_page("pages/degradation.py", query_params={"grid": group})
    st.fragment(while_store_answers(watch), run_every=refresh_interval(runs))(chosen, is_active)
else:
    st.info(_("No sweep was started here yet."))
