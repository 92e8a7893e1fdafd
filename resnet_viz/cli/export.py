"""`resnet-viz export`: take a run away, as a bundle for another installation, a script, curves, or its net."""

import argparse
import sys
from pathlib import Path

from resnet_viz import nets, training  # by room: what imports torch does so when it is called, not here
from resnet_viz.cli.runs import find
from resnet_viz.data import PictureFormat
from resnet_viz.runs import BundleError, Run, RunStore, store_of
from resnet_viz.settings import Settings


def export(asked: argparse.Namespace) -> int:
    """Write a run to files in a folder, and print their names; without a choice as a bundle for `resnet-viz import`."""
    settings = Settings()
    store = RunStore(settings.store_url)
    run = find(store, asked.run_id)
    chosen = [write for name, write in FORMS.items() if getattr(asked, name)] or [_write_bundle]
    try:
        asked.to.mkdir(parents=True, exist_ok=True)
        for write in chosen:
            for path in write(store, settings, run, asked.to):
                print(path)
    except OSError as error:
        raise BundleError(f"the run cannot be written to {asked.to} ({error.strerror})") from error
    return 0


def _write_bundle(store: RunStore, settings: Settings, run: Run, folder: Path) -> list[Path]:
    from resnet_viz.training.transfer import export_run

    target = folder / f"run-{run.id}.zip"
    export_run(store, settings, run, target)
    return [target]


def _write_script(store: RunStore, settings: Settings, run: Run, folder: Path) -> list[Path]:
    from resnet_viz.training.script import to_script

    target = folder / f"run_{run.id}.py"
    target.write_text(to_script(run.spec, run.config, run.facts, run.id))
    return [target]


def _write_csv(store: RunStore, settings: Settings, run: Run, folder: Path) -> list[Path]:
    source = store_of(store, run.id)
    frames = {
        "steps": source.steps(run.id).set_index("step"),
        "epochs": source.evaluations(run.id).set_index("epoch"),
        "gradient_norms": source.gradient_norms(run.id),
        "weight_norms": source.weight_norms(run.id),
        "update_norms": source.update_norms(run.id),
        "responses": source.responses(run.id),
    }
    targets = []
    for name, frame in frames.items():
        if len(frame):
            targets.append(folder / f"run-{run.id}-{name}.csv")
            frame.to_csv(targets[-1])
    return targets


def _write_onnx(store: RunStore, settings: Settings, run: Run, folder: Path) -> list[Path]:
    if not run.weights:
        raise BundleError(f"of run {run.id} no weights are kept")
    size = PictureFormat.from_dict(run.facts["form"]).size
    try:
        data = nets.to_onnx(training.load_net(run, settings), size)
    except (nets.CheckpointError, nets.ExportError) as error:
        raise BundleError(f"{error}") from error
    target = folder / f"run-{run.id}.onnx"
    target.write_bytes(data)
    return [target]


def _write_tensorboard(store: RunStore, settings: Settings, run: Run, folder: Path) -> list[Path]:
    from resnet_viz.training.tensorboard import write_events

    target = write_events(store, run, folder / "tensorboard")
    print(f"look at it with: tensorboard --logdir {folder / 'tensorboard'}", file=sys.stderr)
    return [target]


def _write_report(store: RunStore, settings: Settings, run: Run, folder: Path) -> list[Path]:
    from resnet_viz.report import comparison_report

    runs = store_of(store, run.id).comparison(run.comparison)
    target = folder / f"comparison-{run.comparison}.html"
    target.write_text(comparison_report(store, runs), encoding="utf-8")
    return [target]


FORMS = {
    "bundle": _write_bundle,
    "script": _write_script,
    "csv": _write_csv,
    "onnx": _write_onnx,
    "tensorboard": _write_tensorboard,
    "report": _write_report,
}
HELP = {
    "bundle": "one file for `resnet-viz import`: configuration, curves, layers, weights (the default)",
    "script": "a Python file that repeats the run without this project",
    "csv": "curves and layers' numbers as CSV files",
    "onnx": "the trained net as ONNX (needs the extra onnx)",
    "tensorboard": "event files for TensorBoard (needs the extra tensorboard)",
    "report": "the whole comparison of the run as one HTML page, which opens anywhere",
}


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command to the parser."""
    command = commands.add_parser("export", help="take a run away", description=export.__doc__)
    command.set_defaults(run=export)
    command.add_argument("run_id", metavar="RUN")
    command.add_argument("--to", metavar="FOLDER", type=Path, default=Path(), help="where to (default: this folder)")
    for name, note in HELP.items():
        command.add_argument(f"--{name}", action="store_true", help=note)
