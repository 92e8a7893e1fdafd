"""How is the net of a run read, or what it was after an epoch? From a file, or from wherever its storage is."""

from collections.abc import Sequence
from pathlib import Path

from resnet_viz.nets import CheckpointError, ConvNet, load_checkpoint, read_checkpoint
from resnet_viz.runs import Run
from resnet_viz.settings import Settings
from resnet_viz.training.checkpoints import KEPT_EPOCHS, epoch_file
from resnet_viz.training.storage import read_location


def load_net(run: Run, settings: Settings) -> ConvNet:
    """The trained net of a run, in evaluation mode. Raises CheckpointError where its weights are gone or broken.

    `settings` say where the storage is, and how to get in.
    """
    return _load(run.weights, settings)


def kept_epochs(run: Run) -> Sequence[int]:
    """The epochs after which a run has kept its weights, from 0, its start, on; empty where it has not.

    Of a recorded run these are some of its epochs, the last among them.
    """
    kept = run.facts.get(KEPT_EPOCHS, 0) if run.weights else 0
    return range(kept) if isinstance(kept, int) else kept


def load_epoch(run: Run, settings: Settings, epoch: int) -> ConvNet:
    """The net of a run after one of its `kept_epochs`, as `load_net` gives the last. Raises CheckpointError."""
    return _load(locate_epoch(run, epoch), settings)


def locate_epoch(run: Run, epoch: int) -> str:
    """Where the weights of a run after one of its `kept_epochs` are: beside the last, a path or a URL."""
    name = epoch_file(run.id, epoch).rpartition("/")[2]
    return (
        f"{run.weights.rpartition('/')[0]}/{name}" if "://" in run.weights else str(Path(run.weights).with_name(name))
    )


def read_weights(location: str, settings: Settings) -> bytes:
    """The file of weights at a path or a URL. Raises OSError."""
    return read_location(location, settings.storage_url) if "://" in location else Path(location).read_bytes()


def _load(location: str, settings: Settings) -> ConvNet:
    if "://" not in location:
        return load_checkpoint(location)
    try:
        return read_checkpoint(read_location(location, settings.storage_url), location.rpartition("/")[2])
    except OSError as error:
        raise CheckpointError(f"{location} cannot be read") from error
