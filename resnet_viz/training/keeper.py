"""When is a run's state kept, and how is it found again? Checkpoints in the storage, entered in the store."""

import errno
import time
import traceback
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from torch import Tensor

from resnet_viz.nets.checkpoints import weights_to_bytes
from resnet_viz.runs import Checkpoint, RunWriter
from resnet_viz.settings import Settings
from resnet_viz.training.checkpoints import (
    KEPT_EPOCHS,
    DamagedCheckpoint,
    Written,
    epoch_file,
    read_snapshot,
    write_snapshot,
)
from resnet_viz.training.outbox import Outbox
from resnet_viz.training.reports import EpochDone, Started
from resnet_viz.training.snapshot import Snapshot, copy_to_cpu
from resnet_viz.training.storage import Storage

EVERY = 30.0  # seconds between two checkpoints, at the most
AT_LEAST = 1.0  # seconds between two, however short an epoch is
FULL = (errno.ENOSPC, errno.EDQUOT)

Result = TypeVar("Result")


class DiskFull(Exception):
    """There is no room for a checkpoint; the message is a sentence."""


class Keeper:
    """Keeps checkpoints of one run at epochs' ends and twice a minute, without holding up the training.

    A checkpoint that cannot be written leaves those before it as they are, and is the last that is tried; `check` then
    raises why. With `keeps_epochs` the weights at the start and at every epoch's end are kept as well. An epoch's are
    written before the checkpoint of the same step: a run that goes on from a checkpoint has those of all epochs before.
    """

    def __init__(self, writer: RunWriter, settings: Settings, outbox: Outbox) -> None:
        self.writer, self.outbox = writer, outbox
        self.storage, self.keep_free = Storage(settings.storage_url), settings.keep_free * 1e9
        self.started: Started | None = None
        self.saved_at, self.saved_step = time.monotonic(), 0
        self.first_step = 0  # steps that earlier attempts have kept
        self.trouble: Exception | None = None
        self.keeps_epochs = False

    def find_snapshot(self, tell: Callable[[str, float], None]) -> Snapshot | None:
        """The last checkpoint that is whole, with the run's history taken back to it; None to begin anew."""
        found, damaged = None, list[int]()
        for checkpoint in self.writer.store.checkpoints(self.writer.run_id):
            tell("Loading the last checkpoint", 0.0)
            written = Written(checkpoint.weights, checkpoint.weights_sha256, checkpoint.state, checkpoint.state_sha256)
            try:
                found = read_snapshot(written, self.storage)
                break
            except DamagedCheckpoint as error:
                damaged.append(checkpoint.step)
                said = f"the checkpoint of step {checkpoint.step} is damaged ({error}): the one before it is used"
                self.outbox.put(partial(self.writer.drop_checkpoint, checkpoint, said))
                tell(said, 0.0)
        if damaged:
            self.outbox.put(partial(self.writer.note, {"damaged_checkpoints": damaged}))
        numbers = found.numbers if found else {"step": 0, "epoch": 0, "seconds": 0.0}
        step, epoch = int(numbers["step"]), int(numbers["epoch"])
        self.first_step = self.saved_step = step
        self.outbox.put(partial(self.writer.rewind, step, epoch, float(numbers["seconds"])))
        if self.keeps_epochs:
            self.outbox.put(partial(self.writer.note, {KEPT_EPOCHS: epoch + 1 if found else 0}))
        return found

    def begin(self, started: Started) -> None:
        """Know the net whose state is to be kept."""
        self.started, self.saved_at = started, time.monotonic()
        if self.first_step == 0:
            self._keep_epoch(0)

    def after_steps(self) -> None:
        """Keep a checkpoint if it is time."""
        if time.monotonic() - self.saved_at > EVERY:
            self._save(None)

    def after_epoch(self, done: EpochDone) -> None:
        """Keep a checkpoint at an epoch's end; the last one always."""
        assert self.started is not None
        self._keep_epoch(done.epoch)
        if done.step == self.started.total_steps or time.monotonic() - self.saved_at > AT_LEAST:
            self._save(done.test_error)

    def save_now(self) -> None:
        """Keep a checkpoint of a run that ends between two steps."""
        if self.started is not None:
            self._save(None)

    def check(self) -> None:
        """Raise DiskFull, or what else keeps checkpoints from being written."""
        if self.trouble is not None:
            raise self.trouble

    def _save(self, test_error: float | None) -> None:
        assert self.started is not None
        snapshot = self.started.save()
        if snapshot.step > self.saved_step or test_error is not None:
            self.saved_at, self.saved_step = time.monotonic(), snapshot.step
            self.outbox.put(partial(self._write, snapshot, test_error))

    def _keep_epoch(self, epoch: int) -> None:
        if self.keeps_epochs and self.started is not None:
            self.outbox.put(partial(self._write_epoch, copy_to_cpu(self.started.net.state_dict()), epoch))

    def _write_epoch(self, weights: dict[str, Tensor], epoch: int) -> None:
        assert self.started is not None
        name, content = epoch_file(self.writer.run_id, epoch), weights_to_bytes(self.started.net.spec, weights)
        self.writer.asked()  # every attempt gives the file this name: only one that still has the run may write it
        if self._try(partial(self.storage.write, name, content)) is not None:
            self.writer.note({KEPT_EPOCHS: epoch + 1})

    def _write(self, snapshot: Snapshot, test_error: float | None) -> None:
        assert self.started is not None
        claim = self.writer.claim
        stem = f"{claim.run_id}.{claim.attempt}.{snapshot.step}"
        written = self._try(partial(write_snapshot, snapshot, self.started.net.spec, self.storage, stem))
        if written is None:
            return
        place = (snapshot.step, int(snapshot.numbers["epoch"]), claim.attempt, test_error)
        checkpoint = Checkpoint(*place, **vars(written))
        for old in self.writer.keep_checkpoint(checkpoint, self.storage.locate(written.weights)):
            for name in {old.weights, old.state} - {written.weights, written.state}:
                self._delete(name)

    def _delete(self, name: str) -> None:
        try:
            self.storage.delete(name)
        except Exception:  # a file that stays costs room, and not the run
            traceback.print_exc()

    def _try(self, write: Callable[[], Result]) -> Result | None:
        """What `write` gives; None where the disk does not take it, and from then on."""
        if self.trouble is not None:
            return None
        try:
            if self.storage.free_bytes() < self.keep_free:
                raise OSError(errno.ENOSPC, f"less than {self.keep_free / 1e9:g} GB are free")
            return write()
        except OSError as error:
            is_full = error.errno in FULL
            self.trouble = DiskFull(_say_full(self.storage, error)) if is_full else error
        except Exception as error:  # a storage on a host raises errors of its own
            self.trouble = error
        return None


def _say_full(storage: Storage, error: OSError) -> str:
    return (
        f"the disk is full ({error.strerror}): the run is paused, and its last checkpoint is kept. Free some space "
        f"where {storage.root} lies, then resume it"
    )
