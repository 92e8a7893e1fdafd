"""Who does the work? One process a run: it waits for its turn, trains, and writes what happens to the store."""

import json
import os
import platform
import signal
import socket
import sys
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

import numpy as np

from resnet_viz import __version__
from resnet_viz.data import DatasetError, ImageData, encode_png, load_dataset
from resnet_viz.nets import NetSpec, SpecError, save_checkpoint
from resnet_viz.runs import Run, RunStatus, RunStore
from resnet_viz.settings import Settings
from resnet_viz.training.allocator import keep_freed_memory
from resnet_viz.training.config import ConfigError, TrainingConfig
from resnet_viz.training.reports import Diverged, EpochDone, Evaluating, Loading, Report, Started, StepsDone
from resnet_viz.training.threads import CoreShare

BEAT_SECONDS = 2.0
TURN_SECONDS = 0.3  # how often a waiting worker asks whether it is its turn
SAY_SECONDS = 1.0
SAMPLES_A_CLASS = 2
LIBRARIES = ("torch", "torchvision", "numpy")

Watch = Callable[[Report], None]


class StopRequested(Exception):
    """The reader asked the run to stop, or the store closed it."""


class Pulse:
    """Sends the heartbeat from a thread of its own, and learns there whether the run shall go on."""

    def __init__(self, store: RunStore, run_id: str) -> None:
        self.store, self.run_id = store, run_id
        self.stopped, self.ended = threading.Event(), threading.Event()
        self.thread = threading.Thread(target=self._beat, daemon=True)

    def __enter__(self) -> "Pulse":
        self.thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.ended.set()
        self.thread.join()

    def _beat(self) -> None:
        while not self.ended.wait(BEAT_SECONDS):
            try:
                if not self.store.beat(self.run_id, at_work=True):
                    self.stopped.set()
            except Exception:
                traceback.print_exc()  # a busy database: the next beat may get through

    def check(self) -> None:
        """Raise StopRequested if the run shall not go on."""
        if self.stopped.is_set():
            raise StopRequested


def work(store: RunStore, settings: Settings, run_id: str, watch: Watch = lambda report: None) -> Run:
    """Train a claimed run to its end, whatever that is, and give back its row; `watch` sees every report.

    Ctrl-C and SIGTERM end the run as stopped, an error as failed with a sentence; neither is raised.
    A run that was stopped keeps the weights it had.
    """
    weights = settings.weights_root / f"{run_id}.safetensors"
    status, message = RunStatus.FAILED, "its worker was ended before it could say why"
    try:
        with Pulse(store, run_id) as pulse:
            status, message = _train_to_end(store, settings, run_id, pulse, watch, weights)
    finally:
        store.end(run_id, status, message, weights if weights.exists() else None)
    return store.run(run_id)


def _train_to_end(
    store: RunStore, settings: Settings, run_id: str, pulse: Pulse, watch: Watch, weights: Path
) -> tuple[RunStatus, str]:
    """How the run ended, and why."""
    net = None
    try:
        for report in _train(store, settings, run_id, pulse, watch):
            if isinstance(report, Started):
                net = report.net
        assert net is not None
        save_checkpoint(net, weights)
    except (StopRequested, KeyboardInterrupt) as stop:
        if net is not None and store.run(run_id).step:
            save_checkpoint(net, weights)
        by = "the reader" if isinstance(stop, StopRequested) else "a signal (Ctrl-C or the system)"
        return RunStatus.STOPPED, f"stopped by {by}"
    except Diverged as error:
        return RunStatus.DIVERGED, str(error)
    except (DatasetError, ConfigError, SpecError) as error:
        return RunStatus.FAILED, str(error)
    except Exception as error:
        traceback.print_exc()  # for the log; the reader gets a sentence
        return RunStatus.FAILED, _sentence(error)
    return RunStatus.FINISHED, ""


def _train(store: RunStore, settings: Settings, run_id: str, pulse: Pulse, watch: Watch) -> Iterator[Report]:
    """The reports of a run, each written to the store and shown to `watch` before it is passed on."""

    def tell(sentence: str, fraction: float) -> None:
        pulse.check()
        store.say(run_id, sentence, fraction)
        watch(Loading(sentence, fraction))

    run = store.run(run_id)
    config = TrainingConfig(**run.config)
    tell("Loading torch", 0.0)
    import torch

    from resnet_viz.training.loop import train
    from resnet_viz.training.memory import peak_memory

    keep_freed_memory()
    share = CoreShare(store.count_active)
    threads = Counter[int]()
    torch.set_num_threads(config.threads or share.threads)
    tell("Loading the data", 0.0)
    data = load_dataset(config.dataset, settings.data_root, config.folder or None, tell, config.size)
    said = time.monotonic()
    for report in train(NetSpec(**run.spec), config, data):
        if isinstance(report, Started):
            store.describe(run_id, _facts(report, data, torch.get_num_threads()), report.total_steps)
            device = report.device.kind
            store.add_samples(run_id, _pick_samples(data))
        elif isinstance(report, StepsDone):
            store.append(run_id, report.rows, vars(report.numbers), report.seconds)
            threads[torch.get_num_threads()] += len(report.rows)
            if device == "cpu" and not config.threads and share.look() != torch.get_num_threads():
                torch.set_num_threads(share.threads)
        elif isinstance(report, Evaluating) and time.monotonic() - said > SAY_SECONDS:
            store.say(run_id, f"testing, {report.done:,} of {report.total:,} pictures")
            said = time.monotonic()
        elif isinstance(report, EpochDone):
            evaluation = asdict(report)
            seconds = evaluation.pop("seconds")
            store.evaluate(run_id, evaluation, seconds)
            used = {"threads": threads.most_common(1)[0][0], "steps_by_threads": dict(threads)}
            store.note(run_id, used | {"peak_memory": peak_memory(device)})
        watch(report)
        yield report
        pulse.check()


def _facts(started: Started, data: ImageData, threads: int) -> dict[str, object]:
    """What was found, to repeat the run by and to use its net with."""
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
        "host": socket.gethostname(),
        "pid": os.getpid(),
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


def wait_for_turn(store: RunStore, run_id: str, at_once: int) -> bool:
    """Wait until the run is claimed for this process; False if it was stopped before."""
    while not store.claim(run_id, at_once):
        if not store.beat(run_id, at_work=False):
            return False
        store.mark_interrupted()  # a killed worker must not keep the others waiting
        time.sleep(TURN_SECONDS)
    return True


def end_on_sigterm() -> None:
    """Let SIGTERM end a run as Ctrl-C does."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)


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
    """The worker's process: takes one job, a JSON line on standard input, and does it.

    With --spare it loads torch first, and ends if its starter ends before there is a job.
    """
    if "--spare" in sys.argv[1:]:
        preload()
    line = sys.stdin.readline()
    if not line:
        return
    job = json.loads(line)
    settings = Settings(home=job["home"], database_url=job["database_url"], data=job["data"])
    run_id = job["run_id"]
    _log_to(settings.home / "logs" / f"{run_id}.log")
    store = RunStore(settings.store_url)
    end_on_sigterm()
    try:
        is_turn = wait_for_turn(store, run_id, job["at_once"])
    except KeyboardInterrupt:
        store.end(run_id, RunStatus.STOPPED, "stopped by a signal before it began")
        raise
    if is_turn:
        work(store, settings, run_id)


def _log_to(path: Path) -> None:
    """Let all that this process prints from now on, torch included, go to a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as log:
        for stream in (sys.stdout, sys.stderr):
            os.dup2(log.fileno(), stream.fileno())


if __name__ == "__main__":
    main()
