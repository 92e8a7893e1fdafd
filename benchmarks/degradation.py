"""Do deeper plain nets learn worse, and residual nets not? Errors over depths and seeds, on digits and on photographs.

python -m benchmarks.degradation > benchmarks/degradation.md

Digits: the short recipe for every depth, family and seed, one thread a run, as many runs at once as there are cores.
CIFAR-10: the runs that ship with the project (recorded/few.sqlite): 5,000 training pictures, ten epochs.
"""

import statistics
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pandas as pd

from benchmarks.machine import describe
from resnet_viz.nets import NetSpec
from resnet_viz.runs import RunStore
from resnet_viz.training import EpochDone, count_cores, preset, train

DEPTHS, SEEDS = (8, 20, 32, 44, 56), (0, 1, 2)
FAMILIES = ("plain", "resnet")
RECORDED = Path(__file__).parents[1] / "recorded" / "few.sqlite"
COLUMNS = ["family", "depth", "seed", "train_error", "test_error"]


def train_one(family: str, depth: int, seed: int) -> tuple[str, int, int, float, float]:
    """The errors at the end of a run on digits, in this process."""
    import torch

    torch.set_num_threads(1)
    last = [
        report for report in train(NetSpec(family, depth), preset("digits", seed=seed)) if isinstance(report, EpochDone)
    ][-1]
    return family, depth, seed, last.train_error, last.test_error


def recorded() -> pd.DataFrame:
    """The errors of the runs that ship with the project."""
    store = RunStore(f"sqlite:///{RECORDED}", read_only=True)
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
    """Print both tables."""
    print("# Degradation\n")
    print(describe())
    wanted = [(family, depth, seed) for depth in DEPTHS for family in FAMILIES for seed in SEEDS]
    with ProcessPoolExecutor(count_cores()) as pool:
        digits = pd.DataFrame(pool.map(train_one, *zip(*wanted, strict=True)), columns=COLUMNS)
    config = preset("digits")
    print(
        f"Digits, {config.epochs} epochs, batches of {config.batch_size}, means and deviations of {len(SEEDS)} seeds:\n"
    )
    show(digits)
    if RECORDED.exists():
        print("\nCIFAR-10, 5,000 training pictures, ten epochs, batches of 64, crop and flip (recorded runs):\n")
        show(recorded())


if __name__ == "__main__":
    main()
