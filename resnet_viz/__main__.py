"""The command line: the same engine and the same store without a browser."""

import argparse
import json
import sys
from dataclasses import asdict

from tqdm import tqdm

from resnet_viz.data import DATASETS
from resnet_viz.nets import NetSpec, SpecError
from resnet_viz.nets.spec import CHOICES, DEFAULTS
from resnet_viz.runs import Run, RunStatus, RunStore, StoreError
from resnet_viz.settings import Settings
from resnet_viz.training import (
    RECIPES,
    ConfigError,
    EpochDone,
    Loading,
    Report,
    Started,
    StepsDone,
    preset,
)
from resnet_viz.training.config import CHOICES as CONFIG_CHOICES
from resnet_viz.training.config import NUMBERS, SWITCHES, WHOLE_NUMBERS
from resnet_viz.training.worker import end_on_sigterm, work

EXIT_CODES = {RunStatus.FINISHED: 0, RunStatus.STOPPED: 130}  # 130: ended by Ctrl-C, as shells say
NET_OPTIONS = ("depth", *CHOICES, "batch_norm", "zero_last_norm", "survival")
CONFIG_OPTIONS = ("folder", *CONFIG_CHOICES, *WHOLE_NUMBERS, *NUMBERS, *SWITCHES)


class ProgressBar:
    """Shows a run's reports as one bar with loss and errors, on stderr."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.bar: tqdm | None = None
        self.loading = tqdm(desc=title, bar_format="{desc}", leave=False)
        self.shown: dict[str, str] = {}

    def __call__(self, report: Report) -> None:
        """Show one report."""
        if isinstance(report, Loading):
            share = f" {report.fraction:.0%}" if report.fraction else ""
            self.loading.set_description_str(f"{self.title}: {report.sentence}{share}")
        elif isinstance(report, Started):
            self.loading.close()
            self.bar = tqdm(total=report.total_steps, desc=self.title, unit="step", dynamic_ncols=True)
        elif isinstance(report, StepsDone) and self.bar is not None:
            self.shown["loss"] = f"{report.rows['loss'].iloc[-1]:.3f}"
            self.bar.update(len(report.rows))
            self.bar.set_postfix(self.shown)
        elif isinstance(report, EpochDone) and self.bar is not None:
            self.shown |= {"train": f"{report.train_error:.1%}", "test": f"{report.test_error:.1%}"}
            self.bar.set_postfix(self.shown)

    def close(self) -> None:
        """Leave the bar as it stands."""
        self.loading.close()
        if self.bar is not None:
            self.bar.close()


def train(asked: argparse.Namespace) -> int:
    """Train one net in this process; the run is a row of the store like any other."""
    spec = NetSpec(**{name: getattr(asked, name) for name in NET_OPTIONS})
    changes = {name: getattr(asked, name) for name in CONFIG_OPTIONS if getattr(asked, name) is not None}
    config = preset(asked.dataset, asked.recipe, spec.depth, **changes)
    settings = Settings()
    store = RunStore(settings.store_url)
    (run,) = store.add_comparison([(asdict(spec), asdict(config))])
    store.claim(run.id, at_once=None)
    bar = ProgressBar(spec.name)
    end_on_sigterm()
    run = work(store, settings, run.id, watch=bar)
    bar.close()
    print(_tell(run, spec, settings), file=sys.stderr)
    if asked.json:
        print(json.dumps(_summary(run)))
    return EXIT_CODES.get(run.status, 1)


def _tell(run: Run, spec: NetSpec, settings: Settings) -> str:
    if run.status is not RunStatus.FINISHED:
        return f"{spec.name}, run {run.id}: {run.status}. {run.message}"
    return (
        f"{spec.name}, run {run.id}: test error {run.test_error:.2%}, training error {run.train_error:.2%} "
        f"after {run.config['epochs']} epochs in {run.seconds:.0f} s on {run.facts['device']} "
        f"({run.facts['precision']}, seed {run.config['seed']}); weights in {run.weights}"
    )


def _summary(run: Run) -> dict[str, object]:
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


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _list(recipes: dict[str, tuple[str, dict[str, object]]]) -> str:
    return "; ".join(f"{name}: {title}" for name, (title, _) in recipes.items())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m resnet_viz", description="Understand residual networks.")
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser("train", help="train one net and keep the run", description=train.__doc__)
    command.set_defaults(run=train)
    command.add_argument("--depth", type=int, default=20, help="of CIFAR nets 6n+2, from 8 to 1202 (default 20)")
    for name, options in CHOICES.items():
        default = DEFAULTS[name]
        command.add_argument(_flag(name), choices=list(options), default=default, help=f"(default {default})")
    command.add_argument("--no-batch-norm", dest="batch_norm", action="store_false")
    command.add_argument("--zero-last-norm", action="store_true", help="let every branch start as zero")
    command.add_argument("--survival", type=float, default=1.0, help="of the last block in stochastic depth")
    command.add_argument("--dataset", choices=list(DATASETS), default="digits")
    command.add_argument("--recipe", choices=list(RECIPES), default="short", help=_list(RECIPES))
    command.add_argument("--folder", help="for --dataset folder: holds train/CLASS/* and test/CLASS/*, or is a zip")
    for name, options in CONFIG_CHOICES.items():
        command.add_argument(_flag(name), choices=list(options))
    for name, (least, most) in WHOLE_NUMBERS.items():
        command.add_argument(_flag(name), type=int, help=f"{least} to {most}")
    for name in NUMBERS:
        command.add_argument(_flag(name), type=float)
    for name in SWITCHES:
        command.add_argument(_flag(name), action=argparse.BooleanOptionalAction)
    command.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    return parser


def main() -> int:
    """Run the command that the arguments name; the answer is the exit code."""
    asked = _parser().parse_args()
    try:
        return asked.run(asked)
    except (SpecError, ConfigError, StoreError) as error:
        print(f"{error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
