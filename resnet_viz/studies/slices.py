"""What does a slice of the loss need of a run? The pictures that it learned from, and its net after each epoch."""

from dataclasses import replace

import numpy as np
from torch import Tensor

from resnet_viz.nets import ConvNet
from resnet_viz.settings import Settings
from resnet_viz.studies.subjects import StudyError, Subject
from resnet_viz.training import kept_epochs, load_epoch
from resnet_viz.training.loop import choose_pictures

MOST_EPOCHS = 60  # nets of a training's way; of a longer one as many, evenly spread


def learned_from(subject: Subject, count: int) -> tuple[Tensor, Tensor]:
    """`count` pictures and labels among those that a run learned from, without augmentation, the same every time."""
    data = subject.data
    learned = choose_pictures(len(data.train_labels), subject.config)
    chosen = learned[np.sort(np.random.default_rng(0).permutation(len(learned))[:count])]
    pictures, labels = np.asarray(data.train_pictures[chosen]), data.train_labels[chosen]
    return replace(subject, data=replace(data, train_pictures=pictures, train_labels=labels)).train()


def nets_by_epoch(subject: Subject) -> dict[int, ConvNet]:
    """The nets of a run by epoch, from 0, its start, to its last, on the subject's device. Raises StudyError."""
    epochs = kept_epochs(subject.run)
    if len(epochs) < 3:
        raise StudyError(f"run {subject.run.id} has not kept the weights of two epochs or more, and its start")
    places = np.unique(np.linspace(0, len(epochs) - 1, MOST_EPOCHS).round().astype(int)).tolist()
    return {epochs[i]: load_epoch(subject.run, Settings(), epochs[i]).to(subject.device) for i in places}
