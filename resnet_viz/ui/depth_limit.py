"""Does it ever get too deep? Three narrow nets on few pictures: 20 layers, 1202, and 1202 with stochastic depth."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import pandas as pd
import streamlit as st

from resnet_viz import lab
from resnet_viz.nets import NetSpec
from resnet_viz.paper import (
    AKAMASTER,
    AKAMASTER_SOURCE,
    CIFAR_ERRORS,
    PREACTIVATION_ERRORS,
    STOCHASTIC_DEPTH,
)
from resnet_viz.plots import Curve, error_gaps
from resnet_viz.runs import Run, RunStatus, recorded_stores, store_of
from resnet_viz.studies.narrow import DEEP, RECIPE, TRIO
from resnet_viz.training import TrainingConfig, preset
from resnet_viz.ui.data import DataChoice
from resnet_viz.ui.groups import APART
from resnet_viz.ui.language import _
from resnet_viz.ui.links import say_in_url
from resnet_viz.ui.plan import Plan, queue, show_price
from resnet_viz.ui.services import machine, run_store
from resnet_viz.ui.subjects import is_recorded

PARAMETER = "trio"  # in the URL and in the session
DEPTH = DEEP.depth


def config_of(seed: int) -> TrainingConfig:
    """How the three are trained."""
    return preset("digits", seed=seed, **RECIPE)


def find_trios() -> dict[str, list[Run]]:
    """The comparisons of these three nets by id, recorded ones first; runs in the order of TRIO."""
    machine()  # every page starts to find out what the machine can do
    found: dict[str, list[Run]] = {}
    for store in (*recorded_stores().values(), run_store()):
        for run in store.runs():
            if NetSpec(**run.spec) in TRIO and _is_recipe(TrainingConfig(**run.config)):
                found.setdefault(run.comparison, []).append(run)
    in_order = {id_: sorted(runs, key=lambda run: TRIO.index(NetSpec(**run.spec))) for id_, runs in found.items()}
    return {id_: runs for id_, runs in in_order.items() if len(runs) == len(TRIO)}


def _is_recipe(config: TrainingConfig) -> bool:
    usual = config_of(0)
    return replace(config, **{name: getattr(usual, name) for name in APART}) == usual


def choose_trio(trios: dict[str, list[Run]]) -> list[Run]:
    """The picker, where there are several, and the runs it shows; empty where there are none."""
    if not trios:
        return []
    options = list(trios)
    wished = st.query_params.get(PARAMETER) or st.session_state.get(PARAMETER)
    if wished and wished not in trios:
        st.info(_("There are no such nets by the name {wished} on this machine; these are others.", wished=wished))
    index = options.index(wished) if wished in trios else 0
    chosen = options[0]
    if len(options) > 1:
        chosen = st.selectbox(_("Nets"), options, index, format_func=lambda id_: _title(trios[id_]))
    show_trio(chosen)
    return trios[chosen]


def show_trio(comparison: str) -> None:
    """Make a comparison the one that the page looks at."""
    st.session_state[PARAMETER] = comparison
    say_in_url(PARAMETER, comparison, PARAMETER)


def _title(runs: Sequence[Run]) -> str:
    run = runs[0]
    day = datetime.fromtimestamp(run.created_at).strftime(_("%d %b %Y %H:%M"))
    return _(
        "seed {seed} · {origin} · {day} · {comparison}",
        seed=run.config["seed"],
        origin="recorded" if is_recorded(run) else "trained here",
        day=day,
        comparison=run.comparison,
    )


def draw(runs: Sequence[Run]) -> list:
    """The errors of the three nets so far, a panel each."""
    curves = []
    for run in runs:
        store = store_of(run_store(), run.id)
        curves.append(Curve(short_name(run), run.spec["family"], pd.DataFrame(), store.evaluations(run.id)))
    return [error_gaps(curves)]


def short_name(run: Run) -> str:
    """ResNet-20, ResNet-1202, stochastic ResNet-1202: all three are narrow."""
    return ("stochastic " if run.spec["survival"] < 1 else "") + f"ResNet-{run.spec['depth']}"


def say_errors(runs: Sequence[Run]) -> list[str]:
    """For each net in words: training error at the end, test error, and the gap between them."""
    told = []
    for run in runs:
        if run.train_error is None or run.test_error is None:
            continue
        when = _("ends at") if run.status is RunStatus.FINISHED else _("is at step {step} at", step=run.step)
        gap = 100 * (run.test_error - run.train_error)
        told.append(
            _(
                "**{short_name}** {when} **{train_error:.1%}** training and **{test_error:.1%}** test error: a gap "
                "of {gap:.1f} points.",
                short_name=short_name(run),
                when=when,
                train_error=run.train_error,
                test_error=run.test_error,
                gap=gap,
            )
        )
    return told


def say_verdict(runs: Sequence[Run]) -> str:
    """Whether the deep net trains and overfits, by the rule of lab.judge_overfitting; runs as TRIO has them."""
    shallow, deep, _stochastic = runs
    found = lab.judge_overfitting(_errors(deep), _errors(shallow), deep.facts["test_count"])
    return _(
        "By the rule below **{deep} {verdict}**: its training error is {train_error:.1%}, its test error "
        "{excess} that of {shallow}. {meaning}",
        deep=short_name(deep),
        verdict=found.words,
        train_error=deep.train_error,
        excess=_say_excess(found),
        shallow=short_name(shallow),
        meaning=_say_meaning(found, deep),
    )


def _say_excess(found: "lab.Overfit") -> str:
    """How far a test error lies off another, and how far it could by chance."""
    where = "above" if found.excess > 0 else "below"
    return _(
        "{excess:.1f} points ({noise:.1f} can be chance) {where}",
        excess=abs(found.excess),
        noise=found.noise,
        where=where,
    )


def _say_meaning(found: "lab.Overfit", deep: Run) -> str:
    if found.words == lab.UNFIT:
        return _(
            "In {total_steps} steps it has not learned even its {subset} training pictures. That is no "
            "overfitting: on this budget so deep a net is hard to train, shortcuts or not. The paper trained "
            "for 64,000 steps.",
            total_steps=deep.total_steps,
            subset=deep.config["subset"],
        )
    if found.words == lab.OVERFITS:
        return _("It knows its training pictures and is worse on others: more layers, and nothing to learn them from.")
    return _("More layers alone did no harm here: what was said of 1202 layers on CIFAR-10 does not show.")


def say_rescue(runs: Sequence[Run]) -> str:
    """What stochastic depth changes in the test error of the deep net."""
    _shallow, deep, stochastic = runs
    found = lab.judge_overfitting(_errors(stochastic), _errors(deep), deep.facts["test_count"])
    return _(
        "With stochastic depth the test error is {say_excess} that of the same net without. (Its training "
        "error counts wrong answers of nets with blocks left out, and is no measure of how well the whole "
        "net fits.)",
        say_excess=_say_excess(found),
    )


def _errors(run: Run) -> tuple[float, float]:
    assert run.train_error is not None
    assert run.test_error is not None
    return run.train_error, run.test_error


def over_seeds(trios: dict[str, list[Run]]) -> list["lab.Comparison"]:
    """Test errors over all seeds that were trained: 1202 layers against 20, and stochastic depth against all blocks."""
    errors: dict[NetSpec, dict[int, float]] = {spec: {} for spec in TRIO}
    for run in (run for runs in trios.values() for run in runs):
        if run.status is RunStatus.FINISHED and run.test_error is not None:
            errors[NetSpec(**run.spec)].setdefault(run.config["seed"], run.test_error)
    names = ("ResNet-20", "ResNet-1202", "stochastic ResNet-1202")
    shallow, deep, stochastic = (list(errors[spec].values()) for spec in TRIO)
    return [
        lab.compare_errors(deep, shallow, (names[1], names[0])),
        lab.compare_errors(stochastic, deep, (names[2], names[1])),
    ]


def published_depths() -> pd.DataFrame:
    """What was published of deep nets on CIFAR-10: columns net, test error in %, source."""
    rows = [(one.name, one.error, one.source) for one in CIFAR_ERRORS if one.depth in (20, 110, DEPTH)]
    rows += [(f"ResNet-{depth}", AKAMASTER[depth], AKAMASTER_SOURCE) for depth in (20, 110, DEPTH)]
    rows += [(one.name, one.error, one.source) for one in STOCHASTIC_DEPTH]
    cifar = [one for one in PREACTIVATION_ERRORS if one.conditions.data == "CIFAR-10" and one.depth in (110, 1001)]
    rows += [(one.name, one.error, one.source) for one in cifar]
    return pd.DataFrame(rows, columns=["net", "test error, %", "source"])


def offer_training(trios: dict[str, list[Run]]) -> None:
    """The price of the three nets, and the button that trains them with a seed that was not tried."""
    tried = {run.config["seed"] for runs in trios.values() for run in runs}
    fresh = next(seed for seed in range(10**6) if seed not in tried)
    seed = st.number_input(_("Seed"), 0, 9999, fresh, key=f"seed_of_trio_{fresh}", help=_("First weights and order."))
    config = config_of(int(seed))
    can_start = show_price(Plan(TRIO, config, DataChoice("digits", "", 0)))
    label = _("Train the three nets")
    is_asked = st.button(label, type="primary", icon=":material/play_arrow:", disabled=not can_start)
    if is_asked and (comparison := queue([(spec, config) for spec in TRIO])):
        show_trio(comparison)
        st.rerun()
