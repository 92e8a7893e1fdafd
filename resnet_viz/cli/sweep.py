"""`resnet-viz sweep`: train every combination of a grid, and follow it to its end."""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import replace

from tqdm import tqdm

from resnet_viz import training  # by room: `training.measure_pace` imports torch when it is called, not here
from resnet_viz.cli.options import add_recipe, recipe_of, summary, tell
from resnet_viz.data import DATASETS, picture_size
from resnet_viz.nets import NetSpec, possible_depths
from resnet_viz.nets.spec import CHOICES
from resnet_viz.runs import RunStore
from resnet_viz.settings import Settings
from resnet_viz.training import Grid, Pace, continue_sweep, count_ended, queue_sweep, runs_at_once, stop_sweep
from resnet_viz.training.executor import WATCH_SECONDS, watch_over
from resnet_viz.training.sweep import Wanted


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
        config = recipe_of(asked, max(asked.depths))
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
    device = training.resolve_device(config.device)
    precision = training.resolve_precision(config.precision, device)
    side = picture_size(config.dataset, config.size)
    kinds: dict[NetSpec, Pace] = {}
    seconds = 0.0
    for spec, one in wanted:
        depth = 8 if spec.family == "vgg" else possible_depths(spec.family, spec.stem, spec.block)[0]
        kind = spec if spec.family == "vgg" else replace(spec, depth=depth)
        if kind not in kinds:
            try:
                kinds[kind] = training.measure_pace(kind, config, side, device, precision, at_once)
            except RuntimeError as error:  # a GPU without free memory, for one
                return f"{said}; how long that takes could not be measured here ({error})"
        seconds += training.estimate_seconds(spec, one, kinds[kind], data.train_count, data.test_count)
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
        print(json.dumps(summary(run)) if as_json else tell(run))
    return 0 if count_ended(runs) == len(runs) else 1


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command to the parser."""
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
    add_recipe(command, without=("seed",))
