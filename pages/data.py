"""What do the nets learn from? Classes, samples, and the pictures as a net gets them."""

import pandas as pd
import streamlit as st

from resnet_viz.data import AUGMENTATIONS, count_classes, pick_samples, preview_augmentation
from resnet_viz.plots import class_counts
from resnet_viz.ui.data import choose_data, fingerprint_of, show_loading, warnings_of
from resnet_viz.ui.figures import show_figure
from resnet_viz.ui.language import _, said, titled
from resnet_viz.ui.links import linked
from resnet_viz.ui.pictures import show_pictures
from resnet_viz.ui.tables import show_table
from resnet_viz.ui.text import plain

ROWS, COLUMNS = 10, 10  # of samples
SHOWN, VARIANTS = 4, 7  # pictures and their changes

st.title(_("What do they learn from?"))
st.markdown(
    _(
        "A net knows nothing but its training pictures. Before you trust a curve, look at them: how many there are "
        "of each class, what they show, and what augmentation makes of them."
    )
)
choice = choose_data()
data = show_loading(choice)
if data is None:
    st.stop()

form = data.form
train, test = len(data.train_labels), len(data.test_labels)
color = "gray" if form.channels == 1 else "color"
st.markdown(
    _(
        "**{train:,}** training and **{test:,}** test pictures in **{classes}** classes, {size} x {size} "
        "pixels, {color}.",
        train=train,
        test=test,
        classes=len(form.classes),
        size=form.size,
        color=color,
    )
)
for warning in warnings_of(choice, fingerprint_of(data), data):
    st.warning(plain(said(warning)), icon=":material/warning:")
if data.skipped:
    with st.expander(_("{count} files were skipped", count=len(data.skipped)), icon=":material/broken_image:"):
        show_table(pd.DataFrame({"file and reason": data.skipped}), hide_index=True)

counts = count_classes(data)
st.markdown(_("##### Classes"))
show_figure(class_counts(counts), key="counts", alt=_("Training and test pictures of every class"))

st.markdown(_("##### Samples"))
pages = -(-len(form.classes) // ROWS)
page = st.slider(_("Classes from"), 1, pages, key="classes_from") if pages > 1 else 1
labels = list(range(len(form.classes)))[(page - 1) * ROWS : page * ROWS]
seed = st.number_input(
    _("Draw"), 0, 9999, value=0, key="draw", bind="query-params", help=_("Another number: other pictures.")
)
names = [form.classes[label] for label in labels]
grid = pick_samples(data, labels, COLUMNS, int(seed))
show_pictures(grid, names, alt=_("Training pictures of {names}", names=", ".join(names)))

st.markdown(_("##### As a net gets them"))
augmentation = linked(
    st.selectbox,
    _("Augmentation"),
    list(AUGMENTATIONS),
    "augmentation",
    "crop_flip",
    format_func=lambda name: titled(AUGMENTATIONS[name]),
)
st.caption(said(AUGMENTATIONS[augmentation]))
varied = preview_augmentation(data, augmentation, SHOWN, VARIANTS, int(seed))
columns = [_("as it is"), *(_("draw {i}", i=i + 1) for i in range(VARIANTS))]
alt = _(
    "Training pictures as they are, and {variants} times after augmentation: {augmentation}",
    variants=VARIANTS,
    augmentation=titled(AUGMENTATIONS[augmentation]),
)
show_pictures(varied, [""] * SHOWN, alt, columns)

st.markdown(_("##### Mean and deviation"))
st.markdown(
    _(
        r"Every pixel goes into a net as $(x - \mu) / \sigma$, with the mean and the deviation of its channel over all "
        "training pictures, on a scale from 0 to 1."
    )
)
channels = ["gray"] if form.channels == 1 else ["red", "green", "blue"]
show_table(
    pd.DataFrame({"channel": channels, "mean μ": form.mean, "deviation σ": form.std}),
    hide_index=True,
    columns={name: st.column_config.NumberColumn(format="%.4f") for name in ("mean μ", "deviation σ")},
)
