"""What can be asked in the background? Each question: an experiment of the lab, its parameters, and what it costs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import pandas as pd

from resnet_viz import lab
from resnet_viz.nets import NetSpec
from resnet_viz.studies.subjects import Subject, Tell

Params = dict[str, Any]


@dataclass(frozen=True)
class Passes:
    """Work that an answer takes: pictures that go forward through a net, and pictures that go forward and back."""

    spec: NetSpec
    forward: float
    backward: float = 0.0


@dataclass(frozen=True)
class Question:
    """One kind of question: its title, and its parameters beside "runs" as they are unless changed.

    `answer(subjects, params, tell)` gives one frame; with subjects it has a column net, the subject's name.
    `work(specs, params)` says what it takes, for the time that is told before.
    """

    title: str
    defaults: Params
    answer: Callable[[Sequence[Subject], Params, Tell], pd.DataFrame]
    work: Callable[[Sequence[NetSpec], Params], list[Passes]]


def each_net(subjects: Sequence[Subject], tell: Tell, measure: Callable[[Subject, Tell], pd.DataFrame]) -> pd.DataFrame:
    """The frames of one measurement of every net, one under the other, with a column net."""
    frames = []
    for i, subject in enumerate(subjects):
        frame = measure(subject, partial(_tell_part, tell, i, len(subjects)))
        frames.append(frame.assign(net=subject.name))
    return pd.concat(frames, ignore_index=True)


def _tell_part(tell: Tell, part: int, parts: int, done: float) -> None:
    tell((part + done) / parts)


def _lesions(subjects: Sequence[Subject], params: Params, tell: Tell) -> pd.DataFrame:
    def measure(subject: Subject, tell: Tell) -> pd.DataFrame:
        x, labels = subject.test(params["pictures"])
        return lab.error_without_each_block(subject.net, x, labels, tell)

    return each_net(subjects, tell, measure)


def _more_lesions(subjects: Sequence[Subject], params: Params, tell: Tell) -> pd.DataFrame:
    def measure(subject: Subject, tell: Tell) -> pd.DataFrame:
        x, labels = subject.test(params["pictures"])
        return lab.error_by_lesions(subject.net, x, labels, params["draws"], tell)

    return each_net(subjects, tell, measure)


QUESTIONS: dict[str, Question] = {
    "lesions": Question(
        "The error without each block",
        {"pictures": 397},
        _lesions,
        lambda specs, params: [
            Passes(spec, params["pictures"] * (1 + sum(spec.layout.blocks)) * 0.6) for spec in specs
        ],
    ),
    "more_lesions": Question(
        "The error by the number of blocks deleted, and of blocks swapped",
        {"pictures": 397, "draws": 5},
        _more_lesions,
        lambda specs, params: [
            Passes(spec, params["pictures"] * params["draws"] * 2 * len(lab.lesion_counts(spec))) for spec in specs
        ],
    ),
}
