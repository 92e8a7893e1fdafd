"""What will be trained, and how long will it take? The controls of a comparison and its price."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from math import isnan
from statistics import median

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from resnet_viz import nets, training
from resnet_viz.data import DATASETS, DatasetError, count_folder
from resnet_viz.nets import FAMILIES, SHORTCUTS, NetSpec, SpecError
from resnet_viz.runs import RunStatus
from resnet_viz.settings import Settings
from resnet_viz.training import DEVICES, ConfigError, TrainingConfig, preset
from resnet_viz.ui.services import Machine, machine, run_store

DEPTHS = (8, 110)  # of the slider; the engine goes to 1202
SEPARATOR = ","
MOST_AT_ONCE = 4  # nets of a comparison
RECENT = 6  # runs that an estimate goes by
PAIR = {"plain": "plain", "resnet": "residual"}
PAIR_SHORTCUTS = ("A", "B", "C")  # of He et al. 2015; the Architecture page has the others
SPECS = "specs"  # in the URL and in the session: nets that were composed on the Architecture page


@dataclass(frozen=True)
class Plan:
    """What the controls say: the nets side by side, and how each of them is trained."""

    specs: tuple[NetSpec, ...]
    config: TrainingConfig


def choose_plan() -> Plan | None:
    """The controls of a comparison; None, with a sentence on the page, while they make no sense.

    Every choice is in the URL, and stays while the reader visits other pages.
    """
    left, middle, right = st.columns(3, gap="large")
    composed = st.query_params.get(SPECS) or st.session_state.get(SPECS)
    try:
        with left:
            specs = _show_composed(composed) if composed else _choose_pair(middle)
        with middle:
            dataset, folder = _choose_data()
        with right:
            epochs, seed, device = _choose_training(dataset)
        if not specs:
            st.info("Choose at least one net.")
            return None
        return Plan(specs, preset(dataset, epochs=epochs, seed=seed, device=device, folder=folder))
    except (ConfigError, SpecError) as error:  # a link can hold what no slider gives
        _refuse(error)
        return None


def compose(specs: Sequence[NetSpec]) -> None:
    """Let these nets be the ones that the Train page offers to train."""
    st.session_state[SPECS] = SEPARATOR.join(spec.to_slug() for spec in specs)


def _show_composed(slugs: str) -> tuple[NetSpec, ...]:
    """The nets of a link or of the Architecture page, and the way back to the simple choice."""
    if st.button("Choose by depth instead", icon=":material/arrow_back:"):
        st.session_state.pop(SPECS, None)
        st.query_params.pop(SPECS, None)
        st.rerun()
    compose(specs := tuple(NetSpec.from_slug(slug) for slug in slugs.split(SEPARATOR)[:MOST_AT_ONCE] if slug))
    st.query_params[SPECS] = st.session_state[SPECS]
    st.markdown("Nets\n" + "\n".join(f"- **{spec.name}**" for spec in specs))
    return specs


def _choose_pair(beside: DeltaGenerator) -> tuple[NetSpec, ...]:
    """A plain and a residual net of one depth, or one of them."""
    depth = st.slider(
        "Depth",
        *DEPTHS,
        value=56,
        step=6,
        key="depth",
        bind="query-params",
        help="Layers with weights: 6n+2, for n blocks in each of three stages.",
    )
    families = st.pills(
        "Nets",
        list(PAIR),
        selection_mode="multi",
        default=list(PAIR),
        format_func=PAIR.__getitem__,
        key="nets",
        bind="query-params",
        help=" ".join(f"**{title}**: {FAMILIES[name].partition(': ')[2]}." for name, title in PAIR.items()),
    )
    shortcut = beside.segmented_control(
        "Shortcut",
        PAIR_SHORTCUTS,
        default="A",
        required=True,
        key="shortcut",
        bind="query-params",
        help="\n\n".join(SHORTCUTS[name] for name in PAIR_SHORTCUTS),
    )
    return tuple(NetSpec(family, depth, shortcut) for family in families)


def _choose_data() -> tuple[str, str]:
    dataset = st.selectbox(
        "Data set", list(DATASETS), format_func=lambda name: DATASETS[name].title, key="data", bind="query-params"
    )
    st.caption(DATASETS[dataset].note)
    if dataset != "folder":
        return dataset, ""
    place = "/path/to/data"
    folder = st.text_input("Folder on this machine", key="folder", bind="query-params", placeholder=place)
    return dataset, folder.strip()


def _choose_training(dataset: str) -> tuple[int, int, str]:
    """Epochs, seed and device."""
    epochs = st.slider("Epochs", 1, 60, value=preset(dataset).epochs, key=f"epochs_{dataset}", bind="query-params")
    seed_column, device_column = st.columns(2)
    seed = seed_column.number_input(
        "Seed", 0, 9999, value=0, key="seed", bind="query-params", help="Draws the first weights and the order."
    )
    device = device_column.selectbox(
        "Device",
        list(DEVICES),
        format_func=lambda kind: "auto" if kind == "auto" else DEVICES[kind],
        key="device",
        bind="query-params",
    )
    return epochs, int(seed), device


def _refuse(error: Exception) -> None:
    st.error(f"{str(error).rstrip('.')}.")


@st.fragment(run_every=1.0)
def _wait_for_machine(pace: tuple[str, int] | None = None) -> None:
    """Say that the machine is being looked at, until it is known or, if asked for, this pace was measured."""
    found = machine()
    if found.is_known if pace is None else pace in found.step_seconds:
        st.rerun()
    if pace is not None and any(run.status.is_active for run in run_store().runs()):
        st.caption(":material/hourglass_top: The speed of this machine is measured when the training has ended.")
    else:
        st.caption(":material/hourglass_top: Looking at what this machine can do; the time estimate follows.")


def show_price(plan: Plan) -> bool:
    """Say what the nets have, what the machine is, and how long it will take; whether Start makes sense."""
    found = machine()
    if not found.is_known:
        _wait_for_machine()
        return True  # a reader need not wait for an estimate
    if found.problem:
        st.error(f"{found.problem}. Run `make setup` again.")
        return False
    try:
        train_count, test_count, classes = _counts(plan.config)
    except DatasetError as error:
        _refuse(error)
        return False
    kind = found.devices[0].kind if plan.config.device == "auto" else plan.config.device
    titles = {device.kind: device.title for device in found.devices}
    if kind not in titles:
        st.error(f"This machine has no {DEVICES[kind]}; found: {' and '.join(titles.values())}. Choose auto.")
        return False
    data = DATASETS[plan.config.dataset]
    specs = [replace(spec, in_channels=data.channels, classes=classes) for spec in plan.specs]
    try:
        for spec in specs:
            spec.check_size(data.size)
    except SpecError as error:
        _refuse(error)
        return False
    at_once = min(len(specs), training.RUNS_AT_ONCE)
    pace = _step_seconds(found, kind, at_once)
    if pace is None:
        said = "Time not known yet"
        _wait_for_machine((kind, at_once))
    else:
        _prepare_workers()
        step_seconds, source = pace
        counts = (plan.config.epochs, train_count, test_count, data.size)
        each = [training.estimate_seconds(spec, *counts, step_seconds) for spec in specs]
        seconds = max(*each, sum(each) / at_once, 0.0)
        both = {1: "", 2: " for both nets at once"}.get(len(specs), f" for {len(specs)} nets, two at once")
        said = f"**About {say_duration(seconds)}**{both}, estimated from {source}"
    sizes = " ".join(_size_of_net(spec, data.size) for spec in specs)
    st.caption(f":material/timer: {said}; on {titles[kind]} ({found.precisions[kind]}). {sizes}")
    return True


def _prepare_workers() -> None:
    """Have workers ready for Start, but not at the cost of nets that are training."""
    if not any(run.status.is_active for run in run_store().runs()):
        training.prepare_workers()


def _counts(config: TrainingConfig) -> tuple[int, int, int]:
    data = DATASETS[config.dataset]
    if config.dataset != "folder":
        return data.train_count, data.test_count, data.classes
    if not config.folder:
        raise DatasetError("Name the folder first: it holds train/CLASS/* and test/CLASS/*")
    return count_folder(config.folder)


def _step_seconds(found: Machine, kind: str, at_once: int) -> tuple[float, str] | None:
    """Seconds a step of the probe net takes, and by what: the last runs under the same conditions, or a measurement.

    None while there is neither.
    """
    conditions = {
        "device": next(device.title for device in found.devices if device.kind == kind),
        "precision": found.precisions[kind],
        "threads": training.threads_for(at_once),
    }
    paces = []
    for run in run_store().runs():
        if run.status is RunStatus.FINISHED and conditions.items() <= run.facts.items():
            facts = run.facts
            counts = (run.config["epochs"], facts["train_count"], facts["test_count"], facts["form"]["size"])
            paces.append(run.seconds / training.estimate_seconds(NetSpec(**facts["spec"]), *counts, 1.0))
    if paces:
        return median(paces[:RECENT]), f"the last {min(len(paces), RECENT)} runs here"
    if (kind, at_once) in found.step_seconds:
        return found.step_seconds[kind, at_once], "a step of ResNet-8 measured here"
    return None


def _size_of_net(spec: NetSpec, size: int) -> str:
    table = nets.layer_table(spec, size)
    adds = table["multiply_adds"].sum() / 1e6
    return f"**{spec.name}**: {table['parameters'].sum():,} parameters, {adds:.1f} million multiply-adds a picture."


def say_duration(seconds: float) -> str:
    """A duration to read: 50 s, 3 min, 1.5 h."""
    if isnan(seconds):
        return "an unknown time"
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 90 * 60 else f"{seconds / 3600:.1f} h"


def start(plan: Plan) -> str:
    """Queue the nets of a plan, start a worker for each, and give back the comparison's id."""
    settings = Settings()
    runs = run_store().add_comparison([(asdict(spec), asdict(plan.config)) for spec in plan.specs])
    training.start_workers([run.id for run in runs], settings)
    return runs[0].comparison
