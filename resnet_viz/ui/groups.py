"""Which runs can be laid side by side? Groups that differ in depth, family and seed alone, recorded or one's own."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

import streamlit as st

from resnet_viz.data import DATASETS
from resnet_viz.nets import NetSpec
from resnet_viz.runs import Run, RunStatus, RunStore, recorded_stores
from resnet_viz.training import TrainingConfig
from resnet_viz.training.config import APART
from resnet_viz.ui.language import _, listed, said
from resnet_viz.ui.links import say_in_url
from resnet_viz.ui.recipe import say_length
from resnet_viz.ui.services import machine, run_store

PARAMETER = "grid"  # in the URL and in the session
WISH = "grid_wish"  # in the session: a group that was just started
OF_RESNETS = ("shortcut", "zero_last_norm", "survival")  # plain nets have none of these
NOT_COMPARED = ("family", "depth", "in_channels", "classes")
HERE, RECORDED = "trained here", "recorded"
FAMILIES = ("plain", "resnet", "vgg")


@dataclass(frozen=True)
class Group:
    """Runs of one recipe and one kind of block: plain, residual and VGG nets of several depths and seeds."""

    key: str
    origin: str
    runs: tuple[Run, ...]
    store: RunStore

    @property
    def finished(self) -> list[Run]:
        """Those that reached their end."""
        return [run for run in self.runs if run.status is RunStatus.FINISHED]

    def of(self, *families: str) -> list[Run]:
        """The finished runs of some families."""
        return [run for run in self.finished if run.spec["family"] in families]

    @property
    def title(self) -> str:
        """The group in a line: data, budget, depths, seeds, where from."""
        config = TrainingConfig(**self.runs[0].config)
        part = _(", {subset:,} pictures", subset=config.subset) if config.subset else ""
        stacks = [run for run in self.runs if run.spec["family"] != "vgg"]
        depths = ", ".join(str(depth) for depth in sorted({run.spec["depth"] for run in stacks}))
        seeds = len({run.config["seed"] for run in self.runs})
        notes = NetSpec(**stacks[-1].spec).name.partition("(")[2].rstrip(")")
        kind = f" · {said(notes)}" if notes not in ("", "A") else ""
        told = _(
            "{title}{part} · {budget} · {depths} layers{kind} · {seeds}",
            title=said(DATASETS[config.dataset].title),
            part=part,
            budget=say_length(self.runs[0].config),
            depths=depths,
            kind=kind,
            seeds=_("{count} seeds", count=seeds) if seeds > 1 else _("1 seed"),
        )
        return f"{told} · {_(self.origin)} · {self.key}"


def choose_group() -> Group | None:
    """The picker of groups, recorded and one's own; None where there is none. The choice is in the URL."""
    machine()  # every page starts to find out what the machine can do
    groups = find_groups()
    if not groups:
        return None
    first = max(groups, key=lambda key: (groups[key].origin == RECORDED, len(groups[key].finished)))
    wished = st.session_state.pop(WISH, None) or st.query_params.get(PARAMETER) or st.session_state.get(PARAMETER)
    if wished and wished not in groups:
        st.info(_("There are no runs {wished} on this machine; these are others.", wished=wished))
    options = list(groups)
    index = options.index(wished if wished in groups else first)
    key = st.selectbox(
        _("Runs"),
        options,
        index,
        format_func=lambda key: groups[key].title,
        help=_("Runs that ship with the project, and all that were trained here by one recipe."),
    )
    st.session_state[PARAMETER] = key
    say_in_url(PARAMETER, "" if key == first else key, PARAMETER)
    return groups[key]


def find_groups() -> dict[str, Group]:
    """All groups with nets of two depths or more by their key: recorded ones first, then one's own."""
    store = run_store()
    return recorded_groups() | {group.key: group for group in _groups_of(store.runs(), HERE, store)}


def recorded_groups() -> dict[str, Group]:
    """The groups that ship with the project by their key."""
    groups: dict[str, Group] = {}
    for store in recorded_stores().values():
        groups |= {group.key: group for group in _groups_of(_recorded_runs(store.url, store), RECORDED, store)}
    return groups


