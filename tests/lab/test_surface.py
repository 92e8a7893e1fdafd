"""Is a slice the loss itself, and does the plane of a training hold what PCA says?"""

import copy

import numpy as np
import pandas as pd
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from resnet_viz.lab import (
    filter_normalized_direction,
    loss_surface,
    losses_on_path,
    principal_directions,
    random_walk_shares,
    roughness,
    second_differences,
    share_below,
)
from resnet_viz.nets import NetSpec, build_net

SPECS = [
    NetSpec("resnet", 8, "B", in_channels=1),
    NetSpec("plain", 8, in_channels=1),
    NetSpec("plain", 8, batch_norm=False),
]
ALONG = np.linspace(-1, 1, 3)


@pytest.fixture(params=SPECS, ids=str)
def asked(request):
    """A net whose batch norms have seen something, 32 pictures, and labels."""
    torch.manual_seed(1)
    net = build_net(request.param).train()
    x = torch.randn(32, request.param.in_channels, 8, 8)
    with torch.no_grad():
        for _ in range(3):
            net(x)
    return net.eval(), x, torch.arange(32) % 10


def directions(net):
    return filter_normalized_direction(net, 0), filter_normalized_direction(net, 1)


def moved_by_hand(net, first, second, a, b):
    """A copy of a net with other weights."""
    moved = copy.deepcopy(net)
    with torch.no_grad():
        for name, weight in moved.named_parameters():
            weight += a * first[name] + b * second[name]
    return moved


def test_every_filter_of_a_direction_is_as_long_as_the_nets_own(asked):
    net, _, _ = asked
    first, second = directions(net)
    for name, weight in net.named_parameters():
        if weight.dim() == 1:
            assert not first[name].any()  # biases and batch norms stay
            continue
        for ours, theirs in zip(first[name], weight.detach(), strict=True):
            assert float(ours.norm()) == pytest.approx(float(theirs.norm()), rel=1e-5)
    assert not torch.equal(first["head.fc.weight"], second["head.fc.weight"])
    again = filter_normalized_direction(net, 0)
    assert all(torch.equal(first[name], again[name]) for name in first)


def test_filters_of_length_zero_do_not_move():
    net = build_net(NetSpec("resnet", 8))
    nn.init.zeros_(net.get_parameter("stage1.block1.branch.conv1.weight"))
    assert not filter_normalized_direction(net, 0)["stage1.block1.branch.conv1.weight"].any()


@pytest.mark.parametrize("norms", ["running", "batch"])
def test_the_slice_is_the_cross_entropy_of_nets_moved_by_hand(asked, norms):
    net, x, labels = asked
    first, second = directions(net)
    frame = loss_surface(net, x, labels, first, second, ALONG, [-0.5, 0.0, 0.5], norms)
    assert len(frame) == 9
    for row in frame.iloc[[0, 4, 7]].itertuples():
        moved = moved_by_hand(net, first, second, row.a, row.b)
        for module in moved.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.train(norms == "batch")
        with torch.no_grad():
            logits = moved(x)
        assert row.loss == pytest.approx(float(F.cross_entropy(logits, labels)), rel=1e-4)
        assert row.error == pytest.approx(float((logits.argmax(1) != labels).float().mean()))


@pytest.mark.parametrize("norms", ["running", "batch"])
def test_weights_statistics_and_mode_are_left_as_they_were_to_the_bit(asked, norms):
    net, x, labels = asked
    before = {name: value.clone() for name, value in net.state_dict().items()}
    told = []
    first, second = directions(net)
    loss_surface(net, x, labels, first, second, ALONG, ALONG, norms, told.append)
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())
    assert not any(module.training for module in net.modules())
    assert len(told) == 9
    assert told == sorted(told)
    assert told[-1] == 1.0


def test_who_no_longer_waits_ends_it_and_the_net_is_as_it_was(asked):
    net, x, labels = asked

    def stop(done):
        raise InterruptedError

    first, second = directions(net)
    with pytest.raises(InterruptedError):
        loss_surface(net, x, labels, first, second, ALONG, ALONG, "batch", stop)
    assert not any(module.training for module in net.modules())


