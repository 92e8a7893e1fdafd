"""The command line: the same engine and the same store without a browser."""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, replace

from tqdm import tqdm

from resnet_viz.data import DATASETS, DatasetError, picture_size
from resnet_viz.nets import NetSpec, SpecError, possible_depths
from resnet_viz.nets.spec import CHOICES, DEFAULTS
from resnet_viz.runs import Owner, Run, RunStatus, RunStore, StoreError
from resnet_viz.settings import Settings
from resnet_viz.training import (
    RECIPES,
    ConfigError,
    EpochDone,
    Grid,
    LimitError,
    Loading,
    Pace,
    Report,
    Started,
    StepsDone,
    continue_sweep,
    count_ended,
    estimate_seconds,
    measure_pace,
    preset,
    queue_sweep,
    resolve_device,
    resolve_precision,
    runs_at_once,
    stop_sweep,
)
from resnet_viz.training.config import CHOICES as CONFIG_CHOICES
from resnet_viz.training.config import NUMBERS, SWITCHES, WHOLE_NUMBERS
from resnet_viz.training.executor import WATCH_SECONDS, watch_over
from resnet_viz.training.queue import check_limits
from resnet_viz.training.sweep import Wanted
from resnet_viz.training.worker import work

EXIT_CODES = {RunStatus.FINISHED: 0, RunStatus.STOPPED: 130}  # 130: ended by Ctrl-C, as shells say
NET_OPTIONS = ("depth", *CHOICES, "batch_norm", "zero_last_norm", "survival", "width", "appended")
CONFIG_OPTIONS = ("folder", "start", *CONFIG_CHOICES, *WHOLE_NUMBERS, *NUMBERS, *SWITCHES)


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
    check_limits(store, settings, [(spec, config)])
    (run,) = store.add_comparison([(asdict(spec), asdict(config))])
    claim = store.claim(Owner.here(), run_id=run.id)
    if claim is None:
        print(f"run {run.id}, the same net and recipe, is at work already", file=sys.stderr)
        return 1
    bar = ProgressBar(spec.name)
    run = work(store, settings, claim, watch=bar)
    bar.close()
    print(_tell(run, spec), file=sys.stderr)
    if asked.json:
        print(json.dumps(_summary(run)))
    return EXIT_CODES.get(run.status, 1)


def sweep(asked: argparse.Namespace) -> int:
    """Train every combination of depths, families, shortcuts, block orders and seeds; runs are kept as any other.

    The runs go on in the background if this command is ended, and Start or `sweep --go-on ID` takes them up again.
    """
    settings = Settings()
    store = RunStore(settings.store_url)
    if asked.go_on:
        sweep_id = asked.go_on
        print(f"{continue_sweep(store, settings, sweep_id)} runs go on where they stood", file=sys.stderr)
    elif asked.stop:
        stop_sweep(store, asked.stop)
        return 0
    else:
        changes = {name: getattr(asked, name) for name in CONFIG_OPTIONS if getattr(asked, name, None) is not None}
        config = preset(asked.dataset, asked.recipe, max(asked.depths), **changes)
        grid = Grid(asked.depths, asked.families, asked.shortcuts, asked.orders, asked.seeds)
        comparisons = grid.comparisons(config)
        print(_price(comparisons, runs_at_once(store, settings)), file=sys.stderr)
        if asked.dry_run:
            return 0
        sweep_id = queue_sweep(store, settings, comparisons)
        print(f"sweep {sweep_id}", file=sys.stderr)
    return 0 if asked.no_wait else _follow(store, settings, sweep_id, asked.json)


def _price(comparisons: Sequence[Wanted], at_once: int) -> str:
    """How many runs there are, and how long they take where the number of pictures is known."""
    wanted = [one for comparison in comparisons for one in comparison]
    config = wanted[0][1]
    data = DATASETS[config.dataset]
    said = f"{len(wanted)} runs in {len(comparisons)} comparisons, {at_once} at once"
    if not data.train_count:
        return said
    device = resolve_device(config.device)
    precision = resolve_precision(config.precision, device)
    side = picture_size(config.dataset, config.size)
    kinds: dict[NetSpec, Pace] = {}
    seconds = 0.0
    for spec, one in wanted:
        depth = 8 if spec.family == "vgg" else possible_depths(spec.family, spec.stem, spec.block)[0]
        kind = spec if spec.family == "vgg" else replace(spec, depth=depth)
        if kind not in kinds:
            kinds[kind] = measure_pace(kind, config, side, device, precision, at_once)
        seconds += estimate_seconds(spec, one, kinds[kind], data.train_count, data.test_count)
    return f"{said}; about {seconds / at_once / 60:.1f} min on {device.title} ({precision}), estimated from steps here"


