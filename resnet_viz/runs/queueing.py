"""How do runs come into the queue? As comparisons, and those of a sweep together, none of them twice."""

import json
import secrets
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, insert, select

from resnet_viz.runs.schema import ACTIVE, RunStatus, now, runs

Wanted = Sequence[tuple[dict[str, Any], dict[str, Any]]]  # spec and config of each run of a comparison
Texts = tuple[tuple[str, str], ...]


class OtherSweep(ValueError):
    """Comparisons that belong to another sweep already: its id by their place among those that were asked for."""

    def __init__(self, taken: dict[int, str]) -> None:
        super().__init__(*taken.values())
        self.taken = taken


def new_id() -> str:
    """A name for a run, a comparison or a sweep."""
    return secrets.token_hex(4)


def texts_of(wanted: Wanted) -> Texts:
    """What tells a comparison from others: spec and config of each run as they are stored."""
    return tuple((json.dumps(spec), json.dumps(config)) for spec, config in wanted)


def find_active(db: Connection) -> dict[Texts, tuple[str, str]]:
    """The comparisons that are at work or wait, and their sweeps, by the texts of their runs that do."""
    query = select(runs.c.comparison, runs.c.sweep, runs.c.spec, runs.c.config).where(runs.c.status.in_(ACTIVE))
    groups: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for row in db.execute(query.order_by(runs.c.comparison, runs.c.position)):
        groups.setdefault((row.comparison, row.sweep), []).append((row.spec, row.config))
    return {tuple(texts): key for key, texts in groups.items()}


def add_runs(db: Connection, wanted: Wanted, sweep: str, later: float = 0.0) -> str:
    """Queue the runs of a new comparison, `later` seconds from now by what they say; its id."""
    at = db.execute(select(now())).scalar_one()
    comparison = new_id()
    common = {"comparison": comparison, "sweep": sweep, "created_at": at + later, "heartbeat_at": at}
    rows = [
        {"id": new_id(), "position": position, "status": RunStatus.QUEUED, "spec": spec, "config": config, **common}
        for position, (spec, config) in enumerate(texts_of(wanted))
    ]
    db.execute(insert(runs), rows)
    return comparison
