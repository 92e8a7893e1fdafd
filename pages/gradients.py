"""Where do the gradients go? A number of every layer at every step, taken from the training itself."""

import streamlit as st

from resnet_viz.plots import Norms, layer_heatmap, layer_profile
from resnet_viz.runs import Run
from resnet_viz.ui.comparisons import choose_comparison, runs_of, tell_apart
from resnet_viz.ui.figures import draw_once, show_figure
from resnet_viz.ui.history import QUANTITIES, is_long, state_of
from resnet_viz.ui.language import _, said
from resnet_viz.ui.layers import BLOCK, choose_layer_view, choose_step, norms_of, sorted_by
from resnet_viz.ui.services import while_store_answers
from resnet_viz.ui.text import plain
from resnet_viz.ui.view import choose_by_key, live_interval
from resnet_viz.ui.watch import announce_ends, refresh_interval

st.title(_("Where do the gradients go?"))
st.markdown(
    _(
        r"In every training step each layer's weights $W_l$ get a gradient; its size is the 2-norm "
        r"$\lVert \partial L / \partial W_l \rVert_2$. If gradients vanished on their way back through a deep net, the "
        "layers next to the picture would get almost nothing. Both nets are shown on one scale."
    )
)
chosen = choose_comparison()
interval = live_interval(chosen)


def watch(comparison: str, kind: str) -> None:
    """Heatmap, profile and what they say; runs again and again while a net trains."""
    runs = runs_of(comparison)
    if live_interval(runs) != interval:
        st.rerun()  # the last net has ended, or the reader holds the figures: no more looks at the store
    announce_ends(runs)
    norms = norms_of(runs, kind)
    if norms:
        show_layers(runs, norms, kind)
    elif kind == "response" and any(run.step for run in runs):
        st.info(_("These nets have no batch norms, and so no responses of them."))
    elif any(run.step for run in runs):
        st.info(_("Of these recorded runs the numbers of the layers are not kept; those of seed 0 have them."))
    elif refresh_interval(runs) is None:
        st.info(_("These runs ended before their first step; **Train** says why."))
    else:
        st.info(_("No step was recorded yet; the first ones come seconds after the start."))


def show_layers(runs: list[Run], norms: list[Norms], kind: str) -> None:
    """Both figures with their controls, and what they say in numbers."""
    quantity, names = QUANTITIES[kind].title, _(" and ").join(one.name for one in norms)
    view = choose_layer_view(runs)
    place = st.container()  # the heatmap stands above the slider that can sort it
    step = choose_step(runs)
    view = sorted_by(view, step)
    same, state = f"{runs[0].comparison} {kind} {view.x} {view.x_log}", f"{view} {state_of(runs)} {names}"
    (heatmap,) = draw_once(lambda: [layer_heatmap(norms, quantity, view)], same, f"heatmap {state}")
    with place:
        st.markdown(f"##### {_('Every layer, every step')}")
        alt = _("{quantity} of {names}: layer by training step", quantity=said(quantity.capitalize()), names=names)
        show_figure(heatmap, key="heatmap", alt=alt)
        st.markdown(f"##### {_('Every layer at one step')}")
    alt = _(
        "{quantity} of {names} by layer at step {step}", quantity=said(quantity.capitalize()), names=names, step=step
    )
    (profile,) = draw_once(
        lambda: [layer_profile(norms, step, quantity, view)], f"{same} {view.log}", f"profile {step} {state}"
    )
    show_figure(profile, key="profile", alt=alt)
    means = {name for run, name in zip(runs, tell_apart(runs), strict=True) if is_long(run)}
    for one in norms:
        st.markdown(tell(one, step, quantity, one.name in means))
    if kind == "gradient":
        st.caption(
            _(
                "The norms are those that the optimizer used: no separate pass. He et al. 2015, sec. 4.1, report "
                "for their plain nets: with batch norm the backward gradients have healthy norms, and the "
                "difficulty is unlikely to be vanishing gradients. Compare the two nets before you believe the usual "
                "story."
            )
        )


def tell(one: Norms, step: int, quantity: str, of_means: bool) -> str:
    """What the profile says in numbers: the layers next to the picture against the last ones before the classifier."""
    row = one.main_path.loc[one.nearest(step)]
    third = max(1, (len(row) - 1) // 3)
    first, last = row.iloc[:third].median(), row.iloc[-1 - third : -1].median()
    if row.isna().any():
        return _(
            "**{net}** diverged: at step {step} its numbers are none; choose an earlier one.",
            net=plain(one.name),
            step=row.name,
        )
    when = (
        _("mean over {block} steps to step {step}", block=BLOCK, step=row.name)
        if of_means
        else _("step {step}", step=row.name)
    )
    return _(
        "**{net}**, {when}: the median {quantity} is {first:.3g} in the first third of the layers and {last:.3g} "
        "in the last third, a ratio of **{ratio:.2g}**.",
        net=plain(one.name),
        when=when,
        quantity=said(quantity),
        first=first,
        last=last,
        ratio=first / last if last else float("nan"),
    )


if chosen:
    titles = {kind: quantity.title for kind, quantity in QUANTITIES.items()}
    kind = choose_by_key("quantity", _("What"), titles)
    st.caption(_("Each number is {meaning}.", meaning=said(QUANTITIES[kind].meaning)))
    st.fragment(while_store_answers(watch), run_every=interval)(chosen[0].comparison, kind)
else:
    st.info(_("Nothing was trained here yet. Go to **Train** and press Start; the gradients are recorded as it goes."))
