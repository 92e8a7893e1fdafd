"""Who writes a run's history? The worker that holds its claim, and nobody else: every write is fenced by it."""

import contextlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any, cast

import numpy as np
import pandas as pd
from sqlalchemy import Connection, insert, select, update

from resnet_viz.runs.opening import writing
from resnet_viz.runs.records import Checkpoint, Claim
from resnet_viz.runs.schema import (
    BLOCK,
    KINDS,
    RunStatus,
    checkpoints,
    evaluations,
    layer_numbers,
    now,
    overview,
    runs,
    samples,
    steps,
)
from resnet_viz.runs.silence import LEASE, ending
from resnet_viz.runs.store import RunStore, answering

KEPT = 2  # checkpoints, beside the best
LONGEST = 256  # steps that a worker writes at once, at the most


class LostRun(RuntimeError):
    """The run was taken from this worker, or has ended: nothing it writes is wanted any more."""


class RunWriter:
    """Writes the history of one run under a claim. Every method raises LostRun where the claim is no longer good."""

    def __init__(self, store: RunStore, claim: Claim) -> None:
        self.store, self.claim = store, claim
        self.run_id = claim.run_id
        self._unblocked: list[tuple[pd.DataFrame, dict[str, np.ndarray]]] = []  # steps of a block that is not full

    def beat(self) -> str:
        """Say that the worker is alive; the answer is what the reader asks of it: "", "stop" or "pause"."""
        values = {"beats": runs.c.beats + 1, "heartbeat_at": now(), "lease_until": now() + LEASE}
        with self._fenced(**values) as db:
            return str(db.execute(select(runs.c.request).where(runs.c.id == self.run_id)).scalar_one())

    def asked(self) -> str:
        """What the reader asks of the worker, as in `beat`, without writing."""
        with self.store.read() as db:
            row = db.execute(select(runs.c.request).where(self._is_ours())).one_or_none()
        if row is None:
            raise LostRun
        return str(row.request)

    def say(self, message: str, loading: float = 0.0) -> None:
        """Tell the reader what the run is doing besides training, and the share of it that is done."""
        with self._fenced(message=message, loading=loading):
            pass

    def describe(self, facts: dict[str, Any], total_steps: int) -> None:
        """Record what was found at the start: facts (device, threads, versions, layers) and the steps to come."""
        with self._fenced(total_steps=total_steps, message="") as db:
            self._merge_facts(db, facts)

    def note(self, facts: dict[str, Any]) -> None:
        """Add to a run's facts what was found later."""
        with self._fenced() as db:
            self._merge_facts(db, facts)

    def _merge_facts(self, db: Connection, facts: dict[str, Any]) -> None:
        known = json.loads(db.execute(select(runs.c.facts).where(runs.c.id == self.run_id)).scalar_one())
        db.execute(update(runs).where(runs.c.id == self.run_id).values(facts=json.dumps(known | facts)))

    def add_samples(self, pictures: Sequence[tuple[int, bytes]]) -> None:
        """Keep a few test pictures as (label, PNG), in place of those of an earlier attempt."""
        rows = [
            {"run_id": self.run_id, "position": i, "label": label, "png": png}
            for i, (label, png) in enumerate(pictures)
        ]
        with self._fenced() as db:
            db.execute(samples.delete().where(samples.c.run_id == self.run_id))
            db.execute(insert(samples), rows)

    def rewind(self, step: int, epoch: int, seconds: float) -> None:
        """Forget what an earlier attempt did past a step and an epoch: it will be done again."""
        with self._fenced(step=step, seconds=seconds) as db:
            for table, column, last in (
                (steps, "step", step),
                (layer_numbers, "first_step", step),
                (overview, "step", step),
                (evaluations, "epoch", epoch),
                (checkpoints, "step", step),
            ):
                db.execute(table.delete().where(table.c.run_id == self.run_id, table.c[column] > last))
            errors = select(evaluations.c.train_error, evaluations.c.test_error)
            kept = errors.where(evaluations.c.run_id == self.run_id).order_by(evaluations.c.epoch.desc()).limit(1)
            train_error, test_error = db.execute(kept).one_or_none() or (None, None)
            now_so = {"train_error": train_error, "test_error": test_error}
            db.execute(update(runs).where(runs.c.id == self.run_id).values(now_so))
        begun = step // BLOCK * BLOCK
        rows = self.store.steps(self.run_id, begun)
        reads = (RunStore.gradient_norms, RunStore.weight_norms, RunStore.update_norms, RunStore.responses)
        numbers = {}
        for kind, read in zip(KINDS, reads, strict=True):
            frame = read(self.store, self.run_id, max(0, begun - LONGEST))
            numbers[kind] = frame[frame.index > begun].to_numpy()
        self._unblocked = [(rows, numbers)] if len(rows) else []

    def append(self, rows: pd.DataFrame, numbers: Mapping[str, np.ndarray], seconds: float) -> None:
        """Add training steps (columns as `RunStore.steps` returns them) and their layers' numbers.

        `numbers` holds gradient, weight, update, float32 (steps, layers), and responses (steps, batch norms).
        """
        if rows.empty:
            return
        first, last = int(rows["step"].iloc[0]), int(rows["step"].iloc[-1])
        records = [
            {"run_id": self.run_id, **finite(row)} for row in cast(list[dict[str, Any]], rows.to_dict("records"))
        ]
        blobs = {kind: numbers[kind].astype("<f4").tobytes() for kind in KINDS}
        unblocked = [*self._unblocked, (rows, {kind: numbers[kind] for kind in KINDS})]
        blocks, unblocked = self._fill_blocks(unblocked, last)
        with self._fenced(step=last, seconds=seconds, message="") as db:
            db.execute(insert(steps), records)
            db.execute(insert(layer_numbers), {"run_id": self.run_id, "first_step": first, **blobs})
            if blocks:
                db.execute(insert(overview), blocks)
        self._unblocked = unblocked  # only now: a write that failed is tried again

    def _fill_blocks(
        self, waiting: list[tuple[pd.DataFrame, dict[str, np.ndarray]]], last: int
    ) -> tuple[list[dict[str, Any]], list[tuple[pd.DataFrame, dict[str, np.ndarray]]]]:
        """The means of all blocks that are full, and the steps that are left."""
        if (int(waiting[0][0]["step"].iloc[0]) - 1) // BLOCK == last // BLOCK:
            return [], waiting  # none is full: most calls
        rows = pd.concat([part for part, _ in waiting])
        numbers = {kind: np.concatenate([part[kind] for _, part in waiting]) for kind in KINDS}
        block = (rows["step"].to_numpy() - 1) // BLOCK
        found = []
        for this in range(block[0], last // BLOCK):
            inside = block == this
            means = rows.loc[inside, ["loss", "error", "learning_rate"]].mean().to_dict()
            blobs = {kind: values[inside].mean(0).astype("<f4").tobytes() for kind, values in numbers.items()}
            found.append({"run_id": self.run_id, "step": int((this + 1) * BLOCK), **finite(means), **blobs})
        rest = block >= last // BLOCK
        left = (rows[rest], {kind: values[rest] for kind, values in numbers.items()})
        return found, [left] if rest.any() else []

    def evaluate(self, evaluation: dict[str, Any], seconds: float) -> None:
        """Add an epoch's end (names as the columns of `RunStore.evaluations`), `seconds` after the start.

        The run's own errors are those of its last epoch.
        """
        errors = {name: evaluation[name] for name in ("train_error", "test_error")}
        with self._fenced(seconds=seconds, message="", **errors) as db:
            db.execute(insert(evaluations), {"run_id": self.run_id, **finite(evaluation)})

    def keep_checkpoint(self, checkpoint: Checkpoint, location: str) -> list[Checkpoint]:
        """Enter a checkpoint whose files are written; `location` is where others find its weights.

        The last KEPT and the best are kept; the answer is those that are not, whose files can go.
        """
        ours = checkpoints.c.run_id == self.run_id
        with self._fenced(tries=0, weights=location) as db:
            db.execute(checkpoints.delete().where(ours, checkpoints.c.step == checkpoint.step))
            db.execute(insert(checkpoints), {"run_id": self.run_id, **asdict(checkpoint)})
            columns = [column for column in checkpoints.c if column.name != "run_id"]
            rows = db.execute(select(*columns).where(ours).order_by(checkpoints.c.step.desc())).all()
            found = [Checkpoint(**row._mapping) for row in rows]
            tested = [one for one in found if one.test_error is not None]
            best = min(tested, key=lambda one: (one.test_error, one.step), default=None)
            old = [one for one in found[KEPT:] if one != best]
            db.execute(checkpoints.delete().where(ours, checkpoints.c.step.in_([one.step for one in old])))
        return old

    def drop_checkpoint(self, checkpoint: Checkpoint, message: str) -> None:
        """Strike out a checkpoint that turned out to be damaged, and say so to the reader."""
        ours = (checkpoints.c.run_id == self.run_id) & (checkpoints.c.step == checkpoint.step)
        with self._fenced(message=message) as db:
            db.execute(checkpoints.delete().where(ours))

    def end(self, status: RunStatus, message: str = "") -> None:
        """Close the run: how it ended, and why."""
        with self._fenced(**ending(status, message)):
            pass

    def _is_ours(self) -> Any:
        held = (runs.c.attempt == self.claim.attempt) & (runs.c.token == self.claim.token)
        return (runs.c.id == self.run_id) & held & (runs.c.status == RunStatus.RUNNING)

    @contextlib.contextmanager
    def _fenced(self, **values: Any) -> Iterator[Connection]:
        """A transaction that changes the run's row first, and nothing at all where the run is not ours."""
        with answering(), writing(self.store.engine) as db:
            held = update(runs).where(self._is_ours()).values(values or {"attempt": runs.c.attempt})
            if db.execute(held).rowcount == 0:
                raise LostRun
            yield db


def finite(record: dict[str, Any]) -> dict[str, Any]:
    """A record with None for numbers that are not finite."""
    return {
        name: None if isinstance(value, float) and not np.isfinite(value) else value for name, value in record.items()
    }
