"""Which net does the reader start, and what are its gradients before training? Controls, presets, and the answer."""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import streamlit as st

from resnet_viz import lab
from resnet_viz.data import load_dataset, normalize
from resnet_viz.nets import (
    ACTIVATIONS,
    INITIALIZATIONS,
    ORDERS,
    SHORTCUTS,
    NetSpec,
    possible_depths,
)
from resnet_viz.ui.language import _, cached, described, titled
from resnet_viz.ui.links import linked
from resnet_viz.ui.services import freeze_imports, nets_lock

if TYPE_CHECKING:
    from torch import Tensor

BATCH = 16  # pictures; enough for batch norms, and few enough for an answer while a slider moves
LIVE = 110  # layers; deeper nets take seconds
DEPTHS = possible_depths("resnet", "cifar", "basic")
SEEDS = (0, 999)
PRESETS: dict[str, dict[str, Any]] = {  # what a button sets; keys are those of the controls
    "Paper: batch norm, He": {"start_norm": True, "start_activation": "relu", "start_weights": "he"},
    "No batch norm, naive normal": {"start_norm": False, "start_activation": "relu", "start_weights": "normal"},
    "No batch norm, sigmoid": {"start_norm": False, "start_activation": "sigmoid", "start_weights": "xavier"},
}


def choose_start() -> tuple[NetSpec, int]:
    """The presets and the controls: the residual net that is asked with its plain twin, and the seed."""
    for (label, values), column in zip(PRESETS.items(), st.columns(len(PRESETS)), strict=True):
        column.button(_(label), key=f"preset_{label}", width="stretch", on_click=st.session_state.update, args=[values])
    depth = st.select_slider(
        _("Depth"),
        DEPTHS,
        56,
        key="start_depth",
        bind="query-params",
        help=_(
            "Layers with weights, 6n+2. Up to {live} the answer comes at once; deeper nets take some seconds.",
            live=LIVE,
        ),
    )
    left, middle, right = st.columns(3, gap="large")
    with left:
        has_norm = st.toggle(_("Batch norm"), True, key="start_norm", bind="query-params")
        seed = st.number_input(
            _("Seed"), *SEEDS, key="start_seed", bind="query-params", help=_("The net is drawn from it.")
        )
    with middle:
        weights = _choose(_("Initialization"), INITIALIZATIONS, "start_weights")
        activation = _choose(_("Activation"), ACTIVATIONS, "start_activation")
    with right:
        shortcut = _choose(_("Shortcut"), SHORTCUTS, "start_shortcut")
        order = _choose(_("Block order"), ORDERS, "start_order")
    spec = NetSpec(
        "resnet",
        depth,
        shortcut,
        in_channels=1,
        order=order,
        batch_norm=has_norm,
        activation=activation,
        initialization=weights,
    )
    return spec, int(seed)


def _choose(label: str, options: Mapping[str, str], key: str) -> str:
    help_ = described(options.values())
    return linked(
        st.selectbox,
        label,
        list(options),
        key,
        next(iter(options)),
        format_func=lambda name: titled(options[name]),
        help=help_,
    )


def gradients_of_pair(spec: NetSpec, seed: int) -> pd.DataFrame:
    """The layers of the plain twin and of the residual net, one under the other, with columns net and family."""
    if spec.depth <= LIVE:
        return pd.concat([_gradients(one.to_slug(), seed) for one in (spec.plain_twin, spec)], ignore_index=True)
    with st.spinner(
        _("Both nets of {depth} layers go forward and back once; this takes some seconds…", depth=spec.depth)
    ):
        with nets_lock():  # a deep net's maps fill memory: one after the other
            frames = [_gradients(one.to_slug(), seed) for one in (spec.plain_twin, spec)]
        return pd.concat(frames, ignore_index=True)


@st.cache_data(max_entries=300, show_spinner=False)
def _gradients(slug: str, seed: int) -> pd.DataFrame:
    spec = NetSpec.from_slug(slug)
    frame = lab.gradients_at_initialization(spec, *_batch(), seed)
    return frame.assign(net=spec.name, family=spec.family)


@cached(st.cache_resource, "Loading torch; this takes some seconds after the start of the server…")
def _batch() -> "tuple[Tensor, Tensor]":
    """Handwritten digits of the training set, the same ones every time: inputs and labels."""
    import torch

    data = load_dataset("digits")
    chosen = np.sort(np.random.default_rng(0).permutation(len(data.train_labels))[:BATCH])
    x = normalize(torch.from_numpy(data.train_pictures[chosen]), data.form)
    labels = torch.from_numpy(data.train_labels[chosen])
    lab.gradients_at_initialization(NetSpec("resnet", 8, in_channels=1), x, labels)  # torch's first pass is slow
    freeze_imports()
    return x, labels


def say_gradients(net: str, layers: pd.DataFrame) -> str:
    """What the gradients of one net come to, in a sentence or two."""
    scale = lab.gradient_scale(layers)
    words = {"vanish": _("they **vanish**"), "explode": _("they **explode**"), "healthy": _("they are **healthy**")}
    ratio = "" if math.isnan(scale.ratio) else _(", a ratio of **{ratio:.3g}**", ratio=scale.ratio)
    told = _(
        "**{net}**: the median gradient norm is {first:.3g} in the first third of the layers and {last:.3g} "
        "in the last third{ratio}: {words}.",
        net=net,
        first=scale.first,
        last=scale.last,
        ratio=ratio,
        words=words[scale.verdict],
    )
    return f"{told} {_say_lost(layers['gradient'], 'gradient')}".strip()


def say_scale(net: str, layers: pd.DataFrame) -> str:
    """How the scale of what a net's layers put out changes from the first layer to the last before the classifier."""
    spread = layers.sort_values("position")["activation"]
    first, last = spread.iloc[0], spread.iloc[-2]
    told = _(
        "**{net}**: {first:.3g} behind layer 1, {last:.3g} behind the last one before the classifier.",
        net=net,
        first=first,
        last=last,
    )
    return f"{told} {_say_lost(spread, 'output')}".strip()


def _say_lost(values: pd.Series, what: str) -> str:
    """How many numbers are none that a logarithmic axis could show."""
    zero, none = int((values == 0).sum()), int((~np.isfinite(values)).sum())
    told = []
    if zero:
        told.append(
            _("In {zero} layers the {what} is exactly 0: too small for a float32 number.", zero=zero, what=what)
        )
    if none:
        told.append(
            _("In {none} layers the {what} has overflowed: too large for a float32 number.", none=none, what=what)
        )
    return " ".join(told)


def growth_a_layer(layers: pd.DataFrame) -> float:
    """By what factor the gradient norm changes from a layer to the one before it, from third to third of the net."""
    scale, depth = lab.gradient_scale(layers), len(layers)
    third = max(1, (depth - 1) // 3)
    return float(scale.ratio ** (1 / (depth - 1 - third)))


def say_growth(spec: NetSpec, growth: float) -> str:
    """What the change from layer to layer means in a plain net with batch norm."""
    if spec.activation == "sigmoid":
        return _("With sigmoids, whose slope is at most ¼, batch norm alone does not keep gradients from shrinking.")
    if growth > 1:
        return _(
            "Above one they grow towards the picture. So they do not vanish: the usual story, that shortcuts are there "
            "against vanishing gradients, is not what is measured. In a plain net batch norm makes them larger with "
            "every layer, in a very deep one by much; with shortcuts they stay nearly level."
        )
    return _("Not above one, they do not grow towards the picture here.")
