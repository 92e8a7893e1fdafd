"""How is a module of this package run in a process of its own?"""

import os
import subprocess
import sys
from pathlib import Path

from resnet_viz.training.allocator import huge_pages

PACKAGE_ROOT = Path(__file__).parents[2]


def launch(module: str, *flags: str, outlives: bool, answers: bool = False) -> subprocess.Popen[str]:
    """Start `python -m MODULE FLAGS`, in whatever folder the caller was started, with a pipe to its standard input.

    One that `outlives` its starter does not hear of Ctrl-C in the starter's terminal. What it prints is thrown away,
    unless it `answers` by a pipe from its standard output.
    """
    python_path = os.pathsep.join(filter(None, (str(PACKAGE_ROOT), os.environ.get("PYTHONPATH"))))
    return subprocess.Popen(
        [sys.executable, "-m", module, *flags],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE if answers else subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        text=True,
        env=huge_pages(os.environ | {"PYTHONPATH": python_path}),
        start_new_session=outlives,
    )
