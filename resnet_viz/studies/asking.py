"""How is a question put, and where is its answer? Asked once, answered in the background, kept for good."""

import contextlib
import json
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from resnet_viz.nets import NetSpec
from resnet_viz.runs import Run, RunStatus, RunStore, Study, StudyStore, find_run, recorded_stores
from resnet_viz.settings import Settings
from resnet_viz.training.processes import launch
from resnet_viz.training.queue import check_demo

PATIENCE = 30.0  # seconds in which a worker loads torch and takes a question, before another is started
WEIGHTS = "weights"  # in a study's facts: which nets were asked, by run

_started: dict[str, float] = {}  # when this process started a worker last, by database


@dataclass(frozen=True)
class Answer:
    """A finished study and the frame that it came to; `is_recorded` if it ships with the project."""

    study: Study
    frame: pd.DataFrame
    is_recorded: bool


def subject_name(run: Run) -> str:
    """What a run's net is called in an answer: its name and, where that is not 0, its seed."""
    seed = run.config["seed"]
    return NetSpec(**run.spec).name + (f", seed {seed}" if seed else "")


def weights_name(run: Run) -> str:
    """The name of the file that holds a run's net: another one once the run has gone on."""
    return Path(run.weights).name


def ask(store: RunStore, settings: Settings, kind: str, params: dict[str, Any]) -> Study:
    """Have a question of QUESTIONS answered in the background; the same one is asked only once at a time.

    Raises LimitError where this is a demonstration.
    """
    check_demo(settings)
    study = StudyStore(store).ask(kind, params)
    _start(store, settings)
    return study


def see_to_questions(store: RunStore, settings: Settings) -> None:
    """Have what waits answered where nobody is at it: the worker that would have come to it is gone."""
    studies = StudyStore(store)
    studies.recover()
    found = {study.status for study in studies.studies()}
    is_left = RunStatus.QUEUED in found and RunStatus.RUNNING not in found and not settings.demo
    if is_left and time.monotonic() - _started.get(store.url, -math.inf) > PATIENCE:
        _start(store, settings)


def _start(store: RunStore, settings: Settings) -> None:
    _started[store.url] = time.monotonic()
    start_worker(settings)


def start_worker(settings: Settings) -> None:
    """Start a process that answers all questions that wait, and ends. It ends at once where another is at it."""
    worker = launch("resnet_viz.studies.worker", outlives=True)
    assert worker.stdin is not None
    with contextlib.suppress(OSError):
        worker.stdin.write(json.dumps(settings.model_dump(mode="json")) + "\n")
        worker.stdin.close()


def find_answer(store: RunStore, kind: str, params: dict[str, Any]) -> Answer | None:
    """The newest answer to a question, found here or shipped with the project; None where there is none.

    One about a net that has learned more since is none.
    """
    for one, is_recorded in _stores(store):
        studies = StudyStore(one)
        for study in studies.studies(kind, params):
            if study.status is RunStatus.FINISHED and _is_of_these_nets(store, study):
                return Answer(study, studies.answer(study.id), is_recorded)
    return None


def find_answers(store: RunStore, kind: str) -> list[Answer]:
    """All answers to questions of a kind, as `find_answer` gives one: the store's own first, the newest first."""
    return [
        Answer(study, StudyStore(one).answer(study.id), is_recorded)
        for one, is_recorded in _stores(store)
        for study in StudyStore(one).studies(kind)
        if study.status is RunStatus.FINISHED and _is_of_these_nets(store, study)
    ]


def _is_of_these_nets(store: RunStore, study: Study) -> bool:
    """Whether the nets that were asked are those that their runs have now; older answers do not say which were."""
    try:
        return all(weights_name(find_run(store, id_)) == name for id_, name in study.facts.get(WEIGHTS, {}).items())
    except KeyError:
        return False


def find_study(store: RunStore, kind: str, params: dict[str, Any]) -> Study | None:
    """What became of a question that was put here last, answered or not; None where it never was."""
    studies = StudyStore(store)
    studies.recover()
    return next(iter(studies.studies(kind, params)), None)


def _stores(store: RunStore) -> Sequence[tuple[RunStore, bool]]:
    return [(store, False), *((one, True) for one in recorded_stores().values())]
