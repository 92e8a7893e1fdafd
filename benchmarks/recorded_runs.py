"""The runs that ship with the project: train what is missing of a set, and write the set to recorded/.

python -m benchmarks.recorded_runs SET [--home FOLDER] [--seeds 0 1] [--at-once N] [--write-only]

Runs are kept in FOLDER (default: ~/.resnet_viz_recorded) as any other. What recorded/ holds already is not trained
again, so a set can be trained in parts; a run that was cut off goes on from its last checkpoint.
RESNET_VIZ_DATA says where CIFAR-10 is, if it shall not be downloaded.

recorded/SET.sqlite is a store like any other, with all curves; the numbers of the layers are thinned out to NUMBERS a
run, and kept for seed 0 alone. recorded/weights has the final weights of some nets, as 16-bit floats (relative rounding
0.0005). `benchmarks.recorded_studies` then asks the nets what the laboratory asks.
"""

import argparse
import json
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from functools import partial
from math import ceil, log2
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import safe_open
from safetensors.numpy import load_file, save_file
from tqdm import tqdm

from resnet_viz.nets import NetSpec
from resnet_viz.runs import Run, RunStatus, RunStore
from resnet_viz.runs.recorded import RECORDED
from resnet_viz.runs.schema import KINDS
from resnet_viz.settings import Settings
from resnet_viz.studies import narrow
from resnet_viz.training import TrainingConfig, count_cores, kept_epochs, preset
from resnet_viz.training.checkpoints import KEPT_EPOCHS, epoch_file
from resnet_viz.training.config import PRECISIONS
from resnet_viz.training.executor import WATCH_SECONDS, watch_over

Wanted = list[tuple[NetSpec, TrainingConfig]]
SETS = ("digits", "shapes", "few", "short", "paper")
NUMBERS = {"digits": 20_000, "shapes": 4_000, "few": 4_000, "short": 4_000, "paper": 20_000}  # of a kind, of a run
LONG = 8_192  # steps up to which figures need no means over blocks of steps
PRIVATE = ("host", "pid", "attempts")  # facts that stay at home
PAIR = ("plain", "resnet")
CIFAR_DEPTHS = {"few": (20, 56, 32, 44), "short": (20, 56, 32, 44), "paper": (20, 56, 110, 32, 44)}
DIGITS_DEPTHS, DIGITS_SEEDS = (20, 56, 8, 32, 44), (0, 1, 2)
STOCHASTIC = NetSpec("resnet", 20, survival=0.5)
# What the claims are about beside plain and residual nets, against the residual net of the same depth.
VARIANTS = (
    NetSpec("resnet", 56, "B"),
    NetSpec("resnet", 56, "C"),
    NetSpec("resnet", 56, order="preact"),
    NetSpec("resnet", 56, survival=0.5),
    STOCHASTIC,
)
APPENDED = 9
TRAINED_ON: dict[str, Any] = {"epochs": 3, "peak_lr": 0.02}
SHAPES: dict[str, Any] = {"epochs": 30, "keep_epochs": True}
SHAPES_NETS = [NetSpec(family, 20, width=8) for family in PAIR]
EVERY = 6  # epochs, of those whose weights are kept
WITH_WEIGHTS = {"digits": (20, 56), "shapes": (), "few": (), "short": (20, 32, 44, 56), "paper": (20, 56, 110)}


