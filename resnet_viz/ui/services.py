"""What stands behind every page? The settings, the run store, and what is known of this machine."""

import atexit
import gc
import itertools
import math
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st

from resnet_viz import nets, training  # by room: `training.find_devices` imports torch when it is called, not here
from resnet_viz.data import DatasetError
from resnet_viz.nets import NetSpec, SpecError
from resnet_viz.runs import Run, RunStore, StoreError
from resnet_viz.settings import Settings
from resnet_viz.training import ConfigError, LimitError, TrainingConfig
from resnet_viz.ui.language import _, cached, said, sentence
from resnet_viz.ui.text import plain, refuse

if TYPE_CHECKING:
    from resnet_viz.nets import ConvNet
    from resnet_viz.training import Device, Pace

TIDY_SECONDS, ROUNDS_TO_FULL = 5.0, 120
QUICK_WALK = 0.002  # seconds of a core, in which Streamlit may walk over all objects after every run of a page
IDLE = 30.0  # seconds after the last question that the processes which measure are kept for the next
ICON = str(Path(__file__).parent / "icon.png")
HEAD_START = 1.0  # seconds that the first page gets before torch is imported behind it
LAST_LOOK = 10.0  # seconds that the server, told to end, waits for torch at most


def run_store() -> RunStore:
    """The store of this installation, with somebody who watches over its runs.

    Where it cannot be opened, the page says so and ends.
    """
    try:
        return _open_store(Settings().store_url)
    except StoreError as error:
        refuse(error)
        st.stop()


@st.cache_resource(show_spinner=False)
def _open_store(url: str) -> RunStore:
    store = RunStore(url)
    training.keep_watch(store, Settings())
    _start_to_tidy()
    return store


@st.cache_resource(show_spinner=False)
def _start_to_tidy() -> None:
    """Streamlit collects garbage after every run of a page, and walks over all that is there: let that be little.

    What has lived for some seconds is taken out of its sight, and looked through once in a while.
    """

    def work() -> None:
        for count in itertools.count(1):
            time.sleep(TIDY_SECONDS)
            tidy(looks_through=count % ROUNDS_TO_FULL == 0)

    threading.Thread(target=work, daemon=True, name="tidy").start()


def tidy(*, looks_through: bool) -> None:
    """Collect garbage, and freeze what is left where it is much; `looks_through` takes in what was frozen before.

    Little is not frozen: what a page is drawing at that moment would be, too, and stay until all is looked through. How
    much it is, the time of a walk tells: to list the objects, as `gc.get_objects` does, breaks a tuple that another
    thread is building.
    """
    if looks_through:
        gc.unfreeze()
    gc.collect()
    start = time.thread_time()
    gc.collect()
    if time.thread_time() - start > QUICK_WALK:
        gc.freeze()


def say_if_demo() -> None:
    """Say on every page that this is a demonstration, where it is one."""
    if Settings().demo:
        st.caption(
            _(
                ":material/info: This is a demonstration: all pages work on recorded runs, and nothing is trained "
                "here. On your own machine it trains."
            )
        )


def at_work() -> int:
    """How many runs train at once on this machine, or on the cluster."""
    settings = Settings()
    if settings.executor == "local":
        return training.runs_at_once(run_store(), settings)
    with st.spinner(_("Reaching the cluster; the first time takes up to a minute…")):
        return training.runs_at_once(run_store(), settings)


def while_store_answers(show: Callable[..., None]) -> Callable[..., None]:
    """A part of a page that says so in a sentence where the database does not answer, and is there again with it."""

    @wraps(show)
    def shown(*args: Any) -> None:
        try:
            show(*args)
        except StoreError as error:
            st.warning(
                _("{error}. Nothing is lost: what is trained meanwhile will be shown.", error=plain(said(str(error))))
            )

    return shown


def or_say_why(act: Callable[..., None]) -> Callable[..., None]:
    """What a control calls, before any part of the page runs: where it cannot be done, a toast says why."""

    @wraps(act)
    def acted(*args: Any) -> None:
        try:
            act(*args)
        except (StoreError, LimitError, ConfigError, SpecError, DatasetError) as error:
            told = sentence(str(error))
            st.toast(plain(told[:1].upper() + told[1:]), icon=":material/error:")

    return acted


