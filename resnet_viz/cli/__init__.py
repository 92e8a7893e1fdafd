"""What can be done without a browser? The command line: the same engine and the same store. One file a command."""

import argparse
import sys
from collections.abc import Sequence

from pydantic import ValidationError

from resnet_viz import __version__
from resnet_viz.cli import app, doctor, export, runs, sweep, take, train
from resnet_viz.data import DatasetError
from resnet_viz.nets import SpecError
from resnet_viz.runs import BundleError, StoreError
from resnet_viz.training import ConfigError, LimitError

COMMANDS = (app, train, sweep, runs, export, take, doctor)
REFUSALS = (SpecError, ConfigError, LimitError, DatasetError, StoreError, BundleError)


def build_parser() -> argparse.ArgumentParser:
    """The parser of all commands; each puts the function that does it under `run`."""
    parser = argparse.ArgumentParser(prog="resnet-viz", description="Understand residual networks.")
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in COMMANDS:
        command.add_to(commands)
    return parser


def main(words: Sequence[str] | None = None) -> int:
    """Run the command that the words name, those of the command line unless given; the answer is the exit code."""
    asked = build_parser().parse_args(words)
    try:
        return asked.run(asked)
    except REFUSALS as error:
        print(f"{error}", file=sys.stderr)
        return 2
    except ValidationError as error:
        print(_say_settings(error), file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # whoever read the output has seen enough
        sys.stderr.close()
        return 141


def _say_settings(error: ValidationError) -> str:
    """Which variable is wrong, and why."""
    first = error.errors()[0]
    name = "_".join(["RESNET_VIZ", *map(str, first["loc"])]).upper()
    return f"{name} is {first['input']!r}: {first['msg']}; `resnet-viz doctor` looks at all of them"
