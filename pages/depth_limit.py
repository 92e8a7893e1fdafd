"""Does it ever get too deep? 1202 layers on few pictures: that they train, whether they overfit, and what helps."""

import streamlit as st

from resnet_viz.paper import AKAMASTER, AKAMASTER_SOURCE, SOURCE, TABLE_6, TRAINING_ERROR_1202
from resnet_viz.runs import Run, RunStatus, find_run
from resnet_viz.ui.depth_limit import (
    RECIPE,
    choose_trio,
    draw,
    find_trios,
    offer_training,
    over_seeds,
    published_depths,
    say_errors,
    say_rescue,
    say_verdict,
    short_name,
)
from resnet_viz.ui.figures import draw_once, show_figure
from resnet_viz.ui.services import run_store, while_store_answers
from resnet_viz.ui.subjects import is_recorded
from resnet_viz.ui.watch import refresh_interval, show_record, show_state, state_of

st.title("Does it ever get too deep?")
st.markdown(
    "He et al. 2015 trained a ResNet of 1202 layers. It had no difficulty to learn: its training error is below "
    f"{TRAINING_ERROR_1202} %. But its test error, {TABLE_6[1202].test_error} %, is above the "
    f"{TABLE_6[110].test_error} % of 110 layers ({SOURCE}), and the authors see overfitting: the net is too large for "
    r"so few pictures. Huang et al. 2016 leave blocks out while it trains, block $l$ of $L$ with the chance "
    r"$1 - p_l = \frac{l}{L}(1 - p_L)$, and 1202 layers then test best of all. Here are the same three steps in small: "
    f"nets a quarter as wide, on {RECIPE['subset']} digits."
)
trios = find_trios()
runs = choose_trio(trios)


def watch(run_ids: list[str], was_active: bool) -> None:
    """States, curves and what they say; runs again and again while a net trains."""
    runs = [find_run(run_store(), run_id) for run_id in run_ids]
    if any(not is_recorded(run) for run in runs):
        for run, column in zip(runs, st.columns(len(runs), gap="large"), strict=True):
            with column:
                show_state(run)
    names = ", ".join(map(short_name, runs))
    (error,) = draw_once(lambda: draw(runs), "trio" + run_ids[0], state_of(runs))
    show_figure(error, key="trio_error", alt=f"Training and test error of {names} by training step, a panel each")
    st.caption(say_where_from(runs))
    for sentence in say_errors(runs):
        st.markdown(sentence)
    if was_active and refresh_interval(runs) is None:
        st.rerun()


def say_where_from(runs: list[Run]) -> str:
    """Runs, seed, recipe and machine in a sentence."""
    config, facts = runs[0].config, runs[0].facts
    device = f"; {facts['device']}" if "device" in facts else ""
    names = ", ".join(run.id for run in runs)
    return (
        f"Dotted: training, averaged over each epoch; solid: test; shaded: the gap between them. Runs {names}, seed "
        f"{config['seed']}: {config['subset']} digits to learn from, {config['epochs']} epochs, batches of "
        f"{config['batch_size']}, 4, 8 and 16 filters{device}."
    )


if runs:
    is_active = any(run.status.is_active for run in runs)
    st.fragment(while_store_answers(watch), run_every=refresh_interval(runs))([run.id for run in runs], is_active)
    if all(run.status is RunStatus.FINISHED for run in runs):
        st.markdown("##### Does it overfit?")
        st.markdown(say_verdict(runs))
        st.markdown(say_rescue(runs))
        st.markdown(
            "The rule: a net overfits more than a shallower one if its training error is at most 1 %, and its test "
            r"error is above the other's by more than $1.96\,\sqrt{(e_1(1-e_1) + e_2(1-e_2))/N}$, what two independent "
            "tests on $N$ pictures differ by at the most in 19 of 20 cases. That is the chance in the test pictures "
            "alone. One seed says nothing about the chance in first weights and order: another seed could turn it "
            "round. Nor do narrow nets on digits say what wide ones do on photographs."
        )
        st.markdown("##### Over the seeds")
        for found in over_seeds(trios):
            seeds = " and ".join(map(str, found.counts))
            interval = "" if found.low is None else f", 95 % interval {found.low:+.1f} to {found.high:+.1f}"
            size = "" if found.difference is None else f" ({found.difference:+.1f} points of test error{interval})"
            st.markdown(f"{' against '.join(found.names)}, {seeds} runs: **{found.words}**{size}.")
        st.caption(
            "Welch's t-test over every seed that is recorded or was trained here. Two of each are the least that can "
            "be tested: train another one below."
        )
else:
    st.info("These three nets were not trained yet. Below stands how long that takes; press the button.")

st.markdown("##### What was published")
st.dataframe(
    published_depths(),
    column_config={"test error, %": st.column_config.NumberColumn(format="%.2f")},
    hide_index=True,
    height="content",
)
st.markdown(
    "It is often told as settled that 1202 layers are too many. These rows do not agree on it: the "
    f"{AKAMASTER_SOURCE} has {AKAMASTER[1202]} % with 1202 layers and {AKAMASTER[110]} % with 110, and with "
    "pre-activation 1001 layers test better than 110."
)
if runs:
    show_record(runs)

st.divider()
st.markdown("##### Train them yourself")
offer_training(trios)
