"""How fast is this machine with nets of a kind? A few real steps of two small ones, as many at once as shall train."""

import statistics
import time
from concurrent.futures import ThreadPoolExecutor

import torch
import torch.nn.functional as F

from resnet_viz.nets import ConvNet, NetSpec, build_net
from resnet_viz.training.config import TrainingConfig
from resnet_viz.training.devices import Device, autocast
from resnet_viz.training.estimate import Pace
from resnet_viz.training.threads import threads_for

BLOCKS = (1, 4)  # of each stage, in the two nets; what lies between them is the cost of three
ROUNDS, WARMING = 4, 1  # the first round compiles kernels


def measure_pace(
    spec: NetSpec, config: TrainingConfig, size: int, device: Device, precision: str, at_once: int
) -> Pace:
    """The pace of nets of a spec's kind, whatever its depth, on this machine; takes a few seconds.

    Pictures are size x size, in batches as configured; `at_once` nets train side by side and share the cores.
    """
    threads = threads_for(at_once)

    def measure(_: int) -> tuple[float, float]:
        torch.set_num_threads(threads)  # torch keeps it for each thread of Python
        is_vgg = spec.family == "vgg"
        layouts = [None] if is_vgg else [[blocks] * len(spec.layout.blocks) for blocks in BLOCKS]
        nets = [build_net(spec, layout).to(device.kind).to(memory_format=torch.channels_last) for layout in layouts]
        times = [
            [_seconds_of_step(net, config.batch_size, size, device, precision) for net in nets] for _ in range(ROUNDS)
        ]
        # Other load can only add to a step: the fastest counts.
        first, last = (min(row[i] for row in times[WARMING:]) for i in (0, -1))
        return first, max(0.0, last - first) / (BLOCKS[1] - BLOCKS[0])

    with ThreadPoolExecutor(at_once) as pool:
        paces = list(pool.map(measure, range(at_once)))
    return Pace(*(statistics.mean(values) for values in zip(*paces, strict=True)))


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
