"""Where does one begin? The story of residual networks in five steps, and the ways from here."""

import streamlit as st

from resnet_viz.ui.language import _

st.title(_("Understand residual networks"))
st.markdown(
    _(
        "Two networks with the same layers learn from the same pictures; one of them has **shortcuts** around its "
        "blocks. Train both on your own machine, and see what that changes: in the errors, in the gradients, and in "
        "what the nets look at. The story in five steps; its figures and numbers come from runs that ship with the "
        "project, and every step can be tried."
    )
)

# Tables and figures come with these: a reader has the first words before a fresh server has loaded them.
from resnet_viz.ui.home import (  # noqa: E402
    a_deeper_net_exists,
    a_deeper_net_is_worse,
    blocks_can_go,
    gradients_arrive,
    show_colors,
    tell,
    the_shortcut_helps,
)
from resnet_viz.ui.services import machine  # noqa: E402

show_colors()
tell(
    1,
    _("A deeper net should not be worse"),
    _(
        "Take a trained net and append layers. If they pass on what they get, $x \\mapsto x$, the deeper net answers "
        "as before. So a deeper net that does as well *exists*, for plain nets too."
    ),
    a_deeper_net_exists,
)
tell(
    2,
    _("It is worse"),
    _(
        "Yet when plain nets learn from the start, the deeper ones end with a *higher* error. Training does not find "
        "the net that we know to be there."
    ),
    a_deeper_net_is_worse,
)
tell(
    3,
    _("It is not the gradients"),
    _(
        "The usual story has it that the gradient vanishes on its long way back to the first layers. With batch norm "
        "it arrives: look at the norm of every layer's gradient while these nets learned."
    ),
    gradients_arrive,
)
tell(
    4,
    _("The shortcut"),
    _(
        "Let every block *add* to what came in: instead of $H(x) = F(x)$ it computes $H(x) = F(x) + x$. To pass on is "
        "easy now, $F = 0$. The shortcut has no weights, and costs one addition."
    ),
    the_shortcut_helps,
)
tell(
    5,
    _("What it changes"),
    _(
        "A plain net is a chain: every layer needs the one before it. With shortcuts there are many ways through, long "
        "and short, and most blocks only correct what is there already. So one of them can be missing."
    ),
    blocks_can_go,
)

st.divider()
st.markdown("### " + _("From here"))
student, teacher, engineer = st.columns(3, gap="large")
with student:
    st.markdown("##### " + _("To learn"))
    st.markdown(_("Guess before you look: six questions, each answered by stored runs. Then try the steps above."))
    st.page_link("pages/guess.py", label=_("Guess first"), icon=":material/quiz:")
    st.page_link("pages/claims.py", label=_("What holds of what is claimed?"), icon=":material/gavel:")
with teacher:
    st.markdown("##### " + _("To teach"))
    st.markdown(
        _(
            "The address of a page holds what it shows: send it, and others see the same. A lesson with these pages "
            "is in `docs/lesson.md`."
        )
    )
    st.page_link("pages/degradation.py", label=_("Degradation, over seeds"), icon=":material/trending_down:")
    st.page_link("pages/saliency.py", label=_("What do the nets look at?"), icon=":material/visibility:")
with engineer:
    st.markdown("##### " + _("To build"))
    st.markdown(
        _(
            "Compose nets, count them, take them away as code or ONNX; train without a browser: "
            "`resnet-viz train --family resnet --depth 56`."
        )
    )
    st.page_link("pages/architecture.py", label=_("Architecture"), icon=":material/account_tree:")
    st.page_link("pages/train.py", label=_("Train"), icon=":material/show_chart:")

machine()  # finds out behind the page what this machine can do, so that the next one need not wait
