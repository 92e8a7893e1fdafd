"""How fast is this machine with nets of a kind? A few real steps of two small ones, as many at once as shall train."""

import statistics
import time
from concurrent.futures import ThreadPoolExecutor

import torch
import torch.nn.functional as F

from resnet_viz.nets import NetSpec, build_net
from resnet_viz.training.config import TrainingConfig
from resnet_viz.training.devices import Device, autocast
from resnet_viz.training.estimate import Pace
from resnet_viz.training.threads import threads_for

STEPS, WARMING = 4, 1


def measure_pace(
    spec: NetSpec, config: TrainingConfig, size: int, device: Device, precision: str, at_once: int
) -> Pace:
    """The pace of nets of a spec's kind, whatever its depth, on this machine; takes a few seconds.

    Pictures are size x size, in batches as configured; `at_once` nets train side by side and share the cores.
    """
    seconds = [
        _seconds_a_step(spec, blocks, config.batch_size, size, device, precision, at_once)
        for blocks in (1, 2)[: 1 if spec.family == "vgg" else 2]
    ]
    return Pace(seconds[0], max(0.0, seconds[-1] - seconds[0]))


def _seconds_a_step(
    spec: NetSpec, blocks: int, batch: int, size: int, device: Device, precision: str, at_once: int
) -> float:
    stages = None if spec.family == "vgg" else [blocks] * len(spec.layout.blocks)

    def train_some(_: int) -> float:
        torch.set_num_threads(threads_for(at_once))  # torch keeps it for each thread of Python
        net = build_net(spec, stages).to(device.kind).to(memory_format=torch.channels_last).train()
        shape = (batch, spec.in_channels, size, size)
        x = torch.randn(shape, device=device.kind).to(memory_format=torch.channels_last)
        labels = torch.zeros(batch, dtype=torch.long, device=device.kind)
        times = []
        for _ in range(WARMING + STEPS):  # the first ones compile kernels
            start = time.perf_counter()
            with autocast(device, precision):
                loss = F.cross_entropy(net(x), labels)
            net.zero_grad()
            loss.backward()
            loss.item()  # waits for the device
            times.append(time.perf_counter() - start)
        return statistics.median(times[WARMING:])

    with ThreadPoolExecutor(at_once) as pool:
        return statistics.mean(pool.map(train_some, range(at_once)))
