"""Of which kind of net is the pace measured, and does the server keep little in the eyes of the garbage collector?"""

import gc
import math
import threading
import weakref
from collections.abc import Iterator
from dataclasses import replace

import pytest

from resnet_viz.nets import NetSpec
from resnet_viz.training import Pace, TrainingConfig
from resnet_viz.ui import services
from resnet_viz.ui.services import Machine, tidy


@pytest.fixture
def machine() -> Machine:
    return Machine(precisions={"cpu": "fp32", "cuda": "bf16"}, is_known=True)


def asked(machine: Machine) -> list[services.Kind]:
    return [machine.asked.get_nowait() for _ in range(machine.asked.qsize())]


def test_a_pace_is_asked_for_once_and_known_when_it_was_measured(machine):
    def pace() -> Pace | None:
        return machine.pace(NetSpec("resnet", 56), TrainingConfig(), 32, "cpu", 2)

    assert pace() is None
    assert pace() is None
    (kind,) = asked(machine)
    machine.paces[kind] = Pace(1.0, 2.0)
    assert pace() == Pace(1.0, 2.0)


def test_nets_that_differ_in_depth_and_appended_blocks_have_one_pace(machine):
    for spec in (NetSpec("resnet", 20), NetSpec("resnet", 110), NetSpec("resnet", 20, appended=3)):
        machine.pace(spec, TrainingConfig(), 32, "cpu", 2)
    assert [kind.spec for kind in asked(machine)] == [NetSpec("resnet", 8)]


@pytest.mark.parametrize(
    "other",
    [
        {"spec": NetSpec("plain", 20)},
        {"spec": NetSpec("resnet", 20, "B")},
        {"spec": NetSpec("resnet", 20, width=32)},
        {"config": TrainingConfig(batch_size=32)},
        {"config": TrainingConfig(precision="bf16")},
        {"size": 16},
        {"device": "cuda"},
        {"at_once": 1},
    ],
    ids=lambda other: next(iter(other)),
)
def test_what_else_changes_the_pace_is_asked_for_anew(machine, other):
    usual = {"spec": NetSpec("resnet", 20), "config": TrainingConfig(), "size": 32, "device": "cpu", "at_once": 2}
    machine.pace(**usual)
    machine.pace(**(usual | other))
    assert len(set(asked(machine))) == 2


def test_stacks_without_blocks_have_a_pace_for_each_depth(machine):
    for depth in (16, 19):
        machine.pace(NetSpec("vgg", depth), TrainingConfig(), 32, "cpu", 1)
    assert [kind.spec.depth for kind in asked(machine)] == [16, 19]


def test_an_automatic_precision_is_that_of_the_device(machine):
    for device in ("cpu", "cuda"):
        machine.pace(NetSpec("resnet", 20), replace(TrainingConfig(), precision="auto"), 32, device, 1)
    assert [kind.precision for kind in asked(machine)] == ["fp32", "bf16"]


class Drawing:
    """Something in a cycle, as figures are: only the collector takes it away."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture
def collector() -> Iterator[None]:
    """Nobody else collects garbage meanwhile, and nothing stays frozen."""
    gc.disable()
    yield
    gc.unfreeze()
    gc.enable()


def draw_and_tidy() -> weakref.ref[Drawing]:
    """A drawing that is finished after a tidying, seen from afar."""
    drawing = Drawing()
    tidy(looks_through=False)
    return weakref.ref(drawing)


@pytest.mark.long
def test_what_was_being_drawn_is_collected_at_the_next_tidying(collector, monkeypatch):
    monkeypatch.setattr(services, "QUICK_WALK", math.inf)  # little is there
    frozen, drawing = gc.get_freeze_count(), draw_and_tidy()
    assert drawing() is not None
    tidy(looks_through=False)
    assert drawing() is None
    assert gc.get_freeze_count() <= frozen


@pytest.mark.long
def test_much_is_frozen_and_looked_through_once_in_a_while(collector, monkeypatch):
    monkeypatch.setattr(services, "QUICK_WALK", -1.0)  # whatever is there is much
    frozen, drawing = gc.get_freeze_count(), draw_and_tidy()
    assert gc.get_freeze_count() > frozen
    tidy(looks_through=False)
    assert drawing() is not None
    tidy(looks_through=True)
    assert drawing() is None


@pytest.mark.long
def test_a_tuple_that_a_page_builds_while_it_is_tidied_is_left_alone():
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
    for _ in range(20):
        tidy(looks_through=False)
    ended.set()
    page.join()
    assert not problems
