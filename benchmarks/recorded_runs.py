"""The runs that ship with the project: train what is missing of a set, and write the set to recorded/.

python -m benchmarks.recorded_runs few|short|paper [--home FOLDER] [--seeds 0 1] [--threads N]

Runs are kept in FOLDER (default: ~/.resnet_viz_recorded) as any other, so a set can be trained in parts, on one
machine or one after the other; a run that was cut off is trained again from its start.
RESNET_VIZ_DATA says where CIFAR-10 is, if it shall not be downloaded.
"""

import argparse
from dataclasses import asdict
from pathlib import Path

from tqdm import tqdm

from resnet_viz.nets import NetSpec
from resnet_viz.runs import RunStatus, RunStore
from resnet_viz.settings import Settings
from resnet_viz.training import StepsDone, TrainingConfig, count_cores, preset
from resnet_viz.training.worker import work

DEPTHS = {"few": (20, 56, 32, 44), "short": (20, 56, 32, 44), "paper": (20, 56, 110, 32, 44)}


def main() -> None:
    """Train and write a set."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("set", choices=list(DEPTHS))
    parser.add_argument("--home", type=Path, default=Path("~/.resnet_viz_recorded"))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--threads", type=int, default=count_cores())
    asked = parser.parse_args()
    settings = Settings(home=asked.home)
    store = RunStore(settings.store_url)
    for seed in asked.seeds:
        for depth in DEPTHS[asked.set]:
            for family in ("plain", "resnet"):
                _train_if_missing(store, settings, asked.set, NetSpec(family, depth), seed, asked.threads)


def _train_if_missing(store: RunStore, settings: Settings, recipe: str, spec: NetSpec, seed: int, threads: int) -> None:
    config = preset("cifar10", recipe, spec.depth, seed=seed, threads=threads)
    done = [run for run in store.runs() if run.status is RunStatus.FINISHED]
    if any(NetSpec(**run.spec) == spec and TrainingConfig(**run.config) == config for run in done):
        return
    (run,) = store.add_comparison([(asdict(spec), asdict(config))])
    store.claim(run.id, at_once=None)
    with tqdm(desc=f"{spec.name}, seed {seed}", unit="step") as bar:
        run = work(store, settings, run.id, lambda r: bar.update(len(r.rows)) if isinstance(r, StepsDone) else None)
    print(f"{spec.name}, seed {seed}: {run.status} {run.message}, test error {run.test_error}, {run.seconds:.0f} s")


if __name__ == "__main__":
    main()
