"""Which runs went on with blocks appended, how are they started, and what became of the error they started from?"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product
from math import isnan, nan

import pandas as pd
import streamlit as st

from resnet_viz import nets
from resnet_viz.nets import NetSpec, SpecError
from resnet_viz.runs import Run, RunStatus
from resnet_viz.runs.recorded import stores_with
from resnet_viz.training import ConfigError, TrainingConfig
from resnet_viz.ui.comparisons import net_name
from resnet_viz.ui.data import DataChoice
from resnet_viz.ui.language import _, listed
from resnet_viz.ui.plan import Plan, queue, show_price
from resnet_viz.ui.services import run_store
from resnet_viz.ui.subjects import PARAMETER
from resnet_viz.ui.text import refuse

CLOSE = 2.0  # points of error within which one run says nothing
ENDED = (RunStatus.FINISHED, RunStatus.DIVERGED)
SAME_RECIPE = ("dataset", "epochs", "peak_lr", "batch_size", "optimizer", "schedule")


@dataclass(frozen=True)
class TrainedOn:
    """A run that began with another one's trained net and blocks appended to it."""

    start: Run
    run: Run

    @property
    def appended(self) -> int:
        """How many blocks the net has more than the one that it began with."""
        return self.run.spec.get("appended", 0) - self.start.spec.get("appended", 0)

    @property
    def change(self) -> float:
        """Points of test error that training on has added; NaN before it has ended."""
        if self.run.status is not RunStatus.FINISHED:
            return nan
        return 100 * ((self.run.test_error or 0.0) - (self.start.test_error or 0.0))

    @property
    def outcome(self) -> str:
        """What became of the error that it started from: "kept", "lost", "improved", or the state it stopped in."""
        if isnan(self.change):
            return "lost" if self.run.status is RunStatus.DIVERGED else str(self.run.status)
        return "kept" if abs(self.change) <= CLOSE else "lost" if self.change > 0 else "improved"


def can_append(spec: NetSpec) -> bool:
    """Whether there are blocks that are the identity for nets of a spec, and it has none appended already."""
    try:
        nets.explain_appending(spec)
    except SpecError:
        return False
    return spec.appended == 0


def trained_on() -> list[TrainedOn]:
    """All runs, here and recorded, that began with a tested net and blocks appended to it; the newest first."""
    runs = [run for store in stores_with(run_store()) for run in store.runs()]
    starts = {run.id: run for run in runs if run.test_error is not None}
    return [TrainedOn(starts[run.config["start"]], run) for run in runs if run.config.get("start") in starts]


def choose_trained_on(starts: Sequence[Run], appended: int, among: Sequence[TrainedOn]) -> list[TrainedOn]:
    """For each of these runs the newest one that went on from it with so many more blocks, if there is one.

    Runs that train or have ended come before those that came to nothing.
    """
    found = [[one for one in among if one.start.id == start.id and one.appended == appended] for start in starts]
    return [next((one for one in some if _is_of_use(one.run)), some[0]) for some in found if some]


def _is_of_use(run: Run) -> bool:
    return run.status.is_active or run.status in ENDED


def offer_those(among: Sequence[TrainedOn], appended: int) -> None:
    """A button that leads to nets that have been trained on with so many blocks appended, if there are any."""
    ended = [one for one in among if one.appended == appended and one.run.status is RunStatus.FINISHED]
    if not ended:
        return
    first = min(ended, key=lambda one: one.start.config["seed"]).start
    names = dict.fromkeys(net_name(one.start) for one in ended if one.start.comparison == first.comparison)
    label = _("Show {names}, seed {seed}, which have been", names=listed(names), seed=first.config["seed"])
    st.button(label, key="show_those", icon=":material/arrow_forward:", on_click=_show, args=[first.comparison])


def _show(comparison: str) -> None:
    st.query_params[PARAMETER] = comparison


