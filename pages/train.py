"""Which of the two learns? Choose a comparison, start it, and watch both nets on the same data."""

import streamlit as st

from resnet_viz.nets import NetSpec
from resnet_viz.paper import SOURCE, TABLE_6
from resnet_viz.runs import Run, RunStatus
from resnet_viz.ui.again import offer_again
from resnet_viz.ui.comparisons import choose_comparison, net_name, runs_of, show_comparison
from resnet_viz.ui.curves import show_curves, show_states
from resnet_viz.ui.plan import choose_plan, show_price, start
from resnet_viz.ui.services import while_store_answers
from resnet_viz.ui.watch import refresh_interval, show_record

CLOSE = 2.0  # points of error within which one pair of runs says nothing

st.title("Which of the two learns?")
st.markdown(
    "Two nets with the same 3x3 layers, the same first weights in them, the same pictures in the same order. In one of "
    "them every two layers get a shortcut: instead of $H(x) = F(x)$ they compute $H(x) = F(x) + x$. Start both and "
    "watch."
)

plan = choose_plan()
if plan is not None:
    can_start = show_price(plan)
    is_asked = st.button("Start", type="primary", icon=":material/play_arrow:", disabled=not can_start)
    if is_asked and (comparison := start(plan)):
        show_comparison(comparison)
        st.toast("Started. You can leave this page; the training goes on.")

st.divider()
chosen = choose_comparison()


def watch(comparison: str) -> None:
    """States, curves and result; runs again and again while a net trains."""
    runs = runs_of(comparison)
    show_states(runs)
    show_curves(runs)
    show_result(runs)
    if refresh_interval(runs) != refresh_interval(chosen):
        st.rerun()  # the last net has ended: no more looks at the store


def show_result(runs: list[Run]) -> None:
    """The finding in a sentence, computed from the two runs, and what it does and does not show."""
    families = sorted(run.spec["family"] for run in runs)
    if families != ["plain", "resnet"] or any(run.status.is_active for run in runs):
        return
    plain, resnet = sorted(runs, key=lambda run: run.spec["family"])
    if NetSpec(**resnet.spec).plain_twin != NetSpec(**plain.spec):
        return  # more than the shortcuts differs: no sentence about what they do
    if {plain.status, resnet.status} != {RunStatus.FINISHED}:
        st.caption("There is no result to compare: not both nets have finished.")
        return
    train_gap = 100 * (plain.train_error - resnet.train_error)
    test_gap = 100 * (plain.test_error - resnet.test_error)
    title, meaning = verdict(train_gap)
    st.markdown(f"##### {title}")
    st.markdown(
        f"{net_name(plain)} ends at **{plain.test_error:.1%}** test error, {net_name(resnet)} at "
        f"**{resnet.test_error:.1%}**: a gap of {test_gap:.1f} points. On the *training* pictures the gap is "
        f"{train_gap:.1f} points: {meaning}"
    )
    st.caption(
        f"Runs {plain.id} and {resnet.id}, seed {plain.config['seed']}, {plain.total_steps} steps each. This is "
        "optimization on a short budget and one seed; the paper's gap is what remains after 64,000 steps. "
        + published(resnet)
    )


def verdict(train_gap: float) -> tuple[str, str]:
    """A title and what a gap in training error, in points, means; below CLOSE nothing is claimed."""
    if train_gap > CLOSE:
        return "The plain net fell behind", (
            "the plain net does not overfit, it fails to learn what the net with shortcuts learns."
        )
    if train_gap < -CLOSE:
        return "The residual net fell behind", "unusual; try another seed, or more epochs."
    return "The two are close", "at this depth and budget one seed shows no difference. Try a deeper pair."


def published(run: Run) -> str:
    """The paper's figure for this net, where there is one."""
    net = TABLE_6.get(run.spec["depth"])
    if net is None or NetSpec(**run.spec) != NetSpec("resnet", net.depth, "A"):
        return ""
    return f"On CIFAR-10 the paper has {net.test_error} % for ResNet-{net.depth} ({SOURCE})."


if chosen:
    st.fragment(while_store_answers(watch), run_every=refresh_interval(chosen))(chosen[0].comparison)
    show_record(chosen)
    offer_again(chosen)
else:
    st.info(
        "Nothing was trained here yet. Press Start: above stands what will be trained, and about how long it takes."
    )
