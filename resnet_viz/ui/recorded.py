"""Which runs and answers that ship with the project does Home tell of, and how is said where they come from?"""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
import streamlit as st

from resnet_viz.data import DATASETS
from resnet_viz.nets import NetSpec
from resnet_viz.plots import Norms
from resnet_viz.runs import Run, RunStatus, Study, StudyStore, recorded_stores
from resnet_viz.ui.groups import Group, recorded_groups, say_runs
from resnet_viz.ui.language import _

NAMED = 4  # runs that a caption names before it counts the rest


@dataclass(frozen=True)
class Asked:
    """A recorded answer of the laboratory, and the trained nets that it is about."""

    study: Study
    runs: list[Run]
    frame: pd.DataFrame

    @property
    def families(self) -> dict[str, str]:
        """Family by name of the net, as the frame names it."""
        return {NetSpec(**run.spec).name: run.spec["family"] for run in self.runs}

    def of(self, family: str) -> pd.DataFrame:
        """The rows of the net of a family."""
        return self.frame[self.frame["net"].map(self.families) == family]


def group_of(dataset: str) -> Group:
    """The recorded group of a data set with the most runs."""
    groups = [group for group in recorded_groups().values() if group.runs[0].config["dataset"] == dataset]
    return max(groups, key=lambda group: len(group.finished))


@st.cache_resource(show_spinner=False)
def asked_of(kind: str, depth: int) -> Asked:
    """The recorded answer to a question about a plain and a residual net of a depth."""
    runs = {run.id: run for store in recorded_stores().values() for run in store.runs()}
    for store in map(StudyStore, recorded_stores().values()):
        for study in store.studies(kind):
            about = [runs[run_id] for run_id in study.params["runs"]]
            fits = {(run.spec["family"], run.spec["depth"]) for run in about} == {("plain", depth), ("resnet", depth)}
            if fits and study.status is RunStatus.FINISHED:
                return Asked(study, about, store.answer(study.id))
    raise LookupError(f"no recorded answer to {kind} with {depth} layers")


@st.cache_resource(show_spinner=False)
def norms_of(key: str, depth: int) -> list[Norms]:
    """The gradient norms of a recorded group's plain and residual net of a depth, plain first."""
    group = recorded_groups()[key]
    runs = [run for run in group.of("plain", "resnet") if run.spec["depth"] == depth]
    return [Norms(NetSpec(**run.spec).name, run.spec["family"], group.store.gradient_norms(run.id)) for run in runs]


def first_to_last(norms: Norms) -> pd.Series:
    """At every step the median norm of the first third of the layers over that of the last, without the classifier."""
    layers = norms.main_path
    third = max(1, (layers.shape[1] - 1) // 3)
    return layers.iloc[:, :third].median(axis=1) / layers.iloc[:, -1 - third : -1].median(axis=1)


def error_in_words(errors: pd.DataFrame, family: str, depth: int, part: str = "train") -> str:
    """An error in %, with its range over the seeds."""
    rows = errors[(errors["family"] == family) & (errors["depth"] == depth)]
    percent = 100 * rows[f"{part}_error"]
    if len(percent) == 1:
        return _("{error:.1f} % (one seed)", error=percent.iloc[0])
    return _(
        "{mean:.1f} % ({low:.1f} to {high:.1f}, {count} seeds)",
        mean=percent.mean(),
        low=percent.min(),
        high=percent.max(),
        count=len(percent),
    )


def name_some(runs: Sequence[Run]) -> str:
    """The first runs by their ids, and how many there are more."""
    named = ", ".join(run.id for run in runs[:NAMED])
    more = len(runs) - NAMED
    return _("{named} and {more} more", named=named, more=more) if more > 0 else named


def say_group(group: Group, runs: Sequence[Run]) -> str:
    """Runs of a recorded group by their ids, with recipe, seeds, machine and dates."""
    return _("Runs {ids}: {what}", ids=name_some(runs), what=say_runs(group, runs))


def say_answer(asked: Asked) -> str:
    """The runs of an answer with data and seed, and the study with its machine and date."""
    first, facts = asked.runs[0], asked.study.facts
    return _(
        "Runs {ids} (seed {seed}, {data}, {epochs} epochs); study {study}, recorded on {date} on {device}.",
        ids=name_some(asked.runs),
        seed=first.config["seed"],
        data=DATASETS[first.config["dataset"]].title,
        epochs=first.config["epochs"],
        study=asked.study.id,
        date=facts["date"],
        device=facts["device"],
    )
