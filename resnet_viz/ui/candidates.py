"""Which nets can be asked about a picture? Trained here, recorded, published or imported, with what each takes."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from resnet_viz.data import DATASETS, PictureFormat
from resnet_viz.explain.pretrained import NAMES, Published, fetch_published, load_published, path_of, published_nets
from resnet_viz.nets import NetSpec
from resnet_viz.runs import Run, RunStatus, recorded_stores
from resnet_viz.settings import Settings
from resnet_viz.ui.comparisons import PARAMETER as COMPARISON
from resnet_viz.ui.comparisons import net_name, run_name
from resnet_viz.ui.imports import choose_file
from resnet_viz.ui.jobs import fetches, reader, show_jobs
from resnet_viz.ui.language import _, cached, said
from resnet_viz.ui.links import say_in_url
from resnet_viz.ui.services import machine, net_of, run_store
from resnet_viz.ui.subjects import is_recorded
from resnet_viz.ui.text import plain

if TYPE_CHECKING:
    from resnet_viz.nets import ConvNet

PARAMETER, KEY = "nets", "asked_nets"  # in the URL, and in the session for the pages that ask nets
IMPORTED = "nets_of_files"  # in the session: a candidate and its net by the file
# What published checkpoints of CIFAR-10 nets were trained with, in the order of its classes.
CIFAR10 = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class Candidate:
    """A net that can be asked about a picture.

    `key` names it in links and caches, `family` gives its color, `form` says what it takes, `origin` where it is from;
    `run` is the run that trained it, where there is one.
    """

    key: str
    name: str
    family: str
    form: PictureFormat
    origin: str
    run: Run | None = None

    @property
    def title(self) -> str:
        """Its name and origin, for a list to choose from."""
        return f"{said(run_name(self.run) if self.run else self.name)} · {self.origin}"


def choose_candidates(most: int = 4, data: str = "cifar10", depth: int = 56) -> list[Candidate]:
    """The picker, and the nets that were picked. The page ends, with a sentence, where there is none.

    First shown is the recorded pair of this depth that learned from `data`. The choice is in the URL where it is
    another, and stays over the pages that ask nets.
    """
    machine()
    found = {one.key: one for one in (*_of_files(), *_of_runs(), *_of_published())}
    if not found:
        st.info(
            _("There is no trained net to ask. Go to **Train** and press Start; come back when the nets have ended.")
        )
        st.stop()
    first = _first(list(found.values()), data, depth)[:most]
    wished = (st.query_params.get(PARAMETER) or st.session_state.get(KEY) or "").split(",")
    watched = [key for key, one in found.items() if one.run and one.run.comparison == st.session_state.get(COMPARISON)]
    start = [key for key in wished if key in found][:most] or watched[:most] or first
    picker, more = st.columns([5, 1], vertical_alignment="bottom")
    chosen = picker.multiselect(
        _("Nets"),
        list(found),
        start,
        format_func=lambda key: found[key].title,
        max_selections=most,
        help=_("Nets that were trained here, those that ship with the project, and those that you fetch or import."),
    )
    with more.popover(_("More nets"), icon=":material/download:", width="stretch"):
        _offer_more()
    if not chosen:
        st.info(_("Choose at least one net."))
        st.stop()
    st.session_state[KEY] = "" if chosen == first else ",".join(chosen)
    say_in_url(PARAMETER, st.session_state[KEY], KEY)
    return [found[key] for key in chosen]


def _of_runs() -> list[Candidate]:
    """Nets that runs left here, the newest first, then the recorded ones."""
    found = []
    for store in (run_store(), *recorded_stores().values()):
        origin = "recorded" if store is not run_store() else "trained here"
        for run in store.runs():
            if run.weights and run.status is not RunStatus.RUNNING and "form" in run.facts:
                found.append(_of_run(run, origin))
    return found


def _of_run(run: Run, origin: str) -> Candidate:
    config = run.config
    told = _(
        "{title} · seed {seed} · {origin} · {id}",
        title=said(DATASETS[config["dataset"]].title),
        seed=config["seed"],
        origin=origin,
        id=run.id,
    )
    form = PictureFormat.from_dict(run.facts["form"])
    return Candidate(f"run:{run.id}", net_name(run), run.spec["family"], form, told, run)


def _of_published() -> list[Candidate]:
    """Published nets that were fetched."""
    folder = Settings().home / "pretrained"
    if not any(folder.glob("*.pth")):  # to look at the list takes torch
        return []
    return [_of_one_published(net) for net in published_nets().values() if path_of(net, Settings().home).is_file()]


def _of_one_published(net: Published) -> Candidate:
    family = "vgg" if net.name.startswith("vgg") else "resnet"
    return Candidate(f"pretrained:{net.name}", net.title, family, net.form, _("ImageNet · torchvision, IMAGENET1K_V1"))


def _of_files() -> list[Candidate]:
    return [candidate for candidate, _ in st.session_state.get(IMPORTED, {}).values()]


def _first(found: Sequence[Candidate], data: str, depth: int) -> list[str]:
    """The recorded pair of this data and depth, or whatever comes first."""
    pair = [
        one.key
        for one in found
        if one.run is not None
        and (one.run.config["dataset"], one.run.spec["depth"]) == (data, depth)
        and is_recorded(one.run)
    ]
    return pair[:2] or [found[0].key]


def _offer_more() -> None:
    """Published nets to fetch, with their sizes, and a file to import."""
    st.markdown(_("**ImageNet nets by torchvision**, kept on this machine once fetched:"))
    for net in published_nets().values():
        _offer(net)
    st.markdown(_("**A checkpoint of your own**"))
    _import()


def _offer(net: Published) -> None:
    """A published net: here, on its way, or a button that fetches it or goes on where that ended."""
    told, get = st.columns([3, 1], vertical_alignment="center")
    told.markdown(
        _(
            "{title}: {megabytes:.0f} MB, {top_1:.1f} % top-1 accuracy",
            title=net.title,
            megabytes=net.megabytes,
            top_1=net.top_1,
        )
    )
    job = fetches().find(f"fetch {net.name}")
    if path_of(net, Settings().home).is_file():
        get.markdown(_("here"))
    elif job is not None and not job.status.is_over:
        show_jobs([job], f"fetch_{net.name}")
    else:
        label, off = _("Go on") if job is not None and job.progress else _("Fetch"), Settings().demo
        get.button(label, key=f"fetch_{net.name}", on_click=_fetch, args=[net.name], disabled=off)
        if job is not None and job.error:
            st.error(plain(said(job.error)))


def _fetch(name: str) -> None:
    net, home, known = published_nets()[name], Settings().home, fetches().find(f"fetch {name}")
    if known is not None:
        fetches().drop(known)
    fetches().ask(
        f"fetch {name}",
        net.title,
        lambda tell: fetch_published(net, home, lambda sentence, fraction: tell(fraction)),
        reader(),
    )


def _import() -> None:
    """Take a net from a file into the list."""
    file, known = choose_file("candidate"), st.session_state.setdefault(IMPORTED, {})
    if file is None:
        return
    if file.source not in known:
        net = file.read()
        if net is None:
            return
        numbers = b"".join(value.cpu().numpy().tobytes() for value in net.state_dict().values())
        key = f"imported:{sha256(numbers).hexdigest()[:12]}"
        origin = _("imported · {name}", name=file.name)
        known[file.source] = (Candidate(key, net.spec.name, net.spec.family, _form_of(net.spec), origin), net)
        st.rerun()
    candidate, net = known[file.source]
    st.success(
        _(
            "{file} holds **{net}**, now in the list of nets. {form}",
            file=plain(file.name),
            net=candidate.name,
            form=_say_form(net.spec),
        )
    )


def _form_of(spec: NetSpec) -> PictureFormat:
    """What a net of others takes, as far as its layers tell."""
    if (spec.stem, spec.classes, spec.in_channels) == ("imagenet", 1000, 3):
        return published_nets()[NAMES[0]].form
    classes = CIFAR10 if (spec.classes, spec.in_channels) == (10, 3) else tuple(map(str, range(spec.classes)))
    mean, std = (IMAGENET_MEAN, IMAGENET_STD) if spec.in_channels == 3 else ((0.5,), (0.5,))
    return PictureFormat(spec.size, spec.in_channels, classes, mean, std)


def _say_form(spec: NetSpec) -> str:
    if (spec.stem, spec.classes) == ("imagenet", 1000):
        return _("Taken as trained on ImageNet.")
    if (spec.classes, spec.in_channels) == (10, 3):
        return _("Taken as trained on CIFAR-10, normalized as published checkpoints are (mean 0.485, 0.456, 0.406).")
    return _("Its classes have no names in the file: they are numbers here.")


def load_candidate(candidate: Candidate) -> "ConvNet":
    """The net itself, shared by all sessions; asked under `nets_lock`. Raises CheckpointError with a sentence."""
    kind, _, name = candidate.key.partition(":")
    if kind == "pretrained":
        return _load_published(name, str(Settings().home))
    if kind == "imported":
        return next(net for one, net in st.session_state[IMPORTED].values() if one.key == candidate.key)
    assert candidate.run is not None
    return net_of(candidate.run)


@cached(st.cache_resource, "Loading the net…", max_entries=4)
def _load_published(name: str, home: str) -> "ConvNet":
    return load_published(published_nets()[name], Path(home))


def weights_id(candidate: Candidate) -> str:
    """What is another for other weights."""
    return candidate.key if candidate.run is None else f"{candidate.key} {candidate.run.weights} {candidate.run.step}"


def spec_of(candidate: Candidate) -> NetSpec:
    """The net's spec."""
    return load_candidate(candidate).spec
