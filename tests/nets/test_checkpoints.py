"""Does a net come back from its file as it was, and is a bad file refused?"""

import contextlib
import os
import pickle
import random

import pytest
import torch
from safetensors.torch import save, save_file

from resnet_viz.nets import (
    CheckpointError,
    NetSpec,
    build_net,
    load_checkpoint,
    read_checkpoint,
    save_checkpoint,
)


@pytest.fixture
def net():
    torch.manual_seed(3)
    net = build_net(NetSpec("resnet", 8, "B", in_channels=1, classes=4))
    net(torch.randn(8, 1, 16, 16))  # moves the running statistics
    return net.eval()


def test_a_net_comes_back_with_its_spec_and_the_same_outputs(net, tmp_path):
    path = save_checkpoint(net, tmp_path / "deep" / "net.safetensors")
    x = torch.randn(3, 1, 16, 16)
    for again in (load_checkpoint(path), read_checkpoint(path.read_bytes(), "upload")):
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
    with pytest.raises(CheckpointError, match="its first tensor is w"):
        load_checkpoint(tmp_path / "other.safetensors")
    save_file({"w": torch.zeros(2)}, tmp_path / "lying.safetensors", {"resnet_viz.spec": net.spec.to_json()})
    with pytest.raises(CheckpointError, match=r"does not fit ResNet-8 \(B\).*stem.conv1.weight"):
        load_checkpoint(tmp_path / "lying.safetensors")
    save_file({"w": torch.zeros(2)}, tmp_path / "odd.safetensors", {"resnet_viz.spec": "{}}"})
    with pytest.raises(CheckpointError, match="not the JSON of a net"):
        load_checkpoint(tmp_path / "odd.safetensors")
    with pytest.raises(CheckpointError, match="there is no file"):
        load_checkpoint(tmp_path / "absent.safetensors")
    (tmp_path / "text.pth").write_text("weights, as it were")
    with pytest.raises(CheckpointError, match="neither safetensors nor a pickle of weights alone"):
        load_checkpoint(tmp_path / "text.pth")


class Hostile:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


def test_a_pickle_that_would_run_something_is_refused_and_does_not_run(tmp_path):
    made = tmp_path / "made"
    torch.save({"state_dict": Hostile(made)}, tmp_path / "new.pth")
    (tmp_path / "old.pth").write_bytes(pickle.dumps(Hostile(made)))
    for name in ("new.pth", "old.pth"):
        with pytest.raises(CheckpointError, match="nor a pickle of weights alone"):
            load_checkpoint(tmp_path / name)
    assert not made.exists()


def test_bytes_are_read_as_safetensors_only(net, tmp_path):
    torch.save(net.state_dict(), tmp_path / "net.pth")
    with pytest.raises(CheckpointError, match="a pickled file is read by its path only"):
        read_checkpoint((tmp_path / "net.pth").read_bytes(), "net.pth")


@pytest.mark.long
def test_no_damage_to_a_file_gets_past_with_another_error(net, tmp_path):
    """Bytes of the header, or of all of the file, are changed at random."""
    whole, draw = save_checkpoint(net, tmp_path / "net.safetensors").read_bytes(), random.Random(0)
    for number in range(200):
        data = bytearray(whole)
        for _ in range(number // 20 + 1):
            data[draw.randrange(2000 if number % 2 else len(data))] = draw.randrange(256)
        with contextlib.suppress(CheckpointError):
            assert read_checkpoint(bytes(data), f"damaged, number {number}").spec.depth


def safetensors(header: str) -> bytes:
    return len(header).to_bytes(8, "little") + header.encode()


@pytest.mark.parametrize(
    "data",
    [
        safetensors('{"__metadata__": null}'),
        safetensors('{"__metadata__": {"resnet_viz.spec": "{\\"in_channels\\": 1' + "0" * 30 + '}"}}'),
        safetensors('{"__metadata__": {"resnet_viz.spec": "{\\"classes\\": 1' + "0" * 5000 + '}"}}'),
        save({"conv1.weight": torch.zeros(1, 1), "layer9999999999.0.conv1.weight": torch.zeros(1)}),
        save({"conv1.weight": torch.zeros(1, 1), "layer" + "1" * 5000 + ".0.conv1.weight": torch.zeros(1)}),
        save({"conv1.weight": torch.zeros(()), "layer1.0.conv1.weight": torch.zeros(1), "fc.weight": torch.zeros(())}),
    ],
    ids=range(6),
)
def test_hostile_headers_and_names_are_refused(data):
    with pytest.raises(CheckpointError):
        read_checkpoint(data, "upload")


def test_weights_that_are_not_floating_point_are_refused(net, tmp_path):
    state = {name: (100 * tensor).to(torch.int8) for name, tensor in net.state_dict().items()}
    data = save(state, {"resnet_viz.spec": net.spec.to_json()})
    with pytest.raises(CheckpointError, match=r"holds torch.int8 in stem.conv1.weight"):
        read_checkpoint(data, "upload")


def test_a_path_that_is_no_path_is_refused():
    with pytest.raises(CheckpointError):
        load_checkpoint("x" * 5000)


def test_a_net_says_whether_its_spec_was_found_in_the_tensors(net, tmp_path):
    assert not load_checkpoint(save_checkpoint(net, tmp_path / "net.safetensors")).recognized
