"""Can a map be trusted? What the score does without its pixels, and what the map does without the training."""

import streamlit as st

from resnet_viz.ui.candidates import choose_candidates
from resnet_viz.ui.language import _
from resnet_viz.ui.maps import Choice, plan_grid
from resnet_viz.ui.saliency import Epochs, choose_picture, choose_target, say_answers, say_origins
from resnet_viz.ui.services import while_store_answers
from resnet_viz.ui.trust import choose_checked_methods, show_checks
from resnet_viz.ui.trust_table import show_ranking

st.title(_("Can this map be trusted?"))
st.markdown(
    _(
        "A map of what a net looks at always looks like something. So it is held against the net: does the score "
        "fall without the pixels that it names? Does it stay where the picture hardly changes? And is it gone when "
        "the net has forgotten all that it learned? A map that stays then has drawn the picture, and not the net."
    )
)
candidates = choose_candidates(data="digits")
left, right = st.columns(2, gap="large")
with left:
    shown = choose_picture(candidates)
with right:
    target = choose_target(candidates[0].form.classes, shown.truth_for(candidates[0]))
    configs = choose_checked_methods()
choice = Choice(candidates, shown, target, configs, [""] * len(candidates), Epochs())

say_answers(choice.asked, shown)
show_checks(plan_grid(choice).wanted)
say_origins(candidates)

st.divider()
st.markdown(_("##### On many pictures"))
while_store_answers(show_ranking)(candidates)
