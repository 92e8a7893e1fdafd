"""How does a net outlive its process, and how do others' nets come in? Files of weights, read without running them."""

import json
import os
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_safetensors
from safetensors.torch import save
from torch import Tensor

from resnet_viz.nets.build import ConvNet, build_outline
from resnet_viz.nets.foreign import COUNTER, ForeignError, find_tensors, recognize, rename
from resnet_viz.nets.spec import NetSpec, SpecError

SPEC_KEY = "resnet_viz.spec"
LENGTH_BYTES = 8  # at the start of a safetensors file: the length of its JSON header


class CheckpointError(ValueError):
    """A file that holds no net known here, or a broken one; the message says which."""


def save_checkpoint(net: ConvNet, path: str | Path) -> Path:
    """Write weights, batch-norm statistics and spec of a net to one safetensors file, whole or not at all."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    unfinished.write_bytes(to_bytes(net))
    unfinished.replace(path)
    return path


def to_bytes(net: ConvNet) -> bytes:
    """The safetensors file of `save_checkpoint` as bytes."""
    return weights_to_bytes(net.spec, net.state_dict())


def weights_to_bytes(spec: NetSpec, weights: Mapping[str, Tensor]) -> bytes:
    """The safetensors file of a net of this spec with this state dict."""
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in weights.items()}
    return save(tensors, metadata={SPEC_KEY: spec.to_json()})


def load_checkpoint(path: str | Path) -> ConvNet:
    """The net in a file, on the CPU in evaluation mode; its `spec` is in it.

    Reads what `save_checkpoint` wrote, torchvision's state dicts of ResNet and VGG nets, and CIFAR ResNets in the
    names conv1, layer1.0.conv1, linear (or fc), with or without `module.`; as safetensors, or pickled, which is
    read with `weights_only=True`. Raises CheckpointError with a sentence for a file that is missing or broken,
    or that holds no such net.
    """
    path = Path(path)
    try:
        if not path.is_file():
            raise CheckpointError(f"there is no file {path}")
        with path.open("rb") as file:
            start = file.read(LENGTH_BYTES + 1)
        if path.suffix == ".safetensors" or is_safetensors(start, path.stat().st_size):
            return read_checkpoint(path.read_bytes(), path.name)
        loaded = torch.load(path, map_location="cpu", weights_only=True)
    except CheckpointError:
        raise
    except OSError as error:
        raise CheckpointError(f"{path.name[:80]} cannot be read: {error.strerror}") from error
    except Exception as error:  # a broken pickle can fail in any way
        raise CheckpointError(f"{path.name} is neither safetensors nor a pickle of weights alone") from error
    return _to_net(loaded, path.name)


def read_checkpoint(data: bytes, name: str) -> ConvNet:
    """The net in the bytes of a safetensors file, as `load_checkpoint` gives it; `name` is for its sentences.

    Pickled weights are refused: bytes can come from anywhere.
    """
    if not is_safetensors(data, len(data)):
        raise CheckpointError(
            f"{name} is not a whole checkpoint in the safetensors format; a pickled file is read by its path only"
        )
    try:
        tensors = load_safetensors(data)
    except (SafetensorError, ValueError, KeyError) as error:
        raise CheckpointError(f"{name} is not a whole checkpoint: {error}") from error
    spec_text = _metadata(data).get(SPEC_KEY)
    if spec_text is None:
        return _to_net(tensors, name)
    try:
        spec = NetSpec.from_json(spec_text)
    except SpecError as error:
        raise CheckpointError(f"{name} is not a whole checkpoint: {error}") from error
    expected = {key: tensor.shape for key, tensor in build_outline(spec).state_dict().items()}
    for key in [*expected, *tensors]:
        if key not in tensors or key not in expected or tensors[key].shape != expected[key]:
            raise CheckpointError(f"{name} does not fit {spec.name}, which its header names: see {key}")
        if not (tensors[key].is_floating_point() or key.endswith(COUNTER)):
            raise CheckpointError(f"{name} holds {tensors[key].dtype} in {key}, and not floating-point numbers")
    return _fill(spec, tensors, name)


def is_safetensors(start: bytes, size: int) -> bool:
    """Whether a file of so many bytes begins as safetensors do: the header's length, then its JSON."""
    length = int.from_bytes(start[:LENGTH_BYTES], "little")
    return start[LENGTH_BYTES : LENGTH_BYTES + 1] == b"{" and length <= size - LENGTH_BYTES


def _metadata(data: bytes) -> dict[str, str]:
    length = int.from_bytes(data[:LENGTH_BYTES], "little")
    return json.loads(data[LENGTH_BYTES : LENGTH_BYTES + length]).get("__metadata__") or {}


def _to_net(loaded: object, name: str) -> ConvNet:
    try:
        tensors = find_tensors(loaded)
        spec = recognize(tensors)
        renamed = rename(tensors, spec)
    except ForeignError as error:
        raise CheckpointError(f"{name} holds no net that is known here: {error}") from error
    net = _fill(spec, renamed, name)
    net.recognized = True
    return net


def _fill(spec: NetSpec, tensors: dict[str, Tensor], name: str) -> ConvNet:
    net = build_outline(spec).to_empty(device="cpu")  # every number of it is in the file
    try:
        net.load_state_dict(tensors)
    except (RuntimeError, NotImplementedError) as error:  # sparse, quantized or empty tensors
        raise CheckpointError(f"{name} holds tensors of a kind that cannot be read as weights") from error
    return net.eval()
