"""What would you have guessed? A question before every curve, and the answer from stored runs."""

import streamlit as st

from resnet_viz.studies.guesses import ABOUT_THE_SAME, CLOSE, options
from resnet_viz.ui.figures import show_figure
from resnet_viz.ui.guess import (
    choose_guess,
    figure_of,
    guessed,
    remember,
    right_answer,
    say_doubt,
    say_origins,
    tell_errors,
    tell_score,
)
from resnet_viz.ui.language import _, listed, said
from resnet_viz.ui.plan import KEYS

st.title(_("What would you have guessed?"))
st.markdown(
    _(
        "What surprises stays. Six questions about plain and residual nets, each answered by runs that are stored "
        "here: guess first, then see the rest of the curve."
    )
)
guess = choose_guess()
right = right_answer(guess)
if right is None:
    st.info(_("The runs of this question are not stored here. Choose another one."))
    st.stop()
st.markdown(f"##### {said(guess.question)}")
choice = guessed(guess)
figure, origins, seed = figure_of(guess.key, choice is None)
show_figure(
    figure,
    key=f"guess_{guess.key}",
    alt=_("Error of {names} by training step", names=listed(spec.name for spec in guess.nets))
    + (_(", the beginning") if choice is None else ""),
)
if choice is None:
    told = st.radio(_("Your guess"), options(guess), None, said, f"radio_{guess.key}", horizontal=True)
    st.caption(
        _(
            "“{about_the_same}” is right where the means are less than {close:g} points apart.",
            about_the_same=said(ABOUT_THE_SAME),
            close=CLOSE,
        )
    )
    is_open, icon = told is None, ":material/visibility:"
    st.button(
        _("Uncover"), type="primary", icon=icon, disabled=is_open, shortcut=KEYS, on_click=remember, args=[guess, told]
    )
else:
    if choice == right:
        st.success(_("You guessed **{choice}**, and so it is.", choice=said(choice)), icon=":material/check_circle:")
    else:
        st.warning(
            _("You guessed **{choice}**; it is **{right}**.", choice=said(choice), right=said(right)),
            icon=":material/lightbulb:",
        )
    st.markdown(" ".join(filter(None, (tell_errors(guess), say_doubt(guess), said(guess.why)))))
    st.page_link(f"pages/{guess.page}.py", label=_("Look closer"), icon=":material/search:")
    st.caption(say_origins(origins, seed))
st.markdown(tell_score())
