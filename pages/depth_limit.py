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
from resnet_viz.ui.history import state_of
from resnet_viz.ui.language import _, listed
from resnet_viz.ui.services import run_store, while_store_answers
from resnet_viz.ui.subjects import is_recorded
from resnet_viz.ui.tables import show_table
from resnet_viz.ui.watch import refresh_interval, show_record, show_state

st.title(_("Does it ever get too deep?"))
st.markdown(
    _(
        "He et al. 2015 trained a ResNet of 1202 layers. It had no difficulty to learn: its training error is "
        "below {training_error_1202} %. But its test error, {error_1202} %, is above the {error_110} % of "
        "110 layers ({source}), and the authors see overfitting: the net is too large for so few pictures. "
        "Huang et al. 2016 leave blocks out while it trains, block $l$ of $L$ with the chance $1 - p_l = "
        r"\frac{{l}}{{L}}(1 - p_L)$, and 1202 layers then test best of all. Here are the same three steps in "
        "small: nets a quarter as wide, on {subset} digits.",
        training_error_1202=TRAINING_ERROR_1202,
        error_1202=TABLE_6[1202].test_error,
        error_110=TABLE_6[110].test_error,
        source=SOURCE,
        subset=RECIPE["subset"],
    )
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
    show_figure(
        error, key="trio_error", alt=_("Training and test error of {names} by training step, a panel each", names=names)
    )
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
    return _(
        "Dotted: training, averaged over each epoch; solid: test; shaded: the gap between them. Runs "
        "{names}, seed {seed}: {subset} digits to learn from, {epochs} epochs, batches of {batch_size}, 4, 8 "
        "and 16 filters{device}.",
        names=names,
        seed=config["seed"],
        subset=config["subset"],
        epochs=config["epochs"],
        batch_size=config["batch_size"],
        device=device,
    )


if runs:
    is_active = any(run.status.is_active for run in runs)
    st.fragment(while_store_answers(watch), run_every=refresh_interval(runs))([run.id for run in runs], is_active)
    if all(run.status is RunStatus.FINISHED for run in runs):
        st.markdown(_("##### Does it overfit?"))
        st.markdown(say_verdict(runs))
        st.markdown(say_rescue(runs))
        st.markdown(
            _(
                "The rule: a net overfits more than a shallower one if its training error is at most 1 %, and its "
                r"test error is above the other's by more than $1.96\,\sqrt{(e_1(1-e_1) + e_2(1-e_2))/N}$, what two "
                "independent tests on $N$ pictures differ by at the most in 19 of 20 cases. That is the chance in "
                "the test pictures alone. One seed says nothing about the chance in first weights and order: another "
                "seed could turn it round. Nor do narrow nets on digits say what wide ones do on photographs."
            )
        )
        st.markdown(_("##### Over the seeds"))
        for found in over_seeds(trios):
            seeds = listed(map(str, found.counts))
            interval = (
                ""
                if found.low is None
                else _(", 95 % interval {low:+.1f} to {high:+.1f}", low=found.low, high=found.high)
            )
            size = (
                ""
                if found.difference is None
                else _(
                    " ({difference:+.1f} points of test error{interval})",
                    difference=found.difference,
                    interval=interval,
                )
            )
            st.markdown(
                _(
                    "{names}, {seeds} runs: **{verdict}**{size}.",
                    names=" against ".join(found.names),
                    seeds=seeds,
                    verdict=found.words,
                    size=size,
                )
            )
        st.caption(
            _(
                "Welch's t-test over every seed that is recorded or was trained here. Two of each are the least that "
                "can be tested: train another one below."
            )
        )
else:
    st.info(_("These three nets were not trained yet. Below stands how long that takes; press the button."))

st.markdown(_("##### What was published"))
show_table(
    published_depths(),
    columns={"test error, %": st.column_config.NumberColumn(format="%.2f")},
    hide_index=True,
    height="content",
)
st.markdown(
    _(
        "It is often told as settled that 1202 layers are too many. These rows do not agree on it: the "
        "{source} has {error_1202} % with 1202 layers and {error_110} % with 110, and with "
        "pre-activation 1001 layers test better than 110.",
        source=AKAMASTER_SOURCE,
        error_1202=AKAMASTER[1202],
        error_110=AKAMASTER[110],
    )
)
if runs:
    show_record(runs)

st.divider()
st.markdown(_("##### Train them yourself"))
offer_training(trios)
