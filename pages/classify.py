"""What do the nets say to my picture? Upload one, see it as the nets do, and compare their answers."""

import streamlit as st

from resnet_viz.data import DATASETS, enlarge_pixels
from resnet_viz.plots import class_bars
from resnet_viz.ui.answers import ask, choose_trained_runs, format_of, tell, upload_picture

st.title("What do they say to your picture?")
runs = choose_trained_runs()
form = format_of(runs[0])
data = DATASETS[runs[0].config["dataset"]].title
st.markdown(
    f"These nets know {len(form.classes)} classes, from {data}: {', '.join(form.classes)}. To anything else they "
    "will still give one of these names."
)
uploaded = upload_picture(form)
if uploaded is None:
    st.info("Choose a PNG, JPEG, WebP, GIF or BMP file of up to 20 MB; it stays on this machine.")
    st.stop()

original, picture = uploaded
answers = ask(runs, picture)
left, middle, right = st.columns([1, 1, 3], gap="large")
left.image(original, caption=f"your picture, {original.width} x {original.height}", width="stretch", alt="your picture")
color = "gray" if form.channels == 1 else "color"
middle.image(
    enlarge_pixels(picture),
    caption=f"what the nets see: {form.size} x {form.size}, {color}",
    width="stretch",
    alt="the picture as the nets see it",
)
with right:
    st.markdown(" ".join(tell(answer, form.classes) for answer in answers))
    st.plotly_chart(
        class_bars(answers, form.classes),
        key="bars",
        config={"displayModeBar": False},
        alt=f"Most likely classes of {' and '.join(a.name for a in answers)}",
    )
st.caption(f"Runs {' and '.join(run.id for run in runs)}; the probabilities are the softmax of each net's scores.")
