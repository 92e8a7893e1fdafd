"""Where do pages and workers meet? In the RunStore, the one place that knows what happened."""

import contextlib
import json
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd
from sqlalchemy import Connection, Engine, Row, create_engine, event, func, insert, select, update
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, OperationalError, SQLAlchemyError

from resnet_viz.runs.schema import ACTIVE, RunStatus, evaluations, layer_numbers, metadata, runs, samples, steps

LEASE = 20.0  # seconds without a heartbeat after which a run counts as interrupted
OPEN = (*ACTIVE, RunStatus.INTERRUPTED)  # what a worker that is alive may still change
MAKING_TRIES = 10
BUSY_TIMEOUT = 15.0  # seconds that SQLite waits for another writer


@dataclass(frozen=True)
class Run:
    """One run as the store knows it; `spec`, `config` and `facts` are plain dicts."""

    id: str
    comparison: str
    position: int
    status: RunStatus
    message: str
    loading: float
    spec: dict[str, Any]
    config: dict[str, Any]
    facts: dict[str, Any]
    step: int
    total_steps: int
    seconds: float
    train_error: float | None
    test_error: float | None
    weights: str
    stop_requested: bool
    created_at: float
    heartbeat_at: float
    ended_at: float | None

    @property
    def progress(self) -> float:
        """The share that is done, 0 to 1: of its steps, before them of what it loads."""
        return self.step / self.total_steps if self.total_steps else self.loading

    @property
    def seconds_left(self) -> float | None:
        """The time that the remaining steps will take at the pace so far; None before the first."""
        return self.seconds / self.step * (self.total_steps - self.step) if self.step else None


class StoreError(RuntimeError):
    """A database that cannot be used; the message is a sentence with the next step."""


