"""Are the jobs of a server computed once each, in a good order, and no further than somebody wants?"""

import threading
from types import SimpleNamespace

import pytest

from resnet_viz.explain import AttributionError
from resnet_viz.explain.jobs import MOST_WAITING, Job, Jobs, JobsError, JobStatus
from tests.conftest import PATIENCE


class Gate:
    """Work that goes on only when it is let."""

    def __init__(self) -> None:
        self.began, self.told, self.open = threading.Event(), threading.Event(), threading.Event()

    def __call__(self, tell):
        self.began.set()
        while not self.open.wait(0.01):
            tell(0.5)
            self.told.set()
        return "done"

    def wait_until_it_goes_on(self) -> None:
        """It has told how far it is once more."""
        self.told.clear()
        assert self.told.wait(PATIENCE)


def over(job):
    assert job.over.wait(PATIENCE)
    return job


def noting(notes, note, result=None):
    def job(tell):
        notes.append(note)
        return result

    return job


def test_two_readers_who_ask_at_once_get_one_job():
    jobs, calls = Jobs(), []
    found = [jobs.ask("a", "A", noting(calls, 1, 7), reader) for reader in ("x", "y")]
    assert found[0] is found[1]
    assert over(found[0]).result == 7
    assert jobs.ask("a", "A", noting(calls, 1, 8), "z").result == 7
    assert calls == [1]


def test_a_job_that_one_reader_stops_goes_on_for_the_other():
    jobs, gate = Jobs(), Gate()
    job = jobs.ask("a", "A", gate, "x")
    jobs.ask("a", "A", gate, "y")
    assert gate.began.wait(PATIENCE)
    job.stop("x")
    gate.wait_until_it_goes_on()
    assert job.status is JobStatus.RUNNING
    job.stop("y")
    assert over(job).status is JobStatus.STOPPED
    assert jobs.ask("a", "A", gate, "x") is job
    jobs.drop(job)
    gate.open.set()
    assert over(jobs.ask("a", "A", gate, "x")).result == "done"


def test_a_job_that_nobody_waits_for_any_more_is_not_begun():
    jobs, gate, calls = Jobs(), Gate(), []
    jobs.ask("gate", "G", gate)
    job = jobs.ask("a", "A", lambda tell: calls.append(1), "x")
    job.stop("x")
    gate.open.set()
    assert over(job).status is JobStatus.STOPPED
    assert calls == []


def test_short_jobs_pass_long_ones():
    jobs, gate, order = Jobs(), Gate(), []
    jobs.ask("gate", "G", gate)
    assert gate.began.wait(PATIENCE)
    asked = [jobs.ask(key, key, noting(order, key), seconds=seconds)
             for key, seconds in (("long", 60), ("short", 0.1), ("next", 0.2))]  # fmt: skip
    gate.open.set()
    for job in asked:
        over(job)
    assert order == ["short", "next", "long"]


def test_what_goes_wrong_is_a_sentence_and_the_next_job_is_done(capsys):
    jobs = Jobs()

    def fail(error):
        def work(tell):
            raise error

        return work

    expected = {
        "known": (AttributionError("There is no such layer."), "There is no such layer."),
        "memory": (RuntimeError("out of memory"), "The memory did not do: ask for fewer points or copies, or a"),
        "unknown": (KeyError("x"), "An error that this program did not foresee (KeyError); its log says more."),
    }
    for key, (error, sentence) in expected.items():
        job = over(jobs.ask(key, key, fail(error)))
        assert job.status is JobStatus.FAILED
        assert job.error.startswith(sentence)
    assert over(jobs.ask("next", "next", lambda tell: 1)).result == 1
    assert "KeyError" in capsys.readouterr().err


def test_no_more_than_a_number_of_jobs_wait():
    jobs, gate = Jobs(), Gate()
    jobs.ask("gate", "G", gate)
    assert gate.began.wait(PATIENCE)
    for i in range(MOST_WAITING):
        jobs.ask(str(i), "", lambda tell: None)
    with pytest.raises(JobsError, match="wait already"):
        jobs.ask("one more", "", lambda tell: None)
    gate.open.set()


def test_the_time_left_follows_from_the_time_taken(monkeypatch):
    monkeypatch.setattr("resnet_viz.explain.jobs.time", SimpleNamespace(monotonic=lambda: 40.0))
    job = Job("a", "A", Gate(), JobStatus.RUNNING, progress=0.25, began=10.0)
    assert job.seconds_left == 90.0
    job.end(JobStatus.DONE)
    assert job.seconds_left is None
