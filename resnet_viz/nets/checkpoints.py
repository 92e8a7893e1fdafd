"""How does a net outlive its process? Weights as safetensors, with the spec in the same file's header."""

import os
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file

from resnet_viz.nets.build import ConvNet, build_net
from resnet_viz.nets.spec import NetSpec, SpecError

SPEC_KEY = "resnet_viz.spec"


class CheckpointError(ValueError):
    """A file that is not one of our checkpoints, or a broken one; the message says which."""


def save_checkpoint(net: ConvNet, path: str | Path) -> Path:
    """Write weights, batch-norm statistics and spec of a net to one safetensors file, whole or not at all."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in net.state_dict().items()}
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    save_file(tensors, unfinished, metadata={SPEC_KEY: net.spec.to_json()})
    unfinished.replace(path)
    return path


def load_checkpoint(path: str | Path) -> ConvNet:
    """The net that `save_checkpoint` wrote, on the CPU in evaluation mode; its `spec` is in it.

    Raises CheckpointError with a sentence where the file is missing, broken or of another origin.
    """
    path = Path(path)
    if not path.is_file():
        raise CheckpointError(f"there is no file {path}")
    try:
        with safe_open(path, framework="pt") as file:
            spec_text = (file.metadata() or {}).get(SPEC_KEY)
            if spec_text is None:
                raise CheckpointError(f"{path.name} is a safetensors file, but not one that this project wrote")
        net = build_net(NetSpec.from_json(spec_text))
        net.load_state_dict(load_file(path))
    except (SafetensorError, SpecError, OSError) as error:
        raise CheckpointError(f"{path.name} is not a whole checkpoint: {error}") from error
    except RuntimeError as error:  # load_state_dict: names or shapes differ
        raise CheckpointError(f"{path.name} does not fit the net that its header names") from error
    return net.eval()
