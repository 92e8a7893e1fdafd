"""How do maps come to a page? Each is asked for as a job, by weights, picture, class and method, and kept."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from resnet_viz import explain, training
from resnet_viz.explain import AttributionConfig
from resnet_viz.settings import Settings
from resnet_viz.ui.candidates import Candidate, load_candidate, weights_id
from resnet_viz.ui.jobs import jobs, run_jobs, wait_a_moment
from resnet_viz.ui.language import _, cached
from resnet_viz.ui.plan import say_duration
from resnet_viz.ui.services import nets_lock

if TYPE_CHECKING:
    from resnet_viz.explain.jobs import Job
    from resnet_viz.nets import ConvNet

FINAL = -1  # the epoch of a net as its training left it
TIMED = 8  # pictures that pass through a net to see how fast it is
TIMES_FORWARD = 3.0  # what forward and back takes, in forwards
KEPT_NETS, COPIES = 24, 8
AT_ONCE, MOST_SECONDS = 15.0, 900.0  # what takes longer is begun with a click, and not at all


@dataclass(frozen=True, eq=False)
class Asked:
    """A net as it was after an epoch (FINAL: at its end), and a picture as that net takes it, uint8 (H, W, C)."""

    candidate: Candidate
    picture: np.ndarray
    epoch: int = FINAL

    @property
    def name(self) -> str:
        """The net's name, with the epoch where that is not the last."""
        return self.candidate.name + (f", epoch {self.epoch}" if self.epoch != FINAL else "")

    @property
    def weights(self) -> str:
        """What changes with the weights."""
        return weights_id(self.candidate) + (f"@{self.epoch}" if self.epoch != FINAL else "")

    @property
    def shown(self) -> str:
        """What changes with the picture, or with what the net makes of it."""
        form = repr((self.candidate.form.mean, self.candidate.form.std)).encode()
        return sha256(self.picture.tobytes() + str(self.picture.shape).encode() + form).hexdigest()[:24]


def probabilities_of(asked: Asked) -> np.ndarray:
    """The net's probabilities (classes,) for the picture. Raises CheckpointError where its weights are gone."""
    return _probabilities(asked.weights, asked.shown, asked)


@st.cache_data(max_entries=2000, show_spinner=False)
def _probabilities(weights: str, shown: str, _asked: Asked) -> np.ndarray:
    net = net_after(_asked.candidate, _asked.epoch)
    x = explain.to_input([_asked.picture], _asked.candidate.form)
    with nets_lock():
        return explain.class_probabilities(net, x)[0].numpy()


def net_after(candidate: Candidate, epoch: int = FINAL) -> "ConvNet":
    """The net of a candidate, or what it was after an epoch that its run kept. Raises CheckpointError."""
    return load_candidate(candidate) if epoch == FINAL else _load_epoch(weights_id(candidate), epoch, candidate)


@cached(st.cache_resource, "Loading the net…", max_entries=KEPT_NETS)
def _load_epoch(weights: str, epoch: int, _candidate: Candidate) -> "ConvNet":
    assert _candidate.run is not None
    return training.load_epoch(_candidate.run, Settings(), epoch)


@st.cache_resource(max_entries=COPIES, show_spinner=False)
def _net_of_jobs(weights: str, _asked: Asked) -> "ConvNet":
    """A copy that jobs alone ask: Captum hangs hooks on a net for as long as a map takes."""
    from copy import deepcopy

    return deepcopy(net_after(_asked.candidate, _asked.epoch))


@dataclass(frozen=True, eq=False)
class Wanted:
    """A map that a page wants: of which net and picture, for which class, made in which way."""

    asked: Asked
    target: int
    config: AttributionConfig

    @property
    def key(self) -> str:
        """Equal for equal maps."""
        return f"{self.asked.weights} {self.asked.shown} {self.target} {self.config.to_text()}"

    @property
    def title(self) -> str:
        """What is computed, for readers who wait, of whatever language."""
        return f"{self.config.title}: {self.asked.name}"

    @property
    def seconds(self) -> float:
        """How long it will take, from the time that the net needs for some pictures."""
        size = self.asked.picture.shape[0]
        passes = explain.count_passes(self.config, size)
        pace = _seconds_a_picture(self.asked.weights, size, self.asked)
        return pace * (passes.forward + TIMES_FORWARD * passes.backward)


def agree_to(seconds: Mapping[str, float], what: str, label: str, icon: str) -> bool:
    """Whether a reader waits for new jobs, by key with what each will take: what is quick begins at once.

    Else it says what `what` will take, with a button, or that a job is too long for the others who wait.
    """
    if max(seconds.values(), default=0.0) > MOST_SECONDS:
        st.error(
            _(
                "Of {what} one would take about {time}, and everybody would wait for it. Choose fewer points, "
                "windows or noisy copies, or a smaller net.",
                what=what,
                time=say_duration(max(seconds.values())),
            )
        )
        return False
    confirmed = st.session_state.setdefault("confirmed_jobs", set())
    total = sum(seconds.values())
    if total <= AT_ONCE or set(seconds) <= confirmed:
        return True
    st.info(
        _(
            "About {time} for {what}; you can leave this page meanwhile.",
            what=what,
            time=say_duration(total),
        )
    )
    st.button(label, type="primary", key="agree", icon=icon, on_click=confirmed.update, args=[set(seconds)])
    return False


def make_maps(wanted: Sequence[Wanted]) -> "list[Job]":
    """Jobs whose results are attributions float32 (C, H, W), Grad-CAM's (1, H, W), those that are known at once.

    What takes long is said first, and begun with a click: the page ends here until then, and where a map would take
    longer than MOST_SECONDS, or too many wait.
    """
    new = {one.key: one.seconds for one in wanted if jobs().find(one.key) is None}
    if not agree_to(new, _("{count} maps", count=len(new)), _("Make the maps"), ":material/visibility:"):
        st.stop()
    found = run_jobs([(one.key, one.title, _work(one), one.seconds) for one in wanted])
    wait_a_moment(found)
    return found


def _work(wanted: Wanted) -> "Callable[[Callable[[float], None]], np.ndarray]":
    asked = wanted.asked
    net = _net_of_jobs(asked.weights, asked)

    def work(tell: Callable[[float], None]) -> np.ndarray:
        x = explain.to_input([asked.picture], asked.candidate.form)
        return explain.attribute(net, x, wanted.target, wanted.config, tell)[0].numpy()

    return work


@cached(st.cache_data, "Timing the net…", max_entries=500)
def _seconds_a_picture(weights: str, size: int, _asked: Asked) -> float:
    net = net_after(_asked.candidate, _asked.epoch)
    x = explain.to_input([_asked.picture], _asked.candidate.form)
    count = min(TIMED, explain.pictures_at_once(net, x))
    with nets_lock():
        explain.class_probabilities(net, x)
        start = time.perf_counter()
        explain.class_probabilities(net, x.expand(count, -1, -1, -1).contiguous())
        return (time.perf_counter() - start) / count
