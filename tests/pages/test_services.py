"""Does the server keep little in the eyes of the garbage collector, and nothing for good that a page was drawing?"""

import gc
import multiprocessing
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor

from resnet_viz.ui.services import freeze_imports, tidy

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


def in_a_process_of_its_own(see: Callable[[], tuple[bool, ...]]) -> tuple[bool, ...]:
    """Other tests have opened pages in this one, so that somebody tidies it every few seconds already."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process:
        process.submit(freeze_imports).result()
        return process.submit(see).result()


def draw_and_tidy() -> weakref.ref[Drawing]:
    """A drawing that is finished after a tidying, seen from afar."""
    drawing = Drawing()
    tidy(looks_through=False)
    return weakref.ref(drawing)


def see_what_becomes_of_a_drawing() -> tuple[bool, ...]:
    """Whether it is there after one tidying, and after the next."""
    drawing = draw_and_tidy()
    after_one = drawing() is not None
    tidy(looks_through=False)
    return after_one, drawing() is not None


def see_what_becomes_of_it_beside_much() -> tuple[bool, ...]:
    """Whether all that is much was frozen; then whether the drawing is there after a tidying, and after a look."""
    much, frozen = [[] for _ in range(MUCH)], gc.get_freeze_count()
    drawing = draw_and_tidy()
    is_frozen = gc.get_freeze_count() > frozen + MUCH
    del much
    tidy(looks_through=False)
    after_one = drawing() is not None
    tidy(looks_through=True)
    return is_frozen, after_one, drawing() is not None


def test_what_was_being_drawn_is_collected_at_the_next_tidying():
    assert in_a_process_of_its_own(see_what_becomes_of_a_drawing) == (True, False)


def test_much_is_frozen_and_looked_through_once_in_a_while():
    assert in_a_process_of_its_own(see_what_becomes_of_it_beside_much) == (True, True, False)


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
