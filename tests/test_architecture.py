"""Does every room import only what it may? ARCHITECTURE.md states the rule; this reads the imports."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LEAVES = {"nets", "data", "runs", "paper", "plots"}
MAY_IMPORT = {
    **{room: set() for room in LEAVES},
    "explain": {"nets", "data"},
    "lab": {"nets", "data"},
    "training": {"nets", "data", "runs", "settings"},
    "studies": {"nets", "data", "runs", "explain", "lab", "paper", "training", "settings"},
    "report": {"nets", "data", "runs", "plots"},
    "cli": {*LEAVES, "report", "training", "settings"},
    "ui": {*LEAVES, "report", "explain", "lab", "training", "studies", "settings"},
}
EVERYWHERE = {"lazy", "place", "__version__"}
# Of training; everything else there knows no store.
WORKERS = {
    "worker.py",
    "executor.py",
    "keeper.py",
    "outbox.py",
    "queue.py",
    "removal.py",
    "cluster.py",
    "sweep.py",
    "__init__.py",
    "weights.py",
    "transfer.py",
    "tensorboard.py",
}


def imports(path: Path) -> set[str]:
    """Every module that a file imports, dotted; names taken from a package count as modules too."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def rooms(path: Path) -> set[str]:
    return {name.split(".")[1] for name in imports(path) if name.startswith("resnet_viz.")} - EVERYWHERE


def files(folder: str) -> list[Path]:
    found = sorted((ROOT / folder).rglob("*.py"))
    assert found, folder
    return found


@pytest.mark.parametrize("room", sorted(MAY_IMPORT))
def test_a_room_imports_only_the_rooms_below_it(room):
    for path in files(f"resnet_viz/{room}"):
        assert rooms(path) <= MAY_IMPORT[room] | {room}, path


def test_every_room_has_a_rule():
    folders = {path.name for path in (ROOT / "resnet_viz").iterdir() if (path / "__init__.py").exists()}
    assert folders == set(MAY_IMPORT)


def test_the_loop_knows_no_store():
    for path in files("resnet_viz/training"):
        if path.name not in WORKERS:
            assert not rooms(path) & {"runs", "settings"}, path
            assert not {name for name in imports(path) if name.endswith(("training.worker", "training.executor"))}


def test_only_the_screen_knows_streamlit():
    for path in files("resnet_viz"):
        if "ui" not in path.parts:
            assert not any(name.split(".")[0] == "streamlit" for name in imports(path)), path


@pytest.mark.parametrize("path", [ROOT / "app.py", *files("pages")], ids=lambda path: path.name)
def test_pages_leave_torch_sqlalchemy_and_plotly_to_the_engine(path):
    assert not {name.split(".")[0] for name in imports(path)} & {"torch", "sqlalchemy", "plotly", "captum"}


@pytest.mark.process
def test_the_first_page_does_not_wait_for_torch():
    modules = "resnet_viz.ui.home, resnet_viz.ui.plan, resnet_viz.ui.watch, resnet_viz.ui.comparisons, resnet_viz.plots"
    code = f"import sys, {modules}; sys.exit('torch' in sys.modules)"
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    assert subprocess.run([sys.executable, "-c", code], env=environment, cwd=ROOT).returncode == 0
