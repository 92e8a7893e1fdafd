"""The dashboard: page configuration and the list of pages."""

import streamlit as st

from resnet_viz.ui.language import _
from resnet_viz.ui.links import follow_history, hide_controls, show_corner
from resnet_viz.ui.services import ICON, say_if_demo, while_store_answers

follow_history()
st.set_page_config(page_title=_("Residual networks"), page_icon=ICON, layout="wide")

page = st.navigation(
    {
        "": [
            st.Page("pages/home.py", title=_("Home"), icon=":material/home:", default=True),
            st.Page("pages/train.py", title=_("Train"), icon=":material/show_chart:"),
            st.Page("pages/sweep.py", title=_("Sweep"), icon=":material/grid_on:"),
            st.Page("pages/runs.py", title=_("Runs"), icon=":material/table_rows:"),
            st.Page("pages/architecture.py", title=_("Architecture"), icon=":material/account_tree:"),
            st.Page("pages/data.py", title=_("Data"), icon=":material/photo_library:"),
            st.Page("pages/gradients.py", title=_("Gradients"), icon=":material/layers:"),
            st.Page("pages/saliency.py", title=_("Saliency maps"), icon=":material/visibility:"),
            st.Page("pages/trust.py", title=_("Trust"), icon=":material/verified:"),
            st.Page("pages/classify.py", title=_("Classify"), icon=":material/add_photo_alternate:"),
        ],
        _("Laboratory"): [
            st.Page("pages/guess.py", title=_("Guess first"), icon=":material/quiz:"),
            st.Page("pages/claims.py", title=_("Claims"), icon=":material/gavel:"),
            st.Page("pages/degradation.py", title=_("Degradation"), icon=":material/trending_down:"),
            st.Page("pages/depth_limit.py", title=_("Depth limit"), icon=":material/stairs:"),
            st.Page("pages/initialization.py", title=_("Initialization"), icon=":material/start:"),
            st.Page("pages/shattering.py", title=_("Shattering"), icon=":material/broken_image:"),
            st.Page("pages/flow.py", title=_("Gradient paths"), icon=":material/call_split:"),
            st.Page("pages/lesions.py", title=_("Lesions"), icon=":material/content_cut:"),
            st.Page("pages/neurons.py", title=_("Neurons"), icon=":material/blur_on:"),
            st.Page("pages/surface.py", title=_("Surface"), icon=":material/landscape:"),
            st.Page("pages/identity.py", title=_("Identity"), icon=":material/equal:"),
            st.Page("pages/responses.py", title=_("Responses"), icon=":material/graphic_eq:"),
        ],
    },
    position="top",
)
say_if_demo()
hide_controls()
show_corner()
while_store_answers(page.run)()
