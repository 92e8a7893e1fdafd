"""Where do pages and workers meet? In the RunStore, the one place that knows what happened."""

import contextlib
import json
import secrets
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import Connection, Row, func, insert, select, true, update
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from resnet_viz.runs.opening import LOCK, StoreError, file_of, open_engine, open_to_read, writing
from resnet_viz.runs.owner import Owner
from resnet_viz.runs.queueing import OtherSweep, Wanted, add_runs, find_active, new_id, texts_of
from resnet_viz.runs.records import Checkpoint, Claim, Run
from resnet_viz.runs.schema import (
    ACTIVE,
    RunStatus,
    checkpoints,
    choices,
    evaluations,
    layer_numbers,
    metadata,
    now,
    overview,
    runs,
    samples,
    steps,
    studies,
)
from resnet_viz.runs.silence import LEASE, Silence, after_loss, ending

ALL = 10**9  # comparisons: more than there will be


class RunStore:
    """All runs in one database, SQLite or PostgreSQL by URL: what pages read and ask for, and who works on what.

    A run has one writer, the worker that holds its Claim (see `RunWriter`); any number of pages read. Numbers that
    are not finite are kept as NULL and read back as NaN. Every method raises StoreError where the database does not
    answer. `notice` says what was done to the database when it was opened.
    """

    def __init__(self, url: str, read_only: bool = False) -> None:
        """Open the database, and bring it to this version. Raises StoreError with a sentence.

        An SQLite file that is `read_only` is not touched, and may lie where nothing can be written. Weights whose
        path is relative are looked for beside the database.
        """
        self.url, self.notice = url, ""
        if read_only:
            self.engine = open_to_read(url)
        else:
            self.engine, self.notice = open_engine(url)
        path = file_of(make_url(url))
        self.folder = path.parent if path else None
        self._silence = Silence()

    # -- what a page asks for --------------------------------------------------------------------------------------

    def add_comparison(self, wanted: Wanted, sweep: str = "") -> list[Run]:
        """Queue one run for each (spec, config), all of one comparison, in this order.

        Where the same comparison is queued or running already, as after a double click, it is given back instead.
        """
        with self.write() as db:
            self.lock(db, LOCK + 1)  # of two clicks at once the second sees what the first added
            comparison, _ = find_active(db).get(texts_of(wanted)) or (add_runs(db, wanted, sweep), sweep)
        return self.comparison(comparison)

    def add_sweep(self, comparisons: Sequence[Wanted]) -> str:
        """Queue comparisons that belong together; the id of their sweep.

        Where all of them are queued or running in one sweep already, as after a double click, its id is given back;
        one that was started alone joins. Raises OtherSweep, and queues nothing then, where some belong to another.
        """
        sweep = new_id()
        with self.write() as db:
            self.lock(db, LOCK + 1)
            active = find_active(db)
            others = [active.get(texts_of(wanted), ("", ""))[1] for wanted in comparisons]
            if len(set(others)) == 1 and others[0]:
                return others[0]
            if any(others):
                raise OtherSweep({place: other for place, other in enumerate(others) if other})
            for place, wanted in enumerate(comparisons):
                if found := active.get(texts_of(wanted)):
                    ours = (runs.c.comparison == found[0]) & runs.c.status.in_(ACTIVE)
                    db.execute(update(runs).where(ours).values(sweep=sweep))
                else:
                    # A millisecond later each, so that they are trained in this order.
                    active[texts_of(wanted)] = (add_runs(db, wanted, sweep, place / 1000), sweep)
        return sweep

    def request(self, run_id: str, request: str) -> None:
        """Ask a run to "stop" or to "pause"; a waiting one does so at once, a running one within seconds."""
        ended = RunStatus.STOPPED if request == "stop" else RunStatus.PAUSED
        message = f"{ended} by the reader"
        this = runs.c.id == run_id
        waits = [RunStatus.QUEUED, RunStatus.PAUSED] if request == "stop" else [RunStatus.QUEUED]
        with self.write() as db:
            db.execute(update(runs).where(this, runs.c.status == RunStatus.RUNNING).values(request=request))
            db.execute(update(runs).where(this, runs.c.status.in_(waits)).values(ending(ended, message)))

    def resume(self, run_id: str, config: dict[str, Any] | None = None) -> bool:
        """Queue a run again that has ended before its last step; it goes on from its last checkpoint.

        With a `config` that has more epochs a finished run goes on as well. False where it cannot.
        """
        allowed = [status for status in RunStatus if status.can_resume or (config and status is RunStatus.FINISHED)]
        values: dict[str, Any] = {"status": RunStatus.QUEUED, "message": "", "request": "", "tries": 0}
        values |= {"ended_at": None, "loading": 0.0, "archived_at": None}
        if config is not None:
            values |= {"config": json.dumps(config)}
        with self.write() as db:
            resumed = update(runs).where(runs.c.id == run_id, runs.c.status.in_(allowed)).values(values)
            return db.execute(resumed).rowcount == 1

    def choose(self, name: str, value: Any) -> None:
        """Remember a choice of the user, as JSON."""
        with self.write() as db:
            db.execute(choices.delete().where(choices.c.name == name))
            db.execute(insert(choices), {"name": name, "value": json.dumps(value)})

    # -- what a page reads -----------------------------------------------------------------------------------------

    def run(self, run_id: str) -> Run:
        """One run. Raises KeyError where there is none of this id."""
        found = self._runs(select_runs().where(runs.c.id == run_id))
        if not found:
            raise KeyError(f"there is no run {run_id}")
        return found[0]

    def comparison(self, comparison: str) -> list[Run]:
        """The runs of one comparison in the order in which they were asked for; empty where there is none."""
        return self._runs(select_runs().where(runs.c.comparison == comparison).order_by(runs.c.position))

    def sweep(self, sweep: str) -> list[Run]:
        """The runs of a sweep in the order in which they were asked for; empty where there is none."""
        return self._runs(select_runs().where(runs.c.sweep == sweep).order_by(*_TO_CLAIM))

    def queued(self) -> list[Run]:
        """All runs that wait for their turn, in the order in which they are claimed."""
        return self._runs(select_runs().where(runs.c.status == RunStatus.QUEUED).order_by(*_TO_CLAIM))

    def running(self) -> list[Run]:
        """All runs that are at work."""
        return self._runs(select_runs().where(runs.c.status == RunStatus.RUNNING).order_by(*_TO_CLAIM))

    def runs(self, comparisons: int = 200, archived: bool = False) -> list[Run]:
        """The runs of the newest comparisons (of ALL, where that many are asked for), each together and in order.

        Archived ones are left out, unless they are asked for as well.
        """
        listed = true() if archived else runs.c.archived_at.is_(None)
        newest = select(runs.c.comparison).where(listed).group_by(runs.c.comparison)
        newest = newest.order_by(func.min(runs.c.created_at).desc()).limit(comparisons)
        query = select_runs().where(listed, runs.c.comparison.in_(newest))
        return self._runs(query.order_by(runs.c.created_at.desc(), *_IN_ORDER))

    def _runs(self, query: Any) -> list[Run]:
        with self.read() as db:
            return [self._to_run(row) for row in db.execute(query)]

    def _to_run(self, row: Row[Any]) -> Run:
        fields = dict(row._mapping)
        for name in ("spec", "config", "facts"):
            fields[name] = json.loads(fields[name])
        if self.folder and fields["weights"] and "://" not in fields["weights"]:
            fields["weights"] = str(self.folder / fields["weights"])
        owner = Owner(*(fields.pop(f"owner_{part}") for part in ("host", "pid", "started")))
        return Run(**(fields | {"status": RunStatus(fields["status"]), "owner": owner}))

    def steps(self, run_id: str, after: int = 0, by_block: bool = False) -> pd.DataFrame:
        """Every training step past `after`: columns step, loss, error (a fraction), learning_rate.

        With `by_block` means over 64 steps, each at the last of them: a thousand rows where a run has 64,000.
        """
        table = (overview if by_block else steps).c
        columns = [table.step, table.loss, table.error, table.learning_rate]
        with self.read() as db:
            query = select(*columns).where(table.run_id == run_id, table.step > after).order_by(table.step)
            return _to_frame(db, query)

    def evaluations(self, run_id: str) -> pd.DataFrame:
        """Every epoch's end: columns epoch, step, train_loss, train_error, test_loss, test_error."""
        columns = [column for column in evaluations.c if column.name != "run_id"]
        with self.read() as db:
            query = select(*columns).where(evaluations.c.run_id == run_id).order_by(evaluations.c.epoch)
            return _to_frame(db, query)

    def gradient_norms(self, run_id: str, after: int = 0, by_block: bool = False) -> pd.DataFrame:
        """2-norm of each layer's weight gradient: one column a layer by name, index `step`, past step `after`.

        With `by_block` means over 64 steps, as in `steps`.
        """
        return self._layer_numbers("gradient", run_id, after, by_block)

    def weight_norms(self, run_id: str, after: int = 0, by_block: bool = False) -> pd.DataFrame:
        """2-norm of each layer's weights after a step; columns and index as in `gradient_norms`."""
        return self._layer_numbers("weight", run_id, after, by_block)

    def update_norms(self, run_id: str, after: int = 0, by_block: bool = False) -> pd.DataFrame:
        """2-norm of what a step changed in each layer's weights; columns and index as in `gradient_norms`."""
        return self._layer_numbers("update", run_id, after, by_block)

    def responses(self, run_id: str, after: int = 0, by_block: bool = False) -> pd.DataFrame:
        """Standard deviation of every batch norm's output in training: one column a batch norm, index `step`."""
        return self._layer_numbers("responses", run_id, after, by_block)

    def _layer_numbers(self, kind: str, run_id: str, after: int, by_block: bool) -> pd.DataFrame:
        layers = self.run(run_id).facts.get("norm_layers" if kind == "responses" else "layers", [])
        table = (overview if by_block else layer_numbers).c
        first = table.step if by_block else table.first_step
        query = select(first, table[kind]).where(table.run_id == run_id, first > after).order_by(first)
        with self.read() as db:
            chunks = db.execute(query).all() if layers else []
        blocks = [np.frombuffer(chunk[1], "<f4").reshape(-1, len(layers)) for chunk in chunks]
        places = [np.arange(len(block)) + chunk[0] for block, chunk in zip(blocks, chunks, strict=True)]
        values = np.concatenate(blocks) if blocks else np.empty((0, len(layers)), "<f4")
        index = np.concatenate(places) if places else np.empty(0, int)
        return pd.DataFrame(values, columns=layers, index=pd.Index(index, name="step"))

    def checkpoints(self, run_id: str) -> list[Checkpoint]:
        """Where a run can go on, the newest first."""
        columns = [column for column in checkpoints.c if column.name != "run_id"]
        query = select(*columns).where(checkpoints.c.run_id == run_id).order_by(checkpoints.c.step.desc())
        with self.read() as db:
            return [Checkpoint(**row._mapping) for row in db.execute(query)]

    def samples(self, run_id: str) -> list[tuple[int, bytes]]:
        """A few test pictures that the run's net can be asked about: (label, PNG)."""
        query = select(samples.c.label, samples.c.png).where(samples.c.run_id == run_id).order_by(samples.c.position)
        with self.read() as db:
            return [(row.label, row.png) for row in db.execute(query)]

    def count_active(self) -> int:
        """How many runs are at work, or wait for their turn."""
        return self._count(runs.c.status.in_(ACTIVE))

    def count_queued(self) -> int:
        """How many runs wait for their turn."""
        return self._count(runs.c.status == RunStatus.QUEUED)

    def count_running(self, host: str) -> int:
        """How many runs are at work on a machine."""
        return self._count((runs.c.status == RunStatus.RUNNING) & (runs.c.owner_host == host))

    def _count(self, condition: Any) -> int:
        with self.read() as db:
            return int(db.execute(select(func.count()).select_from(runs).where(condition)).scalar_one())

    def chosen(self, name: str, default: Any = None) -> Any:
        """What the user has chosen last."""
        with self.read() as db:
            row = db.execute(select(choices.c.value).where(choices.c.name == name)).one_or_none()
        return default if row is None else json.loads(row.value)

    def copy_runs(self, run_ids: Sequence[str], target: "RunStore") -> None:
        """Copy runs with all that belongs to them into another store, in which they are not yet."""
        with self.read() as source, target.write() as db:
            for table in metadata.sorted_tables:  # runs first: the others refer to them
                if table in (choices, studies):
                    continue
                key = table.c.id if table is runs else table.c.run_id
                rows = source.execute(select(table).where(key.in_(run_ids))).mappings().all()
                if rows:
                    db.execute(insert(table), [dict(row) for row in rows])

    # -- who works on what -----------------------------------------------------------------------------------------

    def claim(self, owner: Owner, at_once: int | None = None, run_id: str | None = None) -> Claim | None:
        """Take the oldest run that waits, or this one, for a worker; None where there is none.

        With `at_once` also where so many are at work on the owner's machine already.
        """
        waiting = runs.c.status == RunStatus.QUEUED
        if run_id is not None:
            waiting &= runs.c.id == run_id
        with self.write() as db:
            if at_once is not None:
                self.lock(db, f"claims on {owner.host}")
                here = (runs.c.status == RunStatus.RUNNING) & (runs.c.owner_host == owner.host)
                if db.execute(select(func.count()).select_from(runs).where(here)).scalar_one() >= at_once:
                    return None
            oldest = select(runs.c.id).where(waiting).order_by(*_TO_CLAIM).limit(1)
            found = db.execute(oldest.with_for_update(skip_locked=True)).scalar_one_or_none()
            if found is None:
                return None
            token = secrets.token_hex(8)
            taken = {
                "status": RunStatus.RUNNING,
                "attempt": runs.c.attempt + 1,
                "tries": runs.c.tries + 1,
                "token": token,
                "owner_host": owner.host,
                "owner_pid": owner.pid,
                "owner_started": owner.started,
                "beats": 0,
                "heartbeat_at": now(),
                "lease_until": now() + LEASE,
                "request": "",
                "message": "",
                "ended_at": None,
            }
            taking = update(runs).where(runs.c.id == found, waiting).values(taken).returning(runs.c.attempt)
            return Claim(found, db.execute(taking).scalar_one(), token)

    def recover(self) -> list[str]:
        """Take runs from workers that are gone: they are queued again, or given up after TRIES attempts in vain.

        A worker of this machine is gone when its process is; any other when its heartbeat has stood still for LEASE
        by this process's own clock, or for DOUBT where its lease has run out by the database's clock: no jump of
        either clock takes a run from a worker that is alive. The ids of the runs that were taken.
        """
        table = runs.c
        columns = [table.id, table.attempt, table.beats, table.request, table.tries]
        owner = [table.owner_host, table.owner_pid, table.owner_started]
        is_over = (table.lease_until < now()).label("is_over")
        query = select(*columns, *owner, is_over).where(table.status == RunStatus.RUNNING)
        with self.read() as db:
            at_work = db.execute(query).all()
        taken = []
        for row in at_work:
            gone = Owner(row.owner_host, row.owner_pid, row.owner_started).is_gone
            if gone or self._silence.is_too_long(row.id, (row.attempt, row.beats), bool(row.is_over)):
                same = (table.id == row.id) & (table.attempt == row.attempt) & (table.beats == row.beats)
                same &= table.status == RunStatus.RUNNING
                with self.write() as db:
                    if db.execute(update(runs).where(same).values(after_loss(row.request, row.tries))).rowcount:
                        taken.append(row.id)
        return taken

    # -- the database ----------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection to read by; what goes wrong with it becomes a StoreError."""
        with answering(), self.engine.connect() as db:
            yield db

    @contextlib.contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction to write in, whole or not at all; what goes wrong with it becomes a StoreError."""
        with answering(), writing(self.engine) as db:
            yield db

    def lock(self, db: Connection, what: int | str) -> None:
        """Let others who lock the same wait until this transaction ends. SQLite has one writer anyway."""
        if self.engine.dialect.name == "postgresql":
            key = func.hashtext(what) if isinstance(what, str) else what
            db.execute(select(func.pg_advisory_xact_lock(key)))


_IN_ORDER = (runs.c.comparison, runs.c.position)
_TO_CLAIM = (runs.c.created_at, *_IN_ORDER)
_HIDDEN = {"tries", "token", "beats", "heartbeat_at", "lease_until"}


def select_runs() -> Any:
    """A query for all that a Run is made of."""
    shown = [column for column in runs.c if column.name not in _HIDDEN]
    return select(*shown, (now() - runs.c.heartbeat_at).label("silent_for"))


@contextlib.contextmanager
def answering() -> Iterator[None]:
    """Turn what goes wrong with a database into a StoreError with a sentence."""
    try:
        yield
    except DBAPIError as error:
        reason = str(error.orig).splitlines()[0] if str(error.orig) else type(error.orig).__name__
        raise StoreError(f"the database does not answer ({reason}); try again in a moment") from error
    except SQLAlchemyError as error:
        raise StoreError(f"the database does not answer ({str(error).splitlines()[0]})") from error


def _to_frame(db: Connection, query: Any) -> pd.DataFrame:
    result = db.execute(query)
    frame = pd.DataFrame(result.all(), columns=list(result.keys()))
    return frame.astype({name: float for name in frame if name not in ("step", "epoch")})
