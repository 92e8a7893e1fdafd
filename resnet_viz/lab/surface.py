"""How rough is the ground that training walks on? The loss on a plane through a net's weights (Li et al. 2018)."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.func import functional_call

from resnet_viz.lab.blocks import Tell, be_silent
from resnet_viz.nets import ConvNet

Direction = Mapping[str, Tensor]  # a tensor for each parameter of a net, by name
NORMS = {
    "running": "as stored: mean and variance that the net has kept from its training (Li et al. 2018)",
    "batch": "of the pictures: mean and variance of the pictures that the loss is taken from, anew at every place",
}
BATCH = 500  # pictures that go through a net at once; with norms "batch" their statistics are those used
TOLERANCE = 0.01  # of the strongest bend: what is less below zero counts as flat
BENDS = {"along_a": (1, 0), "along_b": (0, 1), "diagonal": (1, 1), "antidiagonal": (1, -1)}  # steps on the grid


@dataclass(frozen=True)
class Plane:
    """Two directions through a net's last weights, and the way of the training on them.

    `first` and `second` have length 1 and are at right angles; `path` has the columns epoch, a, b: the coordinates of
    the weights after each epoch, the last of them 0, 0. `shares` are the parts of the way's variance along each.
    """

    first: Direction
    second: Direction
    path: pd.DataFrame
    shares: tuple[float, float]


def filter_normalized_direction(net: nn.Module, seed: int) -> dict[str, Tensor]:
    """A random direction in the weights of a net, by the names of its parameters, with filters as long as the net's.

    Every filter of a convolution, and every row of a linear layer, is drawn from a Gaussian and scaled to the 2-norm
    that the net's own has. Biases and the parameters of batch norms stay where they are: their part is zero
    (Li et al. 2018, sec. 4, and what their program does unless told otherwise).
    """
    chance = torch.Generator().manual_seed(seed)
    direction = {}
    for name, weight in net.named_parameters():
        drawn = torch.randn(weight.shape, generator=chance).to(weight.device)
        direction[name] = _scale_filters(drawn, weight.detach()) if weight.dim() > 1 else torch.zeros_like(weight)
    return direction


def _scale_filters(drawn: Tensor, weight: Tensor) -> Tensor:
    """Give each drawn[i] the 2-norm of weight[i]."""
    lengths, wanted = drawn.flatten(1).norm(dim=1), weight.flatten(1).norm(dim=1)  # (filters,)
    return drawn * (wanted / lengths).view(-1, *[1] * (drawn.dim() - 1))


def loss_surface(
    net: nn.Module,
    x: Tensor,
    labels: Tensor,
    first: Direction,
    second: Direction,
    a: Sequence[float] | np.ndarray,
    b: Sequence[float] | np.ndarray,
    norms: str = "running",
    tell: Tell = be_silent,
) -> pd.DataFrame:
    """Loss and error of a net with the weights w + a first + b second, at every pair of `a` and `b`.

    Columns a, b, loss (mean cross entropy, nats), error (0 to 1); both are NaN where the loss is no finite number.
    x (B, C, H, W), labels (B,). The net is in evaluation mode but for its batch norms, whose mean and variance are
    those of NORMS. Its own weights and statistics stay as they are.
    """
    places = [(at_a, at_b) for at_a in a for at_b in b]
    return _loss_at_places(net, x, labels, (first, second), places, norms, tell)


def losses_on_path(
    nets: Mapping[int, ConvNet], plane: Plane, x: Tensor, labels: Tensor, norms: str = "running"
) -> pd.DataFrame:
    """What a plane says of the nets of a training that lie beside it.

    Columns epoch, a, b, loss, error (of the net itself), plane_loss (at the point of the plane that is next to it).
    """
    *_, final = nets.values()
    places = list(zip(plane.path["a"], plane.path["b"], strict=True))
    below = _loss_at_places(final, x, labels, (plane.first, plane.second), places, norms, be_silent)
    own = []
    for net in nets.values():
        with _set_norms(net, norms) as buffers:
            own.append(_loss(net, buffers, x, labels))
    losses = pd.DataFrame(own, columns=["loss", "error"])
    return pd.concat([plane.path, losses], axis=1).assign(plane_loss=below["loss"])


def principal_directions(nets: Mapping[int, ConvNet]) -> Plane:
    """The plane that holds most of a training's way: PCA of the weights after each epoch (Li et al. 2018, sec. 7).

    `nets` by epoch, in order, at least three; the last is where the plane goes through. The rows of the PCA's matrix
    are the differences of all parameters from the last net's, their mean taken off, as PCA does. Signs are such that
    the start lies at positive coordinates. Raises ValueError where the nets lie on a line.
    """
    parameters = [dict(net.named_parameters()) for net in nets.values()]
    last = parameters[-1]
    moved = {name: torch.stack([one[name].detach() - last[name].detach() for one in parameters]) for name in last}
    products = np.zeros((len(nets), len(nets)))
    for part in moved.values():  # (nets, *weight)
        rows = part.flatten(1).cpu().double()
        products += (rows @ rows.T).numpy()
    centering = np.eye(len(nets)) - 1 / len(nets)
    values, vectors = np.linalg.eigh(centering @ products @ centering)  # ascending
    if len(nets) < 3 or values[-2] <= 1e-10 * values[-1]:
        raise ValueError("the nets lie on a line and span no plane; it takes two epochs or more")
    mixes = centering @ vectors[:, [-1, -2]] / np.sqrt(values[[-1, -2]])  # (nets, 2): directions as sums of rows
    coordinates = products @ mixes  # (nets, 2)
    signs = np.where(coordinates[0] < 0, -1.0, 1.0)
    first, second = (
        {name: torch.einsum("n,n...->...", torch.as_tensor(mix).to(part), part) for name, part in moved.items()}
        for mix in (mixes * signs).T
    )
    path = pd.DataFrame(coordinates * signs, columns=["a", "b"])
    path.insert(0, "epoch", list(nets))
    shares = values[[-1, -2]] / values.sum()
    return Plane(first, second, path, (float(shares[0]), float(shares[1])))


def random_walk_shares(steps: int) -> tuple[float, float]:
    """The shares of variance that PCA finds along two directions of a walk without any aim.

    Independent steps of one length, in so many dimensions that they are at right angles: two places of the walk have
    the inner product min(i, j), seen from its start, and PCA has the eigenvalues of that matrix, centered.
    """
    places = np.arange(steps + 1)
    centering = np.eye(steps + 1) - 1 / (steps + 1)
    values = np.linalg.eigvalsh(centering @ np.minimum.outer(places, places) @ centering)
    return float(values[-1] / values.sum()), float(values[-2] / values.sum())


def second_differences(surface: pd.DataFrame) -> pd.DataFrame:
    """How a slice bends at its inner places: columns a, b, along_a, along_b, diagonal, antidiagonal.

    In each of the four directions u it is (f(p + u) - 2 f(p) + f(p - u)) / |u|^2, where p + u is the next place; NaN
    beside a loss that is NaN. `surface` as `loss_surface` gives it, on an even grid.
    """
    grid = surface.pivot(index="a", columns="b", values="loss")
    z, a, b = grid.to_numpy(), grid.index.to_numpy(), grid.columns.to_numpy()
    steps = np.array([a[1] - a[0], b[1] - b[0]])
    at_a, at_b = np.meshgrid(a[1:-1], b[1:-1], indexing="ij")
    columns = {"a": at_a, "b": at_b}
    for name, (i, j) in BENDS.items():
        ahead, behind = (z[1 + k * i : len(a) - 1 + k * i, 1 + k * j : len(b) - 1 + k * j] for k in (1, -1))
        columns[name] = (ahead - 2 * z[1:-1, 1:-1] + behind) / ((steps * (i, j)) ** 2).sum()
    return pd.DataFrame({name: values.ravel() for name, values in columns.items()})


def roughness(surface: pd.DataFrame) -> float:
    """The share of a slice's inner places that bend down in one of the four directions of `second_differences`.

    A convex slice has none, however far apart its places are; of the eigenvalues of a Hessian by finite differences
    that is not true where the loss is steep. What is below zero by no more than TOLERANCE of the largest of the four is
    flat. Places where one is not known are left out.
    """
    bends = second_differences(surface).dropna()[list(BENDS)].to_numpy()
    bends_down = bends.min(1) < -TOLERANCE * np.abs(bends).max(1)
    return float(bends_down.mean()) if len(bends) else np.nan


def share_below(surface: pd.DataFrame, loss: float) -> float:
    """The share of a slice's places whose loss is at most this; one that is NaN is not."""
    return float((surface["loss"] <= loss).mean())