def plan(recipe: str, seeds: Sequence[int], machine: dict[str, Any], store: RunStore) -> list[Wanted]:
    """The comparisons of a set; those that start from a trained net are there once that net is."""
    if recipe == "shapes":
        return [[(spec, preset("shapes", seed=0, **SHAPES, **machine)) for spec in SHAPES_NETS]]
    if recipe != "digits":
        return [
            [(NetSpec(family, depth), preset("cifar10", recipe, depth, seed=seed, **machine)) for family in PAIR]
            for seed in seeds
            for depth in CIFAR_DEPTHS[recipe]
        ]
    digits = partial(preset, "digits", **machine)
    found: list[Wanted] = [
        [(NetSpec(family, depth), digits(seed=seed)) for family in PAIR]
        for seed in DIGITS_SEEDS
        for depth in DIGITS_DEPTHS
    ]
    found += [[(spec, digits(seed=seed)) for spec in VARIANTS] for seed in DIGITS_SEEDS]
    found += [[(spec, digits(**narrow.RECIPE)) for spec in narrow.TRIO]]
    found += [[(NetSpec("vgg", depth), digits(seed=seed)) for depth in (18, 34)] for seed in DIGITS_SEEDS]
    trained = [_find(store, *wanted, RunStatus.FINISHED) for wanted in found[0]]
    for seed in DIGITS_SEEDS:
        found.append(
            [
                (replace(NetSpec(**run.spec), appended=APPENDED), digits(seed=seed, start=run.id, **TRAINED_ON))
                for run in trained
                if run is not None
            ]
        )
    return [wanted for wanted in found if wanted]


