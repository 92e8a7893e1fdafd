"""Which untrained nets are asked, and about which pictures? Nets by their slugs, and pictures of a data set."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from resnet_viz.data import DATASETS, is_at_hand, load_dataset, normalize
from resnet_viz.nets import NetSpec
from resnet_viz.settings import Settings
from resnet_viz.studies.subjects import StudyError
from resnet_viz.training import resolve_device


@dataclass(frozen=True, eq=False)
class Untrained:
    """Nets to be drawn, by slug, with the channels and classes of the pictures x (B, C, H, W) and labels (B,)."""

    specs: list[tuple[str, NetSpec]]
    x: Tensor
    labels: Tensor


def load_untrained(params: dict[str, Any]) -> Untrained:
    """The nets of params "specs", and "pictures" training pictures of "dataset", the same ones every time.

    Raises StudyError, SpecError or DatasetError.
    """
    name = params["dataset"]
    root = Settings().data_root
    if name in DATASETS and not is_at_hand(name, root):
        raise StudyError(f"{DATASETS[name].title} is not on this machine yet; the Data page fetches it")
    data = load_dataset(name, root)
    channels, classes = data.form.channels, len(data.form.classes)
    specs = [
        (slug, replace(NetSpec.from_slug(slug), in_channels=channels, classes=classes)) for slug in params["specs"]
    ]
    chosen = np.sort(np.random.default_rng(0).permutation(len(data.train_labels))[: params["pictures"]])
    device = resolve_device("auto").kind
    x = normalize(torch.from_numpy(data.train_pictures[chosen]).to(device), data.form)
    return Untrained(specs, x, torch.from_numpy(data.train_labels[chosen]).to(device))
