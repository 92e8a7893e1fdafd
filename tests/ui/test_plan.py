"""How long will it take, in words that one reads, and of which kind of net is the pace measured?"""

import math
import threading
from dataclasses import replace

import pytest

from resnet_viz.nets import NetSpec
from resnet_viz.training import Pace, TrainingConfig
from resnet_viz.ui import services
from resnet_viz.ui.plan import say_duration
from resnet_viz.ui.services import Machine, tidy


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.0, "1 s"),  # nothing takes no time
        (0.2, "1 s"),
        (50.4, "50 s"),
        (89.4, "89 s"),
        (120.0, "2 min"),
        (89 * 60.0, "89 min"),
        (90 * 60.0, "1.5 h"),
        (24 * 3600.0, "24.0 h"),
        (math.nan, "an unknown time"),
    ],
)
def test_a_duration_is_said_as_people_say_it(seconds, said):
    assert say_duration(seconds) == said


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