def _follow(store: RunStore, settings: Settings, sweep_id: str, as_json: bool) -> int:
    """Show how far a sweep is until it has ended; Ctrl-C leaves its runs at work."""
    runs = store.sweep(sweep_id)
    with tqdm(total=100, desc=f"sweep {sweep_id}", unit="%", dynamic_ncols=True) as bar:
        while any(run.status.is_active for run in runs):
            watch_over(store, settings)
            runs = store.sweep(sweep_id)
            bar.n = round(100 * sum(run.progress if run.status.is_active else 1.0 for run in runs) / len(runs))
            bar.set_postfix(ended=f"{count_ended(runs)}/{len(runs)}")
            time.sleep(WATCH_SECONDS)
    for run in runs:
        print(json.dumps(_summary(run)) if as_json else _tell(run, NetSpec(**run.spec)))
    return 0 if count_ended(runs) == len(runs) else 1


def _tell(run: Run, spec: NetSpec) -> str:
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
    command.add_argument("--width", type=int, default=16, help="filters of the first stage of a CIFAR net (default 16)")
    command.add_argument("--appended", type=int, default=0, help="blocks behind the last stage's own (default 0)")
    command.add_argument("--start", metavar="RUN", help="begin with the trained net of a run")
    _add_recipe(command)
    command.add_argument("--json", action="store_true", help="print one JSON object as the last line")

    command = commands.add_parser("sweep", help="train every combination of a grid", description=sweep.__doc__)
    command.set_defaults(run=sweep)
    command.add_argument("--depths", type=int, nargs="+", default=[8, 20])
    command.add_argument("--families", nargs="+", choices=["plain", "resnet"], default=["plain", "resnet"])
    command.add_argument("--shortcuts", nargs="+", choices=list(CHOICES["shortcut"]), default=["A"])
    command.add_argument("--orders", nargs="+", choices=list(CHOICES["order"]), default=["original"])
    command.add_argument("--seeds", type=int, nargs="+", default=[0])
    command.add_argument("--dry-run", action="store_true", help="say what it would take, and train nothing")
    command.add_argument("--no-wait", action="store_true", help="leave the runs to the background at once")
    command.add_argument("--go-on", metavar="ID", help="take up the runs of a sweep where they stand")
    command.add_argument("--stop", metavar="ID", help="stop the runs of a sweep")
    command.add_argument("--json", action="store_true", help="print one JSON object a run")
    _add_recipe(command, without=("seed",))
    return parser


def _add_recipe(command: argparse.ArgumentParser, without: Sequence[str] = ()) -> None:
    command.add_argument("--dataset", choices=list(DATASETS), default="digits")
    command.add_argument("--recipe", choices=list(RECIPES), default="short", help=_list(RECIPES))
    command.add_argument("--folder", help="for --dataset folder: holds train/CLASS/* and test/CLASS/*, or is a zip")
    for name, options in CONFIG_CHOICES.items():
        command.add_argument(_flag(name), choices=list(options))
    for name, (least, most) in WHOLE_NUMBERS.items():
        if name in without:
            continue
        command.add_argument(_flag(name), type=int, help=f"{least} to {most}")
    for name in NUMBERS:
        command.add_argument(_flag(name), type=float)
    for name in SWITCHES:
        command.add_argument(_flag(name), action=argparse.BooleanOptionalAction)


def main() -> int:
    """Run the command that the arguments name; the answer is the exit code."""
    asked = _parser().parse_args()
    try:
        return asked.run(asked)
    except (SpecError, ConfigError, LimitError, DatasetError, StoreError) as error:
        print(f"{error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
