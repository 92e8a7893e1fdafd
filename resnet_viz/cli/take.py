"""`resnet-viz import`: take in a run that another installation exported."""

import argparse
from pathlib import Path

from resnet_viz.cli.options import tell
from resnet_viz.runs import BundleError, RunStore
from resnet_viz.settings import Settings


def take(asked: argparse.Namespace) -> int:
    """Take in bundles of runs; each is checked, names, sizes, checksums and weights, before anything is written."""
    from resnet_viz.training.transfer import import_run  # imports torch

    settings = Settings()
    store = RunStore(settings.store_url)
    for path in asked.files:
        try:
            print(tell(import_run(store, settings, path)))
        except BundleError as error:
            raise BundleError(f"{path}: {error}") from error
    return 0


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command to the parser."""
    command = commands.add_parser("import", help="take in runs that were exported", description=take.__doc__)
    command.set_defaults(run=take)
    command.add_argument("files", metavar="FILE", nargs="+", type=Path)
