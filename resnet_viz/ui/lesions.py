"""Which blocks does the reader take out or swap, and what is the error then?"""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from resnet_viz import lab
from resnet_viz.nets import NetSpec
from resnet_viz.runs import Run
from resnet_viz.ui.language import _, cached
from resnet_viz.ui.links import linked_several
from resnet_viz.ui.studies import nets_lock, subject_of

PICTURES = 397  # of the test set: all of digits
KEY = "deleted_blocks"


def take_clicked(point: dict[str, Any]) -> None:
    """A block that was clicked in a figure is deleted, or is there again when it is clicked once more."""
    if name := point.get("customdata"):
        st.session_state[KEY] = sorted({name} ^ set(st.session_state.get(KEY, [])))


def choose_lesions(specs: Sequence[NetSpec]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The blocks that are deleted, and two that are swapped or none; those that all nets have can be chosen."""
    names = _deletable(specs)
    deleted = linked_several(
        st.pills,
        _("Deleted blocks"),
        names,
        KEY,
        [],
        selection_mode="multi",
        format_func=_short,
        help=_("Or click one in the figure."),
    )
    swapped = linked_several(
        st.multiselect,
        _("Two blocks to swap"),
        names,
        "swapped_blocks",
        [],
        format_func=_short,
        max_selections=2,
        placeholder=_("none"),
    )
    return tuple(deleted), tuple(swapped) if len(swapped) == 2 else ()


def _deletable(specs: Sequence[NetSpec]) -> list[str]:
    """Blocks that leave the map as large as it was, by the layout: all but the first of each later stage."""
    counts = [min(spec.layout.blocks[k] for spec in specs) for k in range(len(specs[0].layout.blocks))]
    first = [1 if spec.block == "basic" else 2 for spec in specs]
    return [
        f"stage{k + 1}.block{i}" for k, count in enumerate(counts) for i in range(2 if k else max(first), count + 1)
    ]


def _short(name: str) -> str:
    return name.replace("stage", "").replace("block", "")


@cached(st.cache_data, "Asking the net…", max_entries=500)
def _error(weights: str, order: tuple[str, ...], _run: Run) -> float:
    subject = subject_of(_run)
    with nets_lock():
        return lab.error_with(subject.net, *subject.test(PICTURES), order)


def error_after(run: Run, deleted: Sequence[str], swapped: Sequence[str]) -> float:
    """The share of wrong answers of a run's net without some blocks, and with two in each other's place."""
    order = list(lab.blocks_of(subject_of(run).net))
    if swapped:
        i, j = (order.index(name) for name in swapped)
        order[i], order[j] = order[j], order[i]
    return _error(run.weights, tuple(name for name in order if name not in deleted), run)
