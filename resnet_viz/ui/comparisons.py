"""Which comparison does a page look at? Chosen once, kept over pages, reloads and links."""

from datetime import datetime

import streamlit as st

from resnet_viz.data import DATASETS
from resnet_viz.nets import NetSpec
from resnet_viz.runs import Run, RunStore, recorded_stores
from resnet_viz.settings import Settings
from resnet_viz.ui.services import machine, run_store
from resnet_viz.ui.text import plain

PARAMETER = "comparison"  # in the URL and in the session


def choose_comparison() -> list[Run]:
    """The picker, and the runs of the comparison it shows; empty before anything was started.

    The choice is in the URL: a reload, another tab or a link finds the same runs.
    """
    machine()  # every page starts to find out what the machine can do
    store = run_store()
    if store.notice:
        st.warning(plain(store.notice))
    groups: dict[str, list[Run]] = {}
    for run in (run for one in _stores() for run in one.runs()):
        groups.setdefault(run.comparison, []).append(run)
    wish = wish_of_session()
    wished = wish.get(PARAMETER) or st.query_params.get(PARAMETER) or st.session_state.get(PARAMETER)
    if wished is not None and wished not in groups:
        if older := runs_of(wished):
            groups[wished] = older
        elif groups:
            st.info(f"There is no comparison {wished} on this machine; this is the newest one.")
    if not groups:
        st.query_params.pop(PARAMETER, None)
        return []
    options = list(groups)
    chosen = st.selectbox(
        "Comparison",
        options,
        index=options.index(wished if wished in groups else _first(groups)),
        format_func=lambda comparison: _title(groups[comparison]),
        help="What was started here, the newest first.",
    )
    show_comparison(chosen)
    wish.pop(PARAMETER, None)
    return groups[chosen]


def _first(groups: dict[str, list[Run]]) -> str:
    """What a reader sees first: the newest comparison, in a demonstration the pair that all pages speak of."""
    if Settings().demo:
        for comparison, runs in groups.items():
            told = [(run.spec["family"], run.spec["depth"], run.config["dataset"], run.config["seed"]) for run in runs]
            if told == [("plain", 56, "digits", 0), ("resnet", 56, "digits", 0)]:
                return comparison
    return next(iter(groups))


def runs_of(comparison: str) -> list[Run]:
    """The runs of a comparison that `choose_comparison` offers, as they are now."""
    return next((runs for store in _stores() if (runs := store.comparison(comparison))), [])


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
    st.query_params[PARAMETER] = comparison


def net_name(run: Run) -> str:
    """The name of a run's net: plain-56, ResNet-56 (A)."""
    return NetSpec(**run.spec).name


def _title(runs: list[Run]) -> str:
    names = " and ".join(net_name(run) for run in runs)
    started = datetime.fromtimestamp(runs[0].created_at).strftime("%d %b %H:%M:%S")
    config = runs[0].config
    return f"{names} · {DATASETS[config['dataset']].title} · seed {config['seed']} · {started} · {runs[0].comparison}"
