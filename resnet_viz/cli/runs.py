"""`resnet-viz runs`: which runs are there, what became of one, and stop, pause or resume it."""

import argparse
import json
from datetime import datetime

from resnet_viz.cli.options import summary, tell
from resnet_viz.nets import NetSpec
from resnet_viz.runs import Run, RunStatus, RunStore, find_run, recorded_stores
from resnet_viz.settings import Settings
from resnet_viz.training import LimitError, continue_run

COLUMNS = {"run": 12, "net": 28, "data": 10, "status": 12, "test error": 10, "seed": 4, "asked for": 16}
ALL = 1_000_000  # comparisons


def list_runs(asked: argparse.Namespace) -> int:
    """List runs, the newest first; with --recorded those that ship with the project as well."""
    stores = [_open(), *(recorded_stores().values() if asked.recorded else ())]
    found = [run for store in stores for run in store.runs(ALL) if asked.status in (None, str(run.status))]
    if asked.json:
        print(json.dumps([summary(run) for run in found], indent=1))
        return 0
    if not found:
        print("No runs. `resnet-viz train` makes one, `resnet-viz runs list --recorded` shows those that ship.")
        return 0
    print(_line({name: name for name in COLUMNS}))
    for run in found:
        print(_line(_row(run)))
    return 0


def _open() -> RunStore:
    return RunStore(Settings().store_url)


def _row(run: Run) -> dict[str, str]:
    return {
        "run": run.id,
        "net": NetSpec(**run.spec).name,
        "data": run.config["dataset"],
        "status": str(run.status),
        "test error": "" if run.test_error is None else f"{run.test_error:.2%}",
        "seed": str(run.config["seed"]),
        "asked for": f"{datetime.fromtimestamp(run.created_at):%Y-%m-%d %H:%M}",
    }


def _line(cells: dict[str, str]) -> str:
    return "  ".join(cells[name].ljust(width) for name, width in COLUMNS.items()).rstrip()


def show(asked: argparse.Namespace) -> int:
    """Show one run: net, configuration, what was found, and how it ended."""
    run = find(_open(), asked.run_id)
    if asked.json:
        print(json.dumps(summary(run) | {"spec": run.spec, "config": run.config, "facts": run.facts}, indent=1))
        return 0
    print(tell(run))
    print(f"step {run.step:,} of {run.total_steps:,}, {run.progress:.0%}")
    for title, fields in (("net", run.spec), ("configuration", run.config), ("found", run.facts)):
        told = {name: value for name, value in fields.items() if value not in ("", None, [])}
        print(f"\n{title}\n" + "\n".join(f"  {name}: {_short(value)}" for name, value in told.items()))
    return 0


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) < 100 else f"{text[:97]}..."


def find(store: RunStore, run_id: str) -> Run:
    """A run of the store, or a recorded one. Raises LimitError with what to do where there is none."""
    try:
        return find_run(store, run_id)
    except KeyError as error:
        raise LimitError(f"there is no run {run_id}; `resnet-viz runs list` shows those that there are") from error


def ask(asked: argparse.Namespace) -> int:
    """Stop or pause a run that is at work or waits, or let one go on from its last checkpoint."""
    store = _open()
    try:
        run = store.run(asked.run_id)
    except KeyError as error:
        raise LimitError(f"there is no run {asked.run_id} in this store that could {asked.what}") from error
    if asked.what == "resume":
        if not continue_run(store, Settings(), run):
            raise LimitError(f"run {run.id} is {run.status}; only one that ended before its last step can go on")
    elif run.status.is_active or (asked.what == "stop" and run.status is RunStatus.PAUSED):
        store.request(run.id, asked.what)
    else:
        raise LimitError(f"run {run.id} is {run.status} already")
    print(f"run {run.id}: asked to {asked.what}")
    return 0


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command to the parser."""
    command = commands.add_parser("runs", help="list runs, show one, stop, pause or resume it")
    actions = command.add_subparsers(required=True, metavar="ACTION")
    listing = actions.add_parser("list", help="all runs, the newest first", description=list_runs.__doc__)
    listing.set_defaults(run=list_runs)
    listing.add_argument("--status", choices=[str(status) for status in RunStatus])
    listing.add_argument("--recorded", action="store_true", help="those that ship with the project, too")
    listing.add_argument("--json", action="store_true", help="print a JSON array")
    one = actions.add_parser("show", help="all that is known of a run", description=show.__doc__)
    one.set_defaults(run=show)
    one.add_argument("run_id", metavar="RUN")
    one.add_argument("--json", action="store_true", help="print a JSON object")
    for what in ("stop", "pause", "resume"):
        action = actions.add_parser(what, help=f"{what} a run")
        action.set_defaults(run=ask, what=what)
        action.add_argument("run_id", metavar="RUN")