def _loss_at_places(
    net: nn.Module,
    x: Tensor,
    labels: Tensor,
    directions: tuple[Direction, Direction],
    places: Sequence[tuple[float, float]],
    norms: str,
    tell: Tell,
) -> pd.DataFrame:
    first, second = directions
    weights = {name: weight.detach() for name, weight in net.named_parameters()}
    rows = []
    with _set_norms(net, norms) as buffers:
        for i, (a, b) in enumerate(places):
            moved = {name: weight + a * first[name] + b * second[name] for name, weight in weights.items()}
            rows.append((a, b, *_loss(net, buffers | moved, x, labels)))
            tell((i + 1) / len(places))
    return pd.DataFrame(rows, columns=["a", "b", "loss", "error"])


@contextmanager
def _set_norms(net: nn.Module, norms: str) -> Iterator[dict[str, Tensor]]:
    """A net in evaluation mode but for its batch norms; buffers for it to write to, so that its own stay as they are.

    Batch norms in training mode use the statistics of the batch, and write to the stored ones.
    """
    net.eval()
    if norms == "running":
        yield {}
        return
    batch_norms = [module for module in net.modules() if isinstance(module, nn.BatchNorm2d)]
    try:
        for module in batch_norms:
            module.train()
        yield {name: buffer.clone() for name, buffer in net.named_buffers()}
    finally:
        net.eval()


@torch.no_grad()
def _loss(net: nn.Module, tensors: dict[str, Tensor], x: Tensor, labels: Tensor) -> tuple[float, float]:
    """Mean loss and error with these tensors in the place of the net's own; NaN where the loss is not finite."""
    total, wrong = 0.0, 0
    for part, right in zip(x.split(BATCH), labels.split(BATCH), strict=True):
        logits = functional_call(net, tensors, part).cpu().double()  # (B, classes); the differences of losses are small
        total += float(F.cross_entropy(logits, right.cpu(), reduction="sum"))
        wrong += int((logits.argmax(1) != right.cpu()).sum())
    if not np.isfinite(total):
        return np.nan, np.nan
    return total / len(labels), wrong / len(labels)
