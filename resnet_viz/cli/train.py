"""`resnet-viz train`: train one net in this process, with a bar that shows how it goes."""

import argparse
import json
import sys
from dataclasses import asdict

from tqdm import tqdm

from resnet_viz.cli.options import add_recipe, flag, recipe_of, summary, tell
from resnet_viz.nets import NetSpec
from resnet_viz.nets.spec import CHOICES, DEFAULTS
from resnet_viz.runs import Owner, RunStatus, RunStore
from resnet_viz.settings import Settings
from resnet_viz.training import EpochDone, Loading, Report, Started, StepsDone
from resnet_viz.training.queue import check_limits

EXIT_CODES = {RunStatus.FINISHED: 0, RunStatus.STOPPED: 130}  # 130: ended by Ctrl-C, as shells say
NET_OPTIONS = ("depth", *CHOICES, "batch_norm", "zero_last_norm", "survival", "width", "appended")


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
    from resnet_viz.training.worker import work  # imports torch

    spec = NetSpec(**{name: getattr(asked, name) for name in NET_OPTIONS})
    config = recipe_of(asked, spec.depth)
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
    print(tell(run), file=sys.stderr)
    if asked.json:
        print(json.dumps(summary(run)))
    return EXIT_CODES.get(run.status, 1)


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command to the parser."""
    command = commands.add_parser("train", help="train one net and keep the run", description=train.__doc__)
    command.set_defaults(run=train)
    command.add_argument("--depth", type=int, default=20, help="of CIFAR nets 6n+2, from 8 to 1202 (default 20)")
    for name, options in CHOICES.items():
        default = DEFAULTS[name]
        command.add_argument(flag(name), choices=list(options), default=default, help=f"(default {default})")
    command.add_argument("--no-batch-norm", dest="batch_norm", action="store_false")
    command.add_argument("--zero-last-norm", action="store_true", help="let every branch start as zero")
    command.add_argument("--survival", type=float, default=1.0, help="of the last block in stochastic depth")
    command.add_argument("--width", type=int, default=16, help="filters of the first stage of a CIFAR net (default 16)")
    command.add_argument("--appended", type=int, default=0, help="blocks behind the last stage's own (default 0)")
    command.add_argument("--start", metavar="RUN", help="begin with the trained net of a run")
    add_recipe(command)
    command.add_argument("--json", action="store_true", help="print one JSON object as the last line")
