"""Does the sum of all checks say what each of them says, tell how far it is, and end when it shall?"""

import pytest
import torch

from resnet_viz.explain import METHODS, AttributionConfig, areas, attribute, chance_curves, check
from resnet_viz.nets import NetSpec, build_net


@pytest.fixture(scope="module")
def net():
    torch.manual_seed(0)
    return build_net(NetSpec("resnet", 8, in_channels=1, width=4)).eval()


@pytest.fixture(scope="module")
def x():
    return torch.randn(2, 1, 16, 16, generator=torch.Generator().manual_seed(0))


@pytest.mark.long
@pytest.mark.parametrize("method", METHODS)
def test_every_method_gets_every_number_for_every_picture(net, x, method):
    before = {name: values.clone() for name, values in net.state_dict().items()}
    found = check(net, x, torch.tensor([3, 5]), AttributionConfig(method))
    numbers = found.numbers
    assert list(numbers.index) == [0, 1]
    measured = numbers.drop(columns="completeness")
    assert set(measured) == {"deletion", "insertion", "infidelity", "sensitivity", "similarity"}
    assert measured.notna().all(axis=None)
    assert numbers["completeness"].notna().all() == METHODS[method].is_complete
    assert measured[["deletion", "insertion"]].stack().between(0, 1).all()
    assert measured["infidelity"].between(0, 1.0001).all()
    assert all(torch.equal(values, before[name]) for name, values in net.state_dict().items())


def test_checks_are_those_of_the_map_and_repeat_by_their_seed(net, x):
    config = AttributionConfig("saliency")
    found, again = (check(net, x, 3, config) for _ in range(2))
    assert torch.equal(found.attribution, attribute(net, x, 3, config))
    assert found.numbers.equals(again.numbers)
    assert found.numbers["deletion"].equals(areas(found.curves)["deletion"])
    assert not found.numbers["infidelity"].equals(check(net, x, 3, config, seed=1).numbers["infidelity"])


def test_progress_goes_up_to_the_end_and_a_reader_can_stop(net, x):
    told: list[float] = []
    check(net, x, 3, AttributionConfig("input_x_gradient"), told.append)
    assert told == sorted(told)
    assert told[-1] > 0.6

    class Enough(Exception):
        pass

    def stop(done):
        if done > 0.5:
            raise Enough

    with pytest.raises(Enough):
        check(net, x, 3, AttributionConfig("saliency"), stop)
    assert not any(module._forward_hooks or module._backward_hooks for module in net.modules())


def test_chance_begins_and_ends_where_every_map_does(net, x):
    curves, map_curves = chance_curves(net, x, 3), check(net, x, 3, AttributionConfig("saliency")).curves
    for name in ("deletion", "insertion"):
        for share in (0, 1):
            ours, theirs = (frame.loc[frame["share"] == share, name].tolist() for frame in (curves, map_curves))
            assert ours == pytest.approx(theirs, abs=1e-6)
    assert not chance_curves(net, x, 3, seed=1).equals(curves)
