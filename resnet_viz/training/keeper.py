"""When is a run's state kept, and how is it found again? Checkpoints in the storage, entered in the store."""

import errno
import time
from collections.abc import Callable
from functools import partial

from resnet_viz.runs import Checkpoint, RunWriter
from resnet_viz.settings import Settings
from resnet_viz.training.checkpoints import DamagedCheckpoint, Written, read_snapshot, write_snapshot
from resnet_viz.training.outbox import Outbox
from resnet_viz.training.reports import EpochDone, Started
from resnet_viz.training.snapshot import Snapshot
from resnet_viz.training.storage import Storage

EVERY = 30.0  # seconds between two checkpoints, at the most
AT_LEAST = 1.0  # seconds between two, however short an epoch is
FULL = (errno.ENOSPC, errno.EDQUOT)


class DiskFull(Exception):
    """There is no room for a checkpoint; the message is a sentence."""


class Keeper:
    """Keeps checkpoints of one run at epochs' ends and twice a minute, without holding up the training.

    A checkpoint that cannot be written leaves those before it as they are; `check` then raises why.
    """

    def __init__(self, writer: RunWriter, settings: Settings, outbox: Outbox) -> None:
        self.writer, self.outbox = writer, outbox
        self.storage, self.keep_free = Storage(settings.storage_url), settings.keep_free * 1e9
        self.started: Started | None = None
        self.saved_at, self.saved_step = time.monotonic(), 0
        self.first_step = 0  # steps that earlier attempts have kept
        self.trouble: Exception | None = None

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
        return found

    def begin(self, started: Started) -> None:
        """Know the net whose state is to be kept."""
        self.started, self.saved_at = started, time.monotonic()

    def after_steps(self) -> None:
        """Keep a checkpoint if it is time."""
        if time.monotonic() - self.saved_at > EVERY:
            self._save(None)

    def after_epoch(self, done: EpochDone) -> None:
        """Keep a checkpoint at an epoch's end; the last one always."""
        assert self.started is not None
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

    def _write(self, snapshot: Snapshot, test_error: float | None) -> None:
        assert self.started is not None
        claim = self.writer.claim
        stem = f"{claim.run_id}.{claim.attempt}.{snapshot.step}"
        try:
            if self.storage.free_bytes() < self.keep_free:
                raise OSError(errno.ENOSPC, f"less than {self.keep_free / 1e9:g} GB are free")
            written = write_snapshot(snapshot, self.started.net.spec, self.storage, stem)
        except OSError as error:
            is_full = error.errno in FULL
            self.trouble = DiskFull(_say_full(self.storage, error)) if is_full else error
            return
        place = (snapshot.step, int(snapshot.numbers["epoch"]), claim.attempt, test_error)
        checkpoint = Checkpoint(*place, **vars(written))
        for old in self.writer.keep_checkpoint(checkpoint, self.storage.locate(written.weights)):
            for name in {old.weights, old.state} - {written.weights, written.state}:
                self.storage.delete(name)


def _say_full(storage: Storage, error: OSError) -> str:
    return (
        f"the disk is full ({error.strerror}): the run is paused, and its last checkpoint is kept. Free some space "
        f"where {storage.root} lies, then resume it"
    )
