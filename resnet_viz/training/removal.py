"""What becomes of a run that is deleted? Its rows go first, then its files: weights, checkpoints, kept epochs, log."""

from collections.abc import Sequence
from pathlib import Path

from resnet_viz.runs import Run, RunShelf, RunStore
from resnet_viz.settings import Settings
from resnet_viz.training.queue import check_demo
from resnet_viz.training.storage import Storage

FOLDER = "weights"  # in the storage


def delete_runs(store: RunStore, settings: Settings, run_ids: Sequence[str]) -> list[str]:
    """Delete runs for good; the answer is a sentence for each place where files of them are left.

    Raises ShelfError, and changes nothing then, where a run is at work or gone; LimitError in a demonstration.
    """
    check_demo(settings)
    found = [run for run in store.runs(comparisons=10**9, archived=True) if run.id in run_ids]
    RunShelf(store).delete(run_ids)
    return [trouble for run in found for trouble in _delete_files(run, settings)]


def _delete_files(run: Run, settings: Settings) -> list[str]:
    """Delete all files that begin with the run's id and a dot, wherever its weights lie."""
    troubles = []
    for place in _places(run, settings):
        try:
            storage = Storage(place)
            for name in storage.find(f"{run.id}."):
                storage.delete(name)
        except (OSError, ImportError, ValueError) as error:
            troubles.append(f"files of run {run.id} are left in {place} ({error})")
    try:
        (settings.home / "logs" / f"{run.id}.log").unlink(missing_ok=True)
    except OSError as error:
        troubles.append(f"the log of run {run.id} is left ({error})")
    return troubles


def _places(run: Run, settings: Settings) -> list[str]:
    """The storage's folder of weights, and the one where the run's are, if that was another."""
    storage = Storage(settings.storage_url)
    here = f"{settings.storage_url.rstrip('/')}/{FOLDER}"
    beside = run.weights.rpartition("/")[0] if "://" in run.weights else str(Path(run.weights).parent)
    return [here] if not run.weights or beside == storage.locate(FOLDER) else [here, beside]
