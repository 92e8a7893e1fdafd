"""What do runs of several depths say? Errors, verdicts, published numbers beside them, and a grid of one's own."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pandas as pd
import streamlit as st

from resnet_viz import lab
from resnet_viz.nets import NetSpec, SpecError
from resnet_viz.paper import ARTICLE, CIFAR_ERRORS, TABLE_2, WITHOUT_SHORTCUTS, PublishedError
from resnet_viz.runs import Run, RunStore
from resnet_viz.training import ConfigError, Grid
from resnet_viz.ui import sweeps
from resnet_viz.ui.groups import APART, WISH, Group, key_of
from resnet_viz.ui.language import _, cached, listed, said
from resnet_viz.ui.links import linked_several
from resnet_viz.ui.plan import DEPTHS, Plan, choose_at_once, show_price
from resnet_viz.ui.published import conditions_of_run
from resnet_viz.ui.tables import show_table
from resnet_viz.ui.text import refuse

REFERENCE_DEPTH = 20  # the shallow net of the paper's Figure 1
VGG_DEPTHS = (18, 34)  # of the article's stacks
NO_SUCH_NET = "no such net among these runs"
PUBLISHED = (*(error for error in CIFAR_ERRORS if error.depth <= 110), *WITHOUT_SHORTCUTS, *TABLE_2)


def errors_of(runs: Sequence[Run]) -> pd.DataFrame:
    """A row a run: family, depth, seed, train_error, test_error (0 to 1), at the end of training."""
    rows = [(r.spec["family"], r.spec["depth"], r.config["seed"], r.train_error, r.test_error) for r in runs]
    return pd.DataFrame(rows, columns=["family", "depth", "seed", "train_error", "test_error"])


def curves_of(group: Group, runs: Sequence[Run]) -> pd.DataFrame:
    """A row for every epoch of runs of a group: family, depth, seed, step, train_error, test_error (0 to 1)."""
    return _read_curves(tuple((run.id, run.attempt, run.step) for run in runs), group.store, runs)


@cached(st.cache_data, "Reading the curves…", max_entries=30)
def _read_curves(state: tuple[Any, ...], _store: RunStore, _runs: Sequence[Run]) -> pd.DataFrame:
    names = ["step", "train_error", "test_error"]
    frames = [
        _store.evaluations(run.id)[names].assign(
            family=run.spec["family"], depth=run.spec["depth"], seed=run.config["seed"]
        )
        for run in _runs
    ]
    return pd.concat(frames, ignore_index=True)


def pairs_of(errors: pd.DataFrame) -> list[tuple[tuple[str, int], tuple[str, int]]]:
    """What is compared: plain against residual in every depth; in every family the deepest against a shallow one."""
    depths = {family: sorted(part["depth"].unique()) for family, part in errors.groupby("family", sort=False)}
    both = [depth for depth in depths.get("plain", []) if depth in depths.get("resnet", [])]
    pairs = [(("plain", depth), ("resnet", depth)) for depth in both]
    for family, found in depths.items():
        if len(found) > 1:
            shallow = REFERENCE_DEPTH if REFERENCE_DEPTH in found[:-1] else found[0]
            pairs.append(((str(family), found[-1]), (str(family), shallow)))
    return pairs


def compare(errors: pd.DataFrame, pair: tuple[tuple[str, int], tuple[str, int]], part: str) -> "lab.Comparison":
    """Two nets by their "train" or "test" errors over the seeds."""
    sides = [errors[(errors["family"] == family) & (errors["depth"] == depth)] for family, depth in pair]
    first, second = (side[f"{part}_error"].tolist() for side in sides)
    return lab.compare_errors(first, second, (name_of(*pair[0]), name_of(*pair[1])))


def name_of(family: str, depth: int) -> str:
    """plain-56, ResNet-56, VGG-18."""
    return f"{ {'plain': 'plain', 'resnet': 'ResNet', 'vgg': 'VGG'}[family] }-{depth}"


def verdicts(errors: pd.DataFrame, part: str) -> pd.DataFrame:
    """Every pair of `pairs_of` in a row: nets, runs, difference in points, its 95 % interval, p, verdict."""
    rows = []
    for pair in pairs_of(errors):
        found = compare(errors, pair, part)
        interval = "" if found.low is None else f"{found.low:+.1f} to {found.high:+.1f}"
        nets, runs = (" against ".join(map(str, both)) for both in (found.names, found.counts))
        p = None if found.p is None else f"{found.p:.3f}" if found.p >= 0.001 else "below 0.001"
        rows.append((nets, found.words, found.difference, interval, p, runs))
    return pd.DataFrame(rows, columns=["nets", "verdict", "difference", "interval", "p", "runs"])


def show_what_was_run(runs: Sequence[Run]) -> None:
    """Every run with its net, seed, machine and date, and the recipe that they share."""
    rows = [
        {
            "run": run.id,
            "net": NetSpec(**run.spec).name,
            "seed": run.config["seed"],
            "state": str(run.status),
            "training error": run.train_error,
            "test error": run.test_error,
            "steps": run.step,
            "device": run.facts.get("device", ""),
            "precision": run.facts.get("precision", ""),
            "date": datetime.fromtimestamp(run.ended_at or run.created_at).strftime("%Y-%m-%d"),
        }
        for run in runs
    ]
    recipe = {name: value for name, value in runs[0].config.items() if name not in APART}
    percent = st.column_config.NumberColumn(format="percent")
    with st.expander(_("What was run"), icon=":material/receipt_long:"):
        columns = {"training error": percent, "test error": percent}
        show_table(pd.DataFrame(rows), columns=columns, hide_index=True)
        told = _(", ").join(f"{said(name)} {said(str(value))}" for name, value in recipe.items() if value)
        st.caption(_("All of them: {recipe}.", recipe=told))


def say_training(errors: pd.DataFrame) -> list[str]:
    """For plain and residual nets a sentence about the *training* error of the deepest net against a shallow one."""
    told = []
    for first, second in pairs_of(errors):
        if first[0] != second[0]:
            continue
        found = compare(errors, (first, second), "train")
        deep, shallow = (_mean(errors, net) for net in (first, second))
        runs = listed(map(str, found.counts))
        test = "" if found.p is None else _(" (means of {runs} runs, p = {p:.2g})", runs=runs, p=found.p)
        told.append(
            _(
                "**{deep_net}** ends at **{deep:.1f} %** *training* error, {shallow_net} at {shallow:.1f} %{test}: "
                "{verdict}. {meaning}",
                deep_net=found.names[0],
                deep=deep,
                shallow_net=found.names[1],
                shallow=shallow,
                test=test,
                verdict=found.words,
                meaning=_say_meaning(found),
            )
        )
    return told


def _mean(errors: pd.DataFrame, net: tuple[str, int]) -> float:
    which = (errors["family"] == net[0]) & (errors["depth"] == net[1])
    return float(100 * errors.loc[which, "train_error"].mean())


def _say_meaning(found: "lab.Comparison") -> str:
    """What a comparison of a deep net (first) with a shallow one means, on training pictures."""
    if found.winner == found.names[1]:
        return _(
            "The deeper net is worse on the very pictures it learns from: that is **not overfitting**. It could do "
            "what the shallower one does, with its other layers as the identity; training does not find it."
        )
    if found.winner == found.names[0]:
        return _("Here depth helps to fit.")
    if found.p is None:
        return _(
            "The difference is {difference:+.1f} points; two seeds of each are the least that can be tested.",
            difference=found.difference,
        )
    return _("No degradation can be claimed from these seeds; nor can it be ruled out.")


def published_beside(group: Group, published: Sequence[PublishedError] = PUBLISHED) -> pd.DataFrame:
    """Published errors in %, those of the same net here, and what differs: net, published, here, runs, verdict, source.

    `here` is NaN, and `runs` 0, where the group has no such net.
    """
    rows = []
    for one in published:
        runs = [run for run in group.finished if _is_same_net(one, run)]
        here = 100 * sum(run.test_error or 0.0 for run in runs) / len(runs) if runs else None
        verdict = one.conditions.verdict(conditions_of_run(runs[0])) if runs else NO_SUCH_NET
        rows.append((one.name, one.error, here, len(runs), verdict, one.source))
    return pd.DataFrame(rows, columns=["net", "published", "here", "runs", "verdict", "source"])


def _is_same_net(published: PublishedError, run: Run) -> bool:
    of_imagenet = published.conditions.data == "ImageNet"
    same_stem = published.family == "vgg" or (run.spec["stem"] == "imagenet") == of_imagenet
    return same_stem and (run.spec["family"], run.spec["depth"]) == (published.family, published.depth)


def show_published(group: Group, published: Sequence[PublishedError] = PUBLISHED) -> None:
    """Published numbers in a table beside one's own, and below it what differs, source by source."""
    table = published_beside(group, published)
    percent = st.column_config.NumberColumn(format="%.2f")
    names = {"published": "published, %", "here": "here, %", "verdict": "comparable?"}
    shown = table.assign(verdict=table["verdict"].map(_shorten))
    show_table(
        shown.rename(columns=names),
        columns=dict.fromkeys(list(names.values())[:2], percent),
        hide_index=True,
        height="content",
    )
    for source, part in table[table["runs"] > 0].groupby("source", sort=False):
        for verdict, same in part.groupby("verdict", sort=False):
            nets = ", ".join(same["net"])
            st.markdown(_("- **{source}**, {nets}: {verdict}.", source=source, nets=nets, verdict=verdict))


