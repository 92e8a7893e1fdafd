"""How fast is this machine with nets of a kind? A few real steps of two small ones, as many at once as shall train.

Each of them is stepped by a process of its own, as a run's worker is: in a thread of the server a step of a small net
takes twice as long.
"""

import atexit
import json
import statistics
import subprocess
import sys
import threading
import time
from dataclasses import asdict, replace

import torch
import torch.nn.functional as F

from resnet_viz.nets import ConvNet, NetSpec, build_net
from resnet_viz.training.allocator import keep_freed_memory
from resnet_viz.training.config import TrainingConfig
from resnet_viz.training.devices import Device, autocast
from resnet_viz.training.estimate import Pace
from resnet_viz.training.processes import launch
from resnet_viz.training.threads import threads_for

BLOCKS = (1, 4)  # of each stage, in the two nets; what lies between them is the cost of three
ROUNDS, WARMING = 4, 1  # the first round compiles kernels
NOT_TAKEN = "the steps that were to be measured could not be taken"

_meters: list[subprocess.Popen[str]] = []
_lock = threading.Lock()


def measure_pace(
    spec: NetSpec, config: TrainingConfig, size: int, device: Device, precision: str, at_once: int
) -> Pace:
    """The pace of nets of a spec's kind, whatever its depth, on this machine; takes a few seconds.

    Pictures are size x size, in batches as configured; `at_once` nets train side by side and share the cores. The
    processes that measure stay until `end_measuring`. Raises RuntimeError where they cannot.
    """
    # With all blocks: of rounds in which chance leaves blocks out, the fastest would count.
    kind = [
        asdict(replace(spec, survival=1.0)),
        config.batch_size,
        size,
        asdict(device),
        precision,
        threads_for(at_once),
    ]
    with _lock:
        try:
            paces = _ask(kind, at_once)
        except BaseException as error:
            _end_all()  # an answer that nobody has read would be taken for one to the next question
            if isinstance(error, OSError | ValueError):
                raise RuntimeError(f"{NOT_TAKEN} ({error})") from error
            raise
    return Pace(*(statistics.mean(values) for values in zip(*paces, strict=True)))


@atexit.register
def end_measuring() -> None:
    """End the processes that measure; the next call of `measure_pace` starts new ones."""
    with _lock:
        _end_all()


def _end_all() -> None:
    for meter in _meters:
        meter.kill()
        meter.wait()
    _meters.clear()


def _ask(kind: list[object], at_once: int) -> list[tuple[float, float]]:
    """The answers of so many processes that measure side by side."""
    _meters[:] = [meter for meter in _meters if meter.poll() is None]
    while len(_meters) < at_once:
        _meters.append(_launch())
    for meter in _meters[:at_once]:
        _write(meter, kind)
    return [_read(meter) for meter in _meters[:at_once]]


def _launch() -> subprocess.Popen[str]:
    return launch("resnet_viz.training.pace", outlives=False, answers=True)


def _write(meter: subprocess.Popen[str], kind: list[object]) -> None:
    assert meter.stdin is not None
    meter.stdin.write(json.dumps(kind) + "\n")
    meter.stdin.flush()


def _read(meter: subprocess.Popen[str]) -> tuple[float, float]:
    assert meter.stdout is not None
    answer = meter.stdout.readline()
    if not answer:
        raise RuntimeError(NOT_TAKEN)
    first, block = json.loads(answer)
    return first, block


def main() -> None:
    """A process that measures: a kind of net as a JSON line on standard input, its pace as one on standard output."""
    keep_freed_memory()
    for line in sys.stdin:
        spec, batch_size, size, device, precision, threads = json.loads(line)
        torch.set_num_threads(threads)
        print(json.dumps(_measure(NetSpec(**spec), batch_size, size, Device(**device), precision)), flush=True)


def _measure(spec: NetSpec, batch: int, size: int, device: Device, precision: str) -> tuple[float, float]:
    """Seconds of a step with one block a stage, and of one more block in each."""
    is_vgg = spec.family == "vgg"
    layouts = [None] if is_vgg else [[blocks] * len(spec.layout.blocks) for blocks in BLOCKS]
    nets = [build_net(spec, layout).to(device.kind).to(memory_format=torch.channels_last) for layout in layouts]
    times = [[_seconds_of_step(net, batch, size, device, precision) for net in nets] for _ in range(ROUNDS)]
    # Other load can only add to a step: the fastest counts.
    first, last = (min(row[i] for row in times[WARMING:]) for i in (0, -1))
    return first, max(0.0, last - first) / (BLOCKS[1] - BLOCKS[0])


def _seconds_of_step(net: ConvNet, batch: int, size: int, device: Device, precision: str) -> float:
    shape = (batch, net.spec.in_channels, size, size)
    x = torch.randn(shape, device=device.kind).to(memory_format=torch.channels_last)
    labels = torch.zeros(batch, dtype=torch.long, device=device.kind)
    start = time.perf_counter()
    with autocast(device, precision):
        loss = F.cross_entropy(net.train()(x), labels)
    net.zero_grad()
    loss.backward()
    loss.item()  # waits for the device
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
