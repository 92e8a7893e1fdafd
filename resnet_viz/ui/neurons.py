"""Which net of stochastic depth stands beside the others, and what do the counts of active units say in sentences?"""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from resnet_viz import lab
from resnet_viz.nets import NetSpec
from resnet_viz.runs import Run, RunStatus, recorded_stores
from resnet_viz.studies.asking import subject_name
from resnet_viz.ui.language import _, said
from resnet_viz.ui.links import say_in_url
from resnet_viz.ui.services import run_store
from resnet_viz.ui.subjects import is_recorded, spec_of

PARAMETER, NONE = "beside", "none"  # in the URL
SAME_PICTURES = ("dataset", "folder", "size")


def fits(spec: NetSpec) -> bool:
    """Whether a net has ReLUs, which are zero or above."""
    return spec.activation == "relu"


def is_stochastic(run: Run) -> bool:
    """Whether blocks are left out at random when the net is trained."""
    return run.spec.get("survival", 1.0) < 1


def choose_beside(runs: Sequence[Run]) -> list[Run]:
    """A net of stochastic depth that learned from the same pictures, to be asked beside the others; one or none.

    The choice is in the URL; first shown is one of the same depth, if there is one.
    """
    others = {run.id: run for run in _stochastic_ones(runs[0]) if run.id not in {one.id for one in runs}}
    if any(map(is_stochastic, runs)):
        return []
    if not others:
        st.caption(
            _(
                "No net of stochastic depth is there to stand beside them. **Architecture** composes one: under "
                "More, a survival of the last block below 1."
            )
        )
        return []
    options = [NONE, *others]
    first = next((id_ for id_, run in others.items() if run.spec["depth"] == runs[-1].spec["depth"]), NONE)
    wished = st.query_params.get(PARAMETER, first)
    chosen = st.selectbox(
        _("Beside them, a net of stochastic depth"),
        options,
        options.index(wished if wished in options else first),
        format_func=lambda id_: _title(others[id_]) if id_ in others else _(NONE),
        help=_("In training its blocks are left out at random, later ones more often (Huang et al. 2016)."),
    )
    say_in_url(PARAMETER, "" if chosen == first else chosen)
    return [others[chosen]] if chosen in others else []


def _stochastic_ones(like: Run) -> list[Run]:
    stores = (run_store(), *recorded_stores().values())
    return [
        run
        for store in stores
        for run in store.runs()
        if is_stochastic(run) and run.weights and run.status is not RunStatus.RUNNING and "form" in run.facts
        and fits(spec_of(run)) and all(run.config.get(name) == like.config.get(name) for name in SAME_PICTURES)
    ]  # fmt: skip


def _title(run: Run) -> str:
    return said(f"{subject_name(run)} · {'recorded' if is_recorded(run) else 'trained here'} · {run.id}")


def tell_units(net: str, units: pd.DataFrame, mode: str) -> str:
    """What `lab.active_units` says of one net in one mode."""
    found = lab.summarize_units(units, mode)
    silent = units[units["mode"] == mode].sort_values("never_channels").iloc[-1]
    channels = (
        _(
            " In {layer} {never_channels:.0%} of the channels never fire at any place.",
            layer=silent["layer"],
            never_channels=silent["never_channels"],
        )
        if silent["never_channels"] > 0
        else _(" There is no channel that never fires at any place.")
    )
    left_out = (
        _(" A branch is left out in {skipped:.0%} of the batches in the mean.", skipped=found.skipped)
        if found.skipped
        else ""
    )
    return _(
        "**{net}**: {active:.1%} of its {units:,} units fire for a picture in the mean; {never:.2%} fire for "
        "none of the pictures, and {always:.2%} for all.{channels}{left_out}",
        net=net,
        active=found.active,
        units=found.units,
        never=found.never,
        always=found.always,
        channels=channels,
        left_out=left_out,
    )


def tell_verdict(units: pd.DataFrame, runs: Sequence[Run]) -> str:
    """What is true of the article's sentence, by what these nets do."""
    parts = {run.id: units[units["net"] == subject_name(run)] for run in runs}
    found = {run.id: lab.summarize_units(parts[run.id], "evaluation") for run in runs}
    resting = [_("{never:.2%} of the units of {net}", never=found[run.id].never, net=subject_name(run)) for run in runs]
    told = [
        _(
            "Every forward pass computes every unit of every layer, with shortcuts or without. ReLU makes part of them "
            "zero for a given picture, in plain nets too, and which part changes from picture to picture."
        ),
        _("All the pictures together leave at rest {names}.", names=", ".join(resting)),
        _compare({run.spec["family"]: found[run.id] for run in reversed(runs) if not is_stochastic(run)}),
    ]
    for run in filter(is_stochastic, runs):
        skipped = lab.summarize_units(parts[run.id], "training").skipped
        told.append(
            _(
                "Stochastic depth alone really leaves layers out, and in training only: a branch of {net} is not "
                "computed in {skipped:.1%} of the batches in the mean; its linear decay asks for {expected:.1%}. "
                "In evaluation all are computed.",
                net=subject_name(run),
                skipped=skipped,
                expected=_expected(spec_of(run)),
            )
        )
    return _("**What is true.** {names}", names=" ".join(filter(None, told)))


def _compare(found: dict[str, lab.UnitSummary]) -> str:
    """Whether the residual net rests more than the plain one, each by its family."""
    if not {"plain", "resnet"} <= set(found):
        return ""
    plain, residual = found["plain"], found["resnet"]
    never, active = residual.never - plain.never, residual.active - plain.active
    if never < 0 < active:
        return _(
            "The residual net has fewer units that never fire than the plain one, and more that fire for a picture: "
            "if anything, what the article says of ResNet describes the plain net."
        )
    return _(
        "The residual net has {never} units that never fire than the plain one, and {active} that fire for a "
        "picture; it computes all of them none the less.",
        never="more" if never > 0 else "fewer",
        active="more" if active > 0 else "fewer",
    )


def _expected(spec: NetSpec) -> float:
    """How often a branch is left out in the mean over the blocks (Huang et al. 2016, eq. 4)."""
    blocks = sum(spec.layout.blocks)
    return (1 - spec.survival) * (blocks + 1) / (2 * blocks)
