"""Does the server keep little in the eyes of the garbage collector, and nothing for good that a page was drawing?"""

import gc
import multiprocessing
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor

from resnet_viz.ui.services import tidy

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
MUCH = 300_000  # objects, which no machine walks over in QUICK_WALK


class Drawing:
    """Something in a cycle, as figures are: only the collector takes it away."""

    def __init__(self) -> None:
        self.itself = self


def in_a_process_of_its_own(check: Callable[[], None]) -> None:
    """Other tests have opened pages in this one, so that somebody tidies it every few seconds already."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process:
        process.submit(with_all_frozen, check).result()


def with_all_frozen(check: Callable[[], None]) -> None:
    gc.collect()
    gc.freeze()
    check()


def draw_and_tidy() -> weakref.ref[Drawing]:
    """A drawing that is finished after a tidying, seen from afar."""
    drawing = Drawing()
    tidy(looks_through=False)
    return weakref.ref(drawing)


def what_was_being_drawn_is_collected() -> None:
    drawing = draw_and_tidy()
    tidy(looks_through=False)
    assert drawing() is None


def test_what_was_being_drawn_is_collected_at_the_next_tidying():
    in_a_process_of_its_own(what_was_being_drawn_is_collected)


def much_is_frozen_and_looked_through() -> None:
    much, frozen = [[] for _ in range(MUCH)], gc.get_freeze_count()
    drawing = draw_and_tidy()
    assert gc.get_freeze_count() > frozen + MUCH
    del much
    tidy(looks_through=False)
    assert drawing() is not None
    tidy(looks_through=True)
    assert drawing() is None


def test_much_is_frozen_and_looked_through_once_in_a_while():
    in_a_process_of_its_own(much_is_frozen_and_looked_through)


def test_a_tuple_that_a_page_builds_meanwhile_is_left_alone():
    """Python refuses to let a tuple grow that anybody else knows of: SystemError, in whatever code builds it."""
    ended = threading.Event()
    problems: list[BaseException] = []

    def build() -> None:
        try:
            while not ended.is_set():
                tuple([] for _ in range(1000))
        except SystemError as error:
            problems.append(error)

    page = threading.Thread(target=build)
    page.start()
    for _ in range(50):
        tidy(looks_through=False)
    ended.set()
    page.join()
    assert not problems


def test_a_server_that_is_told_to_end_while_it_looks_at_the_machine_ends_in_peace(home):
    ended = subprocess.run([sys.executable, "-c", ENDS_AMID_TORCH], capture_output=True, text=True, timeout=120)
    assert ended.returncode == 0, ended.stderr
    assert "terminate" not in ended.stderr
