"""Which comparison does a page look at? Chosen once, kept over pages, reloads and links."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

import streamlit as st

from resnet_viz.data import DATASETS
from resnet_viz.nets import NetSpec
from resnet_viz.runs import Run, RunStore, recorded_stores
from resnet_viz.settings import Settings
from resnet_viz.training import TrainingConfig
from resnet_viz.training.config import APART
from resnet_viz.ui.language import _, listed, said
from resnet_viz.ui.links import say_in_url
from resnet_viz.ui.services import machine, run_store
from resnet_viz.ui.text import plain

PARAMETER = "comparison"  # in the URL and in the session
RUNS = "runs"  # in the URL and in the session: other runs, beside those of the comparison
ALONE = "runs_alone"  # in the session: no comparison is chosen where one can choose none
NONE = ""
# What does not make another curve, or is told by a word of its own.
NO_RECIPE = ("dataset", *(name for name in APART if name != "precision"))


def choose_comparison(or_none: bool = False) -> list[Run]:
    """The picker, and the runs of the comparison it shows; empty before anything was started.

    The choice is in the URL: a reload, another tab or a link finds the same runs. With `or_none` the reader can choose
    no comparison, and a link does so that names runs (RUNS) and no comparison.
    """
    machine()  # every page starts to find out what the machine can do
    store = run_store()
    if store.notice:
        st.warning(plain(said(store.notice)))
    groups: dict[str, list[Run]] = {}
    for run in (run for one in _stores() for run in one.runs()):
        groups.setdefault(run.comparison, []).append(run)
    wish = wish_of_session()
    if st.query_params.get(PARAMETER) == wish.get(PARAMETER):
        wish.pop(PARAMETER, None)  # only now: a browser can ask for more with the link that it had before
    wished = wish.get(PARAMETER) or st.query_params.get(PARAMETER) or st.session_state.get(PARAMETER)
    if or_none and PARAMETER not in wish and _is_without_comparison():
        wished = NONE
    elif wished is not None and wished not in groups:
        if older := runs_of(wished):
            groups[wished] = older
        elif groups:
            st.info(
                _(
                    "There is no comparison {comparison} on this machine; this is the newest one.",
                    comparison=plain(wished),
                )
            )
    if not groups:
        st.query_params.pop(PARAMETER, None)
        return []
    options = [*groups, *([NONE] if or_none else [])]
    chosen = st.selectbox(
        _("Comparison"),
        options,
        index=options.index(wished if wished in options else _first(groups)),
        format_func=lambda comparison: _title(groups[comparison]) if comparison else _("None: single runs alone"),
        help=_("What was started here, the newest first."),
    )
    st.session_state[ALONE] = chosen == NONE
    if chosen != wished:
        wish.pop(PARAMETER, None)  # the reader has chosen another since
    if chosen == NONE:
        say_in_url(PARAMETER, NONE, ALONE)
        return []
    show_comparison(chosen)
    return groups[chosen]


def _is_without_comparison() -> bool:
    """Whether the link, or in a link that says nothing the reader's last choice, is runs and no comparison."""
    if PARAMETER in st.query_params:
        return False
    return bool(st.query_params.get(RUNS, "").strip(" ,") or st.session_state.get(ALONE))


def _first(groups: dict[str, list[Run]]) -> str:
    """What a reader sees first: the newest comparison, in a demonstration the pair that all pages speak of."""
    if Settings().demo:
        for comparison, runs in groups.items():
            told = [(run.spec["family"], run.spec["depth"], run.config["dataset"], run.config["seed"]) for run in runs]
            if told == [("plain", 56, "digits", 0), ("resnet", 56, "digits", 0)]:
                return comparison
    return next(iter(groups))


def runs_of(comparison: str) -> list[Run]:
    """The runs of a comparison, trained here or recorded, as they are now; archived ones where all of it is."""
    stores = (run_store(), *recorded_stores().values())
    runs = next((runs for store in stores if (runs := store.comparison(comparison))), [])
    return [run for run in runs if run.archived_at is None] or runs


def _stores() -> list[RunStore]:
    """The store; in a demonstration, where nothing is trained, those that ship with the project as well."""
    return [run_store(), *(recorded_stores().values() if Settings().demo else ())]


def wish_of_session() -> dict[str, str]:
    """Where a comparison is put that shall be shown next.

    To be asked for before it is started: writing into a dict is no call of Streamlit, at which a page that is run
    again meanwhile would end this run, and the reader would not see what was started.
    """
    return st.session_state.setdefault("wish", {})


def show_comparison(comparison: str) -> None:
    """Make a comparison the one that all pages look at."""
    st.session_state[PARAMETER] = comparison
    say_in_url(PARAMETER, comparison, PARAMETER, ALONE)


def net_name(run: Run) -> str:
    """The name of a run's net: plain-56, ResNet-56 (A)."""
    return NetSpec(**run.spec).name


def tell_apart(runs: Sequence[Run], seeds: bool = True) -> list[str]:
    """A name for each run: its net, and what tells it from the others of these: data, recipe, seed, at last its id.

    Without `seeds` runs that differ in nothing but their seed have the same name, and readers' names do not count.
    """
    traits = [_traits(run, seeds) for run in runs]
    names = [one.pop("net") for one in traits]
    shared = set.intersection(*(set(one.items()) for one in traits)) if traits else set()
    for trait in dict.fromkeys(trait for one in traits for trait in one):
        values = [one[trait] for one in traits]
        if (trait, values[0]) in shared:
            continue
        told: dict[str, set[str]] = {}
        for name, value in zip(names, values, strict=True):
            told.setdefault(name, set()).add(value)
        is_needed = [trait == "data" or len(told[name]) > 1 for name in names]
        names = [
            f"{name} · {value}" if needed else name
            for name, value, needed in zip(names, values, is_needed, strict=True)
        ]
    return names


def _traits(run: Run, seeds: bool) -> dict[str, str]:
    """What a run is told by, the first things first."""
    config = asdict(TrainingConfig(**run.config))
    data = config["folder"].rstrip("/").rpartition("/")[2] or DATASETS[config["dataset"]].title.partition(" (")[0]
    recipe = {name: f"{name.replace('_', ' ')} {value}" for name, value in config.items() if name not in NO_RECIPE}
    if not seeds:
        return {"net": NetSpec(**run.spec).name, "data": data, **recipe}
    return {"net": run_name(run), "data": data, **recipe, "seed": f"seed {config['seed']}", "id": run.id}


def run_name(run: Run) -> str:
    """What a run is called in lists and legends: the name that its reader gave it, and its net's. User's text."""
    return f"{run.name} ({net_name(run)})" if run.name else net_name(run)


def _title(runs: list[Run]) -> str:
    config = runs[0].config
    return _(
        "{names} · {title} · seed {seed} · {started} · {comparison}",
        names=listed(run_name(run) for run in runs),
        title=DATASETS[config["dataset"]].title,
        seed=config["seed"],
        started=datetime.fromtimestamp(runs[0].created_at).strftime(_("%d %b %H:%M:%S")),
        comparison=runs[0].comparison,
    )