def test_batch_statistics_make_the_loss_blind_to_the_length_of_filters():
    torch.manual_seed(0)
    net, x, labels = build_net(SPECS[0]).eval(), torch.randn(32, 1, 8, 8), torch.arange(32) % 10
    longer = {
        name: weight.detach() if ".conv" in name else torch.zeros_like(weight)
        for name, weight in net.named_parameters()
    }
    none = {name: torch.zeros_like(weight) for name, weight in longer.items()}
    by_batch = loss_surface(net, x, labels, longer, none, [0, 1, 2], [0], "batch")["loss"]
    assert np.ptp(by_batch) < 1e-3 * by_batch[0]
    stored = loss_surface(net, x, labels, longer, none, [0, 1, 2], [0], "running")["loss"]
    assert np.ptp(stored) > 0.1 * stored[0]


def test_a_loss_that_is_not_finite_is_nan_and_so_is_its_error():
    net, x, labels = build_net(SPECS[0]).eval(), torch.randn(8, 1, 8, 8), torch.arange(8)
    far = {name: torch.full_like(weight, 1e30) for name, weight in net.named_parameters()}
    frame = loss_surface(net, x, labels, far, far, [0, 1], [0])
    assert np.isfinite(frame["loss"][0])
    assert frame.loc[1, ["loss", "error"]].isna().all()
    assert share_below(frame, np.inf) == 0.5


# -- closed forms ------------------------------------------------------------------------------------------------------


class Squares(nn.Module):
    """Logits (0, h) with h = x · w: with labels 0 the loss is ln(1 + e^h), whose Hessian is known."""

    def __init__(self, w):
        super().__init__()
        self.w = nn.Parameter(torch.as_tensor(w, dtype=torch.float32))

    def forward(self, x):
        h = x @ self.w
        return torch.stack([torch.zeros_like(h), h], 1)


def test_the_loss_of_a_linear_model_and_its_bends_are_those_of_the_closed_form():
    net, x = Squares([0.3, -0.2]), torch.eye(2)
    labels = torch.tensor([0, 0])
    first, second = ({"w": vector} for vector in torch.eye(2))
    grid = np.linspace(-0.1, 0.1, 5)
    frame = loss_surface(net, x, labels, first, second, grid, grid)
    a, b = frame["a"].to_numpy() + 0.3, frame["b"].to_numpy() - 0.2
    np.testing.assert_allclose(frame["loss"], (np.logaddexp(0, a) + np.logaddexp(0, b)) / 2, rtol=1e-6)
    bends = second_differences(frame)
    assert len(bends) == 9
    of_a, of_b = (s * (1 - s) / 2 for s in (1 / (1 + np.exp(-bends["a"] - 0.3)), 1 / (1 + np.exp(-bends["b"] + 0.2))))
    np.testing.assert_allclose(bends["along_a"], of_a, rtol=2e-3)
    np.testing.assert_allclose(bends["along_b"], of_b, rtol=2e-3)
    np.testing.assert_allclose(bends["diagonal"], (of_a + of_b) / 2, rtol=2e-3)
    assert roughness(frame) == 0.0


def quadratic(matrix, points=9) -> pd.DataFrame:
    grid = np.linspace(-1, 1, points)
    a, b = (values.ravel() for values in np.meshgrid(grid, grid, indexing="ij"))
    loss = 5 + 0.5 * (matrix[0][0] * a * a + 2 * matrix[0][1] * a * b + matrix[1][1] * b * b)
    return pd.DataFrame({"a": a, "b": b, "loss": loss})


@pytest.mark.parametrize(
    ("matrix", "rough"),
    [([[2, 0.5], [0.5, 1]], 0.0), ([[1, 2], [2, 1]], 1.0), ([[-1, 0], [0, -2]], 1.0), ([[1, 0], [0, -1e-3]], 0.0)],
    ids=["bowl", "saddle", "dome", "valley floor that is all but flat"],
)
def test_a_paraboloid_bends_in_each_direction_as_its_matrix_says(matrix, rough):
    frame = quadratic(matrix)
    bends = second_differences(frame)
    unit = {
        "along_a": (1, 0),
        "along_b": (0, 1),
        "diagonal": (0.5**0.5, 0.5**0.5),
        "antidiagonal": (0.5**0.5, -(0.5**0.5)),
    }
    for name, u in unit.items():
        np.testing.assert_allclose(bends[name], np.array(u) @ np.array(matrix) @ np.array(u), rtol=1e-6, atol=1e-9)
    assert len(bends) == 49
    assert roughness(frame) == rough


