"""Which trained nets does the laboratory look at? Pairs that were trained here, or that ship with the project."""

from collections.abc import Callable, Sequence

import streamlit as st

from resnet_viz.data import DATASETS, is_at_hand
from resnet_viz.nets import NetSpec
from resnet_viz.runs import Run, RunStatus, recorded_stores
from resnet_viz.settings import Settings
from resnet_viz.ui.comparisons import run_name
from resnet_viz.ui.history import recorded_runs
from resnet_viz.ui.language import _, listed, said
from resnet_viz.ui.links import say_in_url
from resnet_viz.ui.services import machine, run_store

PARAMETER = "nets"  # in the URL: the comparison whose nets are asked
KEY = "lab_nets"  # in the session, for all pages of the laboratory
FIRST = "digits"  # what a reader sees first: a recorded pair of nets that learned from these


def choose_nets(fits: Callable[[NetSpec], bool] = lambda spec: True, most: int = 4, depth: int = 56) -> list[Run]:
    """The picker of trained nets, and the runs of the comparison chosen whose nets can be asked and `fits`.

    Recorded ones are offered beside those that were trained here; first shown is a recorded pair of this depth. The
    page ends, with a sentence, where the pictures of the chosen ones are not on this machine. The choice is in the URL
    and stays over the pages of the laboratory.
    """
    machine()
    groups = _comparisons(fits)
    if not groups:
        st.info(
            _("There is no trained net to ask. Go to **Train** and press Start; come back when the nets have ended.")
        )
        st.stop()
    options = list(groups)
    wished = st.query_params.get(PARAMETER) or st.session_state.get(KEY)
    first = next((id_ for id_, runs in groups.items() if _is_first(runs, depth)), options[0])
    chosen = st.selectbox(
        _("Trained nets"),
        options,
        options.index(wished if wished in groups else first),
        format_func=lambda id_: _title(groups[id_]),
        help=_("Nets that ship with the project, and all that were trained here."),
    )
    st.session_state[KEY] = "" if chosen == first else chosen
    say_in_url(PARAMETER, st.session_state[KEY], KEY)
    runs = groups[chosen][:most]
    _look_for_pictures(runs[0])
    return runs


def _comparisons(fits: Callable[[NetSpec], bool]) -> dict[str, list[Run]]:
    """Comparisons with nets that can be asked: those trained here, the newest first, then the recorded ones."""
    groups: dict[str, list[Run]] = {}
    for store in (run_store(), *recorded_stores().values()):
        for run in store.runs():
            if run.weights and run.status is not RunStatus.RUNNING and "form" in run.facts and fits(spec_of(run)):
                groups.setdefault(run.comparison, []).append(run)
    return groups


def spec_of(run: Run) -> NetSpec:
    """The net as it was trained: with the channels and classes of its data."""
    return NetSpec(**run.facts["spec"])


def _is_first(runs: Sequence[Run], depth: int) -> bool:
    is_first = [
        (run.config["dataset"], run.spec["depth"]) == (FIRST, depth) and not run.config.get("start") for run in runs
    ]
    return all(is_first) and len(runs) > 1


def _title(runs: Sequence[Run]) -> str:
    config = runs[0].config
    names = listed(run_name(run) for run in runs)
    origin = "recorded" if is_recorded(runs[0]) else "trained here"
    return _(
        "{names} · {title} · seed {seed} · {origin} · {comparison}",
        names=names,
        title=said(DATASETS[config["dataset"]].title),
        seed=config["seed"],
        origin=origin,
        comparison=runs[0].comparison,
    )


def is_recorded(run: Run) -> bool:
    """Whether a run ships with the project."""
    return any(run.comparison == one.comparison for one, _store in recorded_runs().values())


def _look_for_pictures(run: Run) -> None:
    name, folder = run.config["dataset"], run.config["folder"]
    if not folder and not is_at_hand(name, Settings().data_root, run.config["size"]):
        st.info(
            _(
                "These nets learned from {title}, which is not on this machine yet: the **Data** page fetches it. "
                "Or choose nets that learned from digits, which come along.",
                title=said(DATASETS[name].title),
            )
        )
        st.stop()
