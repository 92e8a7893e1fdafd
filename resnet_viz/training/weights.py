"""How is the net of a run read? From a file, or from wherever its storage is."""

from resnet_viz.nets import CheckpointError, ConvNet, load_checkpoint, read_checkpoint
from resnet_viz.runs import Run
from resnet_viz.settings import Settings
from resnet_viz.training.storage import read_location


def load_net(run: Run, settings: Settings) -> ConvNet:
    """The trained net of a run, in evaluation mode. Raises CheckpointError where its weights are gone or broken.

    `settings` say where the storage is, and how to get in.
    """
    if "://" not in run.weights:
        return load_checkpoint(run.weights)
    try:
        return read_checkpoint(read_location(run.weights, settings.storage_url), run.weights.rpartition("/")[2])
    except OSError as error:
        raise CheckpointError(f"{run.weights} cannot be read") from error
