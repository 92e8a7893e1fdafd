"""Which maps can be trusted, on many pictures? Every check of every method, and what the numbers come to."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import torch

from resnet_viz import explain
from resnet_viz.data import shape_masks
from resnet_viz.explain import AttributionConfig
from resnet_viz.nets import NetSpec
from resnet_viz.studies.cost import Passes
from resnet_viz.studies.subjects import Subject, Tell, pick, tell_part

RANDOM = "random"  # in the place of a method: pixels in random order
CHECKED = [  # all but the two that take longest
    "saliency",
    "input_x_gradient",
    "integrated_gradients",
    "deep_lift",
    "guided_backprop",
    "deconvolution",
    "grad_cam",
    "guided_grad_cam",
    "feature_ablation",
]
LESS_IS_BETTER = {  # of each measure; of the others more is
    "deletion": True,
    "insertion": False,
    "infidelity": True,
    "sensitivity": True,
    "similarity": True,
    "hit": False,
    "inside": False,
}
SIZE = 32  # of pictures, for the number of windows in an estimate
TOLERANCE = 2  # pixels of 32 beside the object that are a hit: the 15 of 224 of the pointing game (Zhang et al. 2018)


def measure_trust(subject: Subject, params: dict[str, Any], tell: Tell) -> pd.DataFrame:
    """The checks of every method on test pictures of a net, for the class that the net says: a row a picture.

    Columns method (RANDOM: pixels in random order), picture, deletion, insertion, infidelity, completeness,
    sensitivity, similarity; for nets of the data set "shapes" hit (1 or 0), inside and mask_share, else NaN.
    """
    x, _ = subject.test(params["pictures"])
    with torch.no_grad():
        target = subject.net.eval()(x).argmax(1)
    masks = _masks(subject, params["pictures"])
    methods = [RANDOM, *params["methods"]]
    frames = []
    for i, method in enumerate(methods):
        told = partial(tell_part, tell, i, len(methods))
        if method == RANDOM:
            numbers = explain.areas(explain.chance_curves(subject.net, x, target, params["seed"], told))
            draw = torch.Generator().manual_seed(params["seed"])
            relevance = torch.rand((len(x), *x.shape[2:]), generator=draw)
        else:
            config = AttributionConfig(method, seed=params["seed"])
            found = explain.check(subject.net, x, target, config, told, params["seed"])
            numbers, relevance = found.numbers, explain.to_map(found.attribution).cpu()
        frames.append(numbers.assign(method=method, **_against(masks, relevance)).reset_index())
    return pd.concat(frames, ignore_index=True)


def _masks(subject: Subject, count: int) -> torch.Tensor | None:
    """Where the object is in the pictures that are asked about, bool (B, H, W), if that is known."""
    if subject.config.dataset != "shapes":
        return None
    masks = shape_masks()
    return torch.from_numpy(masks[pick(len(masks), count)])


def _against(masks: torch.Tensor | None, relevance: torch.Tensor) -> dict[str, Any]:
    if masks is None:
        return dict.fromkeys(("hit", "inside", "mask_share"), np.nan)
    return {
        "hit": explain.pointing_hits(relevance, masks, TOLERANCE).numpy().astype(float),
        "inside": explain.mass_inside(relevance, masks).numpy(),
        "mask_share": masks.float().mean((1, 2)).numpy(),
    }


def passes_of_trust(specs: Sequence[NetSpec], params: dict[str, Any]) -> list[Passes]:
    """The curves, the disturbed pictures, and as many maps of every method as its checks look at."""
    maps = [explain.count_passes(AttributionConfig(method), SIZE) for method in params["methods"]]
    count = explain.MAPS
    curve = 2 * (explain.STEPS + 1)
    forward = curve * explain.ORDERS + sum(count * one.forward + curve + 4 * explain.DRAWS for one in maps)
    backward = count * sum(one.backward for one in maps)
    return [Passes(spec, params["pictures"] * forward, params["pictures"] * backward) for spec in specs]


def summarize_trust(frame: pd.DataFrame) -> pd.DataFrame:
    """Means over pictures of what `measure_trust` gives: columns net, method, measure, mean, error, pictures.

    `error` is the standard error of the mean. What was not measured has no row.
    """
    measures = [name for name in (*LESS_IS_BETTER, "completeness", "mask_share") if name in frame]
    long = frame.melt(["net", "method"], measures, "measure", "value").dropna(subset="value")
    groups = long.groupby(["net", "method", "measure"], sort=False)["value"]
    return groups.agg(mean="mean", error="sem", pictures="size").reset_index()


def rank_trust(means: pd.DataFrame) -> pd.DataFrame:
    """The place of each net's method by its mean under every measure, the best is 1, and the mean of its places.

    `means` as `summarize_trust` gives them. Index net and method, a column a measure, and "mean place", by which rows
    are sorted; random order has no place.
    """
    table = means[means["method"] != RANDOM].pivot(index=["net", "method"], columns="measure", values="mean")
    places = {name: table[name].rank(ascending=less) for name, less in LESS_IS_BETTER.items() if name in table}
    ranks = pd.DataFrame(places)
    return ranks.assign(**{"mean place": ranks.mean(axis=1)}).sort_values("mean place")
