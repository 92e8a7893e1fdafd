"""Which slice of the loss does the reader look at, what do its numbers say, and is there a training's way to draw?"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import log
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from resnet_viz import lab, nets, training
from resnet_viz.nets import NetSpec
from resnet_viz.plots import LossScale, loss_contours, loss_landscape, say_loss, training_path
from resnet_viz.runs import Run
from resnet_viz.training import TrainingConfig
from resnet_viz.ui.data import DataChoice
from resnet_viz.ui.figures import show_figure
from resnet_viz.ui.language import _, described
from resnet_viz.ui.links import linked
from resnet_viz.ui.plan import Plan, queue, show_price
from resnet_viz.ui.services import run_store, while_store_answers
from resnet_viz.ui.subjects import spec_of
from resnet_viz.ui.watch import REFRESH_SECONDS, show_state

POINTS, PICTURES = (11, 21, 31, 41), (100, 200, 400)  # of a side; of the training set
NORMS = {"running": "as stored", "batch": "of these pictures"}
LEAST_EPOCHS = 2  # that span a plane, beside the start
TINY = 1e-12  # stands for a loss of zero, in ratios
_PLACE = ["what", "epoch", "a", "b"]  # of these columns those that a frame has say which row is which


def choose_slice() -> dict[str, Any]:
    """The controls of a slice, all in the URL, as the parameters of the question "surface"."""
    left, middle, right = st.columns(3, gap="large")
    points = left.segmented_control(
        _("Places a side"),
        POINTS,
        default=21,
        required=True,
        key="points",
        bind="query-params",
        help=_("The loss is taken at the square of it; the time grows with it."),
    )
    pictures = left.segmented_control(
        _("Training pictures"),
        PICTURES,
        default=200,
        required=True,
        key="pictures",
        bind="query-params",
        help=_("Of those that the nets learned from; the loss is their mean."),
    )
    reach = middle.slider(
        _("Reach"),
        0.1,
        2.0,
        1.0,
        step=0.1,
        key="reach",
        bind="query-params",
        help=_("How far the slice goes to each side. At 1 every filter has moved as far as it is long."),
    )
    seed = middle.number_input(
        _("Seed of the directions"),
        0,
        9999,
        0,
        key="slice_seed",
        bind="query-params",
        help=_("Each draws another slice."),
    )
    norms = _choose_norms(right, "running", "norms")
    return {"points": points, "reach": reach, "pictures": pictures, "seed": int(seed), "norms": norms}


def choose_norms_of_way() -> str:
    """The same choice for the plane of a training's way, where nets of other epochs have other statistics."""
    return _choose_norms(st, "batch", "way_norms")


def _choose_norms(place: Any, default: str, key: str) -> str:
    return linked(
        place.segmented_control,
        _("Mean and variance in batch norms"),
        list(NORMS),
        key,
        default,
        required=True,
        format_func=lambda name: _(NORMS[name]),
        help=described(lab.NORMS.values()),
    )


