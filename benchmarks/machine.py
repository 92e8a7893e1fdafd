"""Where and with what was a benchmark run? The head of every recorded output."""

import os
import platform
from datetime import date
from importlib.metadata import version

from resnet_viz import __version__
from resnet_viz.training import count_cores, find_devices


def describe() -> str:
    """Date, processor, cores, devices, load and versions, as lines of Markdown."""
    libraries = ", ".join(f"{name} {version(name)}" for name in ("torch", "torchvision", "numpy"))
    devices = "; ".join(device.title for device in find_devices())
    return (
        f"- date: {date.today()}\n"
        f"- machine: {_processor()}, {count_cores()} cores; devices: {devices}; "
        f"load over the last minute before the start: {os.getloadavg()[0]:.1f}\n"
        f"- versions: resnet_viz {__version__}, Python {platform.python_version()}, {libraries}\n"
    )


def _processor() -> str:
    try:
        with open("/proc/cpuinfo") as file:
            facts = dict(line.split(":", 1) for line in file.read().split("\n\n")[0].splitlines() if ":" in line)
    except OSError:
        return platform.processor() or platform.machine()
    facts = {name.strip(): value.strip() for name, value in facts.items()}
    sets = [name for name in ("avx2", "avx512f", "avx512_bf16", "amx_bf16") if name in facts.get("flags", "").split()]
    return f"{facts.get('model name', platform.machine())} ({', '.join(sets)})"
