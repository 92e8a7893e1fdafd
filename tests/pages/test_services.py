"""Does the server end in peace when it is told to, whatever its threads are at?"""

import subprocess
import sys

import pytest

from tests.pages.opening import SECONDS

# The server is told to end while torch is at work in a thread of it.
ENDS_AMID_TORCH = """
import threading
from resnet_viz import training
from resnet_viz.ui import services

def resolve_precision(asked, device, real=training.resolve_precision):
    at_work.set()
    return real(asked, device)

at_work, services.HEAD_START, training.resolve_precision = threading.Event(), 0.0, resolve_precision
services.machine()
at_work.wait()
"""


@pytest.mark.process
def test_a_server_that_is_told_to_end_while_it_looks_at_the_machine_ends_in_peace(home):
    ended = subprocess.run([sys.executable, "-c", ENDS_AMID_TORCH], capture_output=True, text=True, timeout=SECONDS)
    assert ended.returncode == 0, ended.stderr
    assert "terminate" not in ended.stderr
