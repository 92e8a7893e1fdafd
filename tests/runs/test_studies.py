"""Is a question asked once, answered by one worker at a time, and its answer kept as it was?"""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import update

from resnet_viz.runs import Owner, RunStatus, RunStore, StudyStore
from resnet_viz.runs.schema import studies as table

FRAME = pd.DataFrame(
    {
        "net": ["plain-8", "ResNet-8 (A)", "c", "d"],
        "error": [0.123456789, np.nan, np.inf, 1.234e-19],
        "same": [True, False, True, False],
        "k": [1, 2, 3, 10**12],
    }
)


@pytest.fixture
def studies(store) -> StudyStore:
    return StudyStore(store)


def test_an_answer_comes_back_as_it_was_kept(studies):
    asked = studies.ask("lesions", {"runs": ["a"], "pictures": 10})
    study = studies.claim(Owner.here())
    assert (study.id, study.status, study.params) == (asked.id, RunStatus.RUNNING, {"runs": ["a"], "pictures": 10})
    assert studies.tell(study.id, 0.5, "half of it")
    assert studies.study(study.id).progress == 0.5
    assert studies.finish(study.id, FRAME, {"device": "CPU"}, 1.5)
    ended = studies.study(study.id)
    assert (ended.status, ended.facts, ended.seconds) == (RunStatus.FINISHED, {"device": "CPU"}, 1.5)
    pd.testing.assert_frame_equal(studies.answer(study.id), FRAME, rtol=1e-5)


def test_the_same_question_is_asked_once_at_a_time_whatever_the_order_of_its_parameters(studies):
    first = studies.ask("lesions", {"a": 1, "b": 2})
    assert studies.ask("lesions", {"b": 2, "a": 1}).id == first.id
    assert studies.ask("lesions", {"a": 1, "b": 3}).id != first.id
    assert studies.ask("surface", {"a": 1, "b": 2}).id != first.id
    studies.claim(Owner.here())
    studies.finish(first.id, FRAME, {}, 1.0)
    assert studies.ask("lesions", {"a": 1, "b": 2}).id != first.id  # asked again


def test_one_question_is_answered_at_a_time_in_the_order_of_asking(studies):
    first, second = studies.ask("a", {}), studies.ask("b", {})
    assert studies.claim(Owner.here()).id == first.id
    assert studies.claim(Owner.here()) is None
    studies.fail(first.id, "no")
    assert studies.claim(Owner.here()).id == second.id


def test_what_was_stopped_takes_no_answer(studies):
    study = studies.ask("a", {})
    studies.claim(Owner.here())
    studies.stop(study.id)
    assert not studies.tell(study.id, 0.5)
    assert not studies.finish(study.id, FRAME, {}, 1.0)
    assert studies.study(study.id).status is RunStatus.STOPPED


def test_a_question_whose_worker_is_gone_fails_with_a_sentence_and_the_next_is_taken(studies):
    lost, waiting = studies.ask("a", {}), studies.ask("b", {})
    studies.claim(replace(Owner.here(), started=1.0))  # its pid is another process's now
    assert studies.claim(Owner.here()).id == waiting.id
    assert studies.study(lost.id).status is RunStatus.FAILED
    assert "ask again" in studies.study(lost.id).message


def test_a_worker_elsewhere_that_has_been_silent_for_long_is_given_up(studies, store: RunStore):
    study = studies.ask("a", {})
    studies.claim(Owner("elsewhere", 1, 1.0))
    studies.recover()
    assert studies.study(study.id).status is RunStatus.RUNNING
    with store.write() as db:
        db.execute(update(table).values(heartbeat_at=table.c.heartbeat_at - 60))
    studies.recover()
    assert studies.study(study.id).status is RunStatus.FAILED


def test_studies_are_found_by_kind_and_parameters_and_copied(studies, tmp_path):
    a, b = studies.ask("a", {"n": 1}), studies.ask("a", {"n": 2})
    studies.ask("b", {})
    assert [one.id for one in studies.studies("a", {"n": 1})] == [a.id]
    assert {one.id for one in studies.studies("a")} == {a.id, b.id}
    assert len(studies.studies()) == 3
    other = RunStore(f"sqlite:///{tmp_path}/other.sqlite")
    studies.copy([a.id, b.id], other)
    assert {one.id for one in StudyStore(other).studies()} == {a.id, b.id}
    with pytest.raises(KeyError, match="no study"):
        studies.study("nowhere")
