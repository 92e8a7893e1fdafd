"""The runs that ship with the project: train what is missing of a set, and write the set to recorded/.

python -m benchmarks.recorded_runs few|short|paper [--home FOLDER] [--seeds 0 1] [--at-once N] [--write-only]

Runs are kept in FOLDER (default: ~/.resnet_viz_recorded) as any other. What recorded/ holds already is not trained
again, so a set can be trained in parts; a run that was cut off goes on from its last checkpoint.
RESNET_VIZ_DATA says where CIFAR-10 is, if it shall not be downloaded.

recorded/SET.sqlite is a store like any other with all curves and layer numbers; recorded/weights has the final
weights as 16-bit floats (relative rounding 0.0005).
"""

import argparse
import json
import shutil
import sqlite3
import tempfile
import time
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
from safetensors import safe_open
from safetensors.numpy import load_file, save_file
from tqdm import tqdm

from resnet_viz.nets import NetSpec
from resnet_viz.runs import Run, RunStatus, RunStore
from resnet_viz.runs.schema import KINDS
from resnet_viz.settings import Settings
from resnet_viz.training import TrainingConfig, count_cores, preset
from resnet_viz.training.config import PRECISIONS
from resnet_viz.training.executor import WATCH_SECONDS, watch_over

RECORDED = Path(__file__).parents[1] / "recorded"
LONG, EVERY = 2_000, 4  # steps of a run whose layers are kept for every fourth step alone
PRIVATE = ("host", "pid", "attempts")  # facts that stay at home
DEPTHS = {"few": (20, 56, 32, 44), "short": (20, 56, 32, 44), "paper": (20, 56, 110, 32, 44)}


