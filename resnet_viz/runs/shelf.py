"""How does a reader keep order among runs? Names, notes, tags, pins, an archive; and what is not wanted is deleted."""

import json
import re
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from resnet_viz.runs.records import Run
from resnet_viz.runs.schema import RunStatus, metadata, now, runs, studies, tags
from resnet_viz.runs.store import RunStore

MOST_NAME, MOST_NOTE, MOST_TAG = 80, 2_000, 30  # characters
MOST_TAGS = 20  # of a run
# What no database or screen can show: control characters, halves of characters, and signs that turn lines around.
UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


class ShelfError(ValueError):
    """What a reader wanted of runs cannot be done; the message is a sentence. Nothing was changed."""


class RunShelf:
    """What a reader makes of the runs of a RunStore. Every change is one transaction, whole or not at all.

    Every method raises StoreError where the database does not answer, and ShelfError where a run is gone, is at work
    and must not be, or a text is too long.
    """

    def __init__(self, store: RunStore) -> None:
        self.store = store

    def rename(self, run_id: str, name: str) -> None:
        """Give a run a name; "" takes it away."""
        self.edit([run_id], name=name)

    def write_note(self, run_id: str, note: str) -> None:
        """Put a note of some lines in place of the one before."""
        self.edit([run_id], note=note)

    def tag(self, run_ids: Sequence[str], add: Sequence[str] = (), remove: Sequence[str] = ()) -> None:
        """Add tags to runs and remove others from them; what another reader does to their tags meanwhile stays."""
        self.edit(run_ids, add=add, remove=remove)

    def edit(
        self,
        run_ids: Sequence[str],
        name: str | None = None,
        note: str | None = None,
        add: Sequence[str] = (),
        remove: Sequence[str] = (),
    ) -> None:
        """Change names, notes and tags of runs at once; None leaves a name or a note as it is."""
        values, added = clean_texts(name, note), clean_tags(add)
        with self.store.write() as db:
            self._lock(db, run_ids)
            if values:
                db.execute(update(runs).where(runs.c.id.in_(run_ids)).values(values))
            retag(db, run_ids, added, remove)

    def pin(self, run_ids: Sequence[str], pinned: bool = True) -> None:
        """Let runs stand before all others, or no longer."""
        self._change(run_ids, pinned_at=now() if pinned else None)

    def archive(self, run_ids: Sequence[str]) -> None:
        """Take runs out of the lists of all pages; they keep all that they have. None of them may be at work."""
        with self.store.write() as db:
            _refuse_active(self._lock(db, run_ids), "archived")
            db.execute(update(runs).where(runs.c.id.in_(run_ids)).values(archived_at=now()))

    def restore(self, run_ids: Sequence[str]) -> None:
        """Bring archived runs back into the lists."""
        self._change(run_ids, archived_at=None)

    def tags(self) -> dict[str, list[str]]:
        """The tags of all runs that have any, in the order of the alphabet, by the run's id."""
        found: dict[str, list[str]] = {}
        with self.store.read() as db:
            for row in db.execute(select(tags)):
                found.setdefault(row.run_id, []).append(row.tag)
        return {run_id: sorted(names, key=lambda tag: (tag.lower(), tag)) for run_id, names in found.items()}

    def dependents(self, run_ids: Sequence[str]) -> list[Run]:
        """Other runs, archived ones too, whose nets start from the weights of these."""
        everything = self.store.runs(comparisons=10**9, archived=True)
        return [run for run in everything if run.config.get("start") in run_ids and run.id not in run_ids]

    def count_answers(self, run_ids: Sequence[str]) -> int:
        """How many of the laboratory's answers are about these runs, and go with them."""
        with self.store.read() as db:
            return len(_studies_of(db, run_ids))

    def delete(self, run_ids: Sequence[str]) -> None:
        """Delete runs with all rows that belong to them, and what the laboratory was asked about them.

        The files of weights are left to the caller. None of the runs may be at work.
        """
        with self.store.write() as db:
            _refuse_active(self._lock(db, run_ids), "deleted")
            db.execute(studies.delete().where(studies.c.id.in_(_studies_of(db, run_ids))))
            for table in reversed(metadata.sorted_tables):  # runs last: the others refer to them
                if "run_id" in table.c:
                    db.execute(table.delete().where(table.c.run_id.in_(run_ids)))
            db.execute(runs.delete().where(runs.c.id.in_(run_ids)))

    def _change(self, run_ids: Sequence[str], **values: Any) -> None:
        with self.store.write() as db:
            self._lock(db, run_ids)
            db.execute(update(runs).where(runs.c.id.in_(run_ids)).values(values))

    def _lock(self, db: Connection, run_ids: Sequence[str]) -> dict[str, str]:
        """The status of runs by id, which others cannot change until this transaction ends."""
        query = select(runs.c.id, runs.c.status).where(runs.c.id.in_(run_ids)).order_by(runs.c.id)
        found = {row.id: str(row.status) for row in db.execute(query.with_for_update())}
        if gone := [run_id for run_id in run_ids if run_id not in found]:
            raise ShelfError(f"there is no run {gone[0]} any more; it was deleted elsewhere")
        return found


