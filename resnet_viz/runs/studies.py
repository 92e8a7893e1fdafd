"""What was asked of trained nets beside their training, and what came out? Studies, each a question and its answer."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from pandas.api.types import is_float_dtype
from sqlalchemy import insert, select, update

from resnet_viz.runs.owner import Owner
from resnet_viz.runs.schema import ACTIVE, RunStatus, now, studies
from resnet_viz.runs.silence import GONE, LEASE
from resnet_viz.runs.store import RunStore, new_id

DIGITS = 6  # significant ones of a number in an answer: what is measured is in 32-bit floats


@dataclass(frozen=True)
class Study:
    """One question: its kind, its parameters, where it is in its life, and what is known of its making."""

    id: str
    kind: str
    params: dict[str, Any]
    status: RunStatus
    message: str
    progress: float
    facts: dict[str, Any]
    seconds: float
    owner: Owner
    created_at: float


class StudyStore:
    """The studies of a RunStore's database: pages ask and read, one worker at a time answers.

    Every method raises StoreError where the database does not answer.
    """

    def __init__(self, store: RunStore) -> None:
        self.store = store

    def ask(self, kind: str, params: dict[str, Any]) -> Study:
        """Queue a question, or give back the same one where it is queued or being answered already."""
        text = _to_text(params)
        with self.store.write() as db:
            self.store.lock(db, "studies")
            same = (studies.c.kind == kind) & (studies.c.params == text) & studies.c.status.in_(ACTIVE)
            found = db.execute(select(studies.c.id).where(same)).scalar_one_or_none()
            if found is None:
                found = new_id()
                at = db.execute(select(now())).scalar_one()
                row = {"id": found, "kind": kind, "params": text, "status": RunStatus.QUEUED}
                db.execute(insert(studies), row | {"created_at": at, "heartbeat_at": at})
        return self.study(found)

    def study(self, study_id: str) -> Study:
        """One study. Raises KeyError where there is none of this id."""
        found = self._studies(select(*_COLUMNS).where(studies.c.id == study_id))
        if not found:
            raise KeyError(f"there is no study {study_id}")
        return found[0]

    def studies(self, kind: str | None = None, params: dict[str, Any] | None = None) -> list[Study]:
        """All studies, of a kind, or of a kind with these parameters; the newest first."""
        query = select(*_COLUMNS).order_by(studies.c.created_at.desc())
        if kind is not None:
            query = query.where(studies.c.kind == kind)
        if params is not None:
            query = query.where(studies.c.params == _to_text(params))
        return self._studies(query)

    def answer(self, study_id: str) -> pd.DataFrame:
        """The frame that a finished study came to."""
        with self.store.read() as db:
            text = db.execute(select(studies.c.answer).where(studies.c.id == study_id)).scalar_one()
        return pd.DataFrame(**json.loads(text))

    def stop(self, study_id: str) -> None:
        """End a study; its worker learns of it when it next tells how far it is."""
        self._change(study_id, ACTIVE, status=RunStatus.STOPPED, message="stopped by the reader")

    # -- who works on what -----------------------------------------------------------------------------------------

    def claim(self, owner: Owner) -> Study | None:
        """Take the oldest question that waits, unless another is being answered by somebody who is alive."""
        self.recover()
        with self.store.write() as db:
            self.store.lock(db, "studies")
            busy = db.execute(select(studies.c.id).where(studies.c.status == RunStatus.RUNNING)).first()
            waiting = select(studies.c.id).where(studies.c.status == RunStatus.QUEUED)
            found = db.execute(waiting.order_by(studies.c.created_at).limit(1)).scalar_one_or_none()
            if busy or found is None:
                return None
            owned = {"owner_host": owner.host, "owner_pid": owner.pid, "owner_started": owner.started}
            taken = {"status": RunStatus.RUNNING, "heartbeat_at": now(), **owned}
            db.execute(update(studies).where(studies.c.id == found).values(taken))
        return self.study(found)

    def recover(self) -> None:
        """End studies whose worker is gone: its process on this machine, or its word for LEASE seconds elsewhere."""
        with self.store.read() as db:
            silent = (now() - studies.c.heartbeat_at > LEASE).label("silent")
            query = select(*_COLUMNS, silent).where(studies.c.status == RunStatus.RUNNING)
            rows = [(_to_study(row), bool(row.silent)) for row in db.execute(query).all()]
        for study, is_silent in rows:
            if study.owner.is_gone or (is_silent and not study.owner.is_here):
                self._change(study.id, [RunStatus.RUNNING], status=RunStatus.FAILED, message=f"{GONE}; ask again")

    def tell(self, study_id: str, progress: float, message: str = "") -> bool:
        """Say how far a study is, 0 to 1; False where it shall not go on."""
        told = {"progress": progress, "message": message, "heartbeat_at": now()}
        return self._change(study_id, [RunStatus.RUNNING], **told)

    def finish(self, study_id: str, answer: pd.DataFrame, facts: dict[str, Any], seconds: float) -> bool:
        """Keep what a study came to; False where it was stopped meanwhile."""
        kept = {
            "answer": _frame_to_text(answer),
            "facts": json.dumps(facts),
            "seconds": seconds,
            "progress": 1.0,
            "message": "",
        }
        return self._change(study_id, [RunStatus.RUNNING], status=RunStatus.FINISHED, **kept)

    def fail(self, study_id: str, message: str) -> None:
        """Say why a study has no answer."""
        self._change(study_id, [RunStatus.RUNNING], status=RunStatus.FAILED, message=message)

    def copy(self, study_ids: Sequence[str], target: RunStore) -> None:
        """Copy studies into another store, in which they are not yet."""
        with self.store.read() as source, target.write() as db:
            rows = source.execute(select(studies).where(studies.c.id.in_(study_ids))).mappings().all()
            if rows:
                db.execute(insert(studies), [dict(row) for row in rows])

    def _change(self, study_id: str, allowed: Sequence[RunStatus], **values: Any) -> bool:
        with self.store.write() as db:
            this = (studies.c.id == study_id) & studies.c.status.in_(allowed)
            return db.execute(update(studies).where(this).values(values)).rowcount == 1

    def _studies(self, query: Any) -> list[Study]:
        with self.store.read() as db:
            return [_to_study(row) for row in db.execute(query)]


_COLUMNS = [column for column in studies.c if column.name not in ("answer", "heartbeat_at")]


def _to_study(row: Any) -> Study:
    fields = {name: value for name, value in row._mapping.items() if name != "silent"}
    owner = Owner(*(fields.pop(f"owner_{part}") for part in ("host", "pid", "started")))
    for name in ("params", "facts"):
        fields[name] = json.loads(fields[name])
    return Study(**(fields | {"status": RunStatus(fields["status"]), "owner": owner}))


def _frame_to_text(frame: pd.DataFrame) -> str:
    """A frame as JSON, split into columns and data; numbers that are not finite as Python writes them."""
    columns = {name: frame[name].tolist() for name in frame}
    for name, values in columns.items():
        if is_float_dtype(frame[name]):
            columns[name] = [float(f"{value:.{DIGITS}g}") for value in values]
    return json.dumps({"columns": list(columns), "data": list(zip(*columns.values(), strict=True))})


def _to_text(params: dict[str, Any]) -> str:
    return json.dumps(params, sort_keys=True)
