"""Which runs are looked for? Words, filters and the archive, on the page Runs and in its link."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from resnet_viz.runs import Run, RunShelf, RunStore, recorded_stores
from resnet_viz.ui.comparisons import net_name
from resnet_viz.ui.language import _, said
from resnet_viz.ui.links import say_in_url
from resnet_viz.ui.text import plain

MOST = 2_000  # comparisons in the table, the newest
SHELVES = {"current": "Current", "archived": "Archived", "all": "Both"}


@dataclass(frozen=True)
class Entry:
    """A line of the table: a run, its tags, and whether it ships with the project."""

    run: Run
    tags: tuple[str, ...]
    is_recorded: bool

    @property
    def text(self) -> str:
        """All that is searched through."""
        run = self.run
        return " ".join((run.name, run.note, *self.tags, net_name(run), run.id, run.comparison, run.sweep)).casefold()


@dataclass(frozen=True)
class Wanted:
    """What is looked for. An empty part lets everything through; of tags an entry must have them all."""

    words: str = ""
    status: tuple[str, ...] = ()
    data: tuple[str, ...] = ()
    family: tuple[str, ...] = ()
    depth: tuple[str, ...] = ()
    tag: tuple[str, ...] = ()
    shelf: str = "current"

    def fits(self, entry: Entry) -> bool:
        """Whether an entry is what is looked for."""
        run = entry.run
        return (
            self.shelf in ("all", "archived" if run.archived_at else "current")
            and all(word in entry.text for word in self.words.casefold().split())
            and all(not asked or found in asked for asked, found in zip(self._asked, parts_of(run), strict=True))
            and set(self.tag) <= set(entry.tags)
        )

    @property
    def _asked(self) -> tuple[tuple[str, ...], ...]:
        return self.status, self.data, self.family, self.depth


def parts_of(run: Run) -> tuple[str, str, str, str]:
    """What is filtered by: status, data, family and depth of a run."""
    return str(run.status), run.config["dataset"], run.spec["family"], str(run.spec["depth"])


def list_entries(store: RunStore, with_recorded: bool) -> list[Entry]:
    """All runs of a store, archived ones too: pinned ones first, then the newest first; recorded ones behind them."""
    tags = RunShelf(store).tags()
    own = store.runs(MOST, archived=True)
    own.sort(key=lambda run: (-(run.pinned_at or 0.0), -run.created_at))  # stable: a comparison stays in order
    found = [Entry(run, tuple(tags.get(run.id, ())), is_recorded=False) for run in own]
    recorded = recorded_stores().values() if with_recorded else ()
    return found + [Entry(run, (), is_recorded=True) for one in recorded for run in one.runs()]


def choose_wanted(entries: Sequence[Entry]) -> Wanted:
    """The controls of search and filters, and what they say; all of it in the URL where it is not the default."""
    search, shelf, more = st.columns([5, 3, 2], vertical_alignment="bottom")
    words, on_shelf = _choose_words(search), _choose_shelf(shelf)
    parts = [sorted(set(values)) for values in zip(*(parts_of(entry.run) for entry in entries), strict=True)]
    statuses, data, families, depths = parts or ([], [], [], [])
    known_tags = {tag for entry in entries for tag in entry.tags}
    with more.popover(_("Filters"), icon=":material/filter_list:", width="stretch"):
        return Wanted(
            words,
            _choose_some(_("Status"), "status", statuses, say=said),
            _choose_some(_("Data"), "data", data),
            _choose_some(_("Family"), "family", families, say=said),
            _choose_some(_("Depth"), "depth", sorted(depths, key=int)),
            _choose_some(_("Tags"), "tag", sorted(known_tags, key=str.casefold), _("A run must have them all.")),
            on_shelf,
        )


def choose_recorded(default: bool) -> bool:
    """Whether recorded runs are in the table, too; in the URL where it is not the default."""
    key = "recorded"
    value = st.session_state.setdefault(f"runs_{key}", st.query_params.get(key, str(int(default))) == "1")
    say_in_url(key, "" if value is default else str(int(value)), f"runs_{key}")
    return bool(
        st.toggle(_("Recorded runs, too"), key=f"runs_{key}", help=_("Those that ship with the project; read only."))
    )


def _choose_words(place: Any) -> str:
    key = "q"
    st.session_state.setdefault(f"runs_{key}", st.query_params.get(key, ""))
    words = place.text_input(
        _("Search"),
        type="search",
        key=f"runs_{key}",
        placeholder=_("Words of name, note, tags, net or id"),
    )
    say_in_url(key, str(words), f"runs_{key}")
    return str(words)


def _choose_shelf(place: Any) -> str:
    key = "show"
    asked = st.query_params.get(key, "current")
    st.session_state.setdefault(f"runs_{key}", asked if asked in SHELVES else "current")
    chosen = place.segmented_control(
        _("Show"), list(SHELVES), format_func=lambda name: _(SHELVES[name]), key=f"runs_{key}", required=True
    )
    say_in_url(key, "" if chosen == "current" else str(chosen), f"runs_{key}")
    return str(chosen)


def _choose_some(
    label: str, key: str, options: Sequence[str], help: str | None = None, say: Callable[[str], str] = str
) -> tuple[str, ...]:
    wished = st.session_state.get(f"runs_{key}", st.query_params.get_all(key))
    st.session_state[f"runs_{key}"] = [one for one in wished if one in options]  # the last of its kind may be gone
    chosen = st.multiselect(label, options, key=f"runs_{key}", placeholder=_("all"), help=help, format_func=say)
    say_in_url(key, list(chosen), f"runs_{key}")  # one by one, for a tag can have a comma
    return tuple(chosen)


def say_count(shown: int, entries: Sequence[Entry], wanted: Wanted) -> str:
    """How many of the runs are in the table, by which filters, and how many stand in the archive."""
    archived = sum(entry.run.archived_at is not None for entry in entries)
    filters = [*map(said, wanted.status), *wanted.data, *map(said, wanted.family), *wanted.depth, *wanted.tag]
    told = _(
        "{shown} of {count} runs are shown; {archived} of all are archived.",
        shown=shown,
        count=len(entries),
        archived=archived,
    )
    if not filters:
        return told
    return told + " " + _("Filters: {filters}.", filters=plain(", ".join(filters)))
