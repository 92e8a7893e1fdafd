"""Do gradients of nearby pictures resemble each other? Their correlation along a line (Balduzzi et al. 2017)."""

import streamlit as st

from resnet_viz.plots import correlation_by_depth, correlation_by_lag
from resnet_viz.ui.figures import show_figure
from resnet_viz.ui.language import _
from resnet_viz.ui.links import choose_by_key
from resnet_viz.ui.services import machine
from resnet_viz.ui.shattering import (
    MEASURES,
    choose_norm,
    curves_of,
    noise_number,
    noises,
    numbers_by_depth,
    say_agreement,
    say_family,
    say_norm,
)
from resnet_viz.ui.studies import say_origin

st.title(_("Do gradients of nearby pictures resemble each other?"))
st.markdown(
    _(
        "A gradient can be of the right size and still be of no use: where it points elsewhere after the smallest "
        "step, it says nothing about the way ahead. Balduzzi et al. 2017 call such gradients **shattered**. Take a "
        r"straight line between two pictures, $x_t = (1 - t)\,a + t\,b$, and at each of its points the gradient of a "
        r"net's output by its input, $g_t = \partial f / \partial x\,(x_t)$. Their autocorrelation at lag $k$ is"
    )
)
st.markdown(
    _(r"$$r_k = \frac{\sum_t \langle g_t - \bar g,\; g_{t+k} - \bar g \rangle}{\sum_t \lVert g_t - \bar g \rVert^2}$$")
)
st.markdown(
    _(
        "Gradients that change slowly resemble **brown noise**, a random walk: $r_k$ falls slowly. Shattered ones "
        "resemble **white noise**: $r_k = 0$ from the first point on. All nets here are as they were drawn; none is "
        "trained."
    )
)
machine()
has_norm = choose_norm()
answer = curves_of(has_norm)
if answer is None:
    st.stop()
curves, points = answer.frame, int(answer.study.params["points"])
seeds = curves["seed"].nunique()

st.markdown(_("##### By distance along the line"))
show_figure(
    correlation_by_lag(curves, noises(points)),
    key="correlation_by_lag",
    alt=_("Correlation of input gradients by lag, one line a depth, plain and residual nets"),
)
st.caption(
    _(
        "Means over {seeds} seeds, each with nets and a line of its own between two handwritten digits; "
        "{points} points a line, the output is the sum of the scores. Batch norms use the mean and variance of "
        "all points of the line, held fixed: an untrained net has no running statistics, and in training mode "
        "a point's gradient would hold its influence on all others. Gray: noise on a line of as many points.",
        seeds=seeds,
        points=points,
    )
)
say_origin(answer)

st.markdown(_("##### By depth"))
measure = choose_by_key("shattering_measure", _("What"), MEASURES)
titles = {"near": _("correlation at lag 1"), "width": _("half-width, points of the line")}
show_figure(
    correlation_by_depth(numbers_by_depth(curves, measure), noise_number(points, measure), titles[measure]),
    key="correlation_by_depth",
    alt=_("{measures} of input gradients by depth, plain and residual nets", measures=_(MEASURES[measure])),
)
st.caption(
    _(
        "Means of the seeds; bars reach from the least to the most. The half-width is the lag at which the correlation "
        "first falls to one half; it is 0.5 for white noise. Dashed: brown noise."
    )
)
near, widths = numbers_by_depth(curves, "near"), numbers_by_depth(curves, "width")
for family, name in {"plain": _("Plain"), "resnet": _("Residual")}.items():
    st.markdown(f"- {say_family(name, near[near['family'] == family], widths[widths['family'] == family])}")

st.markdown(_("##### What it means"))
st.markdown(
    _(
        "Balduzzi et al. 2017: the correlation of gradients falls exponentially with depth in plain nets, and "
        "sublinearly with shortcuts. {say_agreement}",
        say_agreement=say_agreement(near),
    )
)
st.markdown(
    _(
        "A gradient step trusts that the gradient is nearly the same a little further on; where gradients are "
        "white noise it is not. This, and not their size, is one account of why deep plain nets do not train "
        "(**Initialization** has the size). {say_norm} How far a lag reaches depends on the line: compare nets "
        "on this page with each other, not with other lines.",
        say_norm=say_norm(has_norm),
    )
)
