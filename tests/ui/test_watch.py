"""What is said of a run at work, and of what the server computes for who waits?"""

from dataclasses import replace

import pytest

from resnet_viz.explain.jobs import Job, JobStatus
from resnet_viz.runs import RunStatus
from resnet_viz.ui import watch
from resnet_viz.ui.jobs import _say
from resnet_viz.ui.watch import REFRESH_SECONDS, _record, _what_happens, refresh_interval
from tests.ui.making import make_run

RUN = make_run(status=RunStatus.RUNNING, step=40, total_steps=100, seconds=20.0)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "step 40 of 100, 30 s left"),
        ({"request": "stop"}, "stopping…"),
        ({"request": "pause"}, "pausing…"),
        ({"status": RunStatus.QUEUED}, "waiting for its turn: 2 nets train at once"),
        ({"silent_for": 60.0}, "step 40; no news for 60 s: what is shown is older"),
        ({"step": 0}, "the first steps are on their way"),
        ({"step": 0, "message": "opening the data"}, "opening the data"),
        ({"message": "testing"}, "step 40 of 100, testing"),
    ],
)
def test_what_a_run_does_is_said_in_a_line(monkeypatch, changes, said):
    monkeypatch.setattr(watch, "at_work", lambda: 2)
    assert _what_happens(replace(RUN, **changes)) == said


def test_the_store_is_looked_at_again_only_while_something_runs():
    ended = make_run()
    assert refresh_interval([ended]) is None
    assert refresh_interval([]) is None
    assert refresh_interval([ended, RUN]) == REFRESH_SECONDS


def test_the_record_of_a_run_is_what_it_is_repeated_by():
    record = _record(replace(RUN, facts=RUN.facts | {"versions": {"torch": "2.0"}}, attempt=3))
    assert (record["run"], record["seed"], record["attempts"]) == (RUN.id, "0", "3")
    assert (record["training pictures"], record["device"], record["version of torch"]) == ("1400", "CPU", "2.0")
    assert "attempts" not in _record(RUN)


def test_who_waits_for_a_job_learns_how_far_it_is():
    job = Job("key", "Saliency: plain-8", lambda tell: None, JobStatus.RUNNING, progress=0.0)
    assert _say([], 2, 3) == "2 of 3 wait for their turn; others are asked before"
    assert _say([job], 2, 3) == "Saliency: plain-8: 0%; 1 of 3 are there"


def test_the_time_left_is_told_once_it_can_be(monkeypatch):
    monkeypatch.setattr("resnet_viz.explain.jobs.time.monotonic", lambda: 110.0)
    job = Job("key", "Map", lambda tell: None, JobStatus.RUNNING, progress=0.25, began=100.0)
    assert _say([job], 1, 1) == "Map: 25%, about 30 s left for this one; 0 of 1 are there"
