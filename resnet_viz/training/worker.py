"""Who does the work? One process a run: it trains, keeps checkpoints, and writes what happens to the store."""

import json
import os
import platform
import signal
import sys
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from resnet_viz import __version__
from resnet_viz.data import DatasetError, ImageData, encode_png, load_dataset
from resnet_viz.nets import NetSpec, SpecError
from resnet_viz.runs import Claim, LostRun, Owner, Run, RunStatus, RunStore, RunWriter, StoreError, find_run
from resnet_viz.runs.silence import BEAT
from resnet_viz.settings import Settings
from resnet_viz.training.allocator import keep_freed_memory
from resnet_viz.training.config import ConfigError, TrainingConfig
from resnet_viz.training.executor import runs_at_once, start_workers
from resnet_viz.training.keeper import DiskFull, Keeper
from resnet_viz.training.outbox import Outbox
from resnet_viz.training.reports import Diverged, EpochDone, Evaluating, Loading, Report, Started, StepsDone
from resnet_viz.training.threads import CoreShare

if TYPE_CHECKING:
    from resnet_viz.nets import ConvNet

ASK_SECONDS = 0.5  # how often a worker looks whether it shall stop
GRACE = 3.5  # seconds from then on, after which it is ended whatever it does: a step of a deep net can take minutes
SAY_SECONDS = 1.0
SAMPLES_A_CLASS = 2
LIBRARIES = ("torch", "torchvision", "numpy")

Watch = Callable[[Report], None]


class Asked(Exception):
    """The run shall not go on: the status that it ends with, and why."""

    def __init__(self, status: RunStatus, message: str) -> None:
        super().__init__(message)
        self.status = status


class Pulse:
    """Sends the heartbeat from a thread of its own, and learns there whether the run shall go on.

    With `is_alone` the process is the worker's own: a training that does not come to its next report in time is
    ended with it, and all that it started.
    """

    def __init__(self, writer: RunWriter, is_alone: bool) -> None:
        self.writer, self.is_alone = writer, is_alone
        self.asked: BaseException | None = None
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self._beat, daemon=True, name="pulse")

    def __enter__(self) -> "Pulse":
        self.thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.ended.set()
        self.thread.join()

    def ask(self, status: RunStatus, by: str) -> None:
        """Let the run end before its next step."""
        self.asked = self.asked or Asked(status, f"{status} by {by}")

    def check(self) -> None:
        """Raise Asked or LostRun if the run shall not go on."""
        if self.asked is not None:
            raise self.asked

    def _beat(self) -> None:
        beaten, asked_at = time.monotonic(), 0.0
        while not self.ended.wait(ASK_SECONDS):
            now = time.monotonic()
            if self.asked is not None:
                asked_at = asked_at or now
                if self.is_alone and now - asked_at > GRACE:
                    self._end_process(self.asked)
            try:
                if now - beaten > BEAT:
                    request, beaten = self.writer.beat(), now
                else:
                    request = self.writer.asked()
            except LostRun as error:
                self.asked = self.asked or error
            except StoreError:
                traceback.print_exc()  # a busy database: the next beat may get through
            else:
                if request:
                    self.ask(RunStatus.STOPPED if request == "stop" else RunStatus.PAUSED, "the reader")

    def _end_process(self, asked: BaseException) -> None:
        try:
            if isinstance(asked, Asked):
                self.writer.end(asked.status, str(asked))
        finally:
            os.killpg(0, signal.SIGKILL) if os.getpgrp() == os.getpid() else os._exit(1)


def work(
    store: RunStore, settings: Settings, claim: Claim, watch: Watch = lambda report: None, is_alone: bool = False
) -> Run:
    """Train a claimed run to its end, whatever that is, and give back its row; `watch` sees every report.

    It goes on from the run's last checkpoint that is whole. Ctrl-C and SIGTERM end the run as stopped, an error as
    failed with a sentence; neither is raised. A run that is taken from this worker meanwhile is left alone.
    """
    writer = RunWriter(store, claim)
    with Pulse(writer, is_alone) as pulse, _stopping_on_signals(pulse), Outbox() as outbox:
        keeper = Keeper(writer, settings, outbox)
        try:
            status, message = _train_to_end(store, settings, writer, keeper, outbox, pulse, watch)
        except LostRun:
            return store.run(claim.run_id)
        pulse.is_alone = False  # what is left is writing, which takes as long as the database does
        # In its turn, after all that the run has still to tell.
        outbox.put(lambda: writer.end(*_after_writing(keeper, status, message)))
    if isinstance(outbox.error, StoreError):
        raise outbox.error
    if isinstance(outbox.error, Exception):  # which has taken the run's end with it
        with suppress(LostRun):
            writer.end(RunStatus.FAILED, _sentence(outbox.error))
    return store.run(claim.run_id)


