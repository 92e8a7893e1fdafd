"""Which words describe a run? Options of net and recipe that several commands share, and a run in a line of text."""

import argparse
from collections.abc import Sequence

from resnet_viz.data import DATASETS
from resnet_viz.nets import NetSpec
from resnet_viz.runs import Run, RunStatus
from resnet_viz.training import RECIPES, TrainingConfig, preset
from resnet_viz.training.config import CHOICES, NUMBERS, SWITCHES, WHOLE_NUMBERS

CONFIG_OPTIONS = ("folder", "start", *CHOICES, *WHOLE_NUMBERS, *NUMBERS, *SWITCHES)


def add_recipe(command: argparse.ArgumentParser, without: Sequence[str] = ()) -> None:
    """Give a command an option for each part of a TrainingConfig but those `without`."""
    command.add_argument("--dataset", choices=list(DATASETS), default="digits")
    command.add_argument("--recipe", choices=list(RECIPES), default="short", help=_list_recipes())
    command.add_argument("--folder", help="for --dataset folder: holds train/CLASS/* and test/CLASS/*, or is a zip")
    for name, options in CHOICES.items():
        command.add_argument(flag(name), choices=list(options))
    for name, (least, most) in WHOLE_NUMBERS.items():
        if name not in without:
            command.add_argument(flag(name), type=int, help=f"{least} to {most}")
    for name in NUMBERS:
        command.add_argument(flag(name), type=float)
    for name in SWITCHES:
        command.add_argument(flag(name), action=argparse.BooleanOptionalAction)


def recipe_of(asked: argparse.Namespace, depth: int) -> TrainingConfig:
    """The configuration that the options of `add_recipe` come to. Raises ConfigError."""
    found = {name: getattr(asked, name, None) for name in CONFIG_OPTIONS}
    changes = {name: value for name, value in found.items() if value is not None}
    return preset(asked.dataset, asked.recipe, depth, **changes)


def flag(name: str) -> str:
    """A field's name as an option."""
    return f"--{name.replace('_', '-')}"


def _list_recipes() -> str:
    return "; ".join(f"{name}: {title}" for name, (title, _) in RECIPES.items())


def tell(run: Run) -> str:
    """What became of a run, in a line."""
    spec = NetSpec(**run.spec)
    if run.status is not RunStatus.FINISHED:
        return f"{spec.name}, run {run.id}: {run.status}. {run.message}"
    return (
        f"{spec.name}, run {run.id}: test error {run.test_error:.2%}, training error {run.train_error:.2%} "
        f"after {run.config['epochs']} epochs in {run.seconds:.0f} s on {run.facts['device']} "
        f"({run.facts['precision']}, seed {run.config['seed']}); weights in {run.weights}"
    )


def summary(run: Run) -> dict[str, object]:
    """What became of a run, for --json."""
    return {
        "run_id": run.id,
        "state": str(run.status),
        "family": run.spec["family"],
        "depth": run.spec["depth"],
        "shortcut": run.spec["shortcut"],
        "dataset": run.config["dataset"],
        "seed": run.config["seed"],
        "epochs": run.config["epochs"],
        "train_error": run.train_error,
        "test_error": run.test_error,
        "seconds": round(run.seconds, 3),
        "message": run.message,
        "weights": run.weights,
    }
