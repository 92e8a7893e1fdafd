"""Which nets are asked for the correlation of their gradients, and what does it come to in words?"""

from dataclasses import replace
from functools import lru_cache
from typing import Any

import pandas as pd
import streamlit as st

from resnet_viz import lab, studies
from resnet_viz.data import DATASETS
from resnet_viz.nets import NetSpec
from resnet_viz.studies import Answer
from resnet_viz.ui.language import _, listed
from resnet_viz.ui.links import linked
from resnet_viz.ui.services import run_store
from resnet_viz.ui.studies import answered, params_of

NEAR = 1  # points: the lag that is followed over the depths
MEASURES = {"near": "Correlation of neighbours", "width": "Half-width"}
LOST, KEPT = 0.1, 0.3  # a correlation of neighbours below the one is lost, above the other it is still there


def choose_norm() -> bool:
    """Whether the reader looks at nets with batch norm."""
    has_norm = linked(
        st.segmented_control,
        _("Batch norm"),
        [True, False],
        "shattering_norm",
        True,
        required=True,
        format_func=lambda has: _("with") if has else _("without"),
    )
    return bool(has_norm)


def curves_of(has_norm: bool) -> Answer | None:
    """The answer about nets with or without batch norm, or a button that has it found."""
    return answered("shattering", _changes(has_norm), size=DATASETS["digits"].size)


def _changes(has_norm: bool) -> dict[str, Any]:
    """What differs from the question as it stands: that is with batch norm."""
    if has_norm:
        return {}
    specs = [NetSpec.from_slug(slug) for slug in studies.QUESTIONS["shattering"].defaults["specs"]]
    return {"specs": [replace(spec, batch_norm=False).to_slug() for spec in specs]}


@lru_cache(maxsize=4)
def noises(points: int) -> pd.DataFrame:
    """White and brown noise on a line of so many points: columns kind, lag, correlation."""
    frames = [lab.noise_autocorrelation(kind, points).assign(kind=kind) for kind in ("white", "brown")]
    return pd.concat(frames, ignore_index=True)


def numbers_by_depth(curves: pd.DataFrame, measure: str) -> pd.DataFrame:
    """One number of every net and seed: columns family, depth, seed, value."""
    groups = curves.groupby(["family", "depth", "seed"])
    values = {key: _number(part, measure) for key, part in groups}
    index = pd.MultiIndex.from_tuples(values, names=["family", "depth", "seed"])
    return pd.Series(list(values.values()), index, name="value").reset_index()


def noise_number(points: int, measure: str) -> float:
    """The same number of brown noise."""
    noise = noises(points)
    return _number(noise[noise["kind"] == "brown"], measure)


def _number(curve: pd.DataFrame, measure: str) -> float:
    if measure == "width":
        return lab.half_width(curve)
    return float(curve.loc[curve["lag"] == NEAR, "correlation"].iloc[0])


def say_family(name: str, near: pd.DataFrame, widths: pd.DataFrame) -> str:
    """How the correlation of one family goes with depth, in a sentence."""
    values, halves = (frame.groupby("depth")["value"].mean() for frame in (near, widths))
    shallow, deep = values.index[0], values.index[-1]
    each = ", ".join(
        _("{correlation} at {depth}", correlation=_two(value), depth=depth) for depth, value in values.items()
    )
    return _(
        "**{name}**: neighbouring points correlate with {each} layers. The half-width goes from {shallow_width:.1f} "
        "points at {shallow} layers to {deep_width:.1f} at {deep}.",
        name=name,
        each=each,
        shallow_width=halves.iloc[0],
        shallow=shallow,
        deep_width=halves.iloc[-1],
        deep=deep,
    )


def say_agreement(near: pd.DataFrame) -> str:
    """Whether what is measured fits what Balduzzi et al. say, by rules that are said along."""
    table = near.groupby(["family", "depth"])["value"].mean().unstack("family")
    deepest = table.index[-1]
    plain, residual = table["plain"].to_numpy(), table["resnet"].to_numpy()
    lost = table.index[plain < LOST]
    first = (
        _("in the plain nets it is below {limit:g} from {depth} layers on", limit=LOST, depth=lost[0])
        if len(lost)
        else (
            _(
                "in the plain nets it is still {correlation} at {deepest} layers",
                correlation=_two(plain[-1]),
                deepest=deepest,
            )
        )
    )
    second = _("in the residual ones it is {correlation} at {deepest}", correlation=_two(residual[-1]), deepest=deepest)
    word = (
        "agrees"
        if len(lost) and residual[-1] > KEPT
        else "agrees in the order of the two"
        if (residual >= plain).all()
        else "does not agree"
    )
    return _(
        "What is measured **{verdict}**: {plain}, {residual}. ({count} depths cannot tell an exponential from "
        "another steep fall.)",
        verdict=word,
        plain=first,
        residual=second,
        count=len(table),
    )


def say_norm(has_norm: bool) -> str:
    """The deepest nets with batch norm beside those without, once both were asked for; else what to do."""
    both = {}
    for has in (True, False):
        found = studies.find_answer(run_store(), "shattering", params_of("shattering", _changes(has)))
        if found is None:
            return _(
                "Choose **{choice}** above to see what batch norm does to it.",
                choice=_("without") if has_norm else _("with"),
            )
        near = numbers_by_depth(found.frame, "near")
        both[has] = near.groupby(["family", "depth"])["value"].mean()
    depth = both[True].index.get_level_values("depth").max()
    told = [
        _(
            "in {name} nets it is {with_norm} with batch norm and {without} without",
            name=name,
            with_norm=_two(both[True][family, depth]),
            without=_two(both[False][family, depth]),
        )
        for family, name in {"plain": "plain", "resnet": "residual"}.items()
    ]
    return _("At {depth} layers, {names}.", depth=depth, names=listed(told))


def _two(value: float) -> str:
    """Two digits behind the point, and no minus before a zero."""
    return f"{round(value, 2) + 0.0:.2f}"
