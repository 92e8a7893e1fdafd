"""Can a run's error be held against a published one? What differs between both, in words.

The words are compared with those of papers, and so are English; where they are shown they are translated.
"""

from dataclasses import replace

from resnet_viz.data import AUGMENTATIONS, DATASETS
from resnet_viz.nets import NO_SHORTCUT, NetSpec, title
from resnet_viz.paper import Conditions
from resnet_viz.runs import Run
from resnet_viz.training import TrainingConfig, count_steps
from resnet_viz.training.config import OPTIMIZERS, SCHEDULES


def conditions_of(spec: NetSpec, config: TrainingConfig, pictures: int) -> Conditions:
    """How a net is trained here on so many pictures, in the words that published conditions have."""
    steps = count_steps(pictures + config.held_out, config)
    return Conditions(
        data=DATASETS[config.dataset].title,
        pictures=pictures,
        epochs=steps.total * steps.batch_size / pictures
        if config.iterations
        else config.epochs + sum(config.more_epochs),
        batch=steps.batch_size,
        optimizer=_say_optimizer(config),
        learning_rate=f"{config.peak_lr:g}, {title(SCHEDULES[config.schedule])}" + ", warmed up" * config.warm_up,
        weight_decay=config.weight_decay,
        augmentation=title(AUGMENTATIONS[config.augmentation]),
        shortcut=None if spec.shortcut == NO_SHORTCUT else spec.shortcut,
        width=spec.layout.widths[0],
        extras=_say_extras(spec, config) or "none",
    )


def _say_optimizer(config: TrainingConfig) -> str:
    if config.optimizer != "sgd":
        return title(OPTIMIZERS[config.optimizer])
    kind = "Nesterov momentum" if config.nesterov else "momentum"
    return f"SGD, {kind} {config.momentum:g}" if config.momentum else "SGD"


def _say_extras(spec: NetSpec, config: TrainingConfig) -> str:
    """Parts of net and recipe that no published net of these families has."""
    usual = NetSpec(spec.family, spec.depth, spec.shortcut, stem=spec.stem, block=spec.block, width=spec.width)
    usual = replace(usual, in_channels=spec.in_channels, classes=spec.classes)
    extras = [
        (spec != usual, spec.name),
        (config.label_smoothing > 0, f"label smoothing {config.label_smoothing:g}"),
        (config.clip_norm > 0, f"gradients clipped at {config.clip_norm:g}"),
        (bool(config.start), "begins as a trained net"),
        (bool(config.more_epochs), "the schedule run through more than once"),
    ]
    return ", ".join(text for is_so, text in extras if is_so)


def conditions_of_run(run: Run) -> Conditions:
    """How a run that has begun was trained."""
    spec = NetSpec(**run.facts.get("spec", run.spec))
    return conditions_of(spec, TrainingConfig(**run.config), run.facts["train_count"])
