"""What does each net look at? Captum's attributions of one picture: net beside net, method under method."""

import streamlit as st

from resnet_viz.plots import saliency_grid
from resnet_viz.ui.attributions import make_maps
from resnet_viz.ui.candidates import choose_candidates, spec_of
from resnet_viz.ui.figures import show_figure
from resnet_viz.ui.jobs import show_jobs
from resnet_viz.ui.language import _, listed
from resnet_viz.ui.maps import Choice, plan_grid, show_difference
from resnet_viz.ui.saliency import (
    choose_epochs,
    choose_layer,
    choose_methods,
    choose_picture,
    choose_target,
    choose_view,
    explain_methods,
    say_answers,
    say_origins,
)

st.title(_("What does each net look at?"))
st.markdown(
    _(
        "An attribution method gives every pixel its share in the score of a class: where it is large, the net's "
        "answer depends on that pixel. The same picture goes to every net, and maps in one row share their scale."
    )
)
candidates = choose_candidates()
left, right = st.columns(2, gap="large")
with left:
    shown = choose_picture(candidates)
with right:
    target = choose_target(candidates[0].form.classes, shown.truth_for(candidates[0]))
    configs = choose_methods()
layers = choose_layer(candidates, [spec_of(one) for one in candidates])
explain_methods(configs)
choice = Choice(candidates, shown, target, configs, layers, choose_epochs(candidates))
scale, overlay = choose_view()

say_answers(choice.asked, shown)
grid = plan_grid(choice)
found = make_maps(grid.wanted)
show_jobs(found)
rows = grid.fill(found)
signed = any(row.signed for row in rows)
show_figure(
    saliency_grid(grid.pictures, grid.columns, rows, scale, overlay),
    key="maps",
    alt=_(
        "Maps of {nets} for {pictures}, beside the picture",
        nets=listed(grid.columns),
        pictures=", ".join(grid.titles),
    ),
)
st.caption(
    (_("Red speaks for the class, blue against it. ") if signed else "")
    + _("A map shows what a score depends on, not whether the net is right; a net that has not learned has maps too.")
)
show_difference(grid, rows)
if st.button(_("Can these maps be trusted?"), key="trust", icon=":material/verified:"):
    same = {name: value for name, value in st.query_params.items() if name in ("nets", "picture", "class", "methods")}
    st.switch_page("pages/trust.py", query_params=same)
say_origins(candidates)
