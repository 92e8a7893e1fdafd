"""How are the nets trained? A recipe by name, and every part of it to change."""

from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from resnet_viz.data import AUGMENTATIONS, DATASETS
from resnet_viz.nets import title
from resnet_viz.training import DEVICES, RECIPES, TrainingConfig, preset
from resnet_viz.training.config import MAX_ITERATIONS, OPTIMIZERS, PRECISIONS, RECOMPUTES, SCHEDULES
from resnet_viz.ui.data import DataChoice

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
        self.changes[name] = place.selectbox(
            label,
            list(options),
            index=list(options).index(getattr(self.base, name)),
            format_func=lambda option: title(options[option]),
            key=self.key(name),
            bind="query-params",
            help=note or "\n\n".join(options.values()),
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
            controls.number(place, "Iterations", "iterations", MAX_ITERATIONS, 1000, "Training steps in all.")
        else:
            key = controls.key("epochs")
            controls.changes["epochs"] = st.slider("Epochs", 1, EPOCHS, base.epochs, key=key, bind="query-params")
        seed, device = st.columns(2)
    controls.changes["seed"] = int(
        seed.number_input("Seed", 0, 9999, value=0, key="seed", bind="query-params", help="First weights and order.")
    )
    controls.changes["device"] = device.selectbox(
        "Device",
        list(DEVICES),
        format_func=lambda kind: "auto" if kind == "auto" else DEVICES[kind],
        key="device",
        bind="query-params",
    )
    with st.expander("The recipe in detail", icon=":material/tune:"):
        _choose_details(controls)
    return preset(data.name, recipe, deepest, folder=data.folder, size=data.size, **controls.changes)


def _choose_name(dataset: str) -> str:
    if 0 < DATASETS[dataset].train_count < SMALL_SET:
        return "short"
    return st.selectbox(
        "Recipe",
        list(RECIPES),
        format_func=lambda name: RECIPES[name][0].partition(":")[0],
        key="recipe",
        bind="query-params",
        help="\n\n".join(text for text, _ in RECIPES.values()),
    )


def _choose_details(controls: _Controls) -> None:
    left, middle, right = st.columns(3, gap="large")
    controls.pick(left, "Optimizer", "optimizer", OPTIMIZERS)
    controls.pick(left, "Learning rate over the run", "schedule", SCHEDULES)
    controls.number(left, "Highest learning rate", "peak_lr", 10.0, 0.01, "The top of the schedule.")
    controls.switch(left, "Warm up", "warm_up", "A tenth of the rate until the training error is below 80 %.")
    controls.number(left, "Weight decay", "weight_decay", 1.0, 0.0001, "Pulls every weight towards zero.")
    controls.number(left, "Momentum", "momentum", 0.99, 0.05, "Of SGD; Adam has its own.")
    controls.switch(left, "Nesterov", "nesterov", "SGD looks ahead by its momentum.")
    controls.number(middle, "Batch size", "batch_size", 4096, 16, "Pictures in a training step, 2 or more.")
    controls.pick(middle, "Augmentation", "augmentation", AUGMENTATIONS)
    controls.number(middle, "Label smoothing", "label_smoothing", 0.9, 0.05, "The share spread over all classes.")
    controls.number(middle, "Gradient clipping (0: none)", "clip_norm", 1000.0, 0.5, "Bounds the gradient's 2-norm.")
    controls.number(right, "Training pictures (0: all)", "subset", 1_000_000, 1000, "Learned from.")
    controls.number(right, "Held out", "held_out", 1_000_000, 1000, "Training pictures put aside; the paper's 5,000.")
    controls.pick(right, "Precision", "precision", PRECISIONS)
    controls.pick(right, "Compute blocks again", "recompute", RECOMPUTES, "Saves memory, takes a third more time.")
    note = "A fixed number gives the same curve to the bit; 0 shares out the cores of the machine as they are free."
    controls.number(right, "Threads (0: shared out)", "threads", 1024, 1, note)
    note = "The weights at the start and after every epoch, a file each: for the way through the loss surface."
    controls.switch(right, "Keep every epoch", "keep_epochs", note)
