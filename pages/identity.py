"""Can more layers do no harm? Blocks that are the identity behind trained nets, and what training on makes of them."""

import pandas as pd
import streamlit as st

from resnet_viz.plots import before_and_after
from resnet_viz.runs import find_run, store_of
from resnet_viz.ui.comparisons import net_name
from resnet_viz.ui.curves import show_curves, show_states
from resnet_viz.ui.figures import show_figure
from resnet_viz.ui.identity import (
    CLOSE,
    TrainedOn,
    can_append,
    choose_trained_on,
    name_result,
    offer_those,
    offer_to_train_on,
    over_seeds,
    say_result,
    trained_on,
)
from resnet_viz.ui.language import _, listed, said
from resnet_viz.ui.recipe import say_length
from resnet_viz.ui.services import run_store, while_store_answers
from resnet_viz.ui.studies import answered, say_origin
from resnet_viz.ui.subjects import choose_nets, is_recorded
from resnet_viz.ui.tables import in_words
from resnet_viz.ui.watch import refresh_interval, show_record

LEAST = 1e-8  # answers are kept with eight places behind the point

st.title(_("Can more layers do no harm?"))
st.markdown(
    _(
        "A deeper net can compute all that a shallower one can: let the layers that it has more pass on what they "
        "get. So its error on the training pictures need not be higher, and where it is, the fault lies with the "
        "training: this is the argument that He et al. 2015 begin with (sec. 1). Here such layers are built and put "
        "behind trained nets."
    )
)
runs = choose_nets(can_append, depth=20)  # the recorded pair that was trained on
families = {net_name(run): run.spec["family"] for run in runs}
appended = st.slider(
    _("Blocks to append"), 1, 30, 9, key="appended", bind="query-params", help=_("Behind the last stage of each net.")
)

st.markdown(_("##### The same net with more layers"))
st.markdown(
    _(
        "In a residual block $H(x) = F(x) + x$ the last weights of $F$ are set to zero: $F(x) = 0$ and $H(x) = x$, "
        "whatever $x$ is. (Were *all* weights of $F$ zero, no convolution in it would ever get a gradient.) A plain "
        "block has no such place. Its convolutions get Dirac's filters, which copy each channel, and it then "
        r"computes $\max(0, \mathrm{BN}(x))$. That is $x$ only because a ReLU before it has left no number below 0, "
        r"and only if $\mathrm{BN}(x) = \gamma\,(x - \mu)/\sqrt{\sigma^2 + \epsilon} + \beta$ undoes itself: with "
        r"$\mu = \beta = 0$ and $\sigma^2 + \epsilon = \gamma = 1$ (unit statistics), or with the $\mu$ and $\sigma$ "
        r"of the maps that arrive and $\gamma = \sqrt{\sigma^2 + \epsilon}$, $\beta = \mu$. In training $\mu$ and "
        r"$\sigma$ are those of the batch, and no setting made before can undo them to the bit."
    )
)
answer = answered("identity", {"appended": appended}, runs)


def say_difference(row: pd.Series) -> str:
    """What a row of the answer says about the outputs."""
    if row["same_bits"]:
        return _("the same to the bit")
    return _("differ by at most {most:.2g}", most=max(LEAST, row["largest_difference"]))


def say_modes(part: pd.DataFrame) -> str:
    """In which modes the outputs of a net are the same, and what is the least that changes where they are not."""
    sentence = []
    for mode, rows in part.groupby("mode", sort=False):
        best = rows.iloc[rows["largest_difference"].argmin()]
        if best["same_bits"]:
            sentence.append(_("the same to the bit in {mode} ({variant})", mode=mode, variant=best["variant"]))
        else:
            change = 100 * (best["error_after"] - best["error_before"])
            sentence.append(
                _(
                    "no way gives the same in {mode}; the best ({variant}) moves a logit by up to "
                    "{largest_difference:.2g} and the error by {change:+.1f} points",
                    mode=mode,
                    variant=best["variant"],
                    largest_difference=best["largest_difference"],
                    change=change,
                )
            )
    return "; ".join(sentence)


