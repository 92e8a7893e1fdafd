"""How is a sweep chosen, started and watched? What the Sweep page is made of."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import pandas as pd
import streamlit as st

from resnet_viz import training
from resnet_viz.data import DATASETS, DatasetError
from resnet_viz.nets import NetSpec, SpecError
from resnet_viz.runs import Run, RunStatus
from resnet_viz.settings import Settings
from resnet_viz.training import ConfigError, Grid, LimitError, TrainingConfig
from resnet_viz.ui.comparisons import net_name
from resnet_viz.ui.data import DataChoice, choose_data
from resnet_viz.ui.groups import find_groups
from resnet_viz.ui.language import _, said, titled
from resnet_viz.ui.links import linked_several, say_in_url
from resnet_viz.ui.plan import DEPTHS, choose_families
from resnet_viz.ui.recipe import choose_recipe
from resnet_viz.ui.services import or_say_why, run_store
from resnet_viz.ui.tables import show_table
from resnet_viz.ui.text import refuse

PARAMETER = "sweep"  # in the URL and in the session
MOST_SEEDS = 20


def choose_grid(shortcuts: Mapping[str, str], orders: Mapping[str, str]) -> Grid:
    """The controls of a grid: depths, kinds, shortcuts, block orders and the number of seeds."""
    left, right = st.columns(2, gap="large")
    steps = list(range(DEPTHS[0], DEPTHS[1] + 1, 6))
    depths = linked_several(left.multiselect, _("Depths"), steps, "sweep_depths", [8, 14, 20])
    families = choose_families(left, "sweep_families")
    picked = linked_several(
        right.multiselect,
        _("Shortcuts"),
        list(shortcuts),
        "sweep_shortcuts",
        ["A"],
        format_func=lambda name: titled(shortcuts[name]),
    )
    chosen = linked_several(
        right.multiselect,
        _("Block orders"),
        list(orders),
        "sweep_orders",
        ["original"],
        format_func=lambda name: titled(orders[name]),
    )
    seeds = left.number_input(
        _("Seeds"),
        1,
        MOST_SEEDS,
        1,
        key="sweep_seeds",
        bind="query-params",
        help=_("So many, from the recipe's seed on."),
    )
    return Grid(depths, families, picked, chosen, range(int(seeds)))


def choose_recipe_of_sweep(deepest: int) -> tuple[DataChoice, TrainingConfig]:
    """The data and the recipe of all runs; their seeds are the grid's."""
    left, right = st.columns(2, gap="large")
    with left:
        data = choose_data()
    return data, choose_recipe(right, data, deepest)


def start_sweep(comparisons: Sequence[Sequence[tuple[NetSpec, TrainingConfig]]]) -> None:
    """Queue a sweep and look at it; a sentence where it cannot be."""
    try:
        sweep = training.queue_sweep(run_store(), Settings(), [list(wanted) for wanted in comparisons])
    except (LimitError, ConfigError, SpecError, DatasetError) as error:
        refuse(error)
        return
    show_sweep(sweep)
    st.toast(_("Started. You can leave this page; the training goes on."))


def choose_sweep() -> str | None:
    """The picker of sweeps, the newest first; None before there was one. The choice is in the URL."""
    groups: dict[str, list[Run]] = {}
    for run in run_store().runs():
        if run.sweep:
            groups.setdefault(run.sweep, []).append(run)
    if not groups:
        return None
    wished = st.query_params.get(PARAMETER) or st.session_state.get(PARAMETER)
    index = list(groups).index(wished) if wished in groups else 0
    chosen = st.selectbox(_("Sweep"), list(groups), index, format_func=lambda sweep: _title(sweep, groups[sweep]))
    show_sweep(chosen)
    return chosen


def show_sweep(sweep: str) -> None:
    """Make a sweep the one that the page looks at."""
    st.session_state[PARAMETER] = sweep
    say_in_url(PARAMETER, sweep, PARAMETER)


