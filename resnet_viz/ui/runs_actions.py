"""What can be done with runs that are selected? Named, tagged, pinned, archived, deleted, laid side by side."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import plotly.graph_objects as go
import streamlit as st

from resnet_viz import training
from resnet_viz.plots import Curve, loss_curves
from resnet_viz.runs import Run, RunShelf, ShelfError, StoreError
from resnet_viz.runs.shelf import MOST_NAME, MOST_NOTE
from resnet_viz.settings import Settings
from resnet_viz.training import LimitError
from resnet_viz.ui.companions import MOST
from resnet_viz.ui.comparisons import PARAMETER as COMPARISON
from resnet_viz.ui.comparisons import RUNS, run_name, show_comparison, tell_apart
from resnet_viz.ui.figures import draw_once, show_figure
from resnet_viz.ui.history import state_of, steps_so_far, store_with
from resnet_viz.ui.language import _, said, sentence
from resnet_viz.ui.links import controls_are_hidden
from resnet_viz.ui.runs_search import Entry
from resnet_viz.ui.services import run_store
from resnet_viz.ui.text import plain

NOTICE = "runs_notice"  # in the session
MOST_CURVES = 12
MOST_NAMES = 8  # of runs in a question


@dataclass(frozen=True)
class Notice:
    """What came of the last action: a sentence in Markdown, and what takes it back, where something does."""

    sentence: str
    undo: Callable[[RunShelf], None] | None = None
    is_error: bool = False


def show_notice() -> None:
    """What came of the last action, until the next one, with a button that takes it back."""
    notice: Notice | None = st.session_state.get(NOTICE)
    if notice is None:
        return
    place, button = st.columns([6, 1], vertical_alignment="center")
    (place.error if notice.is_error else place.info)(notice.sentence)
    if notice.undo is not None:
        button.button(_("Undo"), icon=":material/undo:", on_click=_undo, args=[notice.undo], width="stretch")


def _undo(action: Callable[[RunShelf], None]) -> None:
    _try(action, _("It is as it was before."))


def _try(action: Callable[[RunShelf], None], done: str, undo: Callable[[RunShelf], None] | None = None) -> bool:
    """Do something, and keep for the reader what came of it; whether it was done."""
    try:
        action(RunShelf(run_store()))
    except (ShelfError, StoreError, LimitError) as error:
        told = sentence(str(error))
        st.session_state[NOTICE] = Notice(plain(told[:1].upper() + told[1:]), is_error=True)
        return False
    st.session_state[NOTICE] = Notice(done, undo)
    return True


def show_actions(chosen: Sequence[Entry], known_tags: Sequence[str]) -> None:
    """The actions on the entries that are selected; recorded ones, and those of a demonstration, are only looked at."""
    runs = [entry.run for entry in chosen]
    st.markdown(_("**Selected: {count}**", count=len(runs)))
    is_fixed = Settings().demo or any(entry.is_recorded for entry in chosen)
    with st.container(horizontal=True):
        _offer_to_open(chosen)
        _offer_to_pin(runs, is_fixed)
        _offer_to_archive(runs, is_fixed)
        if st.button(_("Delete…"), icon=":material/delete:", disabled=is_fixed):
            st.dialog(_("Delete for good?"))(_ask_to_delete)(runs)
    if is_fixed:
        st.caption(_("Recorded runs are only read: they can be looked at, and laid beside others."))
    elif not controls_are_hidden():
        with st.expander(_("Name, note and tags"), icon=":material/edit:", expanded=True):
            _edit(chosen, known_tags)
    _offer_curves(runs)


def _offer_to_open(chosen: Sequence[Entry]) -> None:
    """The page Train with the comparison of these runs, or with just these where they are of several or recorded."""
    note = _("With all that was recorded: of one comparison the whole of it, else the runs that are selected.")
    if not st.button(_("Open in Train"), icon=":material/show_chart:", help=note, disabled=len(chosen) > MOST):
        return
    comparisons = {entry.run.comparison for entry in chosen}
    if len(comparisons) == 1 and not chosen[0].is_recorded:
        show_comparison(comparisons.pop())
        st.switch_page("pages/train.py")
    st.switch_page("pages/train.py", query_params={RUNS: ",".join(entry.run.id for entry in chosen)})


def _offer_to_pin(runs: Sequence[Run], is_fixed: bool) -> None:
    pinned = all(run.pinned_at for run in runs)
    label = _("Unpin") if pinned else _("Pin")
    st.button(label, icon=":material/keep:", on_click=_pin, args=[runs, not pinned], disabled=is_fixed)


def _pin(runs: Sequence[Run], pinned: bool) -> None:
    changed = [run.id for run in runs if bool(run.pinned_at) is not pinned]
    count = len(changed)
    done = (
        _("Runs pinned: {count}. They stand first.", count=count)
        if pinned
        else _("Runs no longer pinned: {count}.", count=count)
    )
    _try(lambda shelf: shelf.pin(changed, pinned), done, lambda shelf: shelf.pin(changed, not pinned))


def _offer_to_archive(runs: Sequence[Run], is_fixed: bool) -> None:
    archived = all(run.archived_at for run in runs)
    label = _("Restore") if archived else _("Archive")
    icon = ":material/unarchive:" if archived else ":material/archive:"
    note = _("An archived run keeps all that it has, and leaves the lists of all other pages.")
    action = _restore if archived else _archive
    st.button(label, icon=icon, on_click=action, args=[runs], disabled=is_fixed, help=note)


def _archive(runs: Sequence[Run]) -> None:
    ids = [run.id for run in runs if not run.archived_at]
    done = _("Runs archived: {count}. **Show: Archived** has them.", count=len(ids))
    _try(lambda shelf: shelf.archive(ids), done, lambda shelf: shelf.restore(ids))


def _restore(runs: Sequence[Run]) -> None:
    ids = [run.id for run in runs]
    done = _("Runs restored: {count}. They are in all lists again.", count=len(ids))
    _try(lambda shelf: shelf.restore(ids), done, lambda shelf: shelf.archive(ids))


# -- name, note and tags -----------------------------------------------------------------------------------------------


def _edit(chosen: Sequence[Entry], known_tags: Sequence[str]) -> None:
    """The form: of one run its name, note and tags, of several the tags that all of them have."""
    runs = [entry.run for entry in chosen]
    common = [tag for tag in chosen[0].tags if all(tag in entry.tags for entry in chosen)]
    # Another form where what it shows has changed elsewhere: what is saved is the difference to what was seen.
    seen = repr([(run.id, run.name, run.note) for run in runs] + common)
    key = f"runs_edit_{hashlib.sha256(seen.encode()).hexdigest()[:12]}"
    with st.form(key, border=False):
        if len(runs) == 1:
            st.text_input(_("Name"), runs[0].name, max_chars=MOST_NAME, key=f"{key}_name")
            st.text_area(_("Note"), runs[0].note, max_chars=MOST_NOTE, key=f"{key}_note", height=100)
        st.multiselect(
            _("Tags") if len(runs) == 1 else _("Tags that all of them have"),
            sorted({*known_tags, *common}),
            common,
            key=f"{key}_tags",
            accept_new_options=True,
            placeholder=_("Choose, or type a new one"),
        )
        st.form_submit_button(_("Save"), on_click=_save, args=[key, runs, common], type="primary")


def _save(key: str, runs: Sequence[Run], common: Sequence[str]) -> None:
    """Write what differs from what the form showed."""
    state, ids = st.session_state, [run.id for run in runs]
    tags = state[f"{key}_tags"]
    add, remove = [tag for tag in tags if tag not in common], [tag for tag in common if tag not in tags]
    first = runs[0]
    name, note = state.get(f"{key}_name", first.name), state.get(f"{key}_note", first.note)

    def write(shelf: RunShelf) -> None:
        shelf.edit(
            ids,
            name=name if name != first.name else None,
            note=note if note != first.note else None,
            add=add,
            remove=remove,
        )

    _try(write, _("Saved."))


# -- delete ------------------------------------------------------------------------------------------------------------


def _ask_to_delete(runs: Sequence[Run]) -> None:
    """The question: how many, which, what goes with them, and who starts from them."""
    ids = [run.id for run in runs]
    if active := [run for run in runs if run.status.is_active]:
        st.error(_("A run that is at work cannot be deleted. Stop it first, or wait for its end: {names}.",
                   names=_say_names(active)))  # fmt: skip
        return
    shelf = RunShelf(run_store())
    st.markdown(_("Runs: **{count}**, {names}.", count=len(runs), names=_say_names(runs)))
    st.markdown(_("Their curves, weights, checkpoints, kept epochs and logs go. This cannot be undone."))
    if answers := shelf.count_answers(ids):
        st.markdown(_("Answers of the laboratory about them go as well: {count}.", count=answers))
    later = shelf.dependents(ids)
    if begun := [run for run in later if run.step]:
        st.warning(
            _("Other runs start from their weights, and keep what they have learned: {names}.", names=_say_names(begun))
        )
    if waiting := [run for run in later if not run.step]:
        st.warning(_("Other runs wait to start from their weights, and could not begin then: {names}.",
                     names=_say_names(waiting)))  # fmt: skip
    with st.container(horizontal=True):
        is_done = st.button(_("Delete"), type="primary", icon=":material/delete:", on_click=_delete, args=[runs])
        if st.button(_("Keep them")) or is_done:
            st.rerun()


def _delete(runs: Sequence[Run]) -> None:
    left: list[str] = []

    def delete(shelf: RunShelf) -> None:
        left.extend(training.delete_runs(shelf.store, Settings(), [run.id for run in runs]))

    if not _try(delete, _("Runs deleted: {count}.", count=len(runs))):
        return
    if st.session_state.get(COMPARISON) in {run.comparison for run in runs}:
        del st.session_state[COMPARISON]
    if left:
        st.session_state[NOTICE] = Notice(
            _("Runs deleted: {count}. But {troubles}.", count=len(runs), troubles=plain("; ".join(map(said, left)))),
            is_error=True,
        )


def _say_names(runs: Sequence[Run]) -> str:
    names = ", ".join(f"{plain(run_name(run))} · {run.id}" for run in runs[:MOST_NAMES])
    return names if len(runs) <= MOST_NAMES else _("{names} and {more} more", names=names, more=len(runs) - MOST_NAMES)


# -- curves ------------------------------------------------------------------------------------------------------------


def _offer_curves(runs: Sequence[Run]) -> None:
    """The losses of runs side by side, of any comparison, here or recorded."""
    if not st.toggle(_("Compare their curves"), key="runs_curves"):
        return
    begun = [run for run in runs if run.step]
    if not begun:
        st.info(_("None of them has a curve yet."))
        return
    if len(begun) > MOST_CURVES:
        st.info(_("Of {count} runs the first {most} are drawn.", count=len(begun), most=MOST_CURVES))
        begun = begun[:MOST_CURVES]
    names = tell_apart(begun)
    (figure,) = draw_once(lambda: [_draw(begun, names)], "runs " + " ".join(names), state_of(begun))
    show_figure(
        figure,
        key="runs_loss",
        alt=_("Training loss (dotted) and test loss (solid) of {names} by training step", names=", ".join(names)),
    )


def _draw(runs: Sequence[Run], names: Sequence[str]) -> go.Figure:
    return loss_curves(
        [
            Curve(name, run.spec["family"], steps_so_far(run), store_with(run).evaluations(run.id))
            for run, name in zip(runs, names, strict=True)
        ]
    )
