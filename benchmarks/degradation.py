"""Do deeper plain nets learn worse, and residual nets not? Errors over depths and seeds, on digits and on photographs.

python -m benchmarks.degradation [--precisions fp32 bf16] > benchmarks/degradation.md

Digits: the short recipe for every depth, family and seed, one thread a run, as many runs at once as there are cores.
CIFAR-10: the runs that ship with the project (recorded/): 5,000 pictures, and all 50,000, for ten epochs.
"""

import argparse
import statistics
from concurrent.futures import ProcessPoolExecutor

import pandas as pd

from benchmarks.machine import describe
from resnet_viz.nets import NetSpec
from resnet_viz.runs import RunStore, recorded_stores
from resnet_viz.training import EpochDone, count_cores, preset, train

DEPTHS, SEEDS = (8, 20, 32, 44, 56), (0, 1, 2)
FAMILIES = ("plain", "resnet")
COLUMNS = ["family", "depth", "seed", "train_error", "test_error"]


def train_one(family: str, depth: int, seed: int, precision: str) -> tuple[str, int, int, float, float]:
    """The errors at the end of a run on digits, in this process."""
    import torch

    torch.set_num_threads(1)
    config = preset("digits", seed=seed, precision=precision)
    last = [report for report in train(NetSpec(family, depth), config) if isinstance(report, EpochDone)][-1]
    return family, depth, seed, last.train_error, last.test_error


def recorded(store: RunStore) -> pd.DataFrame:
    """The errors of runs that ship with the project."""
    rows = [(r.spec["family"], r.spec["depth"], r.config["seed"], r.train_error, r.test_error) for r in store.runs()]
    return pd.DataFrame(rows, columns=COLUMNS)


def show(frame: pd.DataFrame) -> None:
    """A table of test and training errors in percent, seed by seed."""
    print("| depth | plain, test error, % | residual, test error, % | plain, training | residual, training |")
    print("|---|---|---|---|---|")
    for depth, part in frame.groupby("depth"):
        cells = [
            _tell(part.loc[part["family"] == family, error])
            for error in ("test_error", "train_error")
            for family in FAMILIES
        ]
        print(f"| {depth} | {' | '.join(cells)} |")


def _tell(errors: pd.Series) -> str:
    percents = [100 * error for error in errors]
    if not percents:
        return ""
    spread = f" ± {statistics.stdev(percents):.1f}" if len(percents) > 1 else ""
    return f"{statistics.mean(percents):.1f}{spread}"


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--precisions", nargs="+", default=["fp32", "bf16"])
    asked = parser.parse_args()
    print("# Degradation\n")
    print(describe())
    config = preset("digits")
    print(
        f"Digits, {config.epochs} epochs, batches of {config.batch_size}, means and deviations of {len(SEEDS)} seeds.\n"
    )
    for precision in asked.precisions:
        wanted = [(family, depth, seed, precision) for depth in DEPTHS for family in FAMILIES for seed in SEEDS]
        with ProcessPoolExecutor(count_cores()) as pool:
            digits = pd.DataFrame(pool.map(train_one, *zip(*wanted, strict=True)), columns=COLUMNS)
        print(f"In {precision}:\n")
        show(digits)
        print()
    for recipe in ("few", "short"):
        print(f"\nCIFAR-10, the recorded runs of the recipe {recipe!r} (recorded/README.md):\n")
        show(recorded(recorded_stores()[recipe]))


if __name__ == "__main__":
    main()
