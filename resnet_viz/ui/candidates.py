"""Which nets can be asked about a picture? Trained here, recorded, or imported, with what each takes."""

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from resnet_viz.data import DATASETS, PictureFormat
from resnet_viz.nets import ConvNet, NetSpec
from resnet_viz.runs import Run, RunStatus, recorded_stores
from resnet_viz.ui.comparisons import PARAMETER as COMPARISON
from resnet_viz.ui.comparisons import net_name
from resnet_viz.ui.services import machine, net_of, run_store

PARAMETER, KEY = "nets", "asked_nets"  # in the URL, and in the session for the pages that ask nets
FIRST_DATA, FIRST_DEPTH = "cifar10", 56  # the recorded pair that a reader sees first


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
        return f"{self.name} · {self.origin}"


def choose_candidates(most: int = 4, label: str = "Nets") -> list[Candidate]:
    """The picker, and the nets that were picked. The page ends, with a sentence, where there is none.

    The choice is in the URL where it is not the first one, and stays over the pages that ask nets.
    """
    machine()
    found = {one.key: one for one in _of_runs()}
    if not found:
        st.info("There is no trained net to ask. Go to **Train** and press Start; come back when the nets have ended.")
        st.stop()
    first = _first(list(found.values()))
    wished = (st.query_params.get(PARAMETER) or st.session_state.get(KEY) or "").split(",")
    watched = [key for key, one in found.items() if one.run and one.run.comparison == st.session_state.get(COMPARISON)]
    start = [key for key in wished if key in found][:most] or watched[:most] or first
    chosen = st.multiselect(
        label,
        list(found),
        start,
        format_func=lambda key: found[key].title,
        max_selections=most,
        help="Nets that were trained here, and those that ship with the project.",
    )
    if not chosen:
        st.info("Choose at least one net.")
        st.stop()
    if chosen == first:
        st.session_state.pop(KEY, None)
        st.query_params.pop(PARAMETER, None)
    else:
        st.session_state[KEY] = st.query_params[PARAMETER] = ",".join(chosen)
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
    said = f"{DATASETS[config['dataset']].title} · seed {config['seed']} · {origin} · {run.id}"
    form = PictureFormat.from_dict(run.facts["form"])
    return Candidate(f"run:{run.id}", net_name(run), run.spec["family"], form, said, run)


def _first(found: Sequence[Candidate]) -> list[str]:
    """The recorded pair of FIRST_DEPTH, or whatever comes first."""
    pair = [
        one.key
        for one in found
        if one.run is not None
        and one.run.config["dataset"] == FIRST_DATA
        and one.run.spec["depth"] == FIRST_DEPTH
        and one.origin.split(" · ")[2] == "recorded"
    ]
    return pair[:2] or [found[0].key]


def load_candidate(candidate: Candidate) -> ConvNet:
    """The net itself, shared by all sessions; asked under `nets_lock`. Raises CheckpointError with a sentence."""
    assert candidate.run is not None
    return net_of(candidate.run)


def weights_id(candidate: Candidate) -> str:
    """What is another for other weights."""
    return candidate.key


def spec_of(candidate: Candidate) -> NetSpec:
    """The net's spec."""
    return load_candidate(candidate).spec
