"""Who does the work? One process a run: it waits for its turn, trains, and writes what happens to the store."""

import argparse
import platform
import signal
import socket
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import asdict
from importlib.metadata import version
from os import getpid

import numpy as np

from resnet_viz import __version__
from resnet_viz.data import DatasetError, ImageData, encode_png, load_dataset
from resnet_viz.nets import NetSpec, save_checkpoint
from resnet_viz.runs import Evaluation, Run, RunStatus, RunStore
from resnet_viz.settings import Settings
from resnet_viz.training.config import ConfigError, TrainingConfig
from resnet_viz.training.reports import Diverged, EpochDone, Report, Started, StepsDone

BEAT_SECONDS = 2.0
TURN_SECONDS = 0.3  # how often a waiting worker asks whether it is its turn
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
            if not self.store.beat(self.run_id):
                self.stopped.set()

    def check(self) -> None:
        """Raise StopRequested if the run shall not go on."""
        if self.stopped.is_set():
            raise StopRequested


def work(store: RunStore, settings: Settings, run_id: str, threads: int, watch: Watch = lambda report: None) -> Run:
    """Train a claimed run to its end, whatever that is, and give back its row; `watch` sees every report.

    Ctrl-C and SIGTERM end the run as stopped, an error as failed with a sentence; nothing is raised.
    A run that was stopped keeps the weights it had.
    """
    weights = settings.weights_root / f"{run_id}.safetensors"
    status, message = RunStatus.FINISHED, ""
    with Pulse(store, run_id) as pulse:
        try:
            for report in _train(store, settings, run_id, threads, pulse):
                watch(report)
                if isinstance(report, Started):
                    net = report.net
            save_checkpoint(net, weights)
        except (StopRequested, KeyboardInterrupt) as stop:
            by = "the reader" if isinstance(stop, StopRequested) else "a signal (Ctrl-C or the system)"
            status, message = RunStatus.STOPPED, f"stopped by {by}"
            if store.run(run_id).step:
                save_checkpoint(net, weights)
        except Diverged as error:
            status, message = RunStatus.DIVERGED, str(error)
        except (DatasetError, ConfigError) as error:
            status, message = RunStatus.FAILED, str(error)
        except Exception as error:
            traceback.print_exc()  # for the log; the reader gets a sentence
            status, message = RunStatus.FAILED, _sentence(error)
    store.end(run_id, status, message, weights if weights.exists() else None)
    return store.run(run_id)


def _train(store: RunStore, settings: Settings, run_id: str, threads: int, pulse: Pulse) -> Iterator[Report]:
    """The reports of a run, each written to the store before it is passed on."""

    def tell(sentence: str, fraction: float) -> None:
        pulse.check()
        store.say(run_id, f"{sentence} ({fraction:.0%})" if fraction else sentence)

    run = store.run(run_id)
    config = TrainingConfig(**run.config)
    tell("Loading torch", 0.0)
    import torch

    from resnet_viz.training.loop import train

    torch.set_num_threads(threads)
    tell("Loading the data", 0.0)
    data = load_dataset(config.dataset, settings.data_root, config.folder or None, tell)
    for report in train(NetSpec(**run.spec), config, data):
        if isinstance(report, Started):
            store.describe(run_id, _facts(report, data, threads), report.total_steps)
            store.add_samples(run_id, _pick_samples(data))
        elif isinstance(report, StepsDone):
            store.append(run_id, report.rows, report.norms, report.seconds)
        elif isinstance(report, EpochDone):
            store.evaluate(run_id, Evaluation(**asdict(report)))
        yield report
        pulse.check()


def _facts(started: Started, data: ImageData, threads: int) -> dict[str, object]:
    """What was found, to repeat the run by and to use its net with."""
    return {
        "spec": asdict(started.net.spec),
        "layers": started.layers,
        "form": asdict(data.form),
        "train_count": len(data.train_labels),
        "test_count": len(data.test_labels),
        "device": started.device.title,
        "precision": started.precision,
        "threads": threads,
        "host": socket.gethostname(),
        "pid": getpid(),
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
        if not store.beat(run_id):
            return False
        store.mark_interrupted()  # a killed worker must not keep the others waiting
        time.sleep(TURN_SECONDS)
    return True


def end_on_sigterm() -> None:
    """Let SIGTERM end a run as Ctrl-C does."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)


def main() -> None:
    """The worker's process: python -m resnet_viz.training.worker RUN_ID --at-once N --threads N."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("run_id")
    parser.add_argument("--at-once", type=int, required=True)
    parser.add_argument("--threads", type=int, required=True)
    asked = parser.parse_args()
    settings = Settings()
    store = RunStore(settings.store_url)
    end_on_sigterm()
    if wait_for_turn(store, asked.run_id, asked.at_once):
        work(store, settings, asked.run_id, asked.threads)


if __name__ == "__main__":
    main()
