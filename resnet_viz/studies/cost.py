"""How long will an answer take? Pictures that pass through nets, at the pace of nets of their kind on this machine."""

from collections.abc import Sequence
from dataclasses import dataclass

from resnet_viz.nets import NetSpec
from resnet_viz.training import EVALUATION_SHARE, Pace, seconds_of_step

BATCH = 128  # pictures of the steps whose pace was measured
START = 3.0  # seconds until a process has loaded torch and the nets


@dataclass(frozen=True)
class Passes:
    """Work that an answer takes: pictures that go forward through a net, and pictures that go forward and back."""

    spec: NetSpec
    forward: float
    backward: float = 0.0


def estimate_answer(work: Sequence[Passes], paces: Sequence[Pace]) -> float:
    """Seconds from the click to the answer; `paces` are those of steps of BATCH pictures, one for each of `work`."""
    steps = [seconds_of_step(one.spec, pace) / BATCH for one, pace in zip(work, paces, strict=True)]
    pictures = [one.forward * EVALUATION_SHARE + one.backward for one in work]
    return START + sum(step * count for step, count in zip(steps, pictures, strict=True))
