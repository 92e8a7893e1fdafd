"""What happens while a reader waits for maps? They come one by one, with the time left and a way to stop."""

import time
from collections.abc import Sequence
from secrets import token_hex
from typing import TYPE_CHECKING

import streamlit as st

from resnet_viz.ui.language import _, cached, said, sentence
from resnet_viz.ui.services import run_store

if TYPE_CHECKING:
    from resnet_viz.explain.jobs import Job, Jobs, Work

PATIENCE = 1.5  # seconds that a page waits for its jobs before it shows how far they are
LOOK_SECONDS = 0.5


@cached(st.cache_resource, "Loading torch and Captum; this takes some seconds after the start of the server…")
def jobs() -> "Jobs":
    """The jobs of this server, with Captum loaded (seconds, once)."""
    from resnet_viz.explain import attribution  # noqa: F401  loaded here, so that no job's time holds it
    from resnet_viz.explain.jobs import Jobs
    from resnet_viz.ui.services import freeze_imports

    freeze_imports()
    return Jobs(_share_cores)


@st.cache_resource(show_spinner=False)
def fetches() -> "Jobs":
    """What is brought to this machine, one file after another, beside the jobs that compute."""
    from resnet_viz.explain.jobs import Jobs

    return Jobs()


def _share_cores() -> None:
    """Leave the cores to what trains beside: torch keeps the number of threads for each thread that asks."""
    import torch

    from resnet_viz.training import count_cores, threads_for

    torch.set_num_threads(threads_for(min(run_store().count_active() + 1, count_cores())))


def run_jobs(wanted: "Sequence[tuple[str, str, Work, float]]") -> "list[Job]":
    """The jobs of these keys, titles, works and expected seconds, asked for now unless they were before.

    The page ends with a sentence where too many wait.
    """
    from resnet_viz.explain.jobs import JobsError

    try:
        return [jobs().ask(key, title, work, reader(), seconds) for key, title, work, seconds in wanted]
    except JobsError as error:
        st.warning(sentence(str(error)))
        st.stop()


def reader() -> str:
    """Who this session is, for jobs that several readers wait for."""
    return st.session_state.setdefault("reader", token_hex(8))


def wait_a_moment(asked: "Sequence[Job]") -> None:
    """Wait until all of these are over, but not for long."""
    deadline = time.monotonic() + PATIENCE
    for job in asked:
        job.over.wait(max(0.0, deadline - time.monotonic()))


def show_jobs(asked: "Sequence[Job]", name: str = "jobs") -> bool:
    """How far these are, with a way to stop, until they are over; whether they are. Sentences for what failed.

    The page runs again whenever one more is over. `name` keeps several of these on a page apart.
    """
    for told in dict.fromkeys(job.error for job in asked if job.error):
        st.error(said(told))
    if ended := [job for job in asked if job.status in ("stopped", "failed")]:
        stopped = any(job.status == "stopped" for job in ended)
        label = _("Stopped before the end: go on") if stopped else _("Try again")
        st.button(label, key=f"go_on_{name}", icon=":material/play_arrow:", on_click=_go_on, args=[ended])
    open_ones = [job for job in asked if not job.status.is_over]
    if open_ones:
        st.fragment(_show_progress, run_every=LOOK_SECONDS)(list(asked), len(open_ones), name)
    return not open_ones


def _show_progress(asked: "list[Job]", known_open: int, name: str) -> None:
    still = [job for job in asked if not job.status.is_over]
    if len(still) < known_open:
        st.rerun()
    running = [job for job in still if job.status == "running"]
    share = 1 - (len(still) - sum(job.progress for job in running)) / len(asked)
    bar, stop = st.columns([4, 1], vertical_alignment="center")
    bar.progress(min(1.0, max(0.0, share)), text=_say(running, len(still), len(asked)))
    stop.button(_("Stop"), key=f"stop_{name}", icon=":material/stop:", on_click=_stop, args=[still])


def _go_on(ended: "list[Job]") -> None:
    for job in ended:
        jobs().drop(job)
        fetches().drop(job)


def _stop(asked: "list[Job]") -> None:
    for job in asked:
        job.stop(reader())


def _say(running: "list[Job]", still: int, count: int) -> str:
    if not running:
        return _("{still} of {count} wait for their turn; others are asked before", still=still, count=count)
    job = running[0]
    left = job.seconds_left
    when = "" if left is None else _(", about {most} s left for this one", most=max(1, round(left)))
    return _(
        "{title}: {progress:.0%}{when}; {ready} of {count} are there",
        title=job.title,
        progress=job.progress,
        when=when,
        ready=count - still,
        count=count,
    )
