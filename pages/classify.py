"""What do nets say to your pictures? Send many, see them as the nets do, compare the answers, and ask why."""

import streamlit as st

from resnet_viz.data import enlarge_pixels
from resnet_viz.nets import CheckpointError
from resnet_viz.plots import class_bars
from resnet_viz.ui.candidates import choose_candidates
from resnet_viz.ui.classify import (
    ask_all,
    by_classes,
    carry,
    choose_row,
    familiarity_of,
    overview,
    say_rates,
    take_pictures,
    tell,
    to_csv,
)
from resnet_viz.ui.figures import show_figure
from resnet_viz.ui.files import File, offer_files
from resnet_viz.ui.language import _, listed
from resnet_viz.ui.saliency import say_origins
from resnet_viz.ui.studies import answered
from resnet_viz.ui.text import plain, refuse

st.title(_("What do they say to your pictures?"))
st.markdown(
    _(
        "Every net answers with one of its own classes, whatever it is shown. How sure it is stands beside the "
        "answer, and a warning where it can be told that the picture looks like nothing it was trained on; many such "
        "pictures pass without one."
    )
)
candidates = choose_candidates()
pictures = take_pictures(candidates)
if not pictures:
    st.info(_("Send a picture that can be read: PNG, JPEG, WebP, GIF or BMP, up to 20 MB."))
    st.stop()
try:
    told = ask_all(candidates, pictures)
except CheckpointError as error:
    refuse(error)
    st.info(_("Choose other nets, or train these again."))
    st.stop()

place = choose_row(overview(pictures, told), candidates)
st.caption(_("Select a row to look at its picture; entropy is 0 where a net is sure."))
offer_files(File(_("All answers as CSV"), "answers.csv", lambda: to_csv(pictures, told), icon=":material/download:"))

picture, answers = pictures[place], told[place]
st.subheader(plain(picture.name), divider="gray")
left, right = st.columns([2, 3], gap="large")
with left:
    forms = {(one.candidate.form.size, one.candidate.form.channels): one.candidate for one in answers}
    for column, ((size, channels), candidate) in zip(st.columns(max(2, len(forms))), forms.items(), strict=False):
        column.image(
            enlarge_pixels(picture.seen_by(candidate)),
            caption=_(
                "as {name} sees it: {size} x {size}, {colors}",
                name=candidate.name,
                size=size,
                colors=_("gray") if channels == 1 else _("color"),
            ),
            width="stretch",
            alt=_("the picture as a net sees it"),
        )
    if st.button(_("Why? Look at the saliency"), key="why", icon=":material/visibility:", type="primary"):
        carry(picture)
        st.switch_page("pages/saliency.py")
with right:
    tell(answers)
    for classes, alike in by_classes(answers).items():
        show_figure(
            class_bars([one.as_answer() for one in alike], classes),
            key=f"bars_{len(classes)}_{classes[0]}",
            alt=_("Most likely classes of {names}", names=listed(one.candidate.name for one in alike)),
        )

with st.expander(_("When is a picture strange?"), icon=":material/psychology_alt:"):
    st.markdown(
        _(
            "A net's last layer looks at features; their mean over the training pictures of each class is kept. A "
            r"picture's familiarity is the largest cosine between its features $h(x)$ and a class mean $\mu_k$, "
            r"$\max_k \cos(h(x), \mu_k)$; the warning comes below the value under which 5 % of the net's own held-out "
            "pictures are."
        )
    )
    for candidate in candidates:
        measure = familiarity_of(candidate)
        if measure is not None:
            st.markdown(
                _(
                    "**{name}**: threshold {threshold:.2f}. {say_rates}",
                    name=candidate.name,
                    threshold=measure.threshold,
                    say_rates=say_rates(measure),
                )
            )
        elif candidate.run is None:
            st.markdown(
                _(
                    "**{name}**: no pictures that it was trained on are at hand, and so there is no warning.",
                    name=candidate.name,
                )
            )
        else:
            st.markdown(_("**{name}**: not measured yet.", name=candidate.name))
    unmeasured = [one.run for one in candidates if one.run is not None and familiarity_of(one) is None]
    if unmeasured:
        answered("strangers", {}, unmeasured[:1])
say_origins(candidates)
