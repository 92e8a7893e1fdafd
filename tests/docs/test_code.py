"""Does the code of the documents run? Python is run, document by document; commands are parsed with their options."""

import re
import shlex

import pytest

from resnet_viz.cli import build_parser
from tests.docs.documents import DOCUMENTS, NAMES, code_of

WITH_PYTHON = [(path, name) for path, name in zip(DOCUMENTS, NAMES, strict=True) if code_of(path, "python")]
LINES_OF_APP = {"docs/security.md"}  # that run behind a login alone
PROGRAM = re.compile(r"^(?:\w+=\S* |\w+=\"[^\"]*\" )*(?:resnet-viz|\S*python -m resnet_viz)(?: |$)")


def commands_of(path) -> list[tuple[int, str]]:
    """The lines of a document's shell blocks that call the program, without what stands before it."""
    found = []
    for block in code_of(path, "sh"):
        for offset, line in enumerate(block.text.replace("\\\n", " ").splitlines()):
            if call := PROGRAM.match(line):
                found.append((block.line + offset, line[call.end() :]))
    return found


COMMANDS = [
    pytest.param(words, id=f"{name}:{line}")
    for path, name in zip(DOCUMENTS, NAMES, strict=True)
    for line, words in commands_of(path)
]


@pytest.mark.parametrize(("path", "name"), WITH_PYTHON, ids=[name for _, name in WITH_PYTHON])
def test_the_python_of_a_document_runs_from_top_to_bottom(path, name, home, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("RESNET_VIZ_DEMO", "1")  # a page that is run measures nothing of this machine
    monkeypatch.chdir(tmp_path)
    names = {"__name__": "__main__"}
    for block in code_of(path, "python"):
        program = compile("\n" * (block.line - 1) + block.text, name, "exec")  # an error names the document's line
        if name not in LINES_OF_APP:
            exec(program, names)
    # What it shows, or what it made: a block that was cut out of the document leaves neither.
    assert name in LINES_OF_APP or capsys.readouterr().out or set(names) - {"__name__", "__builtins__"}


@pytest.mark.parametrize("words", COMMANDS)
def test_the_options_of_a_command_exist(words):
    try:
        asked = build_parser().parse_args(shlex.split(words, comments=True))
    except SystemExit:
        pytest.fail(f"resnet-viz {words}")
    assert callable(asked.run)


def test_there_is_code_to_run_and_there_are_commands_to_parse():
    assert {"README.md", "docs/engine.md"} <= {name for _, name in WITH_PYTHON}
    assert len(COMMANDS) > 5