@pytest.mark.parametrize("points", [5, 11, 21])
def test_a_steep_bowl_is_smooth_however_far_apart_its_places_are(points):
    frame = quadratic([[2, 0.9], [0.9, 1]], points)
    assert roughness(frame.assign(loss=np.exp(6 * frame["loss"]))) == 0.0


def test_places_beside_a_loss_that_is_nan_are_left_out_of_the_roughness():
    frame = quadratic([[1, 2], [2, 1]])
    frame.loc[frame.index[40], "loss"] = np.nan  # the centre
    assert second_differences(frame).isna().any(axis=1).sum() == 9
    assert roughness(frame) == 1.0
    assert np.isnan(roughness(frame.assign(loss=np.nan)))


# -- the plane of a training -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def way():
    """Six nets as a training might leave them, by epoch, and all their parameters as rows of a matrix."""
    torch.manual_seed(2)
    net = build_net(SPECS[0]).eval()
    nets = {}
    for epoch in range(6):
        nets[epoch] = copy.deepcopy(net)
        with torch.no_grad():
            for weight in net.parameters():
                weight.add_(0.05 * torch.randn_like(weight) + 0.03)
    rows = [torch.cat([weight.detach().flatten() for weight in one.parameters()]).double() for one in nets.values()]
    return nets, torch.stack(rows).numpy()


def test_the_plane_is_that_of_numpys_svd(way):
    nets, rows = way
    plane = principal_directions(nets)
    _, values, vectors = np.linalg.svd(rows - rows.mean(0), full_matrices=False)
    assert plane.shares == pytest.approx(values[:2] ** 2 / (values**2).sum(), rel=1e-4)
    differences = rows - rows[-1]
    for found, expected, column in zip((plane.first, plane.second), vectors, "ab", strict=False):
        flat = torch.cat([part.flatten() for part in found.values()]).double().numpy()
        assert np.linalg.norm(flat) == pytest.approx(1.0, rel=1e-4)
        assert abs(flat @ expected) == pytest.approx(1.0, rel=1e-4)
        np.testing.assert_allclose(plane.path[column], differences @ flat, rtol=1e-3, atol=1e-3)
    assert plane.path["epoch"].tolist() == list(range(6))
    assert (plane.path.iloc[0] >= 0).all()
    assert plane.path.loc[5, ["a", "b"]].abs().max() < 1e-5


def test_nets_that_lie_on_a_plane_have_all_their_variance_on_it_and_their_own_loss():
    torch.manual_seed(3)
    net, x, labels = build_net(SPECS[1]).eval(), torch.randn(16, 1, 8, 8), torch.arange(16) % 10
    first, second = directions(net)
    nets = {
        epoch: moved_by_hand(net, first, second, a, b)
        for epoch, (a, b) in enumerate([(1, 0), (0.5, 0.5), (0, 0.2), (0, 0)])
    }
    plane = principal_directions(nets)
    assert sum(plane.shares) == pytest.approx(1.0, abs=1e-6)
    path = losses_on_path(nets, plane, x, labels)
    np.testing.assert_allclose(path["plane_loss"], path["loss"], rtol=1e-3)
    for row, one in zip(path.itertuples(), nets.values(), strict=True):
        with torch.no_grad():
            assert row.loss == pytest.approx(float(F.cross_entropy(one(x), labels)), rel=1e-5)


def test_nets_on_a_line_span_no_plane():
    net = build_net(SPECS[1])
    first, second = directions(net)
    with pytest.raises(ValueError, match="lie on a line"):
        principal_directions({epoch: moved_by_hand(net, first, second, 1 - epoch / 3, 0) for epoch in range(4)})
    with pytest.raises(ValueError, match="lie on a line"):
        principal_directions({0: moved_by_hand(net, first, second, 1, 0), 1: net})


def test_the_shares_of_a_walk_without_an_aim_are_those_of_one_that_was_walked():
    walk = np.cumsum(np.random.default_rng(0).standard_normal((21, 40_000)), axis=0)
    values = np.linalg.svd(walk - walk.mean(0), compute_uv=False) ** 2
    assert random_walk_shares(20) == pytest.approx(values[:2] / values.sum(), rel=0.02)
