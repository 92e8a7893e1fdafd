"""How does a run outlive its worker? Checkpoints: weights that anyone can load, and what resuming needs beside them."""

import hashlib
import json
from dataclasses import dataclass

from safetensors import SafetensorError
from safetensors.torch import load, save

from resnet_viz.nets import NetSpec
from resnet_viz.nets.checkpoints import weights_to_bytes
from resnet_viz.training.snapshot import Snapshot
from resnet_viz.training.storage import Storage

NUMBERS_KEY = "resnet_viz.numbers"
KEPT_EPOCHS = "kept_epochs"  # in a run's facts: how many epochs' weights are kept, from epoch 0 on, or a list of them


class DamagedCheckpoint(ValueError):
    """A checkpoint whose files are not what was written; the message is a sentence."""


@dataclass(frozen=True)
class Written:
    """The names of a checkpoint's files in the storage, and their SHA-256."""

    weights: str
    weights_sha256: str
    state: str
    state_sha256: str


def epoch_file(run_id: str, epoch: int) -> str:
    """The name of a run's weights after an epoch, where every epoch is kept; after epoch 0: at the start."""
    return f"weights/{run_id}.epoch{epoch}.safetensors"


def write_snapshot(snapshot: Snapshot, spec: NetSpec, storage: Storage, stem: str) -> Written:
    """Write a snapshot as two safetensors files. Raises OSError, and leaves none of them then."""
    names = f"weights/{stem}.safetensors", f"weights/{stem}.state"
    state = save(snapshot.state, metadata={NUMBERS_KEY: json.dumps(snapshot.numbers)})
    weights = weights_to_bytes(spec, snapshot.weights)
    state_hash = storage.write(names[1], state)
    try:
        return Written(names[0], storage.write(names[0], weights), names[1], state_hash)
    except OSError:
        storage.delete(names[1])
        raise


def read_snapshot(written: Written, storage: Storage) -> Snapshot:
    """The snapshot of two files. Raises DamagedCheckpoint where one is gone or not as it was written."""
    data = []
    for name, expected in ((written.weights, written.weights_sha256), (written.state, written.state_sha256)):
        try:
            content = storage.read(name)
        except OSError as error:
            raise DamagedCheckpoint(f"{name} is gone or cannot be read") from error
        if hashlib.sha256(content).hexdigest() != expected:
            raise DamagedCheckpoint(f"{name} is not as it was written")
        data.append(content)
    try:
        return Snapshot(load(data[0]), load(data[1]), _numbers(data[1]))
    except (SafetensorError, KeyError, ValueError) as error:
        raise DamagedCheckpoint(f"{written.state} cannot be read: {error}") from error


def _numbers(state: bytes) -> dict[str, int | float | bool]:
    length = int.from_bytes(state[:8], "little")
    return json.loads(json.loads(state[8 : 8 + length])["__metadata__"][NUMBERS_KEY])
