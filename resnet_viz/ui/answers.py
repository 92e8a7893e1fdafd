"""What do the trained nets of a comparison say to a picture? Picked, prepared and asked the same way on each page."""

from collections.abc import Sequence

import numpy as np
import streamlit as st
from PIL import Image

from resnet_viz import explain, nets
from resnet_viz.data import ImageError, PictureFormat, decode_image, fit_picture
from resnet_viz.plots import Answer
from resnet_viz.runs import Run
from resnet_viz.ui.comparisons import choose_comparison, net_name
from resnet_viz.ui.services import net_of, nets_lock, run_store

FILE_TYPES = ["png", "jpg", "jpeg", "webp", "gif", "bmp"]


def choose_trained_runs() -> list[Run]:
    """The picker, and those runs of its comparison whose nets can be asked; the page ends where there are none."""
    chosen = choose_comparison()
    if not chosen:
        st.info("Nothing was trained here yet. Go to **Train** and press Start; come back when the nets have ended.")
        st.stop()
    with st.spinner("Loading torch; this takes some seconds after the start of the server…"):
        runs = _trained(chosen)
    if not runs:
        st.stop()
    return runs


def _trained(runs: Sequence[Run]) -> list[Run]:
    """The runs whose nets can be asked; a sentence on the page where some cannot."""
    usable = []
    for run in runs:
        if run.status.is_active:
            st.info(f"{net_name(run)} is still training; its net can be asked when it has ended.")
        elif not run.weights:
            st.info(f"{net_name(run)} left no weights: it is {run.status}. Train it again to ask it.")
        else:
            try:
                net_of(run)
                usable.append(run)
            except nets.CheckpointError as error:
                st.error(f"{net_name(run)} cannot be loaded: {error}. Train it again.")
    return usable


def format_of(run: Run) -> PictureFormat:
    """What the net of a run takes."""
    return PictureFormat.from_dict(run.facts["form"])


def upload_picture(form: PictureFormat) -> tuple[Image.Image, np.ndarray] | None:
    """An uploaded picture as it came, and as the nets take it, uint8 (H, W, C); None if there is none that will do."""
    file = st.file_uploader("A picture of your own", FILE_TYPES, key="upload")
    if file is None:
        return None
    try:
        picture = decode_image(file.getvalue())
    except ImageError as error:
        st.error(str(error))
        return None
    invert = False
    if form.channels == 1:
        is_bright = float(np.asarray(picture.convert("L")).mean()) > 127
        invert = st.checkbox(
            "Swap light and dark",
            value=is_bright,
            key=f"invert_{is_bright}",
            help="The nets learned bright strokes on black; ink on paper is the other way round.",
        )
    return picture, fit_picture(picture, form.size, form.channels, invert)


def choose_sample(run: Run) -> tuple[int, np.ndarray]:
    """A test picture of the run's data set: its label and uint8 (H, W, C)."""
    form, pictures = format_of(run), run_store().samples(run.id)
    position = st.selectbox(
        "Test picture",
        range(len(pictures)),
        format_func=lambda i: f"{form.classes[pictures[i][0]]} ({i + 1} of {len(pictures)})",
        key=f"sample_{run.comparison}",
        help="Two pictures of each class, from the part that no net was trained on.",
    )
    label, png = pictures[position]
    return label, fit_picture(decode_image(png), form.size, form.channels)


def ask(runs: Sequence[Run], picture: np.ndarray) -> list[Answer]:
    """Every net's class probabilities for one picture, uint8 (H, W, C)."""
    x = explain.to_input([picture], format_of(runs[0]))
    with nets_lock():
        chances = [explain.class_probabilities(net_of(run), x)[0].numpy() for run in runs]
    return [Answer(net_name(run), run.spec["family"], chance) for run, chance in zip(runs, chances, strict=True)]


def tell(answer: Answer, classes: Sequence[str]) -> str:
    """A net's answer in a sentence."""
    best = int(answer.probabilities.argmax())
    return f"**{answer.name}** says **{classes[best]}** with {answer.probabilities[best]:.1%}."