def _train_to_end(
    store: RunStore,
    settings: Settings,
    writer: RunWriter,
    keeper: Keeper,
    outbox: Outbox,
    pulse: Pulse,
    watch: Watch,
) -> tuple[RunStatus, str]:
    """How the run ended, and why. Raises LostRun."""
    try:
        for _ in _train(store, settings, writer, keeper, outbox, pulse, watch):
            pulse.check()
            outbox.check()
            keeper.check()
    except LostRun:
        raise
    except DiskFull as full:
        return RunStatus.PAUSED, str(full)
    except Asked as asked:
        keeper.save_now()
        return asked.status, str(asked)
    except Diverged as error:
        return RunStatus.DIVERGED, str(error)
    except (DatasetError, ConfigError, SpecError) as error:
        return RunStatus.FAILED, str(error)
    except Exception as error:
        traceback.print_exc()  # for the log; the reader gets a sentence
        return RunStatus.FAILED, _sentence(error)
    return RunStatus.FINISHED, ""


def _after_writing(keeper: Keeper, status: RunStatus, message: str) -> tuple[RunStatus, str]:
    """How a run ended, now that its last checkpoint was tried, too: a training that is through may not have kept it."""
    if status is not RunStatus.FINISHED or keeper.trouble is None:
        return status, message
    if isinstance(keeper.trouble, DiskFull):
        return RunStatus.PAUSED, str(keeper.trouble)
    return RunStatus.FAILED, _sentence(keeper.trouble)


def _train(
    store: RunStore,
    settings: Settings,
    writer: RunWriter,
    keeper: Keeper,
    outbox: Outbox,
    pulse: Pulse,
    watch: Watch,
) -> Iterator[Report]:
    """The reports of a run, each on its way to the store and shown to `watch` before it is passed on."""

    def tell(sentence: str, fraction: float) -> None:
        pulse.check()
        outbox.put(partial(writer.say, sentence, fraction))
        watch(Loading(sentence, fraction))

    run = store.run(writer.run_id)
    config = TrainingConfig(**run.config)
    tell("Loading torch", 0.0)
    import torch

    from resnet_viz.training.loop import train
    from resnet_viz.training.memory import peak_memory

    keep_freed_memory()
    fixed = config.threads or (settings.cpus_a_run if settings.executor == "ray" else 0)
    at_once = 1 if fixed else runs_at_once(store, settings)
    share = CoreShare(lambda: min(_count_here(store), at_once))
    threads = Counter[int]()
    torch.set_num_threads(fixed or share.threads)
    tell("Loading the data", 0.0)
    data = load_dataset(config.dataset, settings.data_root, config.folder or None, tell, config.size)
    keeper.keeps_epochs = config.keep_epochs
    snapshot = keeper.find_snapshot(tell)
    said = time.monotonic()
    start_from = _load_start(store, settings, config.start) if config.start else None
    for report in train(NetSpec(**run.spec), config, data, snapshot, start_from):
        if isinstance(report, Started):
            keeper.begin(report)
            facts = _facts(report, data, torch.get_num_threads())
            attempts = [*run.facts.get("attempts", []), _attempt(run, keeper.first_step)]
            outbox.put(partial(writer.describe, facts | {"attempts": attempts}, report.total_steps))
            outbox.put(partial(writer.add_samples, _pick_samples(data)))
            device = report.device.kind
        elif isinstance(report, StepsDone):
            outbox.put(partial(writer.append, report.rows, vars(report.numbers), report.seconds))
            threads[torch.get_num_threads()] += len(report.rows)
            if device == "cpu" and not fixed and _look(share) != torch.get_num_threads():
                torch.set_num_threads(share.threads)
            keeper.after_steps()
        elif isinstance(report, Evaluating) and time.monotonic() - said > SAY_SECONDS:
            outbox.put(partial(writer.say, f"testing, {report.done:,} of {report.total:,} pictures"))
            said = time.monotonic()
        elif isinstance(report, EpochDone):
            evaluation = asdict(report)
            seconds = evaluation.pop("seconds")
            outbox.put(partial(writer.evaluate, evaluation, seconds))
            used: dict[str, object] = {"threads": threads.most_common(1)[0][0] if threads else torch.get_num_threads()}
            used |= {"steps_by_threads": dict(threads), "peak_memory": peak_memory(device)}
            outbox.put(partial(writer.note, used))
            keeper.after_epoch(report)
        watch(report)
        yield report