if answer is not None:
    frame = answer.frame
    table = {
        "net": frame["net"],
        "how": frame["variant"],
        "mode": frame["mode"],
        "outputs": frame.apply(say_difference, axis=1),
        "error before": frame["error_before"].map("{:.1%}".format),
        "error after": frame["error_after"].map("{:.1%}".format),
    }
    st.table(in_words(pd.DataFrame(table).set_index("net").rename(columns=said)))
    for net, part in frame.groupby("net", sort=False):
        st.markdown(
            _(
                "**{net}** with {appended} blocks more: {say_modes}.",
                net=net,
                appended=appended,
                say_modes=say_modes(part),
            )
        )
    st.caption(
        _(
            "Logits of {count} test pictures. In training mode the batch norms of both nets use the mean and "
            "deviation of these pictures; nothing is learned here.",
            count=frame["pictures"].iloc[0],
        )
    )
    say_origin(answer, runs)

st.markdown(_("##### Train on: which of them keeps it?"))
st.markdown(
    _(
        "That a solution exists does not mean that training stays at it, or finds it. The nets go on from here, with "
        "their own weights and those of the appended blocks free to move, the plain blocks set to the statistics of "
        "the maps that arrive. A residual branch begins at $F = 0$, where its last weights learn first; a plain "
        "block has to stay the identity while all its weights move."
    )
)
tested = [run for run in runs if run.test_error is not None]
if tested:
    offer_to_train_on(tested, appended)
else:
    st.info(_("The trainings of these nets were left before their first test: there is no error to keep."))


def watch(ids: list[tuple[str, str]], was_active: bool) -> None:
    """States, curves and result; runs again and again while a net trains on."""
    store = run_store()
    try:
        pairs = [TrainedOn(find_run(store, start), find_run(store, run)) for start, run in ids]
    except KeyError:  # another reader has deleted one
        st.rerun()
    after = [pair.run for pair in pairs]
    here = [run for run in after if not is_recorded(run)]
    if here:
        show_states(here)
    show_curves(after, [pair.start.test_error for pair in pairs if pair.start.test_error is not None])
    st.caption(_("Dashed: the test error before, without the appended blocks."))
    if (refresh_interval(after) is not None) != was_active:
        st.rerun()  # the last net has ended
    if all(not run.status.is_active for run in after):
        show_result(pairs)


def show_result(pairs: list[TrainedOn]) -> None:
    """Which kept its error, in words, and over all seeds that are at hand."""
    st.markdown(f"##### {name_result(pairs) or _('There is no result yet')}")
    for pair in pairs:
        st.markdown(say_result(pair, store_of(run_store(), pair.run.id).evaluations(pair.run.id)))
    told = "; ".join(
        _(
            "run {id} from {start} (seed {seed}{recorded})",
            id=pair.run.id,
            start=pair.start.id,
            seed=pair.run.config["seed"],
            recorded=_(", recorded") if is_recorded(pair.run) else "",
        )
        for pair in pairs
    )
    config = pairs[0].run.config
    recipe = _("{length}, peak learning rate {peak_lr:g}", length=say_length(config), peak_lr=config["peak_lr"])
    st.caption(
        _(
            "{runs}; {recipe}. An error that changes by {close:g} points or less is called kept: one run on a "
            "small test set says no more.",
            runs=told,
            recipe=recipe,
            close=CLOSE,
        )
    )
    errors = over_seeds(pairs, trained_on())
    if errors["seed"].nunique() > 1:
        show_seeds(errors)


def show_seeds(errors: pd.DataFrame) -> None:
    """The same with other seeds."""
    st.markdown(_("##### Over all seeds at hand"))
    show_figure(
        before_and_after(errors, families),
        key="before_and_after",
        alt=_("Test error of {names} before and after training on, by seed", names=listed(families)),
    )
    for net, part in errors.groupby("net", sort=False):
        change = 100 * (part["after"] - part["before"])
        st.markdown(
            _(
                "**{net}**, {count} runs: the error changes by {change:+.1f} points in the median, from "
                "{least:+.1f} to {most:+.1f}.",
                net=net,
                count=len(part),
                change=change.median(),
                least=change.min(),
                most=change.max(),
            )
        )
    st.caption(
        _("Open: before. Filled: after. Seeds are those of training on. Runs {names}.", names=", ".join(errors["run"]))
    )


among = trained_on()
found = choose_trained_on(tested, appended, among)
if found:
    ongoing = [pair.run for pair in found]
    active = refresh_interval(ongoing) is not None
    shown = st.fragment(while_store_answers(watch), run_every=refresh_interval(ongoing))
    shown([(pair.start.id, pair.run.id) for pair in found], active)
    show_record(ongoing)
else:
    st.info(_("These nets have not been trained on with {appended} blocks appended yet.", appended=appended))
    offer_those(among, appended)
