"""Does computing blocks again give the same net, and is the memory told beforehand the memory that is taken?"""

import copy

import pytest
import torch
from torch import nn

from resnet_viz.nets import NetSpec, build_net
from resnet_viz.training import TrainingConfig
from resnet_viz.training.memory import HOLES, PASSING, estimate_memory, forward_recomputing, must_recompute

SPECS = [
    NetSpec("resnet", 56),
    NetSpec("plain", 32),
    NetSpec("resnet", 20, "B", order="preact"),
    NetSpec("resnet", 20, "dropout"),
    NetSpec("resnet", 20, survival=0.5),
    NetSpec("vgg", 18),
]


@pytest.mark.long
@pytest.mark.parametrize("spec", SPECS, ids=str)
def test_computing_blocks_again_changes_no_bit_of_gradients_outputs_and_norms(spec):
    torch.manual_seed(0)
    kept = build_net(spec).train()
    again = copy.deepcopy(kept)
    x = torch.randn(4, 3, 32, 32)
    outputs = []
    for forward in (kept, forward_recomputing(again)):
        torch.manual_seed(1)  # dropout and stochastic depth
        outputs.append(forward(x))
        outputs[-1].square().mean().backward()
    assert torch.equal(*outputs)
    for mine, other in zip(kept.parameters(), again.parameters(), strict=True):
        assert (mine.grad is None) == (other.grad is None)
        assert mine.grad is None or other.grad is None or torch.equal(mine.grad, other.grad)
    states = kept.state_dict(), again.state_dict()
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])


def kept_by_autograd(net: nn.Module, x: torch.Tensor) -> int:
    """Bytes of the distinct maps that a real forward pass leaves for the backward pass."""
    maps: dict[int, torch.Tensor] = {}

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        if tensor.dim() == 4 and not isinstance(tensor, nn.Parameter):
            maps[tensor.data_ptr()] = tensor
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        net(x)
    return sum(tensor.numel() * 4 for tensor in maps.values())


@pytest.mark.long
@pytest.mark.parametrize("spec", [*SPECS[:3], NetSpec("resnet", 29, "C", block="bottleneck")], ids=str)
def test_the_maps_counted_are_those_that_a_real_pass_keeps(spec):
    # Eight pictures more in a batch take their maps and nothing else, and what passes by.
    one, two = (estimate_memory(spec, TrainingConfig(batch_size=size), 32, 1000) for size in (8, 16))
    largest = 4 * 32 * 32 * (64 if spec.block == "bottleneck" else 16)
    real = kept_by_autograd(build_net(spec).train(), torch.randn(8, 3, 32, 32))
    assert (two - one) / HOLES - 8 * PASSING * largest == pytest.approx(real, rel=0.01)


def test_less_memory_is_planned_where_blocks_are_computed_again():
    config = TrainingConfig(batch_size=128)
    spec = NetSpec("resnet", 1202)
    kept, again = (estimate_memory(spec, config, 32, 50_000, recomputes) for recomputes in (False, True))
    assert again < kept / 4
    assert must_recompute(spec, config, 32, 50_000, free=8e9)
    assert not must_recompute(spec, config, 32, 50_000, free=64e9)
    assert must_recompute(spec, TrainingConfig(recompute="on"), 32, 50_000, free=64e9)
    assert not must_recompute(spec, TrainingConfig(recompute="off"), 32, 50_000, free=1e9)
