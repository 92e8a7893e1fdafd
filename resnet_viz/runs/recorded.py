"""Which runs ship with the project? Stores in recorded/, each read where it lies and never written."""

from functools import lru_cache

from resnet_viz.place import ROOT
from resnet_viz.runs.records import Run
from resnet_viz.runs.schema import RunStatus
from resnet_viz.runs.store import ALL, RunStore

RECORDED = ROOT / "recorded"


@lru_cache(maxsize=1)
def recorded_stores() -> dict[str, RunStore]:
    """The stores of recorded runs by the name of their set: digits, few, short. Raises StoreError."""
    return {path.stem: RunStore(f"sqlite:///{path}", read_only=True) for path in sorted(RECORDED.glob("*.sqlite"))}


def stores_with(store: RunStore) -> list[RunStore]:
    """A store, then those of recorded runs: where a run can be. Raises StoreError."""
    return [store, *recorded_stores().values()]


def store_of(store: RunStore, run_id: str) -> RunStore:
    """The one of this store and the recorded ones that has a run. Raises KeyError where none has."""
    for one in stores_with(store):
        try:
            one.run(run_id)
        except KeyError:
            continue
        return one
    raise KeyError(f"there is no run {run_id}")


def find_run(store: RunStore, run_id: str) -> Run:
    """A run of this store, or a recorded one. Raises KeyError where there is none of this id."""
    return store_of(store, run_id).run(run_id)


def finished_runs(store: RunStore) -> list[Run]:
    """All runs that reached their end, the store's own first, then the recorded ones."""
    return [run for one in stores_with(store) for run in one.runs(ALL) if run.status is RunStatus.FINISHED]
