"""Do gradients of nearby pictures resemble each other? Autocorrelation along a line (Balduzzi et al. 2017, sec. 2)."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from resnet_viz.lab.blocks import Tell, be_silent
from resnet_viz.nets import ConvNet, NetSpec, build_net

POINTS = 256  # on a line
BATCH = 256  # points that go through a net at once
CONSTANT = 1e-5  # what changes by less than this share of the largest gradient is rounding
HALF = 0.5


def input_gradients_along_a_line(
    net: ConvNet, start: Tensor, end: Tensor, points: int = POINTS, seen: Tensor | None = None
) -> Tensor:
    """The gradient of the sum of a net's logits by its input, at points evenly spread from one picture to another.

    start and end (C, H, W); the result is (points, C, H, W), the first one at start, the last one at end.
    The net is asked in evaluation mode, where a picture's answer does not depend on others. Batch norms then use their
    running statistics, which an untrained net has not got yet: without `seen` they are those of the points
    themselves as one batch, else of the pictures `seen` (B, C, H, W). A trained net keeps its own if `seen` is empty.
    """
    share = torch.linspace(0, 1, points, device=start.device).view(-1, 1, 1, 1)
    x = torch.lerp(start[None], end[None], share).contiguous()  # (points, C, H, W)
    with _statistics_of(net, x if seen is None else seen):
        return torch.cat([_input_gradient(net, part) for part in x.split(BATCH)])


def gradient_autocorrelation(gradients: Tensor) -> pd.DataFrame:
    """How alike gradients are by their distance along the line: columns lag (points apart), correlation.

    gradients (P, ...), P at least 2. Each number of the input is a series over the points, and is centred; products of
    values a lag apart are averaged over all numbers of the input, and divided by those of lag 0. Lags go up to half
    of the line. Where gradients do not change along the line, as in a linear net, the correlation is NaN.
    """
    series = gradients.detach().double().flatten(1).cpu().numpy()  # (P, C * H * W)
    centred = series - series.mean(0)
    if not np.abs(centred).max() > CONSTANT * np.abs(series).max():
        centred = np.full_like(centred, np.nan)
    return _correlation(centred @ centred.T)


def noise_autocorrelation(kind: str, points: int = POINTS) -> pd.DataFrame:
    """What `gradient_autocorrelation` comes to for noise of very many dimensions: "white", or "brown" (a random walk).

    Columns lag, correlation. From the covariance of the noise, centred as gradients are.
    """
    place = np.arange(1, points + 1)
    covariance = np.eye(points) if kind == "white" else np.minimum.outer(place, place).astype(float)
    centring = np.eye(points) - 1 / points
    return _correlation(centring @ covariance @ centring)


def half_width(curve: pd.DataFrame) -> float:
    """The lag at which a correlation first falls to one half, between the two nearest by a straight line.

    `curve` has columns lag and correlation, of one net. NaN where it never does, or where there is none.
    """
    lag, correlation = curve["lag"].to_numpy(float), curve["correlation"].to_numpy(float)
    below = np.flatnonzero(correlation <= HALF)
    if not len(below):
        return np.nan
    i = below[0]
    before, after = correlation[i - 1], correlation[i]
    return float(lag[i - 1] + (before - HALF) / (before - after) * (lag[i] - lag[i - 1]))


def gradient_shattering(
    specs: Sequence[tuple[str, NetSpec]],
    pictures: Tensor,
    seeds: Sequence[int],
    points: int = POINTS,
    tell: Tell = be_silent,
) -> pd.DataFrame:
    """The autocorrelation of untrained nets, each drawn with every seed, on a line between two of the pictures.

    `specs` are nets by slug, pictures (N, C, H, W). All nets of a seed are asked on the same line, whose ends the seed
    draws. Columns: net (name), slug, family, depth, seed, lag, correlation.
    """
    plan = [(slug, spec, seed) for slug, spec in specs for seed in seeds]
    work = np.cumsum([spec.depth for _, spec, _ in plan])
    frames = []
    for (slug, spec, seed), done in zip(plan, work, strict=True):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            net = build_net(spec).to(pictures.device)
        i, j = np.random.default_rng(seed).choice(len(pictures), 2, replace=False)
        curve = gradient_autocorrelation(input_gradients_along_a_line(net, pictures[i], pictures[j], points))
        frames.append(curve.assign(net=spec.name, slug=slug, family=spec.family, depth=spec.depth, seed=seed))
        tell(float(done / work[-1]))
    return pd.concat(frames, ignore_index=True)


def _input_gradient(net: ConvNet, x: Tensor) -> Tensor:
    x = x.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(net(x).sum(), x)
    return gradient


def _correlation(products: np.ndarray) -> pd.DataFrame:
    """From products of every two points (P, P), summed over the dimensions."""
    lags = range(len(products) // 2 + 1)
    sums = np.array([np.trace(products, lag) for lag in lags])
    return pd.DataFrame({"lag": lags, "correlation": sums / sums[0]})


@contextmanager
def _statistics_of(net: ConvNet, x: Tensor) -> Iterator[None]:
    """The net in evaluation mode with batch norms that use the mean and variance of x; then as it was."""
    was, norms = net.training, [module for module in net.modules() if isinstance(module, nn.BatchNorm2d)]
    before = [(norm.momentum, {name: value.clone() for name, value in norm.named_buffers()}) for norm in norms]
    try:
        if norms and len(x):
            for norm in norms:
                norm.momentum = 1.0  # the batch alone counts
            with torch.no_grad():
                net.train()(x)
        net.eval()
        yield
    finally:
        for norm, (momentum, buffers) in zip(norms, before, strict=True):
            norm.momentum = momentum
            for name, value in norm.named_buffers():
                value.copy_(buffers[name])
        net.train(was)