def clean_texts(name: str | None, note: str | None) -> dict[str, str]:
    """Name and note as a run's row has them, without those that are None. Raises ShelfError for one too long."""
    found = {} if name is None else {"name": _one_line(name, MOST_NAME, "name")}
    return found | ({} if note is None else {"note": _clean_note(note)})


def clean_tags(given: Sequence[str]) -> list[str]:
    """Tags as they are stored, each once. Raises ShelfError for one that is none, and for more than a run can have."""
    found = list(dict.fromkeys(_clean_tag(tag) for tag in given))
    _refuse_too_many(len(found))
    return found


def retag(db: Connection, run_ids: Sequence[str], add: Sequence[str], remove: Sequence[str] = ()) -> None:
    """Add and remove clean tags within a transaction. Raises ShelfError where a run would have too many."""
    ours = tags.c.run_id.in_(run_ids)
    db.execute(tags.delete().where(ours, tags.c.tag.in_(remove)))
    known = {(row.run_id, row.tag) for row in db.execute(select(tags).where(ours))}
    new = [(run_id, tag) for run_id in dict.fromkeys(run_ids) for tag in add if (run_id, tag) not in known]
    if new:
        db.execute(insert(tags), [{"run_id": run_id, "tag": tag} for run_id, tag in new])
        counts = select(func.count()).select_from(tags).where(ours).group_by(tags.c.run_id)
        _refuse_too_many(max(db.execute(counts).scalars()))


def _refuse_too_many(count: int) -> None:
    if count > MOST_TAGS:
        raise ShelfError(f"a run can have {MOST_TAGS} tags; take some away first")


def _refuse_active(statuses: dict[str, str], what: str) -> None:
    for run_id, status in statuses.items():
        if RunStatus(status).is_active:
            raise ShelfError(f"run {run_id} is {status} and cannot be {what}; stop it, or wait for its end")


def _studies_of(db: Connection, run_ids: Sequence[str]) -> list[str]:
    asked = db.execute(select(studies.c.id, studies.c.params)).all()
    return [row.id for row in asked if set(json.loads(row.params).get("runs", [])) & set(run_ids)]


def _clean_tag(tag: str) -> str:
    text = _one_line(tag, MOST_TAG, "tag")
    if not text or "," in text:
        raise ShelfError("a tag is a word or a few, without a comma")
    return text


def _clean_note(note: str) -> str:
    text = UNSEEN.sub("", note.replace("\r\n", "\n")).strip()
    if len(text) > MOST_NOTE:
        raise ShelfError(f"the note has {len(text):,} characters; {MOST_NOTE:,} are kept")
    return text


def _one_line(text: str, most: int, what: str) -> str:
    line = " ".join(UNSEEN.sub(" ", text).split())
    if len(line) > most:
        raise ShelfError(f"the {what} has {len(line)} characters; {most} are kept")
    return line