def _title(sweep: str, runs: Sequence[Run]) -> str:
    started = datetime.fromtimestamp(min(run.created_at for run in runs)).strftime(_("%d %b %H:%M:%S"))
    return _(
        "{runs} runs · {dataset} · {started} · {sweep}",
        runs=len(runs),
        dataset=said(DATASETS[runs[0].config["dataset"]].title),
        started=started,
        sweep=sweep,
    )


def runs_of(sweep: str) -> list[Run]:
    """All runs of a sweep."""
    return run_store().sweep(sweep)


def name_comparisons(runs: Sequence[Run]) -> dict[str, str]:
    """The comparisons of a sweep by id, named by their nets and seed."""
    nets: dict[str, list[str]] = {}
    for run in runs:
        nets.setdefault(run.comparison, []).append(net_name(run))
    seeds = {run.comparison: run.config["seed"] for run in runs}
    return {
        comparison: _("{names} · seed {seeds}", names=", ".join(names), seeds=seeds[comparison])
        for comparison, names in nets.items()
    }


@or_say_why
def stop_chosen(sweep: str, request: str) -> None:
    """Stop or pause all runs of a sweep."""
    training.stop_sweep(run_store(), sweep, request)
    st.toast(_("They end within seconds and keep their curves."))


@or_say_why
def continue_chosen(sweep: str) -> None:
    """Let the runs of a sweep go on where they stand."""
    count = training.continue_sweep(run_store(), Settings(), sweep)
    st.toast(_("{count} runs go on where they stood.", count=count))


def means_over_seeds(runs: Sequence[Run]) -> pd.DataFrame:
    """Finished runs of equal nets in a row: net, runs, training error, test error (means), least, largest (0 to 1).

    The last two are of the test error, over the seeds.
    """
    rows = [(net_name(run), run.train_error, run.test_error) for run in runs if run.status is RunStatus.FINISHED]
    nets = pd.DataFrame(rows, columns=["net", "train", "test"]).groupby("net", sort=False)
    told = nets.agg(runs=("test", "size"), train=("train", "mean"), test=("test", "mean"),
                    least=("test", "min"), largest=("test", "max"))  # fmt: skip
    return told.rename(columns={"train": "training error", "test": "test error"}).reset_index()


def _show_means(runs: Sequence[Run]) -> None:
    """What the seeds of each net come to, once two of one have finished."""
    means = means_over_seeds(runs)
    if means["runs"].max() > 1:
        st.markdown(_("##### Over the seeds"))
        percent, least, largest = (
            st.column_config.NumberColumn(label, format="percent")
            for label in (None, _("least test error"), _("largest test error"))
        )
        columns = {"training error": percent, "test error": percent, "least": least, "largest": largest}
        show_table(means, columns=columns, hide_index=True)
        st.caption(_("Means over the runs of each net that have finished, and the range of their test errors."))


def show_progress(runs: Sequence[Run]) -> None:
    """How much of a sweep is done, what its seeds come to so far, and every run in a table."""
    done = sum(run.progress if run.status.is_active else 1.0 for run in runs) / len(runs)
    st.progress(
        done, text=_("{count_ended} of {runs} runs have ended", count_ended=training.count_ended(runs), runs=len(runs))
    )
    _show_means(runs)
    rows = [
        {
            "net": net_name(run),
            "seed": run.config["seed"],
            "state": str(run.status),
            "done": run.progress,
            "training error": run.train_error,
            "test error": run.test_error,
            "what": run.message,
            "comparison": run.comparison,
        }
        for run in runs
    ]
    percent = st.column_config.NumberColumn(format="percent")
    columns = {"done": st.column_config.ProgressColumn(format="percent"), "training error": percent,
               "test error": percent, "what": _("remark")}  # fmt: skip
    show_table(pd.DataFrame(rows), columns=columns, hide_index=True)


def offer_verdicts(runs: Sequence[Run]) -> str | None:
    """A button to where runs of a sweep stand against depth, once some have finished; pressed, their group's key."""
    ids = {run.id for run in runs if run.status is RunStatus.FINISHED}
    groups = find_groups().values() if ids else ()
    key = next((group.key for group in groups if ids & {run.id for run in group.runs}), None)
    label = _("Errors against depth, with verdicts")
    return key if key and st.button(label, icon=":material/trending_down:") else None
