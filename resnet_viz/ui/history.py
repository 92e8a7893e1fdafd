"""What has been read of runs so far? Their curves and layers, kept for all sessions: only what is new is asked for."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pandas as pd
import streamlit as st

from resnet_viz.runs import Run, RunStore, recorded_stores
from resnet_viz.ui.services import run_store

LONG = 8192  # steps
MOST_BYTES = 256 * 2**20  # of all frames that are kept


class Shelf:
    """Frames by name, each with the state of the run that it belongs to; of too many the longest unused go.

    Sessions share it. Two that read the same run at once both put a whole frame there, and either will do.
    """

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self.most_bytes, self.bytes = most_bytes, 0
        self._frames: OrderedDict[str, tuple[str, pd.DataFrame]] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, name: str, state: str) -> pd.DataFrame | None:
        """The frame of a name, where it is of this state and has rows."""
        with self._lock:
            known, frame = self._frames.get(name, ("", None))
            if frame is None or known != state or frame.empty:
                return None
            self._frames.move_to_end(name)
            return frame

    def put(self, name: str, state: str, frame: pd.DataFrame) -> pd.DataFrame:
        """Keep a frame in place of what has its name; the frame itself."""
        with self._lock:
            self._drop(name)
            self._frames[name] = (state, frame)
            self.bytes += _bytes_of(frame)
            while self.bytes > self.most_bytes and len(self._frames) > 1:
                self._drop(next(iter(self._frames)))
        return frame

    def _drop(self, name: str) -> None:
        if name in self._frames:
            self.bytes -= _bytes_of(self._frames.pop(name)[1])


def _bytes_of(frame: pd.DataFrame) -> int:
    return int(frame.memory_usage().sum())


@st.cache_resource(show_spinner=False)
def _shelf() -> Shelf:
    return Shelf()


@st.cache_resource(show_spinner=False)
def recorded_runs() -> dict[str, tuple[Run, RunStore]]:
    """The runs that ship with the project by their ids, each with the store that has it."""
    return {run.id: (run, store) for store in recorded_stores().values() for run in store.runs()}


def store_with(run: Run) -> RunStore:
    """Where a run's curves are: with the recorded ones, or in the store of this installation.

    A recorded run can have been brought here and gone on.
    """
    recorded, store = recorded_runs().get(run.id, (None, run_store()))
    return store if recorded and state_of([recorded]) == state_of([run]) else run_store()


def is_long(run: Run) -> bool:
    """Whether its curves are shown as means over 64 steps."""
    return run.step > LONG


def state_of(runs: Sequence[Run]) -> str:
    """What figures of runs depend on: the same text where nothing is new."""
    return repr([(run.id, attempts_begun(run), run.step, run.status, run.test_error, is_long(run)) for run in runs])


def attempts_begun(run: Run) -> int:
    """How many attempts have taken a run back to where they go on; one that was only claimed has not yet."""
    return len(run.facts.get("attempts", ()))


def steps_so_far(run: Run) -> pd.DataFrame:
    """All training steps of a run, of a long one means over 64; the run can be a recorded one."""

    def read(after: int) -> pd.DataFrame:
        return store_with(run).steps(run.id, after, by_block=is_long(run))

    name, state = _name_of("steps", run)
    known = _shelf().find(name, state)
    if known is None:
        return _shelf().put(name, state, read(0))
    newer = read(int(known["step"].iloc[-1]))
    return _shelf().put(name, state, pd.concat([known, newer], ignore_index=True)) if len(newer) else known


def evaluations_so_far(run: Run) -> pd.DataFrame:
    """The ends of a run's epochs, read again only where the run has gone on."""
    name, state = f"evaluations {run.id}", state_of([run])
    known = _shelf().find(name, state)
    return known if known is not None else _shelf().put(name, state, store_with(run).evaluations(run.id))


def layers_so_far(run: Run, kind: str) -> pd.DataFrame:
    """A quantity of QUANTITIES of all layers of a run, of a long one means over 64 steps."""

    def read(after: int) -> pd.DataFrame:
        return QUANTITIES[kind].read(store_with(run), run.id, after, is_long(run))

    name, state = _name_of(kind, run)
    known = _shelf().find(name, state)
    if known is None:
        return _shelf().put(name, state, read(0))
    newer = read(int(known.index[-1]))
    return _shelf().put(name, state, pd.concat([known, newer])) if len(newer) else known


def _name_of(kind: str, run: Run) -> tuple[str, str]:
    """A frame's name, and the state in which what was read is good: an attempt that has begun took steps back."""
    return f"{kind} {run.id} {is_long(run)}", str(attempts_begun(run))


@dataclass(frozen=True)
class Quantity:
    """A number of every layer in every step: its names, what it means, and how the store is asked for it."""

    title: str
    meaning: str
    read: Callable[[RunStore, str, int, bool], pd.DataFrame]


QUANTITIES = {
    "gradient": Quantity(
        "gradient norm",
        r"the 2-norm $\lVert \partial L / \partial W_l \rVert_2$ of the gradient that the optimizer used",
        RunStore.gradient_norms,
    ),
    "weight": Quantity(
        "weight norm", r"the 2-norm $\lVert W_l \rVert_2$ of the weights after the step", RunStore.weight_norms
    ),
    "update": Quantity(
        "update over weight",
        r"$\lVert \Delta W_l \rVert_2 / \lVert W_l \rVert_2$, how far a step moved the weights for their own size",
        lambda store, *which: store.update_norms(*which) / store.weight_norms(*which),
    ),
    "response": Quantity(
        "response",
        "the standard deviation of what a layer's batch norm puts out, from its own weights: "
        r"$\sqrt{\mathrm{mean}(\gamma^2) + \mathrm{var}(\beta)}$ (He et al. 2015, Fig. 7)",
        RunStore.responses,
    ),
}
