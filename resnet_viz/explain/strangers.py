"""Does a picture look like anything the net was trained on? How near its features are to those of a class.

The features are what goes into the last layer. A picture's familiarity is the cosine between its features and the
nearest class's mean features over training pictures; it is measured against the net's own held-out pictures, and
against pictures that belong to no class of any net here. Near relatives of the test by Lee et al. 2018 (class means)
and Sun et al. 2022 (cosine); benchmarks/strangers.md compares it with what the probabilities alone would tell.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor, nn

from resnet_viz.data import PictureFormat, fit_picture, load_dataset

WARNED = 0.05  # of the held-out pictures that set the threshold
FOREIGN = 500  # pictures of each foreign kind
CLOUDS = 4  # squares a side of a blurred picture of random colors
BATCH = 256
PLACES = 4  # decimal places of a mean's features that are kept


@dataclass(frozen=True, eq=False)
class Familiarity:
    """What makes pictures familiar to a net: its classes' mean features (K, F) of length 1, and the threshold.

    `false_alarms` is the share of other held-out pictures below the threshold, `missed` by kind the share of foreign
    pictures above it; `counts` says of how many pictures each is.
    """

    means: Tensor
    threshold: float
    false_alarms: float
    missed: dict[str, float]
    counts: dict[str, int]

    def of(self, net: nn.Module, x: Tensor) -> np.ndarray:
        """The familiarity of pictures x (B, C, H, W): (B,), at most 1."""
        return (features(net, x) @ self.means.T).amax(1).cpu().numpy()


@torch.no_grad()
def features(net: nn.Module, x: Tensor) -> Tensor:
    """What goes into the last layer for pictures (B, C, H, W), brought to length 1: (B, F)."""
    seen: list[Tensor] = []
    last = [layer for layer in net.modules() if isinstance(layer, nn.Linear)][-1]
    hook = last.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0]))
    try:
        for part in x.split(BATCH):
            net.eval()(part)
    finally:
        hook.remove()
    return F.normalize(torch.cat(seen), dim=1)


def calibrate(
    net: nn.Module, x: Tensor, labels: Tensor, held_out: Tensor, foreign: Mapping[str, Tensor]
) -> Familiarity:
    """The familiarity of a net: class means from training pictures x, the threshold from half of `held_out`.

    The other half gives the false alarms, `foreign` (pictures by kind) what is missed. All as inputs (B, C, H, W).
    """
    known = features(net, x)
    sums = known.new_zeros(int(labels.max()) + 1, known.shape[1]).index_add_(0, labels, known)
    means = F.normalize(sums, dim=1)
    half = len(held_out) // 2
    nearest = (features(net, held_out) @ means.T).amax(1)
    threshold = float(nearest[:half].quantile(WARNED))
    missed = {
        kind: float(((features(net, pictures) @ means.T).amax(1) >= threshold).float().mean())
        for kind, pictures in foreign.items()
    }
    false_alarms = float((nearest[half:] < threshold).float().mean())
    counts = {"held out": len(held_out) - half} | {kind: len(pictures) for kind, pictures in foreign.items()}
    return Familiarity(means, threshold, false_alarms, missed, counts)


def foreign_pictures(form: PictureFormat, own: str) -> dict[str, np.ndarray]:
    """Pictures uint8 (N, H, W, C) that belong to no class of a net of this format, by kind, the same ones every time.

    `own` is the name of the net's data set; it is left out.
    """
    draw, size, channels = np.random.default_rng(0), form.size, form.channels
    kinds = {
        "noise": draw.integers(0, 256, (FOREIGN, size, size, channels), np.uint8),
        "single colors": draw.integers(0, 256, (FOREIGN, 1, 1, channels), np.uint8).repeat(size, 1).repeat(size, 2),
        "clouds": np.stack([_cloud(draw, size, channels) for _ in range(FOREIGN)]),
    }
    for name in {"shapes", "digits"} - {own}:
        pictures = load_dataset(name).test_pictures[:FOREIGN]
        kinds[name] = np.stack([fit_picture(_to_image(picture), size, channels) for picture in pictures])
    return dict(sorted(kinds.items()))


def _cloud(draw: np.random.Generator, size: int, channels: int) -> np.ndarray:
    colors = draw.integers(0, 256, (CLOUDS, CLOUDS, channels), np.uint8)
    return np.asarray(_to_image(colors).resize((size, size), Image.Resampling.BICUBIC)).reshape(size, size, channels)


def _to_image(picture: np.ndarray) -> Image.Image:
    return Image.fromarray(picture if picture.shape[2] == 3 else picture[..., 0])


def to_frame(found: Familiarity) -> pd.DataFrame:
    """A familiarity as rows. Columns: what (mean, threshold, false_alarms, missed), kind, value, count, and features.

    A mean has its class's number as `kind` and its features in columns named f0, f1, ...; else `kind` says which
    pictures, `value` their share (or the threshold) and `count` their number.
    """
    means = pd.DataFrame(found.means.cpu().numpy().round(PLACES).astype(float)).add_prefix("f")
    shares = {("false_alarms", "held out"): found.false_alarms}
    shares |= {("missed", kind): share for kind, share in found.missed.items()}
    rows = [{"what": "threshold", "kind": "", "value": found.threshold, "count": 0}]
    rows += [
        {"what": what, "kind": kind, "value": share, "count": found.counts[kind]}
        for (what, kind), share in shares.items()
    ]
    named = means.assign(what="mean", kind=means.index.astype(str), value=np.nan, count=0)
    return pd.concat([named, pd.DataFrame(rows)], ignore_index=True)


def from_frame(frame: pd.DataFrame) -> Familiarity:
    """What `to_frame` wrote."""
    is_mean = frame["what"] == "mean"
    features = [name for name in frame.columns if re.fullmatch(r"f\d+", name)]
    rest = frame[~is_mean]
    value, missed = rest.set_index("what")["value"], rest[rest["what"] == "missed"]
    counted = rest[rest["what"] != "threshold"]
    return Familiarity(
        torch.tensor(frame.loc[is_mean, features].to_numpy(np.float32)),
        float(value["threshold"]),
        float(value["false_alarms"]),
        {str(kind): float(share) for kind, share in zip(missed["kind"], missed["value"], strict=True)},
        {str(kind): int(count) for kind, count in zip(counted["kind"], counted["count"], strict=True)},
    )
