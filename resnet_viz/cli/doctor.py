"""`resnet-viz doctor`: does this installation work, and what can be done where it does not?

Nothing is changed by looking: no database is made or led on to another version, and no file is left behind.
"""

import argparse
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict

from resnet_viz.cli import look_at_machine, look_at_program
from resnet_viz.cli.finding import PROBLEM, Finding

LOOKS = (
    look_at_program.look_at_python,
    look_at_program.look_at_packages,
    look_at_program.look_at_variables,
    look_at_machine.look_at_devices,
    look_at_machine.look_at_folders,
    look_at_machine.look_at_database,
    look_at_program.look_at_recorded_runs,
    look_at_program.look_at_dashboard,
    look_at_machine.look_at_port,
    look_at_machine.look_at_network,
)
TEST_LOOKS = (look_at_program.look_at_tests,)


def doctor(asked: argparse.Namespace) -> int:
    """Look at everything the program needs, and say what to do about each problem. Exit code 1 if there is one."""
    findings = []
    for look in (*LOOKS, *(TEST_LOOKS if asked.tests else ())):
        for finding in _safely(look):
            findings.append(finding)
            if not asked.json:
                print(_line(finding), flush=True)
    if asked.json:
        print(json.dumps([asdict(finding) for finding in findings], indent=1))
    return int(any(finding.state == PROBLEM for finding in findings))


def _safely(look: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    try:
        yield from look()
    except Exception as error:
        about = look.__name__.removeprefix("look_at_").replace("_", " ")
        said = str(error).strip().partition("\n")[0]
        yield Finding(about, PROBLEM, f"cannot be looked at ({type(error).__name__}: {said})", "report this, please")


def _line(finding: Finding) -> str:
    line = f"{finding.state:8} {finding.about}: {finding.found}"
    return line + (f"\n{'':8} -> {finding.advice}" if finding.advice else "")


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command to the parser."""
    command = commands.add_parser("doctor", help="what works here, and what to do", description=doctor.__doc__)
    command.set_defaults(run=doctor)
    command.add_argument("--tests", action="store_true", help="look at what the tests need, too")
    command.add_argument("--json", action="store_true", help="print a JSON array")
