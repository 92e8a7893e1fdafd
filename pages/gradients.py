"""Where do the gradients go? A number of every layer at every step, taken from the training itself."""

import streamlit as st

from resnet_viz.plots import Norms, layer_heatmap, layer_profile
from resnet_viz.ui.comparisons import choose_comparison, net_name, runs_of
from resnet_viz.ui.figures import draw_once, show_figure
from resnet_viz.ui.services import while_store_answers
from resnet_viz.ui.watch import QUANTITIES, layers_so_far, refresh_interval, state_of

st.title("Where do the gradients go?")
st.markdown(
    r"In every training step each layer's weights $W_l$ get a gradient; its size is the 2-norm "
    r"$\lVert \partial L / \partial W_l \rVert_2$. If gradients vanished on their way back through a deep net, the "
    "layers next to the picture would get almost nothing. Both nets are shown on one scale."
)
chosen = choose_comparison()


def watch(comparison: str, kind: str) -> None:
    """Heatmap, profile and what they say; runs again and again while a net trains."""
    runs = runs_of(comparison)
    norms = [Norms(net_name(run), run.spec["family"], layers_so_far(run, kind)) for run in runs]
    quantity = QUANTITIES[kind].title
    if refresh_interval(runs) != refresh_interval(chosen):
        st.rerun()  # the last net has ended: no more looks at the store
    norms = [one for one in norms if len(one.frame.columns) and len(one.frame)]
    if not norms and kind == "response" and any(run.step for run in runs):
        st.info("These nets have no batch norms, and so no responses of them.")
    elif not norms and any(run.step for run in runs):
        st.info("Of these recorded runs the numbers of the layers are not kept; those of seed 0 have them.")
    elif not norms and refresh_interval(runs) is None:
        st.info("These runs ended before their first step; **Train** says why.")
    elif not norms:
        st.info("No step was recorded yet; the first ones come seconds after the start.")
    else:
        names = " and ".join(one.name for one in norms)
        st.markdown("##### Every layer, every step")
        alt = f"{quantity.capitalize()} of {names}: layer by training step"
        view, state = f"{comparison} {kind}", state_of(runs)
        (heatmap,) = draw_once(lambda: [layer_heatmap(norms, quantity)], view, f"heatmap {state}")
        show_figure(heatmap, key="heatmap", alt=alt)
        st.markdown("##### Every layer at one step")
        last = max(2, *(run.total_steps for run in runs))
        step = st.slider("Step", 1, last, value=last, key=f"step_{comparison}", help="The nearest recorded step.")
        alt = f"{quantity.capitalize()} of {names} by layer at step {step}"
        (profile,) = draw_once(lambda: [layer_profile(norms, step, quantity)], view, f"profile {step} {state}")
        show_figure(profile, key="profile", alt=alt)
        for one in norms:
            st.markdown(tell(one, step, quantity))
        if kind != "gradient":
            return
        st.caption(
            "The norms are those that the optimizer used: no separate pass. He et al. 2015, sec. 4.1, report the same "
            "for their plain nets: with batch norm the backward gradients have healthy norms, and the difficulty is "
            "unlikely to be vanishing gradients. Compare the two nets before you believe the usual story."
        )


def tell(one: Norms, step: int, quantity: str) -> str:
    """What the profile says in numbers: the layers next to the picture against the last ones before the classifier."""
    layers = one.main_path
    row = layers.iloc[abs(layers.index - step).argmin()]
    third = max(1, (len(row) - 1) // 3)
    first, last = row.iloc[:third].median(), row.iloc[-1 - third : -1].median()
    if row.isna().any():
        return f"**{one.name}** diverged: at step {row.name} its numbers are none; choose an earlier one."
    return (
        f"**{one.name}**, step {row.name}: the median {quantity} is {first:.3g} in the first third of the layers and "
        f"{last:.3g} in the last third, a ratio of **{first / last if last else float('nan'):.2g}**."
    )


if chosen:
    kind = st.segmented_control(
        "What",
        list(QUANTITIES),
        default="gradient",
        required=True,
        format_func=lambda kind: QUANTITIES[kind].title,
        key="quantity",
        bind="query-params",
    )
    st.caption(f"Each number is {QUANTITIES[kind].meaning}.")
    st.fragment(while_store_answers(watch), run_every=refresh_interval(chosen))(chosen[0].comparison, kind)
else:
    st.info("Nothing was trained here yet. Go to **Train** and press Start; the gradients are recorded as it goes.")