def _shorten(verdict: str) -> str:
    """The names of what differs, without the values."""
    _no, colon, rest = verdict.partition("differs in: ")
    if not colon:
        return verdict
    return f"no: {', '.join(part.split(' (')[0] for part in rest.partition(';')[0].split('), '))}"


def show_vgg(group: Group) -> None:
    """The article's VGG-18 against VGG-34, and those of the group, if it has them."""
    accuracies = listed(
        _("{accuracy:.0f} % with {depth} layers", accuracy=100 - (one.error or 0), depth=one.depth) for one in ARTICLE
    )
    st.markdown(
        _(
            "The article trained VGG-style stacks on CIFAR-10 without any shortcut, and reached an accuracy of "
            "{accuracies}.",
            accuracies=accuracies,
        )
    )
    runs = [run for run in group.of("vgg") if run.spec["depth"] in VGG_DEPTHS]
    errors = errors_of(runs)
    if errors["depth"].nunique() < 2:
        st.info(_("Among these runs are no VGG-18 and VGG-34. The grid below trains them along if you ask for it."))
        return
    pair = (("vgg", 34), ("vgg", 18))
    for part, title in (("train", "training"), ("test", "test")):
        found = compare(errors, pair, part)
        means = {depth: 100 * errors.loc[errors["depth"] == depth, f"{part}_error"].mean() for depth in VGG_DEPTHS}
        between = (
            ""
            if found.low is None
            else _(" (95 % interval of the difference {low:+.1f} to {high:+.1f})", low=found.low, high=found.high)
        )
        st.markdown(
            _(
                "**{title} error**: VGG-34 {deep:.1f} %, VGG-18 {shallow:.1f} %, over {counts} runs: "
                "**{verdict}**{between}.",
                title=title.capitalize(),
                deep=means[34],
                shallow=means[18],
                counts=listed(map(str, found.counts)),
                verdict=found.words,
                between=between,
            )
        )
    show_published(group, ARTICLE)


