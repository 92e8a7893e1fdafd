"""How are the nets trained? A recipe by name, and every part of it to change."""

from collections.abc import Mapping
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from resnet_viz.data import AUGMENTATIONS, DATASETS
from resnet_viz.training import DEVICES, RECIPES, TrainingConfig, preset
from resnet_viz.training.config import MAX_ITERATIONS, OPTIMIZERS, PRECISIONS, RECOMPUTES, SCHEDULES
from resnet_viz.ui.data import DataChoice
from resnet_viz.ui.language import _, described, said, titled
from resnet_viz.ui.links import linked

SMALL_SET = 10_000  # training pictures below which only the short recipe makes sense
EPOCHS = 60


class _Controls:
    """Widgets whose values start as a recipe has them; every choice is in the URL under the recipe's name."""

    def __init__(self, dataset: str, recipe: str, base: TrainingConfig) -> None:
        self.suffix = dataset if recipe == "short" else f"{dataset}_{recipe}"
        self.base = base
        self.changes: dict[str, Any] = {}

    def key(self, name: str) -> str:
        return f"{name}_{self.suffix}"

    def pick(self, place: DeltaGenerator, label: str, name: str, options: dict[str, str], note: str = "") -> None:
        """One of the options of a field, shown by their short names."""
        self.changes[name] = linked(
            place.selectbox,
            label,
            list(options),
            self.key(name),
            getattr(self.base, name),
            format_func=lambda option: titled(options[option]),
            help=note or described(options.values()),
        )

    def number(self, place: DeltaGenerator, label: str, name: str, most: float, step: float, note: str) -> None:
        """A number from 0 on, whole where the recipe's is."""
        value = getattr(self.base, name)
        kind = type(value)
        self.changes[name] = place.number_input(
            label,
            kind(0),
            kind(most),
            value=value,
            step=kind(step),
            format="%d" if kind is int else "%g",
            key=self.key(name),
            bind="query-params",
            help=note,
        )

    def switch(self, place: DeltaGenerator, label: str, name: str, note: str) -> None:
        """Yes or no; a key for each default, as a widget that is there keeps its value when its default changes."""
        value = getattr(self.base, name)
        key = self.key(f"{name}_on" if value else name)
        self.changes[name] = place.toggle(label, value, key=key, bind="query-params", help=note)


def choose_recipe(place: DeltaGenerator, data: DataChoice, deepest: int) -> TrainingConfig:
    """The controls of a recipe: its name, length, seed and device in `place`, all else folded away below.

    Raises ConfigError where the parts make no sense together.
    """
    with place:
        recipe = _choose_name(data.name)
        controls = _Controls(data.name, recipe, base := preset(data.name, recipe, deepest))
        if base.iterations:
            controls.number(place, _("Iterations"), "iterations", MAX_ITERATIONS, 1000, _("Training steps in all."))
        else:
            key = controls.key("epochs")
            controls.changes["epochs"] = st.slider(_("Epochs"), 1, EPOCHS, base.epochs, key=key, bind="query-params")
        seed, device = st.columns(2)
    controls.changes["seed"] = int(
        seed.number_input(
            _("Seed"), 0, 9999, value=0, key="seed", bind="query-params", help=_("First weights and order.")
        )
    )
    controls.changes["device"] = linked(
        device.selectbox,
        _("Device"),
        list(DEVICES),
        "device",
        "auto",
        format_func=lambda kind: _("auto") if kind == "auto" else said(DEVICES[kind]),
    )
    with st.expander(_("The recipe in detail"), icon=":material/tune:"):
        _choose_details(controls)
    return preset(data.name, recipe, deepest, folder=data.folder, size=data.size, **controls.changes)


def say_length(config: Mapping[str, Any]) -> str:
    """How long a run's configuration trains, with the epochs that it went on for: "64,000 steps" or "10 epochs"."""
    if config.get("iterations"):
        return f"{config['iterations']:,} steps"
    return f"{config['epochs'] + sum(config.get('more_epochs', ()))} epochs"


def _choose_name(dataset: str) -> str:
    if 0 < DATASETS[dataset].train_count < SMALL_SET:
        return "short"
    return linked(
        st.selectbox,
        _("Recipe"),
        list(RECIPES),
        "recipe",
        next(iter(RECIPES)),
        format_func=lambda name: titled(RECIPES[name][0]),
        help=described(text for text, _config in RECIPES.values()),
    )


def _choose_details(controls: _Controls) -> None:
    left, middle, right = st.columns(3, gap="large")
    controls.pick(left, _("Optimizer"), "optimizer", OPTIMIZERS)
    controls.pick(left, _("Learning rate over the run"), "schedule", SCHEDULES)
    controls.number(left, _("Highest learning rate"), "peak_lr", 10.0, 0.01, _("The top of the schedule."))
    controls.switch(left, _("Warm up"), "warm_up", _("A tenth of the rate until the training error is below 80 %."))
    controls.number(left, _("Weight decay"), "weight_decay", 1.0, 0.0001, _("Pulls every weight towards zero."))
    controls.number(left, _("Momentum"), "momentum", 0.99, 0.05, _("Of SGD; Adam has its own."))
    controls.switch(left, _("Nesterov"), "nesterov", _("SGD looks ahead by its momentum."))
    controls.number(middle, _("Batch size"), "batch_size", 4096, 16, _("Pictures in a training step, 2 or more."))
    controls.pick(middle, _("Augmentation"), "augmentation", AUGMENTATIONS)
    controls.number(middle, _("Label smoothing"), "label_smoothing", 0.9, 0.05, _("The share spread over all classes."))
    controls.number(
        middle, _("Gradient clipping (0: none)"), "clip_norm", 1000.0, 0.5, _("Bounds the gradient's 2-norm.")
    )
    controls.number(right, _("Training pictures (0: all)"), "subset", 1_000_000, 1000, _("Learned from."))
    controls.number(
        right, _("Held out"), "held_out", 1_000_000, 1000, _("Training pictures put aside; the paper's 5,000.")
    )
    controls.pick(right, _("Precision"), "precision", PRECISIONS)
    controls.pick(
        right, _("Compute blocks again"), "recompute", RECOMPUTES, _("Saves memory, takes a third more time.")
    )
    note = _("A fixed number gives the same curve to the bit; 0 shares out the cores of the machine as they are free.")
    controls.number(right, _("Threads (0: shared out)"), "threads", 1024, 1, note)
    note = _("The weights at the start and after every epoch, a file each: for the way through the loss surface.")
    controls.switch(right, _("Keep every epoch"), "keep_epochs", note)
