"""What stands behind every page? The settings, the run store, and what is known of this machine."""

import gc
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import streamlit as st

from resnet_viz import (
    explain,
    nets,
    training,
)  # by room: `training.find_devices` imports torch when it is called, not here
from resnet_viz.runs import Run, RunStore, StoreError
from resnet_viz.settings import Settings

if TYPE_CHECKING:
    from resnet_viz.explain.attribution import Method
    from resnet_viz.nets import ConvNet
    from resnet_viz.training import Device

HEAD_START = 1.0  # seconds that the first page gets before torch is imported behind it


def run_store() -> RunStore:
    """The store of this installation, with runs whose worker is gone marked as interrupted.

    Where it cannot be opened, the page says so and ends.
    """
    try:
        store = _open_store(Settings().store_url)
        store.mark_interrupted()
    except StoreError as error:
        st.error(f"{error}.")
        st.stop()
    return store


@st.cache_resource
def _open_store(url: str) -> RunStore:
    return RunStore(url)


@dataclass
class Machine:
    """What this machine can train on, filled in from the background: devices first, then how fast they are."""

    devices: list["Device"] = field(default_factory=list)
    precisions: dict[str, str] = field(default_factory=dict)  # by kind of device
    step_seconds: dict[tuple[str, int], float] = field(default_factory=dict)  # by kind and nets at once
    is_known: bool = False  # devices and precisions are
    problem: str = ""


@st.cache_resource
def machine() -> Machine:
    """What this machine can train on. The first call starts to find out, without waiting for it."""
    found = Machine()
    timer = threading.Timer(HEAD_START, _explore, [found, _open_store(Settings().store_url)])
    timer.daemon = True
    timer.start()
    return found


def _explore(found: Machine, store: RunStore) -> None:
    try:
        found.devices = training.find_devices()
        found.precisions = {device.kind: training.resolve_precision("auto", device) for device in found.devices}
    except Exception as error:
        found.problem = f"torch does not work here: {error}"
    freeze_imports()
    found.is_known = True
    for device in found.devices:
        for at_once in range(training.RUNS_AT_ONCE, 0, -1):  # the usual comparison first
            while any(run.status.is_active for run in store.runs()):
                time.sleep(1.0)  # a measurement beside a training would be wrong, and slow the training
            try:
                found.step_seconds[device.kind, at_once] = training.measure_step_seconds(
                    device, found.precisions[device.kind], training.threads_for(at_once)
                )
            except RuntimeError:  # a GPU without free memory, for one: there is no estimate for it then
                found.step_seconds[device.kind, at_once] = float("nan")


def freeze_imports() -> None:
    """Call once after a large import: Streamlit collects garbage after every run, and would walk over all of it."""
    gc.collect()
    gc.freeze()


@st.cache_resource(show_spinner="Loading Captum; this takes some seconds after the start of the server…")
def attribution_methods() -> "dict[str, Method]":
    """The methods of explain, with Captum loaded (seconds, once)."""
    methods = explain.METHODS
    freeze_imports()
    return methods


@st.cache_resource
def nets_lock() -> threading.Lock:
    """Held while a net is asked: sessions share the nets, and Captum hangs hooks on them."""
    return threading.Lock()


def net_of(run: Run) -> "ConvNet":
    """The trained net of a run. Raises CheckpointError with a sentence where its weights are gone."""
    return _load_net(run.weights)


@st.cache_resource(max_entries=16, show_spinner="Loading the net…")
def _load_net(path: str) -> "ConvNet":
    return nets.load_checkpoint(path)
