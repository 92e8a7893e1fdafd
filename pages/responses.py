"""How strongly does each layer answer? Fig. 7 of He et al. 2015 for trained nets, and how large their weights are."""

import pandas as pd
import streamlit as st

from resnet_viz import lab
from resnet_viz.plots import response_profile, weight_profile
from resnet_viz.runs import Run
from resnet_viz.studies.asking import subject_name
from resnet_viz.ui.comparisons import net_name
from resnet_viz.ui.figures import show_figure
from resnet_viz.ui.language import _, listed
from resnet_viz.ui.responses import began_alike, find_pair, recorded_responses
from resnet_viz.ui.services import while_store_answers
from resnet_viz.ui.studies import answered, say_origin
from resnet_viz.ui.subjects import choose_nets

st.title(_("How strongly does each layer answer?"))
st.markdown(
    _(
        "A layer's response is what its batch norm puts out, before the nonlinearity and, in a residual block, "
        "before the addition; its strength is the standard deviation over all pictures, places and channels. A block "
        "computes $H(x) = F(x) + x$: if what it has to learn is near the identity, $F$ can be small. He et al. 2015 "
        "(Fig. 7) found smaller responses in residual nets than in plain ones, and smaller ones in deeper residual "
        "nets."
    )
)
runs = choose_nets()
families = {subject_name(run): run.spec["family"] for run in runs}
pair = find_pair(runs)
answer = answered("responses", {}, runs)


def show_responses(frame: pd.DataFrame) -> None:
    """Both halves of Fig. 7, and what they say in numbers."""
    show_figure(
        response_profile(frame, families),
        key="response_profile",
        alt=_("Response of each layer of {names}, by layer and sorted by size", names=listed(families)),
    )
    for net, part in frame.groupby("net", sort=False):
        strongest = part.iloc[part["response"].argmax()]
        st.markdown(
            _(
                "**{net}**: {median:.3f} in the median of {count} layers, from {least:.3f} to {most:.3f} in {layer}.",
                net=net,
                median=part["response"].median(),
                count=len(part),
                least=part["response"].min(),
                most=strongest["response"],
                layer=strongest["layer"],
            )
        )
    if pair is not None:
        plain, residual = (frame[frame["net"] == subject_name(run)] for run in pair)
        found = lab.compare_layers(plain, residual, "response")
        st.markdown(
            _(
                "Responses of {residual} against {plain}: **{verdict}**; {say_test}.",
                residual=net_name(pair[1]),
                plain=net_name(pair[0]),
                verdict=found.verdict,
                say_test=say_test(found),
            )
        )
    bare = frame.loc[frame["norm"] == "", "net"].unique()
    other = _(
        " In {names} there are layers without a batch norm of their own behind them, in pre-activation "
        "blocks all of them: there the output of the convolution is taken.",
        names=listed(bare),
    )
    st.caption(
        _(
            r"Layer 1 is next to the picture. Dotted: 1, where every batch norm begins ($\gamma = 1$, $\beta = "
            "0$); after a short training a response near 1 says little.{other}",
            other=other if len(bare) else "",
        )
    )


def say_test(found: lab.LayerComparison) -> str:
    """What a comparison over layers rests on."""
    return _(
        "over the {layers} layers of the blocks the ratio is {ratio:.3f} in the median, and {smaller} of "
        "them are smaller in the residual net (Wilcoxon signed-rank test of the logarithms of the ratios, p "
        "= {p:.2g})",
        layers=found.layers,
        ratio=found.ratio,
        smaller=found.smaller,
        p=found.p,
    )


@while_store_answers
def show_closed_form(frame: pd.DataFrame, runs: list[Run]) -> None:
    """The numbers that training records of the same layers, beside those measured now."""
    st.markdown(_("##### Live, and measured afterwards"))
    st.markdown(
        _(
            "**While a net trains, the page Gradients shows its responses step by step**, under *response*. There "
            "they are computed from the weights alone: a batch norm that takes off the mean and the deviation of its "
            r"own batch answers with mean $\beta$ and deviation $\gamma$ in each channel, and so with "
            r"$\sqrt{\mathrm{mean}(\gamma^2) + \mathrm{var}(\beta)}$ over all. Here the net is in evaluation mode, "
            "where the running mean and deviation are taken off instead."
        )
    )
    for run in runs:
        part = frame[(frame["net"] == subject_name(run)) & (frame["norm"] != "")].set_index("norm")
        recorded = recorded_responses(run)
        both = part.join(recorded.rename("recorded"), how="inner")
        if both.empty:
            st.markdown(_("**{net}**: nothing was recorded that could be compared.", net=net_name(run)))
            continue
        apart = (both["response"] / both["recorded"] - 1).abs()
        st.markdown(
            _(
                "**{net}**: at step {name} the closed form gave {recorded:.3f} in the median of its layers, and "
                "{response:.3f} are measured. They are {apart:.1%} apart in the median, {most:.1%} at most ({loc}).",
                net=net_name(run),
                name=recorded.name,
                recorded=both["recorded"].median(),
                response=both["response"].median(),
                apart=apart.median(),
                most=apart.max(),
                loc=both["layer"].iloc[apart.argmax()],
            )
        )


def show_weights(frame: pd.DataFrame) -> None:
    """Weights layer by layer, and whether those of residual branches are smaller."""
    st.markdown(_("##### Are the parameters of residual branches smaller?"))
    show_figure(
        weight_profile(frame, families),
        key="weight_profile",
        alt=_("Root mean square and 2-norm of the weights of each layer of {names}", names=listed(families)),
    )
    st.caption(_("Of each layer's convolution, on logarithmic axes; they step where the layers become wider."))
    if pair is None:
        st.info(_("To answer it, choose nets among which a plain and a residual one have the same layers."))
        return
    plain, residual = (frame[frame["net"] == subject_name(run)] for run in pair)
    found = lab.compare_layers(plain, residual)
    st.markdown(
        _(
            "Weights of {residual} against {plain}: **{verdict}**; {say_test}. For layers of one shape root mean "
            "square and 2-norm have the same ratio.",
            residual=net_name(pair[1]),
            plain=net_name(pair[0]),
            verdict=found.verdict,
            say_test=say_test(found),
        )
    )
    began = _("Both began with the same weights: all that differs came with training. ") if began_alike(*pair) else ""
    st.markdown(
        _(
            "{began}This is a test over the layers of *one* pair of trained nets: it does not say that another "
            "pair, seed or recipe would come out alike, and layers of one net do not vary independently. And "
            "behind a convolution stands a batch norm, which divides by the deviation of what it gets: twice the "
            "weights give the same function. So the size of the weights tells how far training and weight decay "
            "have moved them; how much a branch adds is told by its response.",
            began=began,
        )
    )


if answer is not None:
    show_responses(answer.frame)
    say_origin(answer, runs)
    show_closed_form(answer.frame, runs)
    show_weights(answer.frame)