class RunStore:
    """All runs in one database, SQLite or another that SQLAlchemy reaches by URL.

    A run has one writer, its worker; any number of pages read. Numbers that are not finite are kept
    as NULL and read back as NaN.
    """

    def __init__(self, url: str, read_only: bool = False) -> None:
        """Open the database, and make its tables where there are none. Raises StoreError with a sentence.

        An SQLite file that is `read_only` is not touched, and may lie where nothing can be written. Weights whose
        path is relative are looked for beside the database.
        """
        try:
            self.engine = _open_to_read(url) if read_only else _open(url)
            if not read_only:
                _make_tables(self.engine)
        except (SQLAlchemyError, ImportError, OSError) as error:
            reason = str(error).splitlines()[0]
            raise StoreError(
                f"the database {_say(url)} cannot be opened: {reason}. "
                "Check RESNET_VIZ_DATABASE_URL, or RESNET_VIZ_HOME and its permissions"
            ) from error
        parsed = make_url(url)
        is_file = parsed.get_backend_name() == "sqlite" and parsed.database
        self.folder = Path(parsed.database or "").parent if is_file else Path()

    # -- what a page does ------------------------------------------------------------------------------------------

    def add_comparison(self, wanted: Sequence[tuple[dict[str, Any], dict[str, Any]]]) -> list[Run]:
        """Queue one run for each (spec, config), all of one comparison, in this order."""
        comparison, now = _new_id(), time.time()
        rows = [
            {
                "id": _new_id(),
                "comparison": comparison,
                "position": position,
                "status": RunStatus.QUEUED,
                "spec": json.dumps(spec),
                "config": json.dumps(config),
                "created_at": now,
                "heartbeat_at": now,
            }
            for position, (spec, config) in enumerate(wanted)
        ]
        with self.engine.begin() as db:
            db.execute(insert(runs), rows)
        return self.comparison(comparison)

    def run(self, run_id: str) -> Run:
        """One run. Raises KeyError where there is none of this id."""
        with self.engine.connect() as db:
            row = db.execute(select(runs).where(runs.c.id == run_id)).one_or_none()
        if row is None:
            raise KeyError(f"there is no run {run_id}")
        return self._to_run(row)

    def comparison(self, comparison: str) -> list[Run]:
        """The runs of one comparison in the order in which they were asked for; empty where there is none."""
        query = select(runs).where(runs.c.comparison == comparison).order_by(runs.c.position)
        with self.engine.connect() as db:
            return [self._to_run(row) for row in db.execute(query)]

    def runs(self, comparisons: int = 200) -> list[Run]:
        """The runs of the newest comparisons, those of a comparison together and in order."""
        newest = select(runs.c.comparison).where(runs.c.position == 0).order_by(runs.c.created_at.desc())
        query = select(runs).where(runs.c.comparison.in_(newest.limit(comparisons)))
        query = query.order_by(runs.c.created_at.desc(), runs.c.comparison, runs.c.position)
        with self.engine.connect() as db:
            return [self._to_run(row) for row in db.execute(query)]

    def request_stop(self, run_id: str) -> None:
        """Ask a run to stop; a queued one is stopped at once, a running one within its worker's next step."""
        with self.engine.begin() as db:
            db.execute(update(runs).where(runs.c.id == run_id).values(stop_requested=True))
            queued = (runs.c.id == run_id) & (runs.c.status == RunStatus.QUEUED)
            db.execute(update(runs).where(queued).values(_ending(RunStatus.STOPPED, "stopped before it began")))

    def mark_interrupted(self) -> None:
        """Give a name to what has happened to runs whose worker no longer sends a heartbeat."""
        silent = runs.c.status.in_(ACTIVE) & (runs.c.heartbeat_at < time.time() - LEASE)
        with self.engine.connect() as db:
            found = db.execute(select(runs.c.id).where(silent).limit(1)).first()
        if found is None:
            return  # a page asks every second: no writing where nothing is to be written
        message = "its worker ended without a word (killed, out of memory, or the machine was switched off)"
        with self.engine.begin() as db:
            db.execute(update(runs).where(silent).values(_ending(RunStatus.INTERRUPTED, message)))

    def steps(self, run_id: str, after: int = 0) -> pd.DataFrame:
        """Every training step past `after`: columns step, loss, error (a fraction), learning_rate."""
        columns = [steps.c.step, steps.c.loss, steps.c.error, steps.c.learning_rate]
        query = select(*columns).where(steps.c.run_id == run_id, steps.c.step > after).order_by(steps.c.step)
        with self.engine.connect() as db:
            return _to_frame(db, query)

    def evaluations(self, run_id: str) -> pd.DataFrame:
        """Every epoch's end: columns epoch, step, train_loss, train_error, test_loss, test_error."""
        columns = [column for column in evaluations.c if column.name != "run_id"]
        query = select(*columns).where(evaluations.c.run_id == run_id).order_by(evaluations.c.epoch)
        with self.engine.connect() as db:
            return _to_frame(db, query)

    def gradient_norms(self, run_id: str, after: int = 0) -> pd.DataFrame:
        """2-norm of each layer's weight gradient: one column a layer by name, index `step`, past step `after`."""
        return self._layer_numbers("gradient", run_id, after)

    def weight_norms(self, run_id: str, after: int = 0) -> pd.DataFrame:
        """2-norm of each layer's weights after a step; columns and index as in `gradient_norms`."""
        return self._layer_numbers("weight", run_id, after)

    def update_norms(self, run_id: str, after: int = 0) -> pd.DataFrame:
        """2-norm of what a step changed in each layer's weights; columns and index as in `gradient_norms`."""
        return self._layer_numbers("update", run_id, after)

    def responses(self, run_id: str, after: int = 0) -> pd.DataFrame:
        """Standard deviation of every batch norm's output in training: one column a batch norm, index `step`."""
        return self._layer_numbers("responses", run_id, after)

    def _layer_numbers(self, kind: str, run_id: str, after: int) -> pd.DataFrame:
        layers = self.run(run_id).facts.get("norm_layers" if kind == "responses" else "layers", [])
        table = layer_numbers.c
        query = select(table.first_step, table[kind]).where(table.run_id == run_id, table.first_step > after)
        with self.engine.connect() as db:
            chunks = db.execute(query.order_by(table.first_step)).all() if layers else []
        blocks = [np.frombuffer(chunk[1], "<f4").reshape(-1, len(layers)) for chunk in chunks]
        first_steps = [np.arange(len(block)) + chunk.first_step for block, chunk in zip(blocks, chunks, strict=True)]
        values = np.concatenate(blocks) if blocks else np.empty((0, len(layers)), "<f4")
        index = np.concatenate(first_steps) if first_steps else np.empty(0, int)
        return pd.DataFrame(values, columns=layers, index=pd.Index(index, name="step"))

    def copy_runs(self, run_ids: Sequence[str], target: "RunStore") -> None:
        """Copy runs with all that belongs to them into another store, in which they are not yet."""
        with self.engine.connect() as source, target.engine.begin() as db:
            for table in metadata.sorted_tables:  # runs first: the others refer to them
                key = table.c.id if table is runs else table.c.run_id
                rows = source.execute(select(table).where(key.in_(run_ids))).mappings().all()
                if rows:
                    db.execute(insert(table), [dict(row) for row in rows])

    def samples(self, run_id: str) -> list[tuple[int, bytes]]:
        """A few test pictures that the run's net can be asked about: (label, PNG)."""
        query = select(samples.c.label, samples.c.png).where(samples.c.run_id == run_id).order_by(samples.c.position)
        with self.engine.connect() as db:
            return [(row.label, row.png) for row in db.execute(query)]

    def count_active(self) -> int:
        """How many runs are at work, or wait for their turn."""
        query = select(func.count()).select_from(runs).where(runs.c.status.in_(ACTIVE))
        with self.engine.connect() as db:
            return int(db.execute(query).scalar_one())

    def _to_run(self, row: Row[Any]) -> Run:
        fields = dict(row._mapping)
        for name in ("spec", "config", "facts"):
            fields[name] = json.loads(fields[name])
        if fields["weights"]:
            fields["weights"] = str(self.folder / fields["weights"])
        return Run(**(fields | {"status": RunStatus(fields["status"])}))

    # -- what a worker does ----------------------------------------------------------------------------------------

    def claim(self, run_id: str, at_once: int | None) -> bool:
        """Take a queued run to work on it, if it is the oldest that waits and fewer than `at_once` are running.

        With None it does not wait for others.
        """
        free = (runs.c.id == run_id) & (runs.c.status == RunStatus.QUEUED)
        if at_once is not None:
            other = runs.alias("other")
            running = select(func.count()).select_from(other).where(other.c.status == RunStatus.RUNNING)
            queue = select(other.c.id).where(other.c.status == RunStatus.QUEUED)
            oldest = queue.order_by(other.c.created_at, other.c.comparison, other.c.position).limit(1)
            free &= (running.scalar_subquery() < at_once) & (runs.c.id == oldest.scalar_subquery())
        with self.engine.begin() as db:
            claimed = update(runs).where(free).values(status=RunStatus.RUNNING, heartbeat_at=time.time())
            return db.execute(claimed).rowcount == 1

    def beat(self, run_id: str, at_work: bool) -> bool:
        """Say that the run's worker is alive, at work or waiting; the answer is whether it shall go on.

        A run that was taken for interrupted, as after the machine has slept, is alive again.
        """
        status = RunStatus.RUNNING if at_work else RunStatus.QUEUED
        alive = {"status": status, "heartbeat_at": time.time(), "ended_at": None}
        with self.engine.begin() as db:
            db.execute(update(runs).where(runs.c.id == run_id, runs.c.status.in_(OPEN)).values(alive))
            row = db.execute(select(runs.c.stop_requested, runs.c.status).where(runs.c.id == run_id)).one()
        return not row.stop_requested and RunStatus(row.status).is_active

    def say(self, run_id: str, message: str, loading: float = 0.0) -> None:
        """Tell the reader what the run is doing besides training, and the share of it that is done."""
        with self.engine.begin() as db:
            db.execute(update(runs).where(runs.c.id == run_id).values(message=message, loading=loading))

    def describe(self, run_id: str, facts: dict[str, Any], total_steps: int) -> None:
        """Record what was found at the start: facts (device, threads, versions, layers) and the steps to come."""
        values = {"facts": json.dumps(facts), "total_steps": total_steps, "message": ""}
        with self.engine.begin() as db:
            db.execute(update(runs).where(runs.c.id == run_id).values(values))

    def note(self, run_id: str, facts: dict[str, Any]) -> None:
        """Add to a run's facts what was found later."""
        with self.engine.begin() as db:
            row = db.execute(select(runs.c.facts).where(runs.c.id == run_id)).one()
            merged = json.dumps(json.loads(row.facts) | facts)
            db.execute(update(runs).where(runs.c.id == run_id).values(facts=merged))

    def add_samples(self, run_id: str, pictures: Sequence[tuple[int, bytes]]) -> None:
        """Keep a few test pictures as (label, PNG)."""
        rows = [
            {"run_id": run_id, "position": i, "label": label, "png": png} for i, (label, png) in enumerate(pictures)
        ]
        with self.engine.begin() as db:
            db.execute(insert(samples), rows)

    def append(self, run_id: str, rows: pd.DataFrame, numbers: Mapping[str, np.ndarray], seconds: float) -> None:
        """Add training steps (columns as `steps` returns them) and their layers' numbers.

        `numbers` holds gradient, weight, update, float32 (steps, layers), and responses (steps, batch norms).
        """
        if rows.empty:
            return
        first, last = int(rows["step"].iloc[0]), int(rows["step"].iloc[-1])
        records = [{"run_id": run_id, **_finite(row)} for row in cast(list[dict[str, Any]], rows.to_dict("records"))]
        blobs = {name: values.astype("<f4").tobytes() for name, values in numbers.items()}
        chunk = {"run_id": run_id, "first_step": first, **blobs}
        progress = {"step": last, "seconds": seconds, "message": ""}
        with self.engine.begin() as db:
            db.execute(insert(steps), records)
            db.execute(insert(layer_numbers), chunk)
            db.execute(update(runs).where(runs.c.id == run_id).values(progress))

    def evaluate(self, run_id: str, evaluation: dict[str, Any], seconds: float) -> None:
        """Add an epoch's end (names as the columns of `evaluations`), `seconds` after the start.

        The run's own errors are those of its last epoch.
        """
        values = {name: evaluation[name] for name in ("train_error", "test_error")}
        values |= {"seconds": seconds, "message": ""}
        with self.engine.begin() as db:
            db.execute(insert(evaluations), {"run_id": run_id, **_finite(evaluation)})
            db.execute(update(runs).where(runs.c.id == run_id).values(values))

    def end(self, run_id: str, status: RunStatus, message: str = "", weights: Path | None = None) -> None:
        """Close a run that is still open: how it ended, why, and where its weights are."""
        values = _ending(status, message) | {"weights": str(weights) if weights else ""}
        with self.engine.begin() as db:
            db.execute(update(runs).where(runs.c.id == run_id, runs.c.status.in_(OPEN)).values(values))


