"""How long does the Architecture page work for one net? What it computes and draws, for each kind of net.

    python -m benchmarks.architecture_page > benchmarks/architecture_page.md

Nothing is remembered between rounds: every table is counted anew.
"""

import time
from statistics import median

from benchmarks.machine import describe
from resnet_viz import nets
from resnet_viz.nets import NetSpec
from resnet_viz.nets.table import _layers as counted
from resnet_viz.plots import block_drawing, net_drawing, stage_bars
from resnet_viz.ui.architecture import costs_of_parts, differences

ROUNDS = 15
NETS = [
    NetSpec("plain", 8),
    NetSpec("resnet", 20),
    NetSpec("resnet", 110, "exclusive", order="preact"),
    NetSpec("resnet", 1001, "B", block="bottleneck", order="preact"),
    NetSpec("resnet", 1202),
    NetSpec("resnet", 18, "B", stem="imagenet"),
    NetSpec("resnet", 50, "B", stem="imagenet"),
    NetSpec("resnet", 152, "B", stem="imagenet"),
    NetSpec("vgg", 16),
    NetSpec("vgg", 34),
]


def work(spec: NetSpec) -> None:
    """What the page does for a net, figures and tables brought to the form in which they leave for the browser."""
    counted.cache_clear()
    nets.layer_table(spec)
    differences([spec])
    net_drawing(nets.net_outline(spec), spec.size).to_json()
    stage_bars([(spec.name, spec.family, costs_of_parts(spec))]).to_json()
    if spec.family != "vgg":
        block = nets.block_outline(spec)
        block_drawing(block.before, block.branch, block.around, block.after, block.join, block.projects).to_json()


def main() -> None:
    print("# The Architecture page's work for one net\n")
    print(describe())
    seconds: dict[NetSpec, list[float]] = {spec: [] for spec in NETS}
    for round_number in range(ROUNDS + 1):
        for spec in NETS:
            start = time.perf_counter()
            work(spec)
            if round_number:  # the first round imports
                seconds[spec].append(time.perf_counter() - start)
    print("| net | layers | median, ms | slowest, ms |\n|---|---|---|---|")
    for spec, taken in seconds.items():
        print(f"| {spec} | {len(nets.layer_table(spec)):,} | {median(taken) * 1e3:.0f} | {max(taken) * 1e3:.0f} |")
    print(f"\n{ROUNDS} rounds, the nets in turn. Streamlit's own work for the controls is not in it.")


if __name__ == "__main__":
    main()