def _count_here(store: RunStore) -> int:
    """How many runs share this machine's cores: those at work here, and those that wait and may come."""
    return store.count_running(Owner.here().host) + store.count_queued()


def _look(share: CoreShare) -> int:
    """The threads for the next steps; those of the last look while the database does not answer."""
    with suppress(StoreError):
        return share.look()
    return share.threads


def _load_start(store: RunStore, settings: Settings, run_id: str) -> "ConvNet":
    """The trained net of a run of this store, or of a recorded one. Raises ConfigError where it is not there."""
    from resnet_viz.nets import CheckpointError
    from resnet_viz.training.weights import load_net

    try:
        return load_net(find_run(store, run_id), settings)
    except KeyError as error:
        raise ConfigError(f"there is no run {run_id} on this machine to start from") from error
    except CheckpointError as error:
        raise ConfigError(f"run {run_id} left no net to start from: {error}") from error


def _attempt(run: Run, first_step: int) -> dict[str, object]:
    """Where an attempt was made, and from which step on."""
    return {"attempt": run.attempt, "after_step": first_step, "host": run.owner.host, "pid": run.owner.pid}


def _facts(started: Started, data: ImageData, threads: int) -> dict[str, object]:
    """What was found, to repeat the run by and to use its net with."""
    owner = Owner.here()
    return {
        "spec": asdict(started.net.spec),
        "layers": started.layers,
        "norm_layers": started.norm_layers,
        "form": asdict(data.form),
        "train_count": started.train_count,
        "test_count": len(data.test_labels),
        "device": started.device.title,
        "precision": started.precision,
        "recomputes": started.recomputes,
        "threads": threads,
        "host": owner.host,
        "pid": owner.pid,
        "versions": {"resnet_viz": __version__, "python": platform.python_version()}
        | {name: version(name) for name in LIBRARIES},
    }


def _pick_samples(data: ImageData) -> list[tuple[int, bytes]]:
    """The first test pictures of each class."""
    picks = [np.flatnonzero(data.test_labels == label)[:SAMPLES_A_CLASS] for label in range(len(data.form.classes))]
    return [(int(data.test_labels[i]), encode_png(data.test_pictures[i])) for i in np.concatenate(picks)]


def _sentence(error: Exception) -> str:
    text = str(error).strip().splitlines()[0] if str(error).strip() else ""
    if isinstance(error, MemoryError) or "out of memory" in text or "can't allocate memory" in text:
        return "out of memory: try a smaller batch or depth"
    return f"an error that this program did not foresee ({type(error).__name__}: {text})"


@contextmanager
def _stopping_on_signals(pulse: Pulse) -> Iterator[None]:
    """Let Ctrl-C and SIGTERM end the run before its next step; a second one ends the process at once."""

    def stop(signum: int, _: object) -> None:
        signal.signal(signum, signal.SIG_DFL)
        pulse.ask(RunStatus.STOPPED, "a signal (Ctrl-C or the system)")

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def preload() -> None:
    """Load what every run needs, so that a job that comes later begins at once."""
    import torch

    import resnet_viz.training.loop  # noqa: F401
    from resnet_viz.nets import layer_table

    weight = torch.zeros(1, requires_grad=True)
    weight.sum().backward()
    torch.optim.SGD([weight]).step()  # the first step of a process imports much
    load_dataset("digits")
    layer_table(NetSpec("resnet", 8))  # the first pass on the meta device, too


def main() -> None:
    """The worker's process: takes one job, a JSON line on standard input, and does it; then sees to the next in line.

    With --spare it loads torch first, and ends if its starter ends before there is a job.
    """
    if "--spare" in sys.argv[1:]:
        preload()
    line = sys.stdin.readline()
    if not line:
        return
    job = json.loads(line)
    settings = Settings(**job["settings"])
    claim = Claim(**job["claim"])
    _log_to(settings.home / "logs" / f"{claim.run_id}.log")
    store = RunStore(settings.store_url)
    work(store, settings, claim, is_alone=True)
    start_workers(store, settings)


def _log_to(path: Path) -> None:
    """Let all that this process prints from now on, torch included, go to a file, after what earlier attempts said."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as log:
        for stream in (sys.stdout, sys.stderr):
            os.dup2(log.fileno(), stream.fileno())


if __name__ == "__main__":
    main()
