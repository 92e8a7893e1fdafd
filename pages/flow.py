"""Which way does the gradient take? Its parts at every block, and the paths of the unravelled net (Veit et al.)."""

import pandas as pd
import streamlit as st

from resnet_viz.paper import FINDINGS
from resnet_viz.plots import gradient_ways, path_contributions
from resnet_viz.ui.figures import show_figure
from resnet_viz.ui.flow import fits, residual_ones, tell_lengths, tell_published, tell_ways
from resnet_viz.ui.language import _, listed
from resnet_viz.ui.studies import answered, say_origin
from resnet_viz.ui.subjects import choose_nets

st.title(_("Which way does the gradient take?"))
st.markdown(
    _(
        "A block computes $y_i = y_{i-1} + f_i(y_{i-1})$, with a ReLU behind the addition in the original order. On "
        "the way back the gradient $g_i$ that comes to the addition reaches the block's input by two ways, and the "
        r"parts add up: $g_{i-1} = g_i + \left(\frac{\partial f_i}{\partial y_{i-1}}\right)^{\!\top} g_i$, the first "
        "through the shortcut, the second through the branch. Both are measured here in a backward pass of the "
        "trained net."
    )
)
runs = residual_ones(choose_nets(fits))


def named(frame: pd.DataFrame) -> dict[str, str]:
    """The nets of an answer, all of them residual."""
    return dict.fromkeys(frame["net"].unique(), "resnet")


def show_ways(frame: pd.DataFrame) -> None:
    """Shortcut or branch, block by block."""
    families = named(frame)
    show_figure(
        gradient_ways(frame, families),
        key="gradient_ways",
        alt=_(
            "Share of the gradient that comes through the shortcut of each block of {names}, and the norm of "
            "both parts",
            names=listed(families),
        ),
    )
    for net, part in frame.groupby("net", sort=False):
        st.markdown(tell_ways(str(net), part))
    st.caption(
        _(
            "Above: norm of the part through the shortcut, over the sum of the norms of both parts; dotted at one "
            "half. Below: solid through the shortcut, dotted through the branch. Mean 2-norms of the gradients of "
            "single test pictures' cross-entropy, in evaluation mode. Pictures of which a net is sure send almost "
            "nothing back, so the means are those of the pictures that it finds hard. What an identity shortcut does "
            "not bring back of what arrives behind its block was stopped by the ReLU behind the addition."
        )
    )


def show_lengths(frame: pd.DataFrame, paths: int, pictures: int) -> None:
    """Fig. 6 of Veit et al. for these nets, and what it says."""
    families = named(frame)
    show_figure(
        path_contributions(frame, families),
        key="path_contributions",
        alt=_(
            "By the number of blocks on a path of {names}: how many paths there are, the gradient along one, "
            "and the product of both",
            names=listed(families),
        ),
    )
    for net, part in frame.groupby("net", sort=False):
        st.markdown(tell_lengths(str(net), part))
    st.caption(
        _(
            "Up to {paths} random paths of each length, {pictures} test pictures; the band reaches from the "
            "weakest to the strongest path that was taken. Dotted: all paths of a length added up, none drawn, "
            "scaled to the same sum.",
            paths=paths,
            pictures=pictures,
        )
    )


st.markdown(_("##### Shortcut or branch, at every block"))
answer = answered("flow", {}, runs)
if answer is not None:
    show_ways(answer.frame)
    say_origin(answer, runs)

st.markdown(_("##### The paths of the unravelled net"))
st.markdown(
    _(
        "Written out, $n$ blocks are $2^n$ paths: at every block through the branch or through the shortcut. "
        r"$\binom{n}{k}$ of them go through exactly $k$ branches. Veit et al. 2016 (sec. 4.3, Fig. 6) sent the "
        "gradient of a trained net back along single paths: through the branches of $k$ blocks drawn at random, and "
        "through the shortcuts of all others, while the forward pass stays as it is. The gradient along one path, "
        "times the number of paths of its length, is what they took for the part of that length."
    )
)
paths = answered("paths", {}, runs)
if paths is not None:
    show_lengths(paths.frame, paths.study.params["paths"], paths.study.params["pictures"])
    say_origin(paths, runs)
    st.markdown(tell_published(FINDINGS["paths"]))
