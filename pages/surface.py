"""How rough is the ground that training walks on? The loss on a plane through the weights (Li et al. 2018)."""

from typing import Any

import streamlit as st

from resnet_viz.plots import loss_scale
from resnet_viz.runs import Run
from resnet_viz.ui.language import _
from resnet_viz.ui.services import while_store_answers
from resnet_viz.ui.studies import answered, say_origin
from resnet_viz.ui.subjects import choose_nets
from resnet_viz.ui.surface import (
    choose_norms_of_way,
    choose_slice,
    compare_slices,
    count_weights,
    find_kept,
    offer_way,
    parts_of,
    show_slices,
    show_ways,
    tell_slice,
    tell_way,
    watch_kept,
)

st.title(_("How rough is the ground?"))
st.markdown(
    _(
        "Training walks downhill on the loss $L(w)$, a surface over all weights at once. A slice shows a part of it: "
        r"two directions $\delta$ and $\eta$ are drawn at random, and $f(a, b) = L(w^* + a\,\delta + b\,\eta)$ "
        "around the trained net $w^*$. Each filter of a direction is scaled to the length of the net's own, "
        r"$\delta_i \leftarrow \delta_i\,\lVert w_i \rVert / \lVert \delta_i \rVert$, so that nets with large and "
        "with small weights can be compared (Li et al. 2018); biases and the parameters of batch norms stay."
    )
)
runs = choose_nets()
classes = len(runs[0].facts["form"]["classes"])
params = choose_slice()

answer = answered("surface", params, runs)
if answer is not None:
    parts = parts_of(answer.frame)
    scale = loss_scale(answer.frame)
    show_slices(parts, scale)
    st.caption(
        _(
            "Cross entropy of {pictures} training pictures, logarithmic, in the same colors and heights for all "
            "nets; from one contour to the next it grows {step:.3g}-fold. The cross is the trained net.",
            pictures=params["pictures"],
            step=10**scale.step,
        )
    )
    for net, part in parts.items():
        st.markdown(tell_slice(net, part, classes))
    st.markdown(
        compare_slices(parts, runs)
        + _(
            " A place $p$ *bends down* where $f(p + u) - 2 f(p) + f(p - u) < 0$ for a step $u$ to the next place "
            "along $a$, along $b$ or along a diagonal, by more than 1 % of the strongest bend there. A bowl does so "
            "nowhere, however steep it is; what is narrower than a step stays unseen."
        )
    )
    say_origin(answer, runs)

st.warning(
    _(
        "**A slice can mislead.** It shows two directions of {count_weights:,}. What rises along both may fall "
        "along a third; what looks like a bowl can be a saddle, and a ridge between two places may have a way "
        "around it. Another seed is another slice. And batch norms decide much: with their statistics as "
        "stored, as Li et al. measured, a net whose weights have moved is fed what it was never trained for; "
        "with those of the pictures a filter's length cancels. Switch, and compare, before you believe either "
        "picture.",
        count_weights=count_weights(runs[0]),
    ),
    icon=":material/warning:",
)


@while_store_answers
def show_way(runs: list[Run], params: dict[str, Any]) -> None:
    """The training's way on its own plane, where the nets of every epoch were kept."""
    st.markdown(_("##### The way of the training"))
    st.markdown(
        _(
            "Random directions show almost nothing of a training's way: in so many dimensions they are at right "
            "angles to it. PCA of the differences $w_t - w^*$ of the weights after each epoch $t$ finds the two "
            "directions that hold most of it. The way is drawn where it falls on this plane; the nets themselves lie "
            "beside it."
        )
    )
    found = find_kept(runs)
    kept = [run for run in found if run is not None]
    if any(run.status.is_active for run in kept):
        watch_kept(kept)
        return
    if None in found:
        offer_way([run for run, twin in zip(runs, found, strict=True) if twin is None])
    if not kept:
        return
    asked = {name: params[name] for name in ("points", "pictures")} | {"norms": choose_norms_of_way()}
    answer = answered("trajectory", asked, kept)
    if answer is None:
        return
    parts = parts_of(answer.frame)
    show_ways(parts, loss_scale(answer.frame[answer.frame["what"] == "slice"]))
    for net, part in parts.items():
        st.markdown(tell_way(net, part[part["what"] == "path"]))
    st.caption(
        _(
            "Along the axes: the distance of the weights from the last ones. The variance that PCA holds is no proof "
            "of a simple way: a walk without any aim seems to hold most of its variance in two directions, too."
        )
    )
    say_origin(answer, kept)


show_way(runs, params)
