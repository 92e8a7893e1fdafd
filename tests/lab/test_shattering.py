"""Is the correlation of gradients that of known noise, and are the gradients those of autograd?"""

from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from resnet_viz.lab import (
    gradient_autocorrelation,
    gradient_shattering,
    half_width,
    input_gradients_along_a_line,
    noise_autocorrelation,
)
from resnet_viz.nets import NetSpec, build_net


def series(points, dimensions, keep, seed=0):
    """AR(1): each value is `keep` of the one before and fresh noise, started in its stationary state."""
    chance = np.random.default_rng(seed)
    values = np.empty((points, dimensions))
    values[0] = chance.normal(size=dimensions) / np.sqrt(1 - keep**2)
    for i in range(1, points):
        values[i] = keep * values[i - 1] + chance.normal(size=dimensions)
    return torch.from_numpy(values)


@pytest.mark.parametrize("keep", [0.0, 0.5, 0.9])
def test_a_series_that_forgets_at_a_known_rate_has_that_correlation(keep):
    curve = gradient_autocorrelation(series(4000, 30, keep))
    expected = keep ** curve["lag"][:12].to_numpy(float)
    np.testing.assert_allclose(curve["correlation"][:12], expected, atol=0.02)


@pytest.mark.parametrize("kind", ["white", "brown"])
def test_the_noise_lines_are_what_drawn_noise_comes_to(kind):
    steps = np.random.default_rng(0).normal(size=(128, 20_000))
    drawn = torch.from_numpy(steps if kind == "white" else steps.cumsum(0))
    np.testing.assert_allclose(
        gradient_autocorrelation(drawn)["correlation"], noise_autocorrelation(kind, 128)["correlation"], atol=0.01
    )


def test_the_correlation_is_numpys_averaged_over_the_numbers_of_the_input():
    values = series(50, 6, 0.7).numpy()
    curve = gradient_autocorrelation(torch.from_numpy(values).reshape(50, 1, 2, 3))
    centred = values - values.mean(0)
    full = sum(np.correlate(column, column, mode="full")[49:] for column in centred.T)
    assert curve["lag"].tolist() == list(range(26))
    np.testing.assert_allclose(curve["correlation"], full[:26] / full[0])


def test_a_number_of_the_input_that_never_changes_adds_nothing():
    values = series(60, 4, 0.6)
    constant = torch.full((60, 3), 7.0, dtype=torch.double)
    with_it = gradient_autocorrelation(torch.cat([values, constant], 1))
    np.testing.assert_allclose(with_it["correlation"], gradient_autocorrelation(values)["correlation"], atol=1e-12)


def test_gradients_that_do_not_change_have_no_correlation():
    linear: Any = nn.Sequential(nn.Flatten(), nn.Linear(16, 10))  # not one of ours, and as good
    gradients = input_gradients_along_a_line(linear, torch.zeros(1, 4, 4), torch.ones(1, 4, 4), points=20)
    np.testing.assert_allclose(gradients.flatten(1), linear[1].weight.sum(0).expand(20, 16).detach(), rtol=1e-6)
    assert gradient_autocorrelation(gradients)["correlation"].isna().all()
    assert gradient_autocorrelation(torch.zeros(20, 4))["correlation"].isna().all()


@pytest.mark.parametrize("spec", [NetSpec("plain", 8), NetSpec("resnet", 8, batch_norm=False)], ids=str)
def test_gradients_along_the_line_are_those_of_one_picture_after_another(spec):
    torch.manual_seed(0)
    net = build_net(spec)
    start, end, seen = torch.randn(3, 8, 8), torch.randn(3, 8, 8), torch.randn(40, 3, 8, 8)
    gradients = input_gradients_along_a_line(net, start, end, points=5, seen=seen)
    for module in net.modules():  # by hand: statistics of what is seen, and no other picture beside
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = 1.0
    net.train()(seen)
    net.eval()
    for i, share in enumerate((0, 0.25, 0.5, 0.75, 1)):
        x = ((1 - share) * start + share * end)[None].requires_grad_()
        expected = torch.autograd.grad(net(x).sum(), x)[0][0]
        torch.testing.assert_close(gradients[i], expected, rtol=1e-3, atol=1e-4)


def test_batch_norm_sees_the_line_itself_unless_told_otherwise():
    torch.manual_seed(0)
    net = build_net(NetSpec("plain", 8))
    start, end = torch.randn(3, 8, 8), torch.randn(3, 8, 8)
    line = torch.stack([torch.lerp(start, end, share) for share in torch.linspace(0, 1, 16)])
    own = input_gradients_along_a_line(net, start, end, points=16)
    torch.testing.assert_close(own, input_gradients_along_a_line(net, start, end, points=16, seen=line))
    kept = input_gradients_along_a_line(net, start, end, points=16, seen=line[:0])  # statistics of the net: 0 and 1
    assert not torch.allclose(own, kept)


def test_the_net_stays_as_it_was():
    torch.manual_seed(0)
    net = build_net(NetSpec("resnet", 8)).train()
    before = {name: value.clone() for name, value in net.state_dict().items()}
    input_gradients_along_a_line(net, torch.randn(3, 8, 8), torch.randn(3, 8, 8), points=4)
    assert net.training
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())
    assert {module.momentum for module in net.modules() if isinstance(module, nn.BatchNorm2d)} == {0.1}


def test_the_half_width_lies_between_two_lags():
    curve = pd.DataFrame({"lag": [0, 1, 2, 3], "correlation": [1, 0.8, 0.4, 0.1]})
    assert half_width(curve) == pytest.approx(1.75)
    assert np.isnan(half_width(curve[:2]))
    assert np.isnan(half_width(curve.assign(correlation=np.nan)))


@pytest.mark.long
def test_deep_plain_gradients_shatter_and_residual_ones_do_not():
    pictures = torch.randn(10, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    specs = [(spec.to_slug(), spec) for spec in (NetSpec(f, 32, in_channels=1) for f in ("plain", "resnet"))]
    seen = []
    frame = gradient_shattering(specs, pictures, [0, 1], points=32, tell=seen.append)
    assert frame.columns.tolist() == ["lag", "correlation", "net", "slug", "family", "depth", "seed"]
    assert len(frame) == 2 * 2 * 17
    near = frame[frame["lag"] == 1].groupby("family")["correlation"].mean()
    assert near["plain"] < 0.2 < near["resnet"]
    assert seen == [0.25, 0.5, 0.75, 1.0]
    assert frame.equals(gradient_shattering(specs, pictures, [0, 1], points=32))