def main() -> None:
    """Train and write a set."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("set", choices=list(DEPTHS))
    parser.add_argument("--home", type=Path, default=Path("~/.resnet_viz_recorded"))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--at-once", type=int, default=count_cores(), help="runs side by side, each on its threads")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--precision", choices=list(PRECISIONS), default="auto")
    parser.add_argument("--write-only", action="store_true", help="train nothing")
    asked = parser.parse_args()
    settings = Settings(home=asked.home, at_once=asked.at_once)
    recipe = asked.set
    store = RunStore(settings.store_url)
    take_recorded(store, settings, recipe)
    plan = [(depth, family, seed) for seed in asked.seeds for depth in DEPTHS[recipe] for family in ("plain", "resnet")]
    machine = {"threads": asked.threads, "precision": asked.precision}
    wanted = [
        (NetSpec(family, depth), preset("cifar10", recipe, depth, seed=seed, **machine)) for depth, family, seed in plan
    ]
    if not asked.write_only:
        for spec, config in wanted:
            _queue(store, spec, config)
        _wait(store, settings)
    found = [_find(store, spec, config, RunStatus.FINISHED) for spec, config in wanted]
    write(store, [run for run in found if run is not None], recipe)


def take_recorded(store: RunStore, settings: Settings, recipe: str) -> None:
    """Put the runs that recorded/ holds of a set into the store, unless they are there."""
    database = RECORDED / f"{recipe}.sqlite"
    if not database.exists():
        return
    with tempfile.TemporaryDirectory() as folder:  # a copy: it may be of an earlier version, and is then changed
        kept = RunStore(f"sqlite:///{shutil.copy(database, folder)}")
        known = {run.id for run in store.runs()}
        missing = [run for run in kept.runs() if run.id not in known]
        kept.copy_runs([run.id for run in missing], store)
        kept.engine.dispose()
    (settings.home / "weights").mkdir(parents=True, exist_ok=True)
    for run in missing:
        shutil.copy(RECORDED / "weights" / Path(run.weights).name, settings.home / "weights")


def _find(store: RunStore, spec: NetSpec, config: TrainingConfig, *statuses: RunStatus) -> Run | None:
    """The run of this net, recipe and seed in one of these states, whatever the machine computed it with."""
    for run in store.runs():
        same = replace(TrainingConfig(**run.config), threads=config.threads, precision=config.precision) == config
        if run.status in statuses and NetSpec(**run.spec) == spec and same:
            return run
    return None


def _queue(store: RunStore, spec: NetSpec, config: TrainingConfig) -> None:
    """Have a net trained, from where it was left if it was."""
    known = _find(store, spec, config, *RunStatus)
    if known is None or known.status is RunStatus.DIVERGED:
        store.add_comparison([(asdict(spec), asdict(config))])
    elif known.status.can_resume:
        store.resume(known.id)


def _wait(store: RunStore, settings: Settings) -> None:
    with tqdm(unit="step") as bar:
        while store.count_active():
            watch_over(store, settings)
            runs = [run for run in store.runs() if run.status is RunStatus.RUNNING]
            bar.set_description(", ".join(f"{NetSpec(**run.spec).name} {run.progress:.0%}" for run in runs))
            bar.update(sum(run.step for run in store.runs()) - bar.n)
            time.sleep(WATCH_SECONDS)


def write(store: RunStore, runs: list[Run], recipe: str) -> None:
    """Write finished runs to recorded/, in place of what is there of this set."""
    (RECORDED / "weights").mkdir(parents=True, exist_ok=True)
    database = RECORDED / f"{recipe}.sqlite"
    database.unlink(missing_ok=True)
    target = RunStore(f"sqlite:///{database}")
    store.copy_runs([run.id for run in runs], target)
    for run in runs:
        tensors = load_file(run.weights)
        halves = {name: _half(value) for name, value in tensors.items()}
        with safe_open(run.weights, "np") as file:
            save_file(halves, RECORDED / "weights" / f"{run.id}.safetensors", file.metadata())
        print(f"{run.id}: {NetSpec(**run.spec).name}, seed {run.config['seed']}, test error {run.test_error:.2%}")
    target.engine.dispose()
    pairs: dict[tuple[int, int], str] = {}
    with sqlite3.connect(database) as raw:  # one file that can be read where nothing can be written
        for run in runs:  # plain and residual of one depth and seed become one comparison
            first = pairs.setdefault((run.spec["depth"], run.config["seed"]), run.id)
            facts = json.dumps({name: value for name, value in run.facts.items() if name not in PRIVATE})
            place = (f"weights/{run.id}.safetensors", first, run.id != first, facts, run.id)
            raw.execute("UPDATE runs SET weights = ?, comparison = ?, position = ?, facts = ? WHERE id = ?", place)
        raw.execute("UPDATE runs SET owner_host = '', owner_pid = 0, owner_started = 0")
        raw.execute("DELETE FROM checkpoints")  # what resuming needs stays at home
        for run in runs:
            if run.total_steps > LONG:
                _thin(raw, run)
        raw.commit()
        raw.execute("PRAGMA journal_mode=DELETE")
        raw.execute("VACUUM")
    kept = {f"{run_id}.safetensors" for path in RECORDED.glob("*.sqlite") for run_id in _ids(path)}
    for weights in (RECORDED / "weights").iterdir():
        if weights.name not in kept:
            weights.unlink()


def _thin(raw: sqlite3.Connection, run: Run) -> None:
    """Keep the layers' numbers of every fourth step of a long run, each as a chunk of its own."""
    query = f"SELECT first_step, {', '.join(map(_quote, KINDS))} FROM layer_numbers WHERE run_id = ?"
    widths = [len(run.facts["norm_layers" if kind == "responses" else "layers"]) for kind in KINDS]
    kept = []
    for first, *blobs in raw.execute(query, (run.id,)).fetchall():
        parts = [np.frombuffer(blob, "<f4").reshape(-1, width) for blob, width in zip(blobs, widths, strict=True)]
        for i in range((1 - first) % EVERY, len(parts[0]), EVERY):
            kept.append((run.id, first + i, *(part[i].tobytes() for part in parts)))
    raw.execute("DELETE FROM layer_numbers WHERE run_id = ?", (run.id,))
    names = ", ".join(["run_id", "first_step", *map(_quote, KINDS)])
    raw.executemany(f"INSERT INTO layer_numbers ({names}) VALUES (?, ?, ?, ?, ?, ?)", kept)


def _quote(name: str) -> str:
    return f'"{name}"'


def _half(value: np.ndarray) -> np.ndarray:
    return value.astype(np.float16) if value.dtype == np.float32 else value


def _ids(database: Path) -> list[str]:
    with sqlite3.connect(database) as raw:
        return [row[0] for row in raw.execute("SELECT id FROM runs")]


if __name__ == "__main__":
    main()
