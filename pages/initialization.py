"""Do gradients vanish before training begins? Every layer of a net as it was drawn, from one batch of pictures."""

import streamlit as st

from resnet_viz.lab import GRADIENT_LIMIT
from resnet_viz.plots import initialization_profile
from resnet_viz.ui.figures import show_figure
from resnet_viz.ui.initialization import (
    BATCH,
    choose_start,
    gradients_of_pair,
    growth_a_layer,
    say_gradients,
    say_growth,
    say_scale,
)
from resnet_viz.ui.language import _, listed

st.title(_("Do gradients vanish before training begins?"))
st.markdown(
    _(
        "A net is drawn, one batch goes forward and back, and nothing is trained. By the chain rule the gradient of a "
        "layer is a product over all layers behind it:"
    )
)
st.markdown(
    _(
        r"$$\frac{\partial L}{\partial W_l} = \frac{\partial L}{\partial y_n} \cdot \prod_{i > l} "
        r"\frac{\partial y_i}{\partial y_{i-1}} \cdot \frac{\partial y_l}{\partial W_l}$$"
    )
)
st.markdown(
    _(
        "Where the factors are below one it vanishes with depth, where they are above one it explodes. A shortcut "
        r"makes a factor $1 + \partial F / \partial y$."
    )
)
spec, seed = choose_start()
layers = gradients_of_pair(spec, seed)
families = dict(zip(layers["net"], layers["family"], strict=True))
names = listed(families)
parts = {str(net): part for net, part in layers.groupby("net", sort=False)}

st.markdown(_("##### Gradient of every layer"))
show_figure(
    initialization_profile(layers, families, "gradient"),
    key="gradient_profile",
    alt=_("Gradient norm of every layer of {names} before training", names=names),
)
st.markdown("\n".join(f"- {say_gradients(net, part)}" for net, part in parts.items()))
st.caption(
    _(
        "2-norm of ∂L/∂W from {batch} handwritten digits, batch norms in training mode; both nets drawn with "
        "seed {seed}, so their main paths have the same weights. Projections and gates are left out. Called "
        "healthy where the first third's median, and its ratio to the last third's, lie within "
        "{least:g} and {most:,.0f}.",
        batch=BATCH,
        seed=seed,
        least=1 / GRADIENT_LIMIT,
        most=GRADIENT_LIMIT,
    )
)

st.markdown(_("##### Scale of every layer's output"))
show_figure(
    initialization_profile(layers, families, "activation"),
    key="activation_profile",
    alt=_("Standard deviation of the output of every layer of {names} before training", names=names),
)
st.markdown("\n".join(f"- {say_scale(net, part)}" for net, part in parts.items()))
st.caption(
    _(
        "Standard deviation over all numbers of what a layer puts out, behind the norm and the activation that "
        "follow it; for the last layer of a block, of the block's output, behind the addition. So a residual net's "
        "line goes up and down: inside a block, and behind it. The last point is that of the scores."
    )
)

st.markdown(_("##### What it means"))
plain, residual = parts.values()
if spec.batch_norm:
    st.markdown(
        _(
            "He et al. 2015, sec. 4.1, say of their plain nets that the difficulty is “unlikely to be caused by "
            "vanishing gradients”, and that with batch norm the backward gradients have healthy norms. Here, "
            "from one layer to the one before it, the gradient norm changes by a factor of "
            "**{plain:.3f}** in the plain net and **{residual:.3f}** in the residual one. "
            "{meaning}",
            plain=growth_a_layer(plain),
            residual=growth_a_layer(residual),
            meaning=say_growth(spec, growth_a_layer(plain)),
        )
    )
else:
    st.markdown(
        _(
            "Without batch norm the scale of the weights decides. In a plain net of ReLUs whose biases are 0, "
            r"$\langle W_l, \partial L / \partial W_l \rangle$ is the same number in every layer: if the signal dies "
            "on its way forward, the gradients of **all** layers are equally small, and a flat profile is no good "
            "sign. Look at the size as well as at the slope. With shortcuts the signal of a block is added to what "
            "was there, and the scale grows with the number of blocks. A sigmoid's slope is at most ¼: its gradients "
            "shrink from layer to layer, and shortcuts do not mend it where a sigmoid stands behind every addition, "
            "as in the original order."
        )
    )
st.markdown(
    _(
        "And yet: in He et al. 2015, Fig. 1, a plain net of 56 layers, with batch norm and their initialization, "
        "ends with a higher **training** error than one of 20. That is degradation, and vanishing gradients are not "
        "its cause. See **Degradation** for the training itself, **Gradients** for the norms at every step of it, "
        "and **Shattering** for what can be wrong with gradients of the right size."
    )
)
