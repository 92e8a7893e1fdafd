"""Which other runs stand beside those of a comparison? Any that were trained here, and those that ship with it."""

from collections.abc import Sequence
from datetime import datetime

import streamlit as st

from resnet_viz.data import DATASETS
from resnet_viz.runs import Run, find_run
from resnet_viz.ui.comparisons import PARAMETER, RUNS, choose_comparison, run_name
from resnet_viz.ui.history import recorded_runs
from resnet_viz.ui.language import _
from resnet_viz.ui.links import say_in_url
from resnet_viz.ui.services import run_store
from resnet_viz.ui.text import plain

MOST = 100  # runs beside a comparison
KEY = "compared_runs"  # of the picker


def choose_runs() -> tuple[list[Run], list[Run]]:
    """The pickers; the runs of the comparison that was chosen, if any, and the others that were. Both in the URL."""
    wished = _wished()  # before the first picker writes into the URL
    left, right = st.columns(2, gap="large")
    with left:
        chosen = choose_comparison(or_none=True)
    with right:
        others = _choose_others(wished)
    known = {run.id for run in chosen}
    return chosen, [run for run in others if run.id not in known]


def _choose_others(wished: Sequence[str]) -> list[Run]:
    found = {run.id: run for run in run_store().runs()}
    found |= {id_: run for id_, (run, _store) in recorded_runs().items() if id_ not in found}
    missing = [id_ for id_ in wished if id_ not in found and not _look_up(id_, found)]
    picked = st.session_state.get(KEY, wished)
    st.session_state[KEY] = [id_ for id_ in picked if id_ in found][:MOST]
    picked = st.multiselect(
        _("Compare with"),
        list(found),
        key=KEY,
        format_func=lambda id_: _title(found[id_]),
        max_selections=MOST,
        placeholder=_("other runs"),
        help=_("Runs that were trained here, the newest first, and those that ship with the project."),
    )
    if missing:
        st.info(_("There are no runs {names} on this machine.", names=plain(", ".join(missing))))
    _remember(picked)
    return [found[id_] for id_ in picked]


def as_now(runs: Sequence[Run]) -> list[Run]:
    """The same runs as the store knows them now, but those that were deleted; ended ones do not change."""
    found: dict[str, Run] = {run.id: run for run in runs}
    return [found[run.id] for run in runs if not run.status.is_active or _look_up(run.id, found)]


def _wished() -> list[str]:
    """What the link asks for; where it names neither runs nor a comparison, what the reader chose last."""
    told = st.query_params.get(RUNS, "")
    if RUNS not in st.query_params and PARAMETER not in st.query_params:
        told = st.session_state.get(RUNS, "")
    return list(dict.fromkeys(id_.strip() for id_ in told.split(",") if id_.strip()))


def _look_up(id_: str, found: dict[str, Run]) -> bool:
    """Look up a run as it is now, one too that is too old or put aside to be offered; whether there is one."""
    try:
        found[id_] = find_run(run_store(), id_)
    except KeyError:
        return False
    return True


def _remember(picked: Sequence[str]) -> None:
    st.session_state[RUNS] = ",".join(picked)
    say_in_url(RUNS, ",".join(picked), RUNS, KEY)


def _title(run: Run) -> str:
    config = run.config
    when = (
        _("recorded") if run.id in recorded_runs() else datetime.fromtimestamp(run.created_at).strftime("%d %b %H:%M")
    )
    data = DATASETS[config["dataset"]].title
    return _("{net} · {data} · seed {seed} · {when} · {id}", net=run_name(run), data=data, seed=config["seed"],
             when=when, id=run.id)  # fmt: skip
