"""How does a net tell strangers? Its classes' mean features, a threshold, and how often that is wrong."""

import pandas as pd
import torch

from resnet_viz.data import normalize
from resnet_viz.explain.strangers import calibrate, foreign_pictures, to_frame
from resnet_viz.studies.subjects import Subject, Tell


def measure_strangers(subject: Subject, count: int, tell: Tell) -> pd.DataFrame:
    """The familiarity of a net from `count` pictures that it learned from and as many that it did not."""
    x, labels = subject.train(count)
    held_out, _ = subject.test(count)
    tell(0.3)
    form = subject.data.form
    foreign = {
        kind: normalize(torch.from_numpy(pictures).to(subject.device), form)
        for kind, pictures in foreign_pictures(form, subject.config.dataset).items()
    }
    tell(0.6)
    order = torch.randperm(len(held_out), generator=torch.Generator().manual_seed(0))  # all classes in both halves
    return to_frame(calibrate(subject.net, x, labels, held_out[order], foreign))
