"""Are active units counted right? Against nets whose activations are known, and against loops in numpy."""

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from resnet_viz.lab import active_units, summarize_units
from resnet_viz.nets import NetSpec, build_net


def net_and_pictures(spec, count=24):
    torch.manual_seed(1)
    net = build_net(spec).train()
    x = torch.randn(count, spec.in_channels, 8, 8)
    with torch.no_grad():
        net(x)
    return net.eval(), x


def of(frame, mode="evaluation"):
    return frame[frame["mode"] == mode].set_index("layer")


@pytest.fixture
def known():
    """A net whose stem's channels never fire (0), always fire (1), fire for every other picture (2), or at a corner."""
    net, x = net_and_pictures(NetSpec("plain", 8, in_channels=1, width=4, batch_norm=False))
    x = torch.ones_like(x)
    x[::2] = -1
    with torch.no_grad():
        net.stem.conv1.weight.zero_()
        net.stem.conv1.weight[2, 0, 1, 1] = 1.0
        net.stem.conv1.weight[3] = -1.0  # the sum over a place's neighbours that are there, turned around
        net.stem.conv1.bias.copy_(torch.tensor([-5.0, 5.0, 0.0, 4.5]))  # 4 neighbours at a corner, 6 or 9 elsewhere
    return net, x


def test_units_that_never_always_or_sometimes_fire_are_told_apart(known):
    stem = of(active_units(*known)).loc["stem.act1"]
    assert stem["units"] == 4 * 64
    # Half of the pictures are -1, for which channel 3 is above zero everywhere; the others light its four corners.
    assert stem["never"] == pytest.approx(64 / 256)
    assert stem["never_channels"] == pytest.approx(1 / 4)
    assert stem["always"] == pytest.approx((64 + 4) / 256)
    assert stem["active"] == pytest.approx((0 + 1 + 0.5 + (0.5 + 0.5 * 4 / 64)) / 4)


@pytest.mark.parametrize(
    "spec",
    [NetSpec("resnet", 14, width=4), NetSpec("plain", 14, width=4), NetSpec("resnet", 14, order="preact", width=4),
     NetSpec("vgg", 18)],
    ids=str,
)  # fmt: skip
def test_shares_are_those_of_a_loop_over_pictures_and_units(spec):
    net, x = net_and_pictures(spec, 10)
    frame = of(active_units(net, x, batch=4))
    names = [name for name, module in net.named_modules() if isinstance(module, nn.ReLU)]
    assert frame.index.tolist() == names
    assert frame["position"].tolist() == list(range(1, len(names) + 1))
    for name in (names[0], names[len(names) // 2], names[-1]):
        seen = []
        handle = net.get_submodule(name).register_forward_hook(lambda _, __, out, seen=seen: seen.append(out.numpy()))
        with torch.no_grad():
            for picture in x:
                net(picture[None])
        handle.remove()
        maps = np.concatenate(seen)  # (pictures, C, H, W)
        fires = [[bool(unit > 0) for unit in picture.ravel()] for picture in maps]
        often = [sum(unit) for unit in zip(*fires, strict=True)]
        row = frame.loc[name]
        assert row["units"] == len(often)
        assert row["active"] == pytest.approx(sum(often) / len(often) / len(x))
        assert row["never"] == pytest.approx(sum(count == 0 for count in often) / len(often))
        assert row["always"] == pytest.approx(sum(count == len(x) for count in often) / len(often))
        silent = [not (maps[:, channel] > 0).any() for channel in range(maps.shape[1])]
        assert row["never_channels"] == pytest.approx(sum(silent) / len(silent))
    assert (frame["skipped"] == 0).all()


def test_the_batchs_own_statistics_count_in_training_mode():
    net, x = net_and_pictures(NetSpec("plain", 8, width=4))
    with torch.no_grad():
        net.stem.bn1.running_mean.fill_(100.0)  # in evaluation nothing passes the first ReLU any more
    frame = active_units(net, x, batch=8)
    assert of(frame).loc["stem.act1", "never"] == 1
    assert 0.4 < of(frame, "training").loc["stem.act1", "active"] < 0.6


@pytest.mark.long
def test_blocks_are_left_out_as_often_as_linear_decay_says():
    spec = NetSpec("resnet", 26, width=1, survival=0.4)
    net, x = net_and_pictures(spec, 600)
    frame = active_units(net, x, batch=2)
    training = of(frame, "training")
    blocks, batches = 12, 300
    for i in range(1, blocks + 1):
        stage, block = (i - 1) // 4 + 1, (i - 1) % 4 + 1
        expected = i / blocks * (1 - 0.4)  # Huang et al. 2016, eq. 4
        error = 4 * np.sqrt(expected * (1 - expected) / batches)  # four standard deviations of a binomial share
        name = f"stage{stage}.block{block}"
        assert training.loc[f"{name}.branch.act1", "skipped"] == pytest.approx(expected, abs=error)
        assert training.loc[f"{name}.after.act2", "skipped"] == 0
    assert (of(frame)["skipped"] == 0).all()
    mean = np.mean([i / blocks * 0.6 for i in range(1, blocks + 1)])
    assert summarize_units(frame, "training").skipped == pytest.approx(mean, abs=0.03)


def test_a_layer_that_was_never_computed_has_no_numbers():
    net, x = net_and_pictures(NetSpec("resnet", 8, width=1, survival=1e-9), 4)
    row = of(active_units(net, x, batch=4), "training").loc["stage3.block1.branch.act1"]
    assert row["skipped"] == 1
    assert row[["active", "never", "always", "never_channels"]].isna().all()


def test_the_net_its_hooks_and_torchs_generator_are_left_as_they_were():
    net, x = net_and_pictures(NetSpec("resnet", 8, width=4, survival=0.5))
    before = {name: value.clone() for name, value in net.state_dict().items()}
    state, told = torch.get_rng_state(), []
    frame = active_units(net, x, batch=8, tell=told.append)
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())
    assert not net.training
    assert not any(module._forward_hooks for module in net.modules())
    assert told[-1] == 1.0
    assert frame.equals(active_units(net, x, batch=8))
    with pytest.raises(KeyboardInterrupt):
        active_units(net, x, batch=8, tell=stop)
    assert not any(module._forward_hooks for module in net.modules())


def stop(done):
    raise KeyboardInterrupt


def test_a_summary_weighs_layers_by_their_units_and_branches_alike():
    frame = pd.DataFrame(
        {
            "mode": "training", "place": ["", "branch", "after", "branch"], "units": [100, 300, 100, np.nan],
            "active": [1.0, 0.5, 0.0, np.nan], "never": [0.0, 0.1, 1.0, np.nan], "always": [1.0, 0.0, 0.0, np.nan],
            "skipped": [0.0, 0.25, 0.0, 1.0],
        }
    )  # fmt: skip
    found = summarize_units(frame, "training")
    assert found.units == 500
    assert (found.active, found.never, found.always) == pytest.approx((0.5, 0.26, 0.2))
    assert found.skipped == pytest.approx((0.25 + 1) / 2)
