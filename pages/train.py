"""Which of the two learns? Choose a comparison, start it, and watch both nets on the same data, beside any others."""

from math import nan

import streamlit as st

from resnet_viz.nets import NetSpec
from resnet_viz.paper import SOURCE, TABLE_6
from resnet_viz.runs import Run, RunStatus
from resnet_viz.ui.again import offer_again
from resnet_viz.ui.companions import as_now, choose_runs
from resnet_viz.ui.comparisons import net_name, runs_of
from resnet_viz.ui.curves import show_curves, show_ends, show_states
from resnet_viz.ui.language import _
from resnet_viz.ui.links import controls_are_hidden
from resnet_viz.ui.plan import KEYS, choose_plan, show_price, start
from resnet_viz.ui.services import while_store_answers
from resnet_viz.ui.take_away import offer_to_take_away
from resnet_viz.ui.view import choose_view, live_interval
from resnet_viz.ui.watch import announce_ends, show_record

SHOWN = {"comparison", "runs"}  # in a link
CLOSE = 2.0  # points of error within which one pair of runs says nothing

st.title(_("Which of the two learns?"))
st.markdown(
    _(
        "Two nets with the same 3x3 layers, the same first weights in them, the same pictures in the same order. In "
        "one of them every two layers get a shortcut: instead of $H(x) = F(x)$ they compute $H(x) = F(x) + x$. Start "
        "both and watch."
    )
)

with st.container():  # of its own: what it says comes and goes, and what follows keeps its place and a reader's zoom
    # A class that was sent curves sees these, and nothing to start.
    plan = None if controls_are_hidden() and SHOWN & st.query_params.keys() else choose_plan()
    if plan is not None:
        can_start = show_price(plan)
        is_asked = st.button(
            _("Start"), type="primary", icon=":material/play_arrow:", disabled=not can_start, shortcut=KEYS
        )
        if is_asked and start(plan):
            st.toast(_("Started. You can leave this page; the training goes on."))

st.divider()
chosen, others = choose_runs()
interval = live_interval([*chosen, *others])


def watch(comparison: str) -> None:
    """States, curves and result; runs again and again while a net trains."""
    runs = runs_of(comparison) if comparison else []
    shown = [*runs, *as_now(others)]
    if live_interval(shown) != interval:
        st.rerun()  # the last net has ended, or the reader holds the figures: no more looks at the store
    announce_ends(shown)
    show_states(runs)
    figures, view = choose_view(shown)
    show_curves(shown, shown=figures, view=view)
    if others:
        show_ends(shown)
    show_result(runs)


def points_between(plain: float | None, resnet: float | None) -> float:
    """The gap of two errors; finished runs have both."""
    return nan if plain is None or resnet is None else 100 * (plain - resnet)


def show_result(runs: list[Run]) -> None:
    """The finding in a sentence, computed from the two runs, and what it does and does not show."""
    families = sorted(run.spec["family"] for run in runs)
    if families != ["plain", "resnet"] or any(run.status.is_active for run in runs):
        return
    plain, resnet = sorted(runs, key=lambda run: run.spec["family"])
    if NetSpec(**resnet.spec).plain_twin != NetSpec(**plain.spec):
        return  # more than the shortcuts differs: no sentence about what they do
    if {plain.status, resnet.status} != {RunStatus.FINISHED}:
        st.caption(_("There is no result to compare: not both nets have finished."))
        return
    train_gap = points_between(plain.train_error, resnet.train_error)
    title, meaning = verdict(train_gap)
    st.markdown(f"##### {title}")
    st.markdown(
        _(
            "{plain} ends at **{plain_error:.1%}** test error, {resnet} at **{resnet_error:.1%}**: a gap of "
            "{test_gap:.1f} points. On the *training* pictures the gap is {train_gap:.1f} points: {meaning}",
            plain=net_name(plain),
            plain_error=plain.test_error,
            resnet=net_name(resnet),
            resnet_error=resnet.test_error,
            test_gap=points_between(plain.test_error, resnet.test_error),
            train_gap=train_gap,
            meaning=meaning,
        )
    )
    st.caption(
        _(
            "Runs {plain} and {resnet}, seed {seed}, {steps} steps each. This is optimization on a short budget and "
            "one seed; the paper's gap is what remains after 64,000 steps.",
            plain=plain.id,
            resnet=resnet.id,
            seed=plain.config["seed"],
            steps=plain.total_steps,
        )
    )
    show_published(resnet)


def verdict(train_gap: float) -> tuple[str, str]:
    """A title and what a gap in training error, in points, means; below CLOSE nothing is claimed."""
    if train_gap > CLOSE:
        meaning = _("the plain net does not overfit, it fails to learn what the net with shortcuts learns.")
        return _("The plain net fell behind"), meaning
    if train_gap < -CLOSE:
        return _("The residual net fell behind"), _("unusual; try another seed, or more epochs.")
    meaning = _("one seed shows no difference in what they can fit at this depth and budget. Try a deeper pair.")
    return _("Their training errors are close"), meaning


def show_published(run: Run) -> None:
    """The paper's figure for this net, where there is one."""
    net = TABLE_6.get(run.spec["depth"])
    if net is not None and NetSpec(**run.spec) == NetSpec("resnet", net.depth, "A"):
        error, depth = net.test_error, net.depth
        st.caption(
            _(
                "On CIFAR-10 the paper has {error} % for ResNet-{depth} ({source}).",
                error=error,
                depth=depth,
                source=SOURCE,
            )
        )


if chosen or others:
    st.fragment(while_store_answers(watch), run_every=interval)(chosen[0].comparison if chosen else "")
    show_record([*chosen, *others])
    offer_to_take_away([*chosen, *others])
if chosen:
    offer_again(chosen)
elif not others:
    st.info(
        _(
            "Nothing was trained here yet. Press Start: above stands what will be trained, and about how long it "
            "takes. Or choose recorded runs beside **Compare with**."
        )
    )
