"""What is asked of nets beside their training? Questions put in the background, and answers that are kept."""

from typing import TYPE_CHECKING

from resnet_viz.lazy import lazy_exports
from resnet_viz.studies.asking import Answer, ask, find_answer, find_answers, find_study

if TYPE_CHECKING:
    from resnet_viz.studies.questions import QUESTIONS, Passes, Question
    from resnet_viz.studies.subjects import StudyError, Subject, load_subject, load_subjects

__all__ = [
    "QUESTIONS",
    "Answer",
    "Passes",
    "Question",
    "StudyError",
    "Subject",
    "ask",
    "find_answer",
    "find_answers",
    "find_study",
    "load_subject",
    "load_subjects",
]

__getattr__ = lazy_exports(
    dict.fromkeys(("QUESTIONS", "Passes", "Question"), "resnet_viz.studies.questions")
    | dict.fromkeys(("StudyError", "Subject", "load_subject", "load_subjects"), "resnet_viz.studies.subjects")
)