@st.cache_resource(show_spinner=False)
def _recorded_runs(url: str, _store: RunStore) -> list[Run]:
    return _store.runs()


def _groups_of(runs: Iterable[Run], origin: str, store: RunStore) -> list[Group]:
    families: dict[str, dict[str, list[Run]]] = {}  # by recipe and block; then by kind of shortcut, "" for no shortcut
    for run in runs:
        if not run.config.get("start"):
            recipe, shortcut = _kind(NetSpec(**run.spec), TrainingConfig(**run.config))
            families.setdefault(recipe, {}).setdefault(shortcut, []).append(run)
    found = []
    for recipe, kinds in families.items():
        without = kinds.pop("", [])
        several = [kind for kind in kinds if len(_depths(kinds[kind])) > 1] or list(kinds)[:1] or [""]
        for kind in several:
            nets = kinds.get(kind, [])
            members = _newest([*without, *nets])
            if max(len(_depths(part)) for part in (without, nets)) > 1:
                found.append(Group(_hash(origin, recipe, kind), origin, tuple(members), store))
    return found


def _depths(runs: Iterable[Run]) -> set[int]:
    return {run.spec["depth"] for run in runs if run.spec["family"] != "vgg"}


def _newest(runs: Iterable[Run]) -> list[Run]:
    """One run for each net and seed: the newest that has finished, where there is one."""
    kept: dict[tuple[str, int, int], Run] = {}
    for run in sorted(runs, key=lambda run: (run.status is not RunStatus.FINISHED, -run.created_at)):
        kept.setdefault((run.spec["family"], run.spec["depth"], run.config["seed"]), run)
    return sorted(kept.values(), key=lambda run: (FAMILIES.index(run.spec["family"]), run.spec["depth"],
                                                  run.config["seed"]))  # fmt: skip


def _kind(spec: NetSpec, config: TrainingConfig) -> tuple[str, str]:
    """Recipe and block as text, and the kind of shortcut, "" for none."""
    recipe = {name: value for name, value in asdict(config).items() if name not in APART}
    fields = {name: value for name, value in asdict(spec).items() if name not in NOT_COMPARED}
    shortcut = {name: fields.pop(name) for name in OF_RESNETS}
    return json.dumps([recipe, fields]), json.dumps(shortcut) if spec.family == "resnet" else ""


def _hash(*parts: str) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:8]


def key_of(specs: Sequence[NetSpec], config: TrainingConfig) -> str:
    """The key that runs of these nets will have as a group."""
    recipe, _ = _kind(specs[0], config)
    return _hash(HERE, recipe, max(_kind(spec, config)[1] for spec in specs))


def say_runs(group: Group, runs: Sequence[Run]) -> str:
    """Where runs of a group come from: how many, their seeds, recipe, machine, dates; and those that are left out."""
    config = TrainingConfig(**runs[0].config)
    seeds = sorted({run.config["seed"] for run in runs})
    devices = sorted({f"{run.facts.get('device', 'an unknown device')} ({run.facts.get('precision')})" for run in runs})
    ended = sorted(run.ended_at or run.created_at for run in runs)
    days = [datetime.fromtimestamp(moment).strftime(_("%d %b %Y")) for moment in (ended[0], ended[-1])]
    diverged = sum(run.status is RunStatus.DIVERGED for run in group.runs)
    left_out = _(" {diverged} runs diverged and are left out.", diverged=diverged) if diverged else ""
    return _(
        "{count} runs, {origin}, {seed} {seeds}: {data}, {train_count:,} training pictures, {length}, "
        "batches of {batch_size}; {devices}; {days}.{left_out}",
        count=len(runs),
        origin=group.origin,
        seed=_("seed") if len(seeds) == 1 else _("seeds"),
        seeds=", ".join(map(str, seeds)),
        data=said(DATASETS[config.dataset].title),
        train_count=runs[0].facts["train_count"],
        length=say_length(runs[0].config),
        batch_size=config.batch_size,
        devices=listed(devices),
        days=_(" to ").join(dict.fromkeys(days)),
        left_out=left_out,
    )
