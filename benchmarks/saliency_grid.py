"""How long does the Saliency page compute? Two nets and each method on one picture of 32 x 32, and the grid of five.

    python -m benchmarks.saliency_grid > benchmarks/saliency_grid.md

The recorded plain-56 and ResNet-56 of CIFAR-10 in fp32, with the parameters that the page begins with. The grid goes
the page's way: every map a job of the server's one thread, then the figure in the form in which it leaves for the
browser. A repeat asks for the same maps again.
"""

import itertools
import os
import time
from functools import partial
from statistics import median

import numpy as np
import torch

from benchmarks.machine import describe
from resnet_viz.data import PictureFormat, decode_image, fit_picture
from resnet_viz.explain import METHODS, AttributionConfig, attribute, to_input
from resnet_viz.explain.jobs import Jobs
from resnet_viz.nets import ConvNet
from resnet_viz.plots import MapRow, saliency_grid
from resnet_viz.runs import Run, recorded_stores
from resnet_viz.settings import Settings
from resnet_viz.training import count_cores, load_net

ROUNDS = 7
FIVE = ("saliency", "integrated_gradients", "grad_cam", "occlusion", "deep_lift")
LIMIT = 3.0  # seconds for the grid of two nets and five methods


def nets() -> tuple[list[Run], list[ConvNet], np.ndarray]:
    """The recorded pair, and a test picture uint8 (32, 32, 3)."""
    store = recorded_stores()["short"]
    runs = [run for run in store.runs() if run.spec["depth"] == 56 and run.weights]
    form = PictureFormat.from_dict(runs[0].facts["form"])
    picture = fit_picture(decode_image(store.samples(runs[0].id)[0][1]), form.size, form.channels)
    return runs, [load_net(run, Settings()) for run in runs], picture


def grid(jobs: Jobs, runs: list[Run], found: list[ConvNet], picture: np.ndarray, key: str) -> float:
    """Seconds from the first question to the figure of two nets and five methods."""
    start = time.perf_counter()
    x = to_input([picture], PictureFormat.from_dict(runs[0].facts["form"]))
    configs = [AttributionConfig(method) for method in FIVE]
    asked = [
        jobs.ask(f"{key} {i} {config.method}", "", partial(attribute, net, x, 3, config))
        for config in configs
        for i, net in enumerate(found)
    ]
    for job in asked:
        job.over.wait()
    maps = iter(asked)
    rows = [
        MapRow(config.title, tuple(next(maps).result[0].sum(0).numpy() for _ in found), config.signed)
        for config in configs
    ]
    saliency_grid([picture, picture], ["plain-56", "ResNet-56"], rows).to_json()
    return time.perf_counter() - start


def main() -> None:
    """Print both tables."""
    torch.set_num_threads(count_cores())
    runs, found, picture = nets()
    x = to_input([picture], PictureFormat.from_dict(runs[0].facts["form"]))
    print("# The maps of the Saliency page\n")
    print(describe())
    times: dict[tuple[str, int], list[float]] = {}
    for number, (i, method) in itertools.product(range(ROUNDS + 1), itertools.product(range(2), METHODS)):
        start = time.perf_counter()
        attribute(found[i], x, 3, method)
        if number:  # the first round warms up
            times.setdefault((method, i), []).append(time.perf_counter() - start)
    print("| method | plain-56, s | ResNet-56 (A), s |\n|---|---|---|")
    for method, about in METHODS.items():
        print(f"| {about.title} | {median(times[method, 0]):.3f} | {median(times[method, 1]):.3f} |")
    jobs = Jobs(lambda: torch.set_num_threads(count_cores()))
    grids = [grid(jobs, runs, found, picture, str(number)) for number in range(ROUNDS + 1)][1:]
    again = [grid(jobs, runs, found, picture, "1") for _ in range(ROUNDS)]
    print(
        f"\nThe grid of two nets and five methods ({', '.join(METHODS[name].title for name in FIVE)}): median "
        f"**{median(grids):.2f} s**, slowest {max(grids):.2f} s of {ROUNDS} rounds (goal: {LIMIT:.0f} s); again "
        f"{median(again):.3f} s, all of it the figure. Medians of {ROUNDS} rounds; load at the end "
        f"{os.getloadavg()[0]:.1f}. Streamlit's own work for the controls is not in it."
    )


if __name__ == "__main__":
    main()
