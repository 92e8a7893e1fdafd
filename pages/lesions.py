"""What is lost with a block? Delete blocks of trained nets, swap them, and see what is left (Veit et al. 2016)."""

import streamlit as st

from resnet_viz.plots import lesion_counts, lesion_profile
from resnet_viz.runs import Run
from resnet_viz.studies import subject_name
from resnet_viz.ui.figures import show_figure
from resnet_viz.ui.language import _, listed
from resnet_viz.ui.lesions import PICTURES, choose_lesions, error_after, take_clicked
from resnet_viz.ui.links import controls_are_hidden
from resnet_viz.ui.services import while_store_answers
from resnet_viz.ui.studies import answered, say_origin
from resnet_viz.ui.subjects import choose_nets, spec_of

LEARNED = 20  # layers of the recorded pair whose plain net has learned something that it can lose

st.title(_("What is lost with a block?"))
st.markdown(
    _(
        "In a residual net a block adds to what it is given: $y_i = y_{i-1} + f_i(y_{i-1})$. Without it there is "
        "still $y_{i-1}$: of the $2^n$ paths through $n$ blocks half are gone, and half are as they were. In a plain "
        "net there is one path, and every block is on it. Veit et al. 2016 deleted the blocks of trained nets, one "
        "at a time: a ResNet's error hardly moved, a VGG net fell to chance. Both nets here have batch norm; nothing "
        "is trained again."
    )
)
runs = choose_nets(lambda spec: spec.family != "vgg", depth=LEARNED)
families = {subject_name(run): run.spec["family"] for run in runs}

st.markdown(_("##### Every block deleted for itself"))
answer = answered("lesions", {"pictures": PICTURES}, runs)
if answer is not None:
    show_figure(
        lesion_profile(answer.frame, families),
        key="lesion_profile",
        on_click=take_clicked,
        alt=_("Test error of {names} by the block that is deleted", names=listed(families)),
    )
    for net, part in answer.frame.groupby("net", sort=False):
        lost = 100 * (part["error"] - part["intact"]).dropna()
        st.markdown(
            _(
                "**{net}**: {intact:.1f} % with all blocks. Without one of {count} blocks the error rises by "
                "{lost:.1f} points in the median, and by {most:.1f} at most.",
                net=net,
                intact=100 * part["intact"].iloc[0],
                count=len(lost),
                lost=lost.median(),
                most=lost.max(),
            )
        )
    st.caption(_("Dotted: nothing deleted. Blocks that change the size of the map cannot be left out."))
    say_origin(answer, runs)


@while_store_answers
def show_lesions(runs: list[Run]) -> None:
    """The reader's own lesions, and the error at once."""
    st.markdown(_("##### Delete and swap them yourself"))
    deleted, swapped = choose_lesions([spec_of(run) for run in runs])
    for run, column in zip(runs, st.columns(max(2, len(runs)), gap="large"), strict=False):
        before, after = error_after(run, (), ()), error_after(run, deleted, swapped)
        change = _("{after:+.1f} points", after=100 * (after - before)) if deleted or swapped else None
        column.metric(subject_name(run), _("{after:.1%} error", after=after), change, delta_color="inverse")
    st.caption(
        _(
            "On {pictures} test pictures, the same ones every time; blocks are named stage.block, as in drawings.",
            pictures=PICTURES,
        )
    )


if not controls_are_hidden():
    show_lesions(runs)

st.markdown(_("##### More and more of them"))
st.markdown(
    _(
        "If paths were all that mattered, the error would rise smoothly with the number of blocks that are gone. "
        "Swapping blocks of a stage keeps their number, and takes away the order in which they were trained."
    )
)
more = answered("more_lesions", {"pictures": PICTURES}, runs)
if more is not None:
    show_figure(
        lesion_counts(more.frame, families),
        key="lesion_counts",
        alt=_("Test error of {names} by the number of blocks deleted, and of pairs swapped", names=listed(families)),
    )
    st.caption(
        _(
            "Medians of {draws} random draws; the bars reach from the least to the most.",
            draws=more.study.params["draws"],
        )
    )
    say_origin(more, runs)
