"""What is there to judge a claim by? Finished runs and answers of this installation, else those that come along."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from typing import Any

import pandas as pd

from resnet_viz.nets import NetSpec
from resnet_viz.runs import Run, RunStatus, RunStore, finished_runs
from resnet_viz.runs.store import ALL
from resnet_viz.studies.asking import Answer, find_answer, find_answers, subject_name
from resnet_viz.training import TrainingConfig, preset
from resnet_viz.training.config import APART

ENOUGH = 2  # seeds with which a net was trained here from which on own runs count, and recorded ones no longer
ON_ANY_MACHINE: dict[str, Any] = {name: getattr(TrainingConfig(), name) for name in (*APART, "start")}


class Verdict(StrEnum):
    """What can be said of a claim here."""

    HOLDS = "holds here"
    FAILS = "does not hold here"
    DEPENDS = "depends"
    UNTESTED = "not tested on this machine"


@dataclass(frozen=True)
class Finding:
    """The verdict on a claim, a sentence with the numbers behind it, and the runs and studies that they come from."""

    verdict: Verdict
    sentence: str
    runs: tuple[str, ...] = ()
    studies: tuple[str, ...] = ()


@dataclass(frozen=True)
class Asked:
    """An answer about trained nets, with the run of each net by the name that it has in the frame."""

    answer: Answer
    runs: dict[str, Run]

    def of(self, family: str) -> pd.DataFrame:
        """The rows of the first net of a family."""
        name = next(name for name, run in self.runs.items() if run.spec["family"] == family)
        return self.answer.frame[self.answer.frame["net"] == name]

    def find(self, verdict: Verdict, sentence: str) -> Finding:
        """A finding that comes from this answer."""
        return Finding(verdict, sentence, tuple(run.id for run in self.runs.values()), (self.answer.study.id,))


class Evidence:
    """All that is stored, read once: ask for the runs of a net, or for an answer about trained nets."""

    def __init__(self, store: RunStore) -> None:
        self.store = store

    @cached_property
    def _all(self) -> list[Run]:
        return finished_runs(self.store)

    @cached_property
    def _own(self) -> set[str]:
        return {run.id for run in self.store.runs(ALL) if run.status is RunStatus.FINISHED}

    def runs(self, spec: NetSpec, dataset: str = "digits", recipe: str = "short", **changes: Any) -> list[Run]:
        """The finished runs of a net by a recipe, one a seed: own ones where there are enough, else recorded ones."""
        wanted = replace(preset(dataset, recipe, spec.depth, **changes), **ON_ANY_MACHINE)
        found = [
            run
            for run in self._all
            if NetSpec(**run.spec) == spec and replace(TrainingConfig(**run.config), **ON_ANY_MACHINE) == wanted
            and not run.config.get("start")
        ]  # fmt: skip
        own = _one_a_seed(run for run in found if run.id in self._own)
        return own if len(own) >= ENOUGH else _one_a_seed(run for run in found if run.id not in self._own) or own

    def started_from(self, run_id: str) -> list[Run]:
        """The finished runs that began with a trained net, and blocks appended to it, one a seed."""
        return _one_a_seed(run for run in self._all if run.config.get("start") == run_id and run.spec.get("appended"))

    def pair(self, depth: int, dataset: str = "digits") -> list[Run]:
        """The first of `pairs`; or nothing."""
        return next(self.pairs(depth, dataset), [])

    def pairs(self, depth: int, dataset: str = "digits") -> Iterator[list[Run]]:
        """A plain and a residual net (A) of one depth and seed whose weights are there, plain first, and so on."""
        specs = [NetSpec(family, depth) for family in ("plain", "resnet")]
        for comparison in dict.fromkeys(run.comparison for run in self._all):
            pair = [
                next((r for r in self._all if r.comparison == comparison and NetSpec(**r.spec) == spec), None)
                for spec in specs
            ]
            if all(r is not None and r.weights and r.config["dataset"] == dataset for r in pair):
                yield [r for r in pair if r is not None]

    def answer(self, kind: str, families: Sequence[str] = ("plain", "resnet"), depth: int = 0) -> Asked | None:
        """The newest answer to a question about nets of these families, of a depth if one is given."""
        by_id = {run.id: run for run in self._all}
        for answer in find_answers(self.store, kind):
            runs = [by_id.get(run_id) for run_id in answer.study.params.get("runs", [])]
            known = [run for run in runs if run is not None]
            fits = len(known) == len(runs) and {run.spec["family"] for run in known} >= set(families)
            if fits and known and (not depth or all(run.spec["depth"] == depth for run in known)):
                return Asked(answer, {subject_name(run): run for run in known})
        return None

    def about_specs(self, kind: str) -> Answer | None:
        """The newest answer to a question about nets that were not trained, as it is asked unless changed."""
        from resnet_viz.studies.questions import QUESTIONS  # torch comes with it

        return find_answer(self.store, kind, QUESTIONS[kind].defaults)


def _one_a_seed(runs: Iterable[Run]) -> list[Run]:
    """The newest run of each seed, by seed."""
    by_seed: dict[int, Run] = {}
    for run in runs:  # the newest first
        by_seed.setdefault(run.config["seed"], run)
    return [by_seed[seed] for seed in sorted(by_seed)]


def untested(what: str) -> Finding:
    """No evidence."""
    return Finding(Verdict.UNTESTED, f"There is no {what} here yet.")
