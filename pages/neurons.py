"""Does a residual net leave neurons at rest? Which units of trained nets fire, for how many of the pictures."""

import pandas as pd
import streamlit as st

from resnet_viz.plots import unit_activity
from resnet_viz.runs import Run
from resnet_viz.studies.asking import subject_name
from resnet_viz.ui.figures import show_figure
from resnet_viz.ui.language import _, listed, said
from resnet_viz.ui.links import linked
from resnet_viz.ui.neurons import choose_beside, fits, tell_units, tell_verdict
from resnet_viz.ui.studies import answered, say_origin
from resnet_viz.ui.subjects import choose_nets

MODES = ("evaluation", "training")
SMALL = 5_000  # pictures up to which a training set is asked as a whole without a word

st.title(_("Does a residual net leave neurons at rest?"))
st.markdown(
    _(
        "The article says that ResNet “does not need to fire all neurons in every epoch”. A ReLU's unit, one channel "
        r"at one place of a map, puts out $\max(0, z)$: it fires for a picture where $z > 0$. For every unit the "
        r"pictures $x$ are counted for which it fires, of $N$ training pictures. The mean of $\frac{1}{N}\,\#\{x : "
        r"z(x) > 0\}$ over the units is the share that is active; a unit with a count of zero never fired in the "
        "epoch."
    )
)
runs = choose_nets(fits, most=3)
runs += choose_beside(runs)
count = max(run.facts["train_count"] for run in runs)
changes = {}
if count > SMALL:
    everything = st.toggle(
        _("All {count:,} training pictures", count=count),
        key="all_pictures",
        bind="query-params",
        help=_("Else {small:,} of them.", small=SMALL),
    )
    changes = {"pictures": count if everything else SMALL}
answer = answered("neurons", changes, runs)


def show_units(frame: pd.DataFrame, runs: list[Run], pictures: int) -> None:
    """What fires by layer, in one mode, and what is true of the article's sentence."""
    mode = linked(
        st.segmented_control,
        _("Mode"),
        MODES,
        "mode",
        "evaluation",
        required=True,
        format_func=said,
        help=_(
            "Training: batch norms use the statistics of the batch, and stochastic depth leaves blocks out. The "
            "weights stand still."
        ),
    )
    families = {subject_name(run): run.spec["family"] for run in runs}
    units = frame[frame["mode"] == mode]
    show_figure(
        unit_activity(units, families),
        key="unit_activity",
        alt=_(
            "Share of ReLU units of {names} that are above zero, and that never are, by layer",
            names=listed(families),
        ),
    )
    for net, part in units.groupby("net", sort=False):
        st.markdown(tell_units(str(net), part, mode))
    few = _("; of {count:,}, and with more of them fewer units never fire", count=count) if pictures < count else ""
    st.caption(
        _(
            "{pictures:,} training pictures{few}, each once, without augmentation, through the trained net with "
            "weights that stand still. Filled: ReLUs behind an addition, or where it would be; open: all others.",
            pictures=pictures,
            few=few,
        )
    )
    st.markdown(tell_verdict(frame, runs))


if answer is not None:
    show_units(answer.frame, runs, answer.study.params["pictures"] or count)
    say_origin(answer, runs)