def run_grid() -> None:
    """Depths, seeds, data and recipe of a grid of one's own, its price, and the button that starts it."""
    left, right = st.columns(2, gap="large")
    depths = linked_several(
        left.multiselect,
        _("Depths"),
        list(range(DEPTHS[0], DEPTHS[1] + 1, 6)),
        "depths_of_grid",
        [8, 20, 32, 44, 56],
    )
    seeds = right.number_input(
        _("Seeds"),
        1,
        sweeps.MOST_SEEDS,
        3,
        key="seeds_of_grid",
        bind="query-params",
        help=_("Two or more for a verdict."),
    )
    with_vgg = right.toggle(
        _("VGG-18 and VGG-34 along with them"), key="vgg_of_grid", bind="query-params", help=_("The article's stacks.")
    )
    try:
        data, config = sweeps.choose_recipe_of_sweep(max(depths, default=0))
        comparisons = Grid(depths, seeds=range(int(seeds))).comparisons(config)
        if with_vgg:
            comparisons += Grid(VGG_DEPTHS, ("vgg",), seeds=range(int(seeds))).comparisons(config)
    except (SpecError, ConfigError) as error:
        refuse(error)
        return
    if len(depths) < 2:
        st.info(_("Choose at least two depths."))
        return
    specs = tuple(spec for wanted in comparisons for spec, _ in wanted)
    st.markdown(
        _(
            "**{specs} runs**: plain and residual, in {depths} depths, with {seeds} seeds of each.",
            specs=len(specs),
            depths=len(depths),
            seeds=seeds,
        )
    )
    choose_at_once()
    can_start = show_price(Plan(specs, config, data), with_sizes=False)
    if st.button(_("Run the grid"), type="primary", icon=":material/play_arrow:", disabled=not can_start):
        before = st.session_state.get(sweeps.PARAMETER)
        sweeps.start_sweep(comparisons)
        if st.session_state.get(sweeps.PARAMETER) != before:
            st.session_state[WISH] = key_of(specs, config)
            st.rerun()
