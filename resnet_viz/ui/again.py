"""What if one thing were different? The nets of a comparison once more, with one change."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import streamlit as st

from resnet_viz.nets import SHORTCUTS, NetSpec, SpecError
from resnet_viz.runs import Run
from resnet_viz.training import ConfigError, TrainingConfig
from resnet_viz.training.config import CHOICES, NUMBERS, SWITCHES, WHOLE_NUMBERS
from resnet_viz.ui.comparisons import show_comparison
from resnet_viz.ui.language import _, said
from resnet_viz.ui.plan import queue
from resnet_viz.ui.text import refuse

NET_PARTS = {"depth": "Depth", "shortcut": "Shortcut"}
FIELDS = ("seed", *NET_PARTS, "epochs", "batch_size", "peak_lr", "optimizer", "schedule", "augmentation", *SWITCHES,
          "momentum", "weight_decay", "label_smoothing", "clip_norm", "subset", "precision", "device")  # fmt: skip


def offer_again(runs: Sequence[Run]) -> None:
    """A control that trains the nets of a comparison again, one part of net or recipe changed."""
    with st.popover(_("Run again with one change"), icon=":material/replay:"):
        name = st.selectbox(_("What to change"), FIELDS, format_func=_title, key="again")
        config = TrainingConfig(**runs[0].config)
        now = runs[-1].spec[name] if name in NET_PARTS else getattr(config, name)
        value = _choose(name, now + 1 if name == "seed" else now)
        if st.button(_("Train"), type="primary", key="again_go", disabled=value == now):
            _run_again(runs, name, value)


def _run_again(runs: Sequence[Run], name: str, value: Any) -> None:
    try:
        wanted = [_change(NetSpec(**run.spec), TrainingConfig(**run.config), name, value) for run in runs]
    except (ConfigError, SpecError) as error:
        refuse(error)
        return
    if comparison := queue(wanted):
        show_comparison(comparison)
        st.rerun()


def _change(spec: NetSpec, config: TrainingConfig, name: str, value: Any) -> tuple[NetSpec, TrainingConfig]:
    """A net and its configuration with one part changed. A plain net has no shortcut to change."""
    config = replace(config, more_epochs=())
    if name not in NET_PARTS:
        return spec, replace(config, **{name: value})
    if name == "shortcut" and spec.family != "resnet":
        return spec, config
    return replace(spec, **{name: value}), config


def _title(name: str) -> str:
    if name in NET_PARTS:
        return _(NET_PARTS[name])
    told = said(name)
    return name.replace("_", " ") if told == name else told


def _choose(name: str, now: Any) -> Any:
    """A control for one part, at its present value."""
    key, title = f"again_{name}", _title(name)
    if name == "shortcut":
        return st.selectbox(title, list(SHORTCUTS), list(SHORTCUTS).index(now) if now in SHORTCUTS else 0, key=key)
    if name in CHOICES:
        return st.selectbox(title, list(CHOICES[name]), list(CHOICES[name]).index(now), said, key)
    if name in SWITCHES:
        return st.toggle(title, now, key=key)
    if name in NUMBERS:
        return st.number_input(title, 0.0, NUMBERS[name], float(now), format="%g", key=key)
    least, most = WHOLE_NUMBERS.get(name, (1, 1202))
    return int(st.number_input(title, least, most, int(now), key=key))
