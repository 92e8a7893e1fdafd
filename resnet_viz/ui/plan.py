"""What will be trained, and how long will it take? The controls of a comparison and its price."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import isnan
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from resnet_viz import nets, training
from resnet_viz.data import DATASETS, DatasetError
from resnet_viz.nets import FAMILIES, SHORTCUTS, NetSpec, SpecError
from resnet_viz.settings import Settings
from resnet_viz.training import DEVICES, ConfigError, LimitError, TrainingConfig
from resnet_viz.ui.comparisons import PARAMETER, wish_of_session
from resnet_viz.ui.data import DataChoice, choose_data
from resnet_viz.ui.language import _, described, explained, listed, said, sentence
from resnet_viz.ui.links import linked_several, say_in_url
from resnet_viz.ui.recipe import choose_recipe
from resnet_viz.ui.services import Machine, at_work, machine, or_say_why, run_store, while_store_answers
from resnet_viz.ui.text import refuse

DEPTHS = (8, 110)  # of the slider; the engine goes to 1202
SEPARATOR = ","
MOST_AT_ONCE = 4  # nets of a comparison
PAIR = {"plain": "plain", "resnet": "residual"}
PAIR_SHORTCUTS = ("A", "B", "C")  # of He et al. 2015; the Architecture page has the others
KEYS = "Mod+Enter"  # what starts a page's work from the keyboard
SPECS = "specs"  # in the URL and in the session: nets that were composed on the Architecture page
AT_ONCE = "at_once"  # in the store, for all; in the session what its control shows


@dataclass(frozen=True)
class Plan:
    """What the controls say: the nets side by side, how each of them is trained, and on what."""

    specs: tuple[NetSpec, ...]
    config: TrainingConfig
    data: DataChoice


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
            data = choose_data()
            deepest = max((spec.depth for spec in specs), default=0)
        config = choose_recipe(right, data, deepest)
        if not specs:
            st.info(_("Choose at least one net."))
            return None
        return Plan(specs, config, data)
    except (ConfigError, SpecError) as error:  # a link can hold what no slider gives
        refuse(error)
        return None


def compose(specs: Sequence[NetSpec]) -> None:
    """Let these nets be the ones that the Train page offers to train, each once."""
    st.session_state[SPECS] = SEPARATOR.join(spec.to_slug() for spec in dict.fromkeys(specs))


def _show_composed(slugs: str) -> tuple[NetSpec, ...]:
    """The nets of a link or of the Architecture page, and the way back to the simple choice."""
    if st.button(_("Choose by depth instead"), icon=":material/arrow_back:"):
        st.session_state.pop(SPECS, None)
        st.query_params.pop(SPECS, None)
        st.rerun()
    wished = dict.fromkeys(NetSpec.from_slug(slug) for slug in slugs.split(SEPARATOR) if slug)
    compose(specs := tuple(wished)[:MOST_AT_ONCE])
    say_in_url(SPECS, st.session_state[SPECS], SPECS)
    st.markdown(_("Nets") + "\n" + "\n".join(f"- **{said(spec.name)}**" for spec in specs))
    return specs


def choose_families(place: Any, key: str, **looks: Any) -> list[str]:
    """Plain nets, residual ones, or both."""
    looks |= {"selection_mode": "multi", "format_func": lambda name: _(PAIR[name])}
    return linked_several(place.pills, _("Nets"), list(PAIR), key, list(PAIR), **looks)


def _choose_pair(beside: DeltaGenerator) -> tuple[NetSpec, ...]:
    """A plain and a residual net of one depth, or one of them."""
    depth = st.slider(
        _("Depth"),
        *DEPTHS,
        value=56,
        step=6,
        key="depth",
        bind="query-params",
        help=_("Layers with weights: 6n+2, for n blocks in each of three stages."),
    )
    families = choose_families(
        st,
        "nets",
        help=" ".join(sentence(f"**{_(title)}**: {explained(FAMILIES[name])}") for name, title in PAIR.items()),
    )
    shortcut = beside.segmented_control(
        _("Shortcut"),
        PAIR_SHORTCUTS,
        default="A",
        required=True,
        key="shortcut",
        bind="query-params",
        help=described(SHORTCUTS[name] for name in PAIR_SHORTCUTS),
    )
    return tuple(NetSpec(family, depth, shortcut) for family in families)


@st.fragment(run_every=1.0)
@while_store_answers
def wait_for_machine(is_ready: Callable[[], bool]) -> None:
    """Say that the machine is being looked at, and run the page again once `is_ready` says so."""
    if is_ready():
        st.rerun()
    if run_store().count_active():
        st.caption(_(":material/hourglass_top: The speed of this machine is measured when the training has ended."))
    else:
        st.caption(_(":material/hourglass_top: Looking at what this machine can do; the time estimate follows."))


def show_price(plan: Plan, with_sizes: bool = True) -> bool:
    """Say what the nets have, what the machine is, and what time and memory it will take; whether Start makes sense."""
    if Settings().demo:
        st.caption(_(":material/info: In a demonstration nothing is trained; on your own machine it is."))
        return False
    found = machine()
    if not found.is_known:
        wait_for_machine(lambda: machine().is_known)
        return True  # a reader need not wait for an estimate
    if found.problem:
        st.error(_("{problem}. Run `make setup` again.", problem=said(found.problem)))
        return False
    kind = found.devices[0].kind if plan.config.device == "auto" else plan.config.device
    titles = {device.kind: device.title for device in found.devices}
    if kind not in titles:
        st.error(
            _(
                "This machine has no {devices}; found: {names}. Choose auto.",
                devices=DEVICES[kind],
                names=listed(titles.values()),
            )
        )
        return False
    try:
        train_count, test_count, classes = plan.data.count()
        training.count_steps(train_count, plan.config)
        channels, size = DATASETS[plan.data.name].channels, plan.data.side
        specs = [replace(spec, in_channels=channels, classes=classes) for spec in plan.specs]
        for spec in specs:
            spec.check_size(size)
    except (DatasetError, SpecError, ConfigError) as error:
        refuse(error)
        return False
    precision = found.precisions[kind] if plan.config.precision == "auto" else plan.config.precision
    told = _(
        "{say_time}; on {titles} ({precision})",
        say_time=_say_time(found, plan, specs, kind, train_count, test_count),
        titles=titles[kind],
        precision=precision,
    )
    sizes = " ".join(_size_of_net(spec, size) for spec in specs) if with_sizes else ""
    st.caption(_(":material/timer: {price}. {sizes}", price=told, sizes=sizes))
    say_cluster()
    _say_memory(plan, specs, kind, train_count)
    return True


def _say_time(
    found: Machine, plan: Plan, specs: Sequence[NetSpec], kind: str, train_count: int, test_count: int
) -> str:
    at_once = min(len(specs), at_work())
    config, size = plan.config, plan.data.side
    paces = [found.pace(spec, config, size, kind, at_once) for spec in specs]
    if None in paces:
        wait_for_machine(lambda: None not in [machine().pace(spec, config, size, kind, at_once) for spec in specs])
        return _("Time not known yet")
    _prepare_workers()
    free = training.free_memory(kind)
    each = [
        training.estimate_seconds(
            spec, config, pace, train_count, test_count, training.must_recompute(spec, config, size, train_count, free)
        )
        for spec, pace in zip(specs, paces, strict=True)
        if pace is not None
    ]
    seconds = max(*each, sum(each) / at_once, 0.0)
    both = (
        _(" for both nets at once")
        if len(specs) == at_once == 2
        else _(" for {specs} nets, {at_once} at once", specs=len(specs), at_once=at_once)
    )
    both = "" if len(specs) == 1 else both
    return _(
        "**About {time}**{both}, estimated from steps of small nets measured here",
        time=say_duration(seconds),
        both=both,
    )


def _say_memory(plan: Plan, specs: Sequence[NetSpec], kind: str, train_count: int) -> None:
    """What the nets that train at once need; a warning where that is more than what is free."""
    free = training.free_memory(kind)
    config, size = plan.config, plan.data.side
    plans = []
    for spec in specs:
        again = training.must_recompute(spec, config, size, train_count, free)
        plans.append((training.estimate_memory(spec, config, size, train_count, again, kind), again, spec))
    needed = sum(sorted(bytes_ for bytes_, _, _ in plans)[-at_work() :])
    saving = [spec.name for _, again, spec in plans if again]
    more = (
        _(" To save memory, blocks are computed again in the backward pass of {names}.", names=listed(saving))
        if saving
        else ""
    )
    told = _(
        "Memory: about {needed:.1f} GB of {free:.1f} GB that are free.{more}",
        needed=needed / 1000000000.0,
        free=free / 1000000000.0,
        more=more,
    )
    if needed > free:
        st.warning(
            _("{memory} That is too much: take a smaller batch or depth, or let blocks be computed again.", memory=told)
        )
    else:
        st.caption(f":material/memory: {told}")


def say_cluster() -> None:
    """What is free on the cluster, where one is used."""
    if Settings().executor == "ray":
        found = training.free_resources()
        gpus = (
            _(" and {free_gpus:g} of {gpus:g} GPUs", free_gpus=found["free_gpus"], gpus=found["gpus"])
            if found["gpus"]
            else ""
        )
        st.caption(
            _(
                ":material/dns: On the cluster {free_cpus:g} of {cpus:g} CPUs{gpus} are free.",
                free_cpus=found["free_cpus"],
                cpus=found["cpus"],
                gpus=gpus,
            )
        )


def choose_at_once() -> None:
    """The control of how many runs train at once on this machine, for all who use this installation."""
    if Settings().executor != "local":
        return
    st.session_state[AT_ONCE] = at_work()  # said anew every time: another reader may have changed it
    note = _("More of them share the same cores; more wait.")
    st.number_input(_("Runs at once"), 1, 64, key=AT_ONCE, on_change=_keep_at_once, help=note)


@or_say_why
def _keep_at_once() -> None:
    run_store().choose(AT_ONCE, int(st.session_state[AT_ONCE]))


def _prepare_workers() -> None:
    """Have workers ready for Start, but not at the cost of nets that are training."""
    if not Settings().demo and not any(run.status.is_active for run in run_store().runs()):
        training.prepare_workers()


def _size_of_net(spec: NetSpec, size: int) -> str:
    table = nets.layer_table(spec, size)
    adds = table["multiply_adds"].sum() / 1e6
    return _(
        "**{name}**: {parameters:,} parameters, {adds:.1f} million multiply-adds a picture.",
        name=spec.name,
        parameters=table["parameters"].sum(),
        adds=adds,
    )


def say_duration(seconds: float) -> str:
    """A duration to read: 50 s, 3 min, 1.5 h."""
    if isnan(seconds):
        return _("an unknown time")
    if seconds < 90:
        return f"{max(1.0, seconds):.0f} s"
    return _("{seconds:.0f} min", seconds=seconds / 60) if seconds < 90 * 60 else f"{seconds / 3600:.1f} h"


def start(plan: Plan) -> str | None:
    """Have the nets of a plan trained, and give back the comparison's id; None, with a sentence, where they can't."""
    return queue([(spec, plan.config) for spec in plan.specs])


def queue(wanted: Sequence[tuple[NetSpec, TrainingConfig]]) -> str | None:
    """Have nets trained as one comparison: its id, or None with a sentence on the page."""
    wish = wish_of_session()
    try:
        wish[PARAMETER] = training.queue_runs(run_store(), Settings(), wanted)[0].comparison
        return wish[PARAMETER]
    except (LimitError, ConfigError, SpecError, DatasetError) as error:
        refuse(error)
        return None
