"""Does a deeper net learn worse? Plain and residual nets of several depths, over seeds, with verdicts."""

import streamlit as st

from resnet_viz.paper import FINDINGS
from resnet_viz.plots import curves_by_depth, errors_by_depth
from resnet_viz.ui.degradation import (
    curves_of,
    errors_of,
    run_grid,
    say_training,
    show_published,
    show_vgg,
    show_what_was_run,
    verdicts,
)
from resnet_viz.ui.figures import show_figure
from resnet_viz.ui.groups import Group, choose_group, find_groups, say_runs
from resnet_viz.ui.language import _, listed, said
from resnet_viz.ui.links import choose_by_key, controls_are_hidden
from resnet_viz.ui.services import while_store_answers
from resnet_viz.ui.sweeps import show_progress
from resnet_viz.ui.tables import show_table
from resnet_viz.ui.watch import refresh_interval

PARTS = {"train": "training error", "test": "test error"}

st.title(_("Does a deeper net learn worse?"))
st.markdown(
    _(
        "Take a trained net $H$ and append layers. There is a deeper net that does as well: copy $H$, and let every "
        r"appended layer be the identity, $x \mapsto x$. So the *training* error of the best deeper net is at most "
        r"that of the shallower one, $\min_{deep} E_{train} \le \min_{shallow} E_{train}$. Where training ends above "
        "it, the deeper net did not overfit: it was not *found*. He et al. 2015 call that degradation. With "
        "shortcuts, $H(x) = F(x) + x$, the identity is what a block does when its $F$ is zero."
    )
)
group = choose_group()


def watch(key: str, ended: int) -> None:
    """How far the runs of a group are; runs again and again while one trains, and the page when one has ended."""
    runs = find_groups()[key].runs
    show_progress(runs)
    if sum(not run.status.is_active for run in runs) != ended:
        st.rerun()


def show_figures(group: Group) -> None:
    """Final errors against depth, what they say, and the curves."""
    runs = group.of("plain", "resnet")
    errors = errors_of(runs)
    nets = listed({"plain": "plain", "resnet": "residual"}[name] for name in errors["family"].unique())
    depths = ", ".join(map(str, sorted(errors["depth"].unique())))
    st.markdown(_("##### Final error against depth"))
    show_figure(
        errors_by_depth(errors),
        key="errors_by_depth",
        alt=_(
            "Final training and test error of {nets} nets by their number of layers: {depths}", nets=nets, depths=depths
        ),
    )
    st.caption(
        _(
            "Lines: means; bands: from the least to the largest error; open marks: runs. {say_runs}",
            say_runs=say_runs(group, runs),
        )
    )
    for sentence in say_training(errors):
        st.markdown(sentence)
    st.markdown(_("##### Error over the steps of training"))
    show_figure(
        curves_by_depth(curves_of(group, runs)),
        key="curves_by_depth",
        alt=_(
            "Training and test error of {nets} nets by training step, a shade for each of {depths} layers",
            nets=nets,
            depths=depths,
        ),
    )
    st.caption(
        _(
            "As in Fig. 6 of He et al. 2015: training error dotted (averaged over each epoch, while the net "
            "changes), test error solid; the darker, the deeper. Means over the seeds. Of the paper's plain nets "
            "Fig. 6 is all there is, and no number can be read off a plot; its caption says that {caption}.",
            caption=said(FINDINGS["plain_110"].text),
        )
    )


def show_verdicts(group: Group) -> None:
    """Every pair of nets with a verdict and the test behind it."""
    st.markdown(_("##### Which beats which?"))
    part = choose_by_key("error_of_verdicts", _("Error"), PARTS)
    table = verdicts(errors_of(group.of("plain", "resnet")), part)
    number = st.column_config.NumberColumn(_("difference, points"), format="%+.1f")
    columns = {"difference": number, "interval": _("its 95 % interval")}
    show_table(table, columns=columns, hide_index=True)
    st.markdown(
        _(
            r"Welch's t-test over the seeds: $t = (\bar a - \bar b) / \sqrt{{s_a^2/n_a + s_b^2/n_b}}$, two-sided, "
            "at 5 %. A net beats the other if $p < 0.05$; a difference is the first net's error less the "
            "second's, in points. *Within the noise of these seeds* does not mean equal: with three seeds a side "
            "only large differences show. And among {count} pairs of equal nets {by_chance:.2g} verdicts are "
            "expected by chance.",
            count=len(table),
            by_chance=0.05 * len(table),
        )
    )


if group is None:
    st.info(_("There are no runs of two depths yet. Run the grid below."))
elif any(run.status.is_active for run in group.runs):
    ended = sum(not run.status.is_active for run in group.runs)
    st.fragment(while_store_answers(watch), run_every=refresh_interval(group.runs))(group.key, ended)
    st.caption(_("You can leave this page; the **Sweep** page stops, pauses and continues a grid."))
if group is not None and group.of("plain", "resnet"):
    show_figures(group)
    show_verdicts(group)
    st.markdown(_("##### What was published"))
    show_published(group)
    st.markdown(
        _(
            "The usual story has it that deep plain nets fail because gradients vanish. The paper says "
            "otherwise: {finding} ({source}). The **Gradients** page shows what is measured here.",
            finding=said(FINDINGS["no_vanishing"].text),
            source=FINDINGS["no_vanishing"].source,
        )
    )
    st.markdown(_("##### VGG-18 against VGG-34"))
    show_vgg(group)
    show_what_was_run(group.runs)
elif group is not None:
    st.info(_("None of these runs has finished yet; the figures are drawn as they do."))

if not controls_are_hidden():
    st.divider()
    st.markdown(_("##### Run the grid yourself"))
    run_grid()
