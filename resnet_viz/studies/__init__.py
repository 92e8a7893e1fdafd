"""What is asked of nets beside their training? Questions put in the background, and answers that are kept."""

from typing import TYPE_CHECKING

from resnet_viz.lazy import lazy_exports
from resnet_viz.studies.asking import (
    Answer,
    ask,
    find_answer,
    find_answers,
    find_study,
    see_to_questions,
    subject_name,
)
from resnet_viz.studies.evidence import Evidence, Finding, Verdict

if TYPE_CHECKING:
    from resnet_viz.studies.claims import CLAIMS, SEEDS, Again, Claim
    from resnet_viz.studies.questions import QUESTIONS, Question
    from resnet_viz.studies.subjects import StudyError, Subject, load_subject, load_subjects

__all__ = [
    "CLAIMS",
    "QUESTIONS",
    "SEEDS",
    "Again",
    "Answer",
    "Claim",
    "Evidence",
    "Finding",
    "Question",
    "StudyError",
    "Subject",
    "Verdict",
    "ask",
    "find_answer",
    "find_answers",
    "find_study",
    "load_subject",
    "load_subjects",
    "see_to_questions",
    "subject_name",
]

__getattr__ = lazy_exports(
    dict.fromkeys(("CLAIMS", "SEEDS", "Again", "Claim"), "resnet_viz.studies.claims")
    | dict.fromkeys(("QUESTIONS", "Question"), "resnet_viz.studies.questions")
    | dict.fromkeys(("StudyError", "Subject", "load_subject", "load_subjects"), "resnet_viz.studies.subjects")
)