def main() -> None:
    """Train and write a set."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("set", choices=SETS)
    parser.add_argument("--home", type=Path, default=Path("~/.resnet_viz_recorded"))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0], help="of the sets of CIFAR-10")
    parser.add_argument("--at-once", type=int, default=count_cores(), help="runs side by side, each on its threads")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--precision", choices=list(PRECISIONS), default="auto")
    parser.add_argument("--write-only", action="store_true", help="train nothing")
    asked = parser.parse_args()
    settings = Settings(home=asked.home, at_once=asked.at_once)
    recipe = asked.set
    store = RunStore(settings.store_url)
    take_recorded(store, settings, recipe)
    machine = {"threads": asked.threads, "precision": asked.precision}
    for _ in range(1 if asked.write_only else 2):  # the second time nets that start from those of the first
        wanted = plan(recipe, asked.seeds, machine, store)
        if not asked.write_only:
            for spec, config in [one for comparison in wanted for one in comparison]:
                _queue(store, spec, config)
            _wait(store, settings)
    found = [[_find(store, *one, RunStatus.FINISHED) for one in comparison] for comparison in wanted]
    write(store, [[run for run in comparison if run is not None] for comparison in found], recipe)


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
        for weights in (RECORDED / "weights").glob(f"{run.id}.*") if run.weights else ():
            shutil.copy(weights, settings.home / "weights")


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


def write(store: RunStore, comparisons: list[list[Run]], recipe: str) -> None:
    """Write finished runs to recorded/, in place of what is there of this set."""
    (RECORDED / "weights").mkdir(parents=True, exist_ok=True)
    database = RECORDED / f"{recipe}.sqlite"
    database.unlink(missing_ok=True)
    target = RunStore(f"sqlite:///{database}")
    store.copy_runs([run.id for comparison in comparisons for run in comparison], target)
    target.engine.dispose()
    with sqlite3.connect(database) as raw:  # one file that can be read where nothing can be written
        for comparison in comparisons:
            for position, run in enumerate(comparison):
                weights = _keep_weights(run, recipe)
                kept = {KEPT_EPOCHS: _keep_epochs(run)} if KEPT_EPOCHS in run.facts and weights else {}
                facts = json.dumps({name: run.facts[name] for name in run.facts if name not in PRIVATE} | kept)
                place = (weights, comparison[0].id, position, facts, run.id)
                raw.execute("UPDATE runs SET weights = ?, comparison = ?, position = ?, facts = ? WHERE id = ?", place)
                _thin(raw, run, NUMBERS[recipe])
                print(f"{run.id}: {NetSpec(**run.spec)}, seed {run.config['seed']}, test error {run.test_error:.2%}")
        raw.execute("UPDATE runs SET owner_host = '', owner_pid = 0, owner_started = 0, sweep = ''")
        raw.execute("UPDATE runs SET name = '', note = '', pinned_at = NULL, archived_at = NULL")  # their owner's
        raw.execute("DELETE FROM tags")
        # Runs of a comparison were asked for at once: pages and studies name them in its order.
        first = "SELECT min(created_at) FROM runs AS others WHERE others.comparison = runs.comparison"
        raw.execute(f"UPDATE runs SET created_at = ({first})")
        raw.execute("DELETE FROM checkpoints")  # what resuming needs stays at home
        raw.execute(
            "DELETE FROM samples WHERE run_id IN (SELECT id FROM runs WHERE weights = '')"
        )  # nobody can be asked
        raw.commit()
        raw.execute("PRAGMA journal_mode=DELETE")
        raw.execute("VACUUM")
    named = {Path(name).name.partition(".")[0] for path in RECORDED.glob("*.sqlite") for name in _weights(path)}
    for file in (RECORDED / "weights").iterdir():
        if file.name.partition(".")[0] not in named:
            file.unlink()


def _keep_weights(run: Run, recipe: str) -> str:
    """The name of the final weights in recorded/; nothing where they are not kept."""
    spec = NetSpec(**run.spec)
    asked = [NetSpec(family, depth) for family in PAIR for depth in WITH_WEIGHTS[recipe]]
    is_asked = spec in (*asked, STOCHASTIC, *SHAPES_NETS)
    if not is_asked or run.config["seed"] != 0 or run.config.get("start"):
        return ""
    name = epoch_file(run.id, kept_epochs(run)[-1]) if kept_epochs(run) else f"weights/{run.id}.safetensors"
    _write_halves(Path(run.weights), RECORDED / name)
    return name


def _keep_epochs(run: Run) -> list[int]:
    """Every so many of the epochs that a run has kept, the last among them, each as its weights are kept."""
    epochs = [epoch for epoch in kept_epochs(run) if epoch % EVERY == 0]
    for epoch in epochs:
        name = Path(epoch_file(run.id, epoch)).name
        _write_halves(Path(run.weights).with_name(name), RECORDED / "weights" / name)
    return epochs


def _write_halves(source: Path, target: Path) -> None:
    """A file of weights with 16-bit floats."""
    with safe_open(source, "np") as file:
        save_file({key: _half(value) for key, value in load_file(source).items()}, target, file.metadata())


def _thin(raw: sqlite3.Connection, run: Run, most: int) -> None:
    """Keep the layers' numbers of every second, fourth, eighth step and so on; none but those of seed 0."""
    query = f"SELECT first_step, {', '.join(map(_quote, KINDS))} FROM layer_numbers WHERE run_id = ?"
    widths = [len(run.facts["norm_layers" if kind == "responses" else "layers"]) for kind in KINDS]
    every = 2 ** max(0, ceil(log2(run.total_steps * widths[0] / most)))  # can be thinned out again
    rows = raw.execute(query, (run.id,)).fetchall()
    if run.total_steps <= LONG:
        raw.execute("DELETE FROM overview WHERE run_id = ?", (run.id,))
    if run.config["seed"] == 0 and every == 1:
        return
    raw.execute("DELETE FROM layer_numbers WHERE run_id = ?", (run.id,))
    if run.config["seed"] != 0:
        return
    kept = []
    for first, *blobs in rows:
        parts = [np.frombuffer(blob, "<f4").reshape(-1, width) for blob, width in zip(blobs, widths, strict=True)]
        for i in range((1 - first) % every, len(parts[0]), every):
            kept.append((run.id, first + i, *(part[i].tobytes() for part in parts)))
    names = ", ".join(["run_id", "first_step", *map(_quote, KINDS)])
    raw.executemany(f"INSERT INTO layer_numbers ({names}) VALUES (?, ?, ?, ?, ?, ?)", kept)


def _quote(name: str) -> str:
    return f'"{name}"'


def _half(value: np.ndarray) -> np.ndarray:
    return value.astype(np.float16) if value.dtype == np.float32 else value


def _weights(database: Path) -> list[str]:
    with sqlite3.connect(database) as raw:
        return [row[0] for row in raw.execute("SELECT weights FROM runs WHERE weights != ''")]


if __name__ == "__main__":
    main()
