"""How long does the Initialization page work for one choice? A plain net and its residual twin, and both figures.

    python -m benchmarks.initialization_page > benchmarks/initialization_page.md

Nothing is remembered between rounds: the nets are drawn, asked and drawn as figures anew.
"""

import os
import time
from statistics import median

import pandas as pd

from benchmarks.machine import describe
from resnet_viz import lab
from resnet_viz.nets import NetSpec
from resnet_viz.plots import initialization_profile
from resnet_viz.ui.initialization import BATCH, LIVE, _batch

ROUNDS = 15
LIMIT = 0.3  # seconds
NETS = [
    NetSpec("resnet", 20, in_channels=1),
    NetSpec("resnet", 56, in_channels=1),
    NetSpec("resnet", LIVE, in_channels=1),
    NetSpec("resnet", LIVE, in_channels=1, batch_norm=False, activation="sigmoid", initialization="xavier"),
    NetSpec("resnet", LIVE, "C", in_channels=1),
    NetSpec("resnet", LIVE, "exclusive", in_channels=1, order="preact"),
]
DEEPEST = NetSpec("resnet", 1202, in_channels=1)


def work(spec: NetSpec) -> None:
    """What the page does for a choice, the figures brought to the form in which they leave for the browser."""
    pair = (spec.plain_twin, spec)
    layers = pd.concat([lab.gradients_at_initialization(one, *_batch()).assign(net=one.name) for one in pair])
    families = {one.name: one.family for one in pair}
    for quantity in ("gradient", "activation"):
        initialization_profile(layers, families, quantity).to_json()


def seconds_of(spec: NetSpec) -> float:
    start = time.perf_counter()
    work(spec)
    return time.perf_counter() - start


def main() -> None:
    print("# The Initialization page's work for one choice\n")
    print(describe())
    seconds: dict[NetSpec, list[float]] = {spec: [] for spec in NETS}
    for round_number in range(ROUNDS + 1):
        for spec in NETS:
            taken = seconds_of(spec)
            if round_number:  # the first round imports
                seconds[spec].append(taken)
    print("| net, with its plain twin | fastest, ms | median, ms | slowest, ms |\n|---|---|---|---|")
    for spec, times in seconds.items():
        print(f"| {spec} | {min(times) * 1e3:.0f} | {median(times) * 1e3:.0f} | {max(times) * 1e3:.0f} |")
    deepest = min(seconds_of(DEEPEST) for _ in range(2))
    print(f"| {DEEPEST} | {deepest * 1e3:,.0f} (better of two) | | |")
    kept = sum(median(times) < LIMIT for times in seconds.values())
    print(
        f"\n{ROUNDS} rounds, the nets in turn; batches of {BATCH} digits. {kept} of the {len(NETS)} choices up to "
        f"{LIVE} layers have a median under {LIMIT * 1e3:.0f} ms. Load over the last minute at the end: "
        f"{os.getloadavg()[0]:.1f}; what else runs on the machine makes the medians longer, and the fastest least so. "
        "Streamlit's own work for the controls is not in it."
    )


if __name__ == "__main__":
    main()