def parts_of(frame: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The rows of each net; of two nets of one name those of the first."""
    return {
        str(net): part.drop_duplicates([name for name in _PLACE if name in part])
        for net, part in frame.groupby("net", sort=False)
    }


def count_weights(run: Run) -> int:
    """How many parameters a run's net has."""
    return int(nets.layer_table(spec_of(run), run.facts["form"]["size"])["parameters"].sum())


def show_slices(parts: Mapping[str, pd.DataFrame], scale: LossScale) -> None:
    """Contours and heights of every net."""
    for draw, kind in ((loss_contours, "contours"), (loss_landscape, "landscape")):
        figures = {net: draw(part, net, scale) for net, part in parts.items()}
        _show(figures, kind, _("on a plane of two random directions in its weights, as {kind}", kind=kind))


def show_ways(parts: Mapping[str, pd.DataFrame], scale: LossScale) -> None:
    """The way of every net's training on its own plane."""
    figures = {}
    for net, part in parts.items():
        is_path = part["what"] == "path"
        figures[net] = training_path(part[~is_path], part[is_path], net, scale)
    _show(figures, "way", _("on the plane of its training, with the way from start to end"))


def _show(figures: Mapping[str, Any], kind: str, what: str) -> None:
    """Two figures a row; on a phone they stand one under the other."""
    named = list(figures.items())
    for first in range(0, len(named), 2):
        for (net, figure), column in zip(named[first : first + 2], st.columns(2, gap="medium"), strict=False):
            with column:
                show_figure(figure, key=f"{kind}_{net}", alt=_("Loss of {net} {what}", net=net, what=what))


def tell_slice(net: str, surface: pd.DataFrame, classes: int) -> str:
    """What one net's slice says in numbers."""
    middle = surface.iloc[int((surface["a"].abs() + surface["b"].abs()).to_numpy().argmin())]
    least = surface["loss"].min()
    most, lost = surface["loss"].max(), int(surface["loss"].isna().sum())
    beyond = _(" At {lost} places the loss is not a finite number.", lost=lost) if lost else ""
    return _(
        "**{net}**: loss {centre} at the centre, from {least} to {most} on the slice. It is at "
        r"most ten times the least on {low:.0%} of the places, and at most that of guessing, $\ln "
        "{classes} = {guessing:.2f}$, on {better:.0%}. The slice bends down on **{roughness:.0%}** of the "
        "inner places.{beyond}",
        net=net,
        centre=say_loss(middle["loss"]),
        least=say_loss(least),
        most=say_loss(most),
        low=lab.share_below(surface, 10 * least),
        classes=classes,
        guessing=log(classes),
        better=lab.share_below(surface, log(classes)),
        roughness=lab.roughness(surface),
        beyond=beyond,
    )


def compare_slices(parts: Mapping[str, pd.DataFrame], runs: Sequence[Run]) -> str:
    """Which of a plain and a residual net has the rougher slice; empty where there is no such pair."""
    rough = {
        run.spec["family"]: (net, lab.roughness(part)) for run, (net, part) in zip(runs, parts.items(), strict=False)
    }
    if not {"plain", "resnet"} <= rough.keys():
        return ""
    (plain, of_plain), (residual, of_residual) = rough["plain"], rough["resnet"]
    gap = of_plain - of_residual
    sentence = _(
        "{plain} bends down on {of_plain:.0%} and {residual} on {of_residual:.0%} of this slice",
        plain=plain,
        of_plain=of_plain,
        residual=residual,
        of_residual=of_residual,
    )
    if gap > 0:
        return _(
            "{sentence}: here the plain net's ground is the rougher, as Li et al. 2018 found for deep plain nets.",
            sentence=sentence,
        )
    if gap < 0:
        return _(
            "{sentence}: here it is the **residual** net's, against what is told of shortcuts. Li et al. 2018 "
            "found plain nets chaotic when they are deep; compare deeper nets, other seeds and the other "
            "choice of batch norm.",
            sentence=sentence,
        )
    return _("{sentence}: by this measure there is no difference here.", sentence=sentence)


# -- a training's way --------------------------------------------------------------------------------------------------


def find_kept(runs: Sequence[Run]) -> list[Run | None]:
    """For each run one that has kept every epoch: itself, or the newest of the same net and recipe; None without."""
    here = run_store().runs()
    return [_kept(run, here) for run in runs]


def _kept(run: Run, here: Sequence[Run]) -> Run | None:
    if has_way(run):
        return run
    wanted, spec = with_epochs(run), NetSpec(**run.spec)
    same = [one for one in here if NetSpec(**one.spec) == spec and TrainingConfig(**one.config) == wanted]
    return next((one for one in same if has_way(one) or one.status.is_active), None)


def has_way(run: Run) -> bool:
    """Whether a run has ended and left enough nets to lay a plane through."""
    return not run.status.is_active and len(training.kept_epochs(run)) > LEAST_EPOCHS


def with_epochs(run: Run) -> TrainingConfig:
    """The recipe of a run, from drawn weights, on the fastest device, with every epoch kept."""
    return replace(TrainingConfig(**run.config), keep_epochs=True, start="", device="auto")


def offer_way(runs: Sequence[Run]) -> None:
    """Say that these runs have left no way, and offer to train their nets once more."""
    configs = [with_epochs(run) for run in runs]
    if any(not config.iterations and config.epochs + sum(config.more_epochs) < LEAST_EPOCHS for config in configs):
        st.info(_("These nets were trained for one epoch, and a way needs two or more: choose others above."))
        return
    specs = tuple(NetSpec(**run.spec) for run in runs)
    st.markdown(
        _(
            "These runs have kept their last weights alone. Trained once more, with the same recipe and seed, they "
            "keep those of every epoch; the new runs appear on **Train** as any others."
        )
    )
    data = DataChoice(configs[0].dataset, configs[0].folder, configs[0].size)
    can_start = show_price(Plan(specs, configs[0], data), with_sizes=False)
    label = _("Train again and keep every epoch")
    if st.button(label, key="keep_epochs", icon=":material/timeline:", disabled=not can_start) and queue(
        list(zip(specs, configs, strict=True))
    ):
        st.rerun()


def watch_kept(runs: Sequence[Run]) -> None:
    """The state of runs that are trained for their way; the whole page again when they have ended."""
    st.fragment(while_store_answers(_show_states), run_every=REFRESH_SECONDS)([run.id for run in runs])


def _show_states(run_ids: list[str]) -> None:
    try:
        runs = [run_store().run(run_id) for run_id in run_ids]
    except KeyError:  # another reader has deleted one
        st.rerun()
    if not any(run.status.is_active for run in runs):
        st.rerun()
    for run, column in zip(runs, st.columns(max(2, len(runs)), gap="large"), strict=False):
        with column:
            show_state(run)


def tell_way(net: str, path: pd.DataFrame) -> str:
    """How far the plane can be believed: the variance that it holds, and the loss of the nets beside it."""
    share_a, share_b = path["share_a"].iloc[0], path["share_b"].iloc[0]
    walk = sum(lab.random_walk_shares(len(path) - 1))
    losses = np.maximum(path[["loss", "plane_loss"]].to_numpy(), TINY)
    away = path.iloc[int(np.nan_to_num(np.abs(np.diff(np.log(losses))).ravel(), nan=np.inf).argmax())]
    return _(
        "**{net}**: the plane holds {first:.0%} and {second:.0%} of the variance of its {count} nets, "
        "{both:.0%} in all; a random walk of {steps} steps in as many dimensions as one likes would "
        "show {walk:.0%}. From start to end the loss falls from {start} to {end}. The plane is "
        "furthest from the truth at epoch {epoch:.0f}: the net has loss {loss}, the place below it "
        "{below}.",
        net=net,
        first=share_a,
        second=share_b,
        count=len(path),
        both=share_a + share_b,
        steps=len(path) - 1,
        walk=walk,
        start=say_loss(path["loss"].iloc[0]),
        end=say_loss(path["loss"].iloc[-1]),
        epoch=away["epoch"],
        loss=say_loss(away["loss"]),
        below=say_loss(away["plane_loss"]),
    )
