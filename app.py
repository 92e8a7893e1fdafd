"""The dashboard: page configuration and the list of pages."""

import streamlit as st

from resnet_viz.ui.services import ICON, say_if_demo, while_store_answers

st.set_page_config(page_title="Residual networks", page_icon=ICON, layout="wide")

page = st.navigation(
    {
        "": [
            st.Page("pages/train.py", title="Train", icon=":material/show_chart:", default=True),
            st.Page("pages/sweep.py", title="Sweep", icon=":material/grid_on:"),
            st.Page("pages/architecture.py", title="Architecture", icon=":material/account_tree:"),
            st.Page("pages/data.py", title="Data", icon=":material/photo_library:"),
            st.Page("pages/gradients.py", title="Gradients", icon=":material/layers:"),
            st.Page("pages/saliency.py", title="Saliency", icon=":material/visibility:"),
            st.Page("pages/trust.py", title="Trust", icon=":material/verified:"),
            st.Page("pages/classify.py", title="Classify", icon=":material/add_photo_alternate:"),
        ],
        "Laboratory": [
            st.Page("pages/guess.py", title="Guess first", icon=":material/quiz:"),
            st.Page("pages/claims.py", title="Claims", icon=":material/gavel:"),
            st.Page("pages/degradation.py", title="Degradation", icon=":material/trending_down:"),
            st.Page("pages/depth_limit.py", title="Depth limit", icon=":material/stairs:"),
            st.Page("pages/initialization.py", title="Initialization", icon=":material/start:"),
            st.Page("pages/shattering.py", title="Shattering", icon=":material/broken_image:"),
            st.Page("pages/flow.py", title="Gradient paths", icon=":material/call_split:"),
            st.Page("pages/lesions.py", title="Lesions", icon=":material/content_cut:"),
            st.Page("pages/neurons.py", title="Neurons", icon=":material/blur_on:"),
            st.Page("pages/surface.py", title="Surface", icon=":material/landscape:"),
            st.Page("pages/identity.py", title="Identity", icon=":material/equal:"),
            st.Page("pages/responses.py", title="Responses", icon=":material/graphic_eq:"),
        ],
    },
    position="top",
)
say_if_demo()
while_store_answers(page.run)()