def offer_to_train_on(starts: Sequence[Run], appended: int) -> None:
    """The controls of training on, its price, and the button that queues it."""
    left, right, _rest = st.columns([1, 1, 2])
    epochs = left.number_input(_("Epochs"), 1, 100, 3, key="more_epochs")
    peak_lr = right.number_input(_("Peak learning rate"), 0.0001, 1.0, 0.02, format="%g", key="more_lr")
    try:
        wanted = [prepare(run, appended, int(epochs), peak_lr) for run in starts]
    except (SpecError, ConfigError) as error:
        refuse(error)
        return
    config = wanted[0][1]
    data = DataChoice(config.dataset, config.folder, config.size)
    can_start = show_price(Plan(tuple(spec for spec, _start in wanted), config, data), with_sizes=False)
    label = _("Train both on") if len(starts) == 2 else _("Train on")
    is_asked = st.button(label, key="train_on", type="primary", icon=":material/play_arrow:", disabled=not can_start)
    if is_asked and queue(wanted):
        st.rerun()


def prepare(run: Run, appended: int, epochs: int, peak_lr: float) -> tuple[NetSpec, TrainingConfig]:
    """The net and the configuration that go on from a run with blocks appended. Raises SpecError or ConfigError."""
    spec = NetSpec(**run.spec)
    config = replace(
        TrainingConfig(**run.config), start=run.id, epochs=epochs, iterations=0, more_epochs=(), peak_lr=peak_lr
    )
    return replace(spec, appended=spec.appended + appended), config


OUTCOMES = {"kept": "kept what it had", "lost": "lost what it had", "improved": "improved on what it had"}
OF_SEVERAL = {"kept": "kept what they had", "lost": "lost what they had", "improved": "improved on what they had"}


def say_result(pair: TrainedOn, epochs: pd.DataFrame) -> str:
    """What became of the error of a net, in a sentence; `epochs` as RunStore.evaluations gives them."""
    began = _(
        "**{net}** began at {test_error:.1%} test error", net=net_name(pair.start), test_error=pair.start.test_error
    )
    if isnan(pair.change):
        return _("{began}; its training on is {status}.", began=began, status=pair.run.status)
    worst = epochs.iloc[int(epochs["test_error"].argmax())]
    return _(
        "{began} and ends at **{test_error:.1%}**, {change:+.1f} points; at its worst, after epoch "
        "{epoch:.0f}, it was at {worst:.1%}. It {outcomes}.",
        began=began,
        test_error=pair.run.test_error,
        change=pair.change,
        epoch=worst["epoch"],
        worst=worst["test_error"],
        outcomes=OUTCOMES[pair.outcome],
    )


def name_result(pairs: Sequence[TrainedOn]) -> str:
    """Which nets kept the error that they started from, as a title; empty where none has ended."""
    told = []
    for outcome in OUTCOMES:
        names = [net_name(pair.start) for pair in pairs if pair.outcome == outcome]
        if names:
            words = _((OF_SEVERAL if len(names) > 1 else OUTCOMES)[outcome])
            told.append(_("{names} {outcome}", names=listed(names), outcome=words))
    return _(", ").join(told)


def over_seeds(pairs: Sequence[TrainedOn], among: Sequence[TrainedOn]) -> pd.DataFrame:
    """Finished runs that went on from nets like these by the same recipe: columns net, seed, before, after, run.

    The first one of each net, start and seed (of the training on); errors are test errors, 0 to 1.
    """
    rows: dict[tuple[str, int, str], tuple[object, ...]] = {}
    for like, one in product(pairs, among):
        if _kind(one) == _kind(like) and not isnan(one.change):
            key = (net_name(one.start), one.run.config["seed"], one.start.id)
            rows.setdefault(key, (*key[:2], one.start.test_error, one.run.test_error, one.run.id))
    return pd.DataFrame(list(rows.values()), columns=["net", "seed", "before", "after", "run"])


def _kind(one: TrainedOn) -> tuple[object, ...]:
    """What two runs have in common that differ in their seed alone."""
    return NetSpec(**one.start.spec), one.appended, *(one.run.config.get(name) for name in SAME_RECIPE)
