"""Which methods and nets can be trusted on many pictures? The answer of the laboratory as dots, ranks and numbers."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from resnet_viz import explain, studies
from resnet_viz.data import is_at_hand
from resnet_viz.explain import METHODS
from resnet_viz.plots import method_dots
from resnet_viz.runs import Run, find_run, recorded_stores
from resnet_viz.settings import Settings
from resnet_viz.studies.asking import Answer
from resnet_viz.studies.trust import RANDOM, TOLERANCE, rank_trust, summarize_trust
from resnet_viz.ui.candidates import Candidate
from resnet_viz.ui.comparisons import net_name
from resnet_viz.ui.figures import show_figure
from resnet_viz.ui.language import _, listed
from resnet_viz.ui.links import choose_by_key, linked
from resnet_viz.ui.services import machine, run_store
from resnet_viz.ui.studies import answered, say_origin
from resnet_viz.ui.tables import show_table

KIND = "trust"
PANELS = {
    "deletion": "deletion ↓",
    "insertion": "insertion ↑",
    "infidelity": "infidelity ↓",
    "sensitivity": "max-sensitivity ↓",
    "similarity": "likeness, random weights ↓",
}
MASK_PANELS = {"hit": "pointing hits ↑", "inside": "mass inside ↑"}


def show_ranking(candidates: Sequence[Candidate]) -> None:
    """The checks of many test pictures, for the nets chosen or for others that were asked before."""
    st.markdown(
        _(
            "One picture can be a lucky one. Here every method is checked on test pictures of the nets' own data, "
            "each for the class that the net says, and beside it pixels in random order."
        )
    )
    machine()
    groups = _groups(candidates)
    if not groups:
        st.info(_("The pictures these nets learned from are not on this machine; the **Data** page fetches them."))
        return
    first = next(iter(groups))
    chosen = linked(
        st.selectbox, _("Nets"), list(groups), "ranked_nets", first, format_func=lambda ids: _title(groups[ids])
    )
    runs = groups[chosen]
    answer = answered(KIND, None, runs)
    _say_what_has_not_learned(runs)
    if answer is not None:
        _show_answer(answer, runs)


def _say_what_has_not_learned(runs: Sequence[Run]) -> None:
    """A warning for nets that are wrong more than half as often as by chance: little can be undone in them."""
    for run in runs:
        chance = 1 - 1 / len(run.facts["form"]["classes"])
        if run.test_error is not None and run.test_error > chance / 2:
            st.warning(
                _(
                    "{net} has hardly learned: {test_error:.1%} of its test pictures are wrong, by chance "
                    "{chance:.0%} would be. Random weights have little to undo in it, and its maps say little of its "
                    "data.",
                    net=net_name(run),
                    test_error=run.test_error,
                    chance=chance,
                )
            )


def _groups(candidates: Sequence[Candidate]) -> dict[str, list[Run]]:
    """Nets that were asked before, with those that are chosen first where they can be asked or were."""
    before = {}
    for answer in studies.find_answers(run_store(), KIND):
        ids = answer.study.params["runs"]
        try:
            before[",".join(ids)] = [find_run(run_store(), id_) for id_ in ids]
        except KeyError:  # a run that was deleted since
            continue
    runs = [one.run for one in candidates if one.run is not None]
    key = ",".join(run.id for run in runs)
    if runs and (key in before or all(map(_has_pictures, runs))):
        return {key: runs} | before
    return before


def _has_pictures(run: Run) -> bool:
    name, folder = run.config["dataset"], run.config["folder"]
    return bool(folder) or is_at_hand(name, Settings().data_root, run.config["size"])


def _title(runs: Sequence[Run]) -> str:
    names = listed(net_name(run) for run in runs)
    return _(
        "{names} · {dataset} · seed {seed} · {comparison}",
        names=names,
        dataset=runs[0].config["dataset"],
        seed=runs[0].config["seed"],
        comparison=runs[0].comparison,
    )


def _show_answer(answer: Answer, runs: Sequence[Run]) -> None:
    means = summarize_trust(answer.frame)
    families = {studies.subject_name(run): run.spec["family"] for run in runs}
    count = int(means["pictures"].max())
    has_masks = "mask_share" in set(means["measure"])
    methods = {RANDOM: _("random order")} | {name: METHODS[name].title for name in answer.study.params["methods"]}
    panels = PANELS | (MASK_PANELS if has_masks else {})
    measure = choose_by_key("trust_measure", _("Measure"), panels)
    show_figure(
        method_dots(means, families, methods, measure, panels[measure]),
        key="trust_dots",
        alt=_(
            "{panels} of every method for {names}, beside random order",
            panels=_(panels[measure]),
            names=listed(families),
        ),
    )
    told = _(
        "Means of {count} test pictures; bars: two standard errors each way. ↓: less is better, ↑: more is.",
        count=count,
    )
    if has_masks:
        share = means.loc[means["measure"] == "mask_share", "mean"].mean()
        told += _(
            " Hits: the pixel named first is on the object, or up to {tolerance} beside it. Mass inside: the "
            "share of the map on the object, which has {share:.1%} of the pixels; random order says what "
            "chance gets.",
            tolerance=TOLERANCE,
            share=share,
        )
    st.caption(told)
    show_table(table_of(means, methods), columns=_columns(has_masks), hide_index=True)
    st.markdown(say_verdicts(means, methods))
    if not has_masks:
        _point_to_masks()
    say_origin(answer, runs)


def _point_to_masks() -> None:
    """Where a map can be held against the object itself."""
    runs = [run for run in recorded_stores()["shapes"].runs() if run.weights]
    link = ",".join(f"run:{run.id}" for run in runs)
    st.caption(
        _(
            "Where the object is known, a map can be held against it: pointing hits and mass inside are measured "
            "for the [recorded nets of Shapes](?nets={link}).",
            link=link,
        )
    )


def table_of(means: pd.DataFrame, methods: dict[str, str]) -> pd.DataFrame:
    """A row for each net and method, the best mean place first: numbers as "mean ± standard error", and the verdict."""
    ranks = rank_trust(means)
    cells = means.assign(cell=[_cell(mean, error) for mean, error in zip(means["mean"], means["error"], strict=True)])
    wide = cells.pivot(index=["net", "method"], columns="measure", values="cell").loc[ranks.index]
    wide.insert(0, "mean place", ranks["mean place"])
    stays = means[means["measure"] == "similarity"].set_index(["net", "method"])["mean"] > explain.STAYS
    wide.insert(1, "verdict", stays.loc[ranks.index].map({True: _("does not change"), False: _("changes")}))
    order = [name for name in (*PANELS, *MASK_PANELS, "completeness") if name in wide]
    table = wide[["mean place", "verdict", *order]].reset_index()
    return table.assign(method=table["method"].map(methods))


def _cell(mean: float, error: float) -> str:
    return f"{mean:.3f}" if pd.isna(error) else f"{mean:.3f} ± {error:.3f}"


def _columns(has_masks: bool) -> dict[str, Any]:
    names = PANELS | (MASK_PANELS if has_masks else {}) | {"completeness": _("sum error ↓")}
    place = _("The mean of the row's places among all rows, over all measures; 1 is the best.")
    verdict = _("A mean rank correlation above {stays:g} under random weights: does not change.", stays=explain.STAYS)
    return {
        **names,
        "mean place": st.column_config.NumberColumn(_("mean place"), format="%.1f", help=place),
        "verdict": st.column_config.TextColumn(_("verdict"), help=verdict),
    }


def say_verdicts(means: pd.DataFrame, methods: dict[str, str]) -> str:
    """What the numbers say, in sentences: who fails under random weights, and who beats random order."""
    parts = []
    for net, part in means.groupby("net", sort=False):
        table = part.pivot(index="method", columns="measure", values="mean")
        own = table.drop(index=RANDOM)
        failed = [methods[str(name)] for name in own.index[own["similarity"] > explain.STAYS]]
        better = (own["deletion"] < table.loc[RANDOM, "deletion"]) & (own["insertion"] > table.loc[RANDOM, "insertion"])
        most = own["similarity"].idxmax()
        told = (
            _("do not change under random weights: {names}", names=", ".join(failed))
            if failed
            else _(
                "no map stays under random weights (nearest: {methods}, {most:.2f})",
                methods=methods[str(most)],
                most=own["similarity"].max(),
            )
        )
        parts.append(
            _(
                "**{net}**: {areas}; {better} of {count} methods are better than random order in both curves.",
                net=net,
                areas=told,
                better=int(better.sum()),
                count=len(own),
            )
        )
    return "  \n".join(parts)
