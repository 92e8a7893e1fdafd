"""Which trained nets are asked, and about which pictures? A run's net and its data, on the fastest device."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from resnet_viz.data import DATASETS, ImageData, is_at_hand, load_dataset, normalize
from resnet_viz.nets import ConvNet, NetSpec
from resnet_viz.runs import Run, RunStore, find_run
from resnet_viz.settings import Settings
from resnet_viz.studies.asking import subject_name
from resnet_viz.training import TrainingConfig, load_net, resolve_device

Tell = Callable[[float], None]  # how far an answer is, 0 to 1; raises where it shall not go on


def tell_part(tell: Tell, part: int, parts: int, done: float) -> None:
    """Tell how far the whole is, of which one part of several is done this far."""
    tell((part + done) / parts)


class StudyError(ValueError):
    """A question that cannot be answered here; the message is a sentence."""


@dataclass(frozen=True, eq=False)
class Subject:
    """A trained net that is asked, in evaluation mode on its device, and the data that it was trained on."""

    run: Run
    net: ConvNet
    data: ImageData
    device: str

    @property
    def name(self) -> str:
        """What the net is called in an answer."""
        return subject_name(self.run)

    @property
    def spec(self) -> NetSpec:
        """The net's spec."""
        return self.net.spec

    def test(self, count: int = 0) -> tuple[Tensor, Tensor]:
        """Test pictures as inputs (B, C, H, W) and labels (B,): all, or `count` of them, the same ones every time."""
        return self._take(self.data.test_pictures, self.data.test_labels, count)

    def train(self, count: int = 0) -> tuple[Tensor, Tensor]:
        """Training pictures and labels, as `test` gives them, without augmentation."""
        return self._take(self.data.train_pictures, self.data.train_labels, count)

    def _take(self, pictures: np.ndarray, labels: np.ndarray, count: int) -> tuple[Tensor, Tensor]:
        chosen = pick(len(labels), count)
        x = normalize(torch.from_numpy(pictures[chosen]).to(self.device), self.data.form)
        return x, torch.from_numpy(labels[chosen]).to(self.device)

    @cached_property
    def config(self) -> TrainingConfig:
        """How the net was trained."""
        return TrainingConfig(**self.run.config)


def pick(total: int, count: int = 0) -> np.ndarray:
    """Positions of `count` pictures among `total`, or of all: the same ones every time, in order."""
    return np.sort(np.random.default_rng(0).permutation(total)[: count or total])


def load_subjects(store: RunStore, settings: Settings, run_ids: Sequence[str]) -> list[Subject]:
    """The nets of runs of this store or of recorded ones. Raises StudyError, CheckpointError or DatasetError."""
    return [load_subject(store, settings, run_id) for run_id in run_ids]


def load_subject(store: RunStore, settings: Settings, run_id: str) -> Subject:
    """The net of one run, as `load_subjects` gives it."""
    try:
        run = find_run(store, run_id)
    except KeyError as error:
        raise StudyError(f"there is no run {run_id} on this machine") from error
    if not run.weights:
        raise StudyError(f"run {run_id} has kept no weights")
    data = load_data(settings, run)
    device = resolve_device("auto").kind
    return Subject(run, load_net(run, settings).to(device), data, device)


def load_data(settings: Settings, run: Run) -> ImageData:
    """The pictures that a run learned from, if they are on this machine. Raises StudyError or DatasetError."""
    config = TrainingConfig(**run.config)
    if config.dataset != "folder" and not is_at_hand(config.dataset, settings.data_root, config.size):
        title = DATASETS[config.dataset].title
        raise StudyError(f"{title} is not on this machine yet; the Data page fetches it")
    return load_dataset(config.dataset, settings.data_root, config.folder or None, size=config.size)
