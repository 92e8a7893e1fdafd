"""Runs as workers write them."""

import numpy as np
import pandas as pd
from sqlalchemy import update

from resnet_viz.runs import Checkpoint, Owner, Run, RunStore, RunWriter
from resnet_viz.runs.schema import runs as table

WANTED = [({"family": "plain"}, {"seed": 1}), ({"family": "resnet"}, {"seed": 2})]
ELSEWHERE = Owner("another-host", 4321, 17.0)


def some_steps(first: int, count: int, loss: float = 1.5) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "step": np.arange(first, first + count),
            "loss": loss,
            "error": 0.25,
            "learning_rate": np.linspace(0, 1, count),
        }
    )


def numbers_of(layers: np.ndarray, responses: np.ndarray | None = None) -> dict[str, np.ndarray]:
    """What a worker writes of some steps: weights and updates are twice and three times the gradients."""
    responses = layers[:, :1] if responses is None else responses
    return {"gradient": layers, "weight": 2 * layers, "update": 3 * layers, "responses": responses}


def begin(store: RunStore, run: Run | None = None, owner: Owner = ELSEWHERE) -> RunWriter:
    """Claim a run, or a new one, as a worker does."""
    run = run or store.add_comparison(WANTED)[0]
    claim = store.claim(owner, run_id=run.id)
    assert claim is not None
    return RunWriter(store, claim)


def a_checkpoint(step: int, test_error: float | None = None, attempt: int = 1) -> Checkpoint:
    return Checkpoint(step, step // 10, attempt, test_error, f"w{step}", "0" * 64, f"s{step}", "1" * 64)


def let_lease_run_out(store: RunStore, run_id: str) -> None:
    with store.engine.begin() as db:
        db.execute(update(table).where(table.c.id == run_id).values(lease_until=0.0))
