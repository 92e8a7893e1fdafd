"""What can this machine compute with, and how fast? Found and measured, never guessed from a name."""

import platform
import time
from dataclasses import dataclass
from functools import lru_cache

import torch

from resnet_viz.training.config import ConfigError, TrainingConfig
from resnet_viz.training.threads import count_cores

BF16_MUST_GAIN = 1.0  # far from what was seen: 1.6 and more with bf16 instructions, 1.3 under load, below 0.3 without


@dataclass(frozen=True)
class Device:
    """One device that torch can use: its kind as torch names it, and a title for people."""

    kind: str
    title: str


def find_devices() -> list[Device]:
    """The devices of this machine, the one that "auto" takes first."""
    found = []
    if torch.cuda.is_available():
        found.append(Device("cuda", torch.cuda.get_device_name()))
    if torch.backends.mps.is_available():
        found.append(Device("mps", f"Apple GPU of {platform.machine()}"))
    return [*found, Device("cpu", f"CPU, {count_cores()} cores")]


def resolve_device(wish: str) -> Device:
    """The device for a wish ("auto" or a kind). Raises ConfigError with what was found instead."""
    found = find_devices()
    for device in found:
        if wish in ("auto", device.kind):
            return device
    titles = ", ".join(device.title for device in found)
    raise ConfigError(f"device {wish!r} was asked for, but this machine has: {titles}. Choose auto.")


def resolve_precision(wish: str, device: Device) -> str:
    """The precision for a wish; "auto" is bf16 where it is measured to be faster (on a GPU: where supported)."""
    if wish != "auto":
        return wish
    if device.kind == "cuda":
        return "bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else "fp32"
    if device.kind == "mps":
        return "fp32"
    return "bf16" if _bf16_gain() > BF16_MUST_GAIN else "fp32"


def autocast(device: Device, precision: str) -> torch.autocast:
    """The context in which a forward pass runs in the given precision."""
    return torch.autocast(device.kind, dtype=torch.bfloat16, enabled=precision == "bf16")


@lru_cache(maxsize=1)
def _bf16_gain() -> float:
    """How much faster a convolution with its norm and ReLU, forward and backward, is in bf16 on this CPU.

    In the time of one core, and in turns: the two workers of a comparison ask at the same moment, on a machine that may
    have more to do, and must come to the same answer.
    """
    conv = torch.nn.Conv2d(32, 32, 3, padding=1, bias=False)
    layer = torch.nn.Sequential(conv, torch.nn.BatchNorm2d(32), torch.nn.ReLU()).to(memory_format=torch.channels_last)
    x = torch.randn(32, 32, 16, 16).to(memory_format=torch.channels_last)  # the middle stage of a CIFAR net

    def seconds(is_bf16: bool) -> float:
        start = time.thread_time()
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=is_bf16):
            layer(x).sum().backward()
        return time.thread_time() - start

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        fp32, bf16 = zip(*((seconds(False), seconds(True)) for _ in range(4)), strict=True)
    finally:
        torch.set_num_threads(threads)
    return min(fp32) / min(bf16)


def describe_machine(config: TrainingConfig) -> tuple[Device, str]:
    """The device and the precision that a configuration comes to on this machine."""
    device = resolve_device(config.device)
    return device, resolve_precision(config.precision, device)