def _say(url: str) -> str:
    try:
        return make_url(url).render_as_string(hide_password=True)
    except ArgumentError:
        return repr(url)


def _open(url: str) -> Engine:
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return create_engine(url)
    if parsed.database and parsed.database != ":memory:":
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, connect_args={"timeout": BUSY_TIMEOUT})

    @event.listens_for(engine, "connect")
    def set_pragmas(connection: Any, _: object) -> None:
        # WAL lets pages read while a worker writes; NORMAL syncs at checkpoints, not at every commit.
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=NORMAL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.close()

    return engine


def _open_to_read(url: str) -> Engine:
    database = Path(make_url(url).database or "").resolve()
    if not database.is_file():
        raise OSError(f"there is no file {database}")
    return create_engine(f"sqlite:///file:{database}?mode=ro&immutable=1&uri=true")


def _make_tables(engine: Engine) -> None:
    # Other processes may make them at this moment: then a table "already exists", or the file is locked.
    for _ in range(MAKING_TRIES - 1):
        with contextlib.suppress(OperationalError):
            return metadata.create_all(engine)
        time.sleep(0.1)
    return metadata.create_all(engine)


def _new_id() -> str:
    return secrets.token_hex(4)


def _ending(status: RunStatus, message: str) -> dict[str, Any]:
    return {"status": status, "message": message, "ended_at": time.time()}


def _finite(record: dict[str, Any]) -> dict[str, Any]:
    return {
        name: None if isinstance(value, float) and not np.isfinite(value) else value for name, value in record.items()
    }


def _to_frame(db: Connection, query: Any) -> pd.DataFrame:
    result = db.execute(query)
    frame = pd.DataFrame(result.all(), columns=list(result.keys()))
    return frame.astype({name: float for name in frame if name not in ("step", "epoch")})
