"""Who answers? One process at a time, which takes question after question until none waits."""

import json
import platform
import sys
import time
import traceback
from datetime import date
from importlib.metadata import version
from typing import Any

import torch

from resnet_viz import __version__
from resnet_viz.data import DatasetError
from resnet_viz.nets import CheckpointError, SpecError
from resnet_viz.runs import Owner, RunStore, Study, StudyStore
from resnet_viz.settings import Settings
from resnet_viz.studies.asking import WEIGHTS, weights_name
from resnet_viz.studies.questions import QUESTIONS
from resnet_viz.studies.subjects import StudyError, load_subjects
from resnet_viz.training import ConfigError, count_cores, resolve_device, threads_for
from resnet_viz.training.allocator import keep_freed_memory

TELL_SECONDS = 0.5


class Stopped(Exception):
    """The reader does not wait for the answer any longer."""


def answer(store: RunStore, settings: Settings, study: Study) -> None:
    """Answer a claimed study, and keep the answer or a sentence that says why there is none."""
    studies = StudyStore(store)
    told = start = time.monotonic()

    def tell(progress: float) -> None:
        nonlocal told
        if time.monotonic() - told < TELL_SECONDS:
            return
        told = time.monotonic()
        if not studies.tell(study.id, min(1.0, progress)):
            raise Stopped

    try:
        subjects = load_subjects(store, settings, study.params.get("runs", []))
        frame = QUESTIONS[study.kind].answer(subjects, study.params, tell)
        asked = {WEIGHTS: {subject.run.id: weights_name(subject.run) for subject in subjects}} if subjects else {}
        studies.finish(study.id, frame, _facts() | asked, time.monotonic() - start)
    except Stopped:
        return
    except (StudyError, ConfigError, DatasetError, SpecError, CheckpointError) as error:
        studies.fail(study.id, str(error))
    except Exception as error:
        traceback.print_exc()
        out_of_memory = isinstance(error, MemoryError) or "memory" in str(error)
        studies.fail(study.id, "out of memory: ask about fewer pictures or a shallower net" if out_of_memory else
                     f"an error that this program did not foresee ({type(error).__name__}: {error})")  # fmt: skip


def _facts() -> dict[str, Any]:
    versions = {"resnet_viz": __version__, "python": platform.python_version(), "torch": version("torch")}
    device = resolve_device("auto").title
    return {
        "date": date.today().isoformat(),
        "device": device,
        "threads": torch.get_num_threads(),
        "versions": versions,
    }


def main() -> None:
    """Take settings as a JSON line on standard input, and answer what waits."""
    settings = Settings(**json.loads(sys.stdin.readline()))
    store = RunStore(settings.store_url)
    studies = StudyStore(store)
    keep_freed_memory()
    while study := studies.claim(Owner.here()):
        active = store.count_active()
        torch.set_num_threads(threads_for(min(active + 1, count_cores())))
        answer(store, settings, study)


if __name__ == "__main__":
    main()