@dataclass(frozen=True)
class Kind:
    """What the pace of a run depends on, but for its depth: nets of this kind, `at_once` side by side."""

    spec: NetSpec
    batch_size: int
    size: int
    device: str
    precision: str
    at_once: int


@dataclass
class Machine:
    """What this machine can train on, filled in from the background: devices first, paces as they are asked for."""

    devices: list["Device"] = field(default_factory=list)
    precisions: dict[str, str] = field(default_factory=dict)  # by kind of device
    paces: dict[Kind, "Pace | None"] = field(default_factory=dict)  # None while it is being measured
    asked: "queue.SimpleQueue[Kind]" = field(default_factory=queue.SimpleQueue)
    is_known: bool = False  # devices and precisions are
    problem: str = ""
    looking: threading.Lock = field(default_factory=threading.Lock)  # held while torch is asked what there is

    def pace(self, spec: NetSpec, config: TrainingConfig, size: int, device: str, at_once: int) -> "Pace | None":
        """The pace of nets of a spec's kind; None until it was measured, which this call sees to."""
        shallow = (
            spec if spec.family == "vgg" else replace(spec, depth=nets.possible_depths(*_family(spec))[0], appended=0)
        )
        precision = self.precisions[device] if config.precision == "auto" else config.precision
        kind = Kind(shallow, config.batch_size, size, device, precision, at_once)
        if kind not in self.paces:
            self.paces[kind] = None
            self.asked.put(kind)
        return self.paces[kind]


def _family(spec: NetSpec) -> tuple[str, str, str]:
    return spec.family, spec.stem, spec.block


def machine() -> Machine:
    """What this machine can train on. The first call starts to find out, without waiting for it."""
    return _start_to_explore(run_store())


@st.cache_resource(show_spinner=False)
def _start_to_explore(_store: RunStore) -> Machine:
    found = Machine()
    timer = threading.Timer(HEAD_START, _explore, [found, _store])
    timer.daemon = True
    timer.start()
    # A thread that ends with the process while it is in torch aborts it, and so Ctrl + C would end in a crash.
    atexit.register(found.looking.acquire, timeout=LAST_LOOK)
    return found


def _explore(found: Machine, store: RunStore) -> None:
    with found.looking:
        try:
            found.devices = training.find_devices()
            found.precisions = {device.kind: training.resolve_precision("auto", device) for device in found.devices}
        except Exception as error:
            found.problem = f"torch does not work here: {error}"
    freeze_imports()
    found.is_known = True
    while True:
        try:
            kind = found.asked.get(timeout=IDLE)
        except queue.Empty:
            training.end_measuring()
            kind = found.asked.get()
        while _is_busy(store):
            time.sleep(1.0)  # a measurement beside a training would be wrong, and slow the training
        device = next(device for device in found.devices if device.kind == kind.device)
        config = TrainingConfig(batch_size=kind.batch_size)
        try:
            if Settings().demo:  # nothing will be trained, and what measures takes a gigabyte
                raise RuntimeError
            pace = training.measure_pace(kind.spec, config, kind.size, device, kind.precision, kind.at_once)
        except RuntimeError:  # a GPU without free memory, for one: there is no estimate then
            pace = training.Pace(math.nan, math.nan)
        found.paces[kind] = pace


def _is_busy(store: RunStore) -> bool:
    """Whether nets train, as far as one can know: a database that does not answer may have some at work."""
    try:
        return bool(store.count_active())
    except StoreError:
        return True


def freeze_imports() -> None:
    """Call once after a large import: Streamlit collects garbage after every run, and would walk over all of it."""
    gc.collect()
    gc.freeze()


@st.cache_resource(show_spinner=False)
def nets_lock() -> threading.Lock:
    """Held while a net is asked: sessions share the nets, and what is measured in them hangs hooks on them."""
    return threading.Lock()


def net_of(run: Run) -> "ConvNet":
    """The trained net of a run. Raises CheckpointError with a sentence where its weights are gone."""
    return _load_net(run.weights, run)


@cached(st.cache_resource, "Loading the net…", max_entries=16)
def _load_net(weights: str, _run: Run) -> "ConvNet":
    return training.load_net(_run, Settings())
