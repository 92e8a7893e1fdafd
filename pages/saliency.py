"""What does each net look at? Captum's attributions for one picture, plain beside residual."""

import streamlit as st

from resnet_viz.plots import class_bars, saliency_maps
from resnet_viz.ui.answers import (
    ask,
    choose_sample,
    choose_trained_runs,
    explain_answer,
    format_of,
    tell,
    upload_picture,
)
from resnet_viz.ui.services import attribution_methods

st.title("What does each net look at?")
st.markdown(
    "Two nets get the same picture. An attribution method gives every pixel its share in the score of a class: "
    "where it is large, the net's answer depends on that pixel."
)
runs = choose_trained_runs()
methods = attribution_methods()

form = format_of(runs[0])
choices, about = st.columns([3, 2], gap="large")
with choices:
    source = st.segmented_control("Picture", ["test set", "my own"], default="test set", required=True, key="source")
    label = None
    if source == "my own":
        uploaded = upload_picture(form)
        if uploaded is None:
            st.info("Choose a PNG, JPEG, WebP, GIF or BMP file of up to 20 MB.")
            st.stop()
        picture = uploaded[1]
    else:
        label, picture = choose_sample(runs[0])
with about:
    method = st.selectbox(
        "Method", list(methods), format_func=lambda name: methods[name].title, key="method", bind="query-params"
    )
    st.caption(f"{methods[method].note} ({methods[method].source})")
    target_choice = st.selectbox(
        "Class to explain", ["each net's own answer", *form.classes], key=f"target_{runs[0].comparison}"
    )
    shared = st.toggle("Same scale for both maps", value=True, key="shared", help="Off: each map to its own largest.")

answers = ask(runs, picture)
target = form.classes.index(target_choice) if target_choice in form.classes else None
with st.spinner(f"{methods[method].title}…"):
    answers = [explain_answer(run, answer, picture, target, method) for run, answer in zip(runs, answers, strict=True)]

truth = "" if label is None else f"The picture is a **{form.classes[label]}**. "
st.markdown(truth + " ".join(tell(answer, form.classes) for answer in answers))
st.plotly_chart(
    saliency_maps(picture, answers, signed=methods[method].signed, shared=shared),
    key="maps",
    config={"displayModeBar": False},
    alt=f"{methods[method].title} maps of {' and '.join(a.name for a in answers)} beside the picture",
)
if methods[method].signed:
    st.caption("Red speaks for the class, blue against it.")
st.plotly_chart(
    class_bars(answers, form.classes),
    key="bars",
    config={"displayModeBar": False},
    alt=f"Most likely classes of {' and '.join(a.name for a in answers)}",
)
st.caption(
    f"Runs {' and '.join(run.id for run in runs)}. A map shows what a score depends on, not whether the net is right; "
    "a net that has not learned has maps too."
)
