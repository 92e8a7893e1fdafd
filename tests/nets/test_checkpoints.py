"""Does a net come back from its file as it was, and is a bad file refused?"""

import pytest
import torch
from safetensors.torch import save_file

from resnet_viz.nets import CheckpointError, NetSpec, build_net, load_checkpoint, save_checkpoint


@pytest.fixture
def net():
    torch.manual_seed(3)
    net = build_net(NetSpec("resnet", 8, "B", in_channels=1, classes=4))
    net(torch.randn(8, 1, 16, 16))  # moves the running statistics
    return net.eval()


def test_a_net_comes_back_with_its_spec_and_the_same_outputs(net, tmp_path):
    path = save_checkpoint(net, tmp_path / "deep" / "net.safetensors")
    again = load_checkpoint(path)
    x = torch.randn(3, 1, 16, 16)
    assert again.spec == net.spec
    assert torch.equal(again(x), net(x))
    assert [file.name for file in path.parent.iterdir()] == ["net.safetensors"]


@pytest.mark.parametrize("share", [0, 0.001, 0.5, 0.99])
def test_a_cut_file_is_refused_with_a_sentence(net, tmp_path, share):
    path = save_checkpoint(net, tmp_path / "net.safetensors")
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(CheckpointError, match="not a whole checkpoint"):
        load_checkpoint(path)


def test_files_of_another_origin_are_refused(net, tmp_path):
    save_file({"w": torch.zeros(2)}, tmp_path / "other.safetensors")
    with pytest.raises(CheckpointError, match="not one that this project wrote"):
        load_checkpoint(tmp_path / "other.safetensors")
    save_file({"w": torch.zeros(2)}, tmp_path / "lying.safetensors", {"resnet_viz.spec": net.spec.to_json()})
    with pytest.raises(CheckpointError, match="does not fit"):
        load_checkpoint(tmp_path / "lying.safetensors")
    with pytest.raises(CheckpointError, match="there is no file"):
        load_checkpoint(tmp_path / "absent.safetensors")
