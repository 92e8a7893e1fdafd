"""What of a run goes into the files of a bundle, and what of these into a store? Rows as files, and files as rows."""

import json
from collections.abc import Mapping
from io import StringIO
from typing import Any

import numpy as np
import pandas as pd
from safetensors import SafetensorError
from safetensors.numpy import load, save
from sqlalchemy import Connection, Table, insert, select, update

from resnet_viz.runs.bundle import CARRIED, Bundle, BundleError
from resnet_viz.runs.schema import KINDS, evaluations, layer_numbers, now, overview, runs, samples, steps
from resnet_viz.runs.shelf import RunShelf, clean_tags, clean_texts, retag
from resnet_viz.runs.store import RunStore
from resnet_viz.runs.writer import finite

AT_HOME = ("host", "pid", "attempts")  # facts that say where, and mean nothing elsewhere
MEANS = ("loss", "error", "learning_rate")


def take_out(store: RunStore, run_id: str, weights: Mapping[str, bytes]) -> Bundle:
    """A run of a store with all that belongs to it; `weights` by their names in the bundle.

    Raises BundleError for a run that is at work, KeyError where there is none of this id.
    """
    run = store.run(run_id)
    if run.status.is_active:
        raise BundleError(f"run {run_id} is {run.status}; wait for its end, or stop it")
    row = {name: getattr(run, name) for name in CARRIED}
    row["facts"] = {name: value for name, value in run.facts.items() if name not in AT_HOME}
    pictures = store.samples(run_id)
    row["samples"] = [label for label, _ in pictures]
    row["tags"] = RunShelf(store).tags().get(run_id, [])
    with store.read() as db:
        numbers = _layers_of(db, run_id), _overview_of(db, run_id)
    files = {
        "run.json": json.dumps(row, indent=1).encode(),
        "steps.csv": store.steps(run_id).to_csv(index=False).encode(),
        "evaluations.csv": store.evaluations(run_id).to_csv(index=False).encode(),
        "layers.safetensors": save(numbers[0]),
        "overview.safetensors": save(numbers[1]),
    }
    files |= {f"samples/{i}.png": png for i, (_, png) in enumerate(pictures)}
    return Bundle(row, files | dict(weights))


def _layers_of(db: Connection, run_id: str) -> dict[str, np.ndarray]:
    """All chunks of layer numbers one behind the other; `first_step` and `length` say where each lies."""
    columns = [layer_numbers.c.first_step, *(layer_numbers.c[kind] for kind in KINDS)]
    rows = db.execute(select(*columns).where(layer_numbers.c.run_id == run_id).order_by(columns[0])).all()
    lengths = [[len(row[1 + i]) // 4 for row in rows] for i in range(len(KINDS))]  # float32
    found = {kind: np.frombuffer(b"".join(row[1 + i] for row in rows), "<f4") for i, kind in enumerate(KINDS)}
    places = {"first_step": np.array([row[0] for row in rows], np.int64), "length": np.array(lengths, np.int64)}
    return found | places


def _overview_of(db: Connection, run_id: str) -> dict[str, np.ndarray]:
    columns = [overview.c.step, *(overview.c[name] for name in (*MEANS, *KINDS))]
    rows = db.execute(select(*columns).where(overview.c.run_id == run_id).order_by(overview.c.step)).all()
    means = {name: np.array([row[1 + i] for row in rows], np.float64) for i, name in enumerate(MEANS)}  # None: NaN
    blobs = {
        kind: np.frombuffer(b"".join(row[4 + i] for row in rows), "<f4").reshape(len(rows), -1 if rows else 0)
        for i, kind in enumerate(KINDS)
    }
    return {"step": np.array([row[0] for row in rows], np.int64), **means, **blobs}


def put_in(store: RunStore, bundle: Bundle, weights: str) -> None:
    """Enter a run into a store in which it is not yet; `weights` is where its trained net lies now.

    Raises BundleError with a sentence, and changes nothing then.
    """
    run_id = bundle.run["id"]
    try:
        rows = _rows_of(bundle)
        labels = clean_texts(bundle.run["name"], bundle.run["note"]), clean_tags(bundle.run["tags"])
    except (ValueError, KeyError, TypeError, SafetensorError, OverflowError) as error:
        raise BundleError(f"run {run_id} cannot be read: {error}") from error
    with store.write() as db:
        if db.execute(select(runs.c.id).where(runs.c.id == run_id)).one_or_none():
            raise BundleError(f"run {run_id} is here already")
        values = {name: value for name, value in bundle.run.items() if name in CARRIED}
        values["position"] = _make_place(db, values["comparison"], values["position"])
        texts = {name: json.dumps(values[name]) for name in ("spec", "config", "facts")}
        db.execute(insert(runs).values(values | texts | labels[0] | {"weights": weights, "heartbeat_at": now()}))
        for table, records in rows:
            if records:
                db.execute(insert(table), [{"run_id": run_id, **record} for record in records])
        retag(db, [run_id], labels[1])


def _make_place(db: Connection, comparison: str, wanted: int) -> int:
    """The place of a run among those of its comparison that are here: one of them is always the first."""
    ours = runs.c.comparison == comparison
    taken = set(db.execute(select(runs.c.position).where(ours)).scalars())
    if wanted in taken:  # by one that came alone
        later = ours & (runs.c.position >= wanted)
        db.execute(update(runs).where(later).values(position=runs.c.position + 1))
    return wanted if taken else 0


def _rows_of(bundle: Bundle) -> list[tuple[Table, list[dict[str, Any]]]]:
    """The rows of every table but that of runs, without the run's id. Raises ValueError, KeyError or TypeError."""
    files, facts = bundle.files, bundle.run["facts"]
    found: list[tuple[Table, list[dict[str, Any]]]] = []
    for name, table in (("steps.csv", steps), ("evaluations.csv", evaluations)):
        columns = [column.name for column in table.c if column.name != "run_id"]
        frame = pd.read_csv(StringIO(files[name].decode()), float_precision="round_trip")
        if list(frame) != columns:
            raise ValueError(f"{name} has other columns than {', '.join(columns)}")
        whole = [name for name in ("step", "epoch") if name in frame]
        for counted in whole:
            _check_rising(frame[counted].to_numpy(), name)
        typed = frame.astype({name: int if name in whole else float for name in frame})
        found.append((table, [finite(row) for row in typed.to_dict("records")]))  # type: ignore[arg-type]
    layers = load(files["layers.safetensors"])
    means = load(files["overview.safetensors"])
    _check_rising(layers["first_step"], "layers.safetensors")
    _check_rising(means["step"], "overview.safetensors")
    found.append((layer_numbers, _chunks(layers, facts)))
    found.append((overview, _blocks(means, facts)))
    pictures = [
        {"position": i, "label": int(label), "png": files[f"samples/{i}.png"]}
        for i, label in enumerate(bundle.run["samples"])
    ]
    return [*found, (samples, pictures)]


def _check_rising(places: np.ndarray, name: str) -> None:
    """Raise ValueError where steps or epochs are not in order, or not such as a run can have."""
    if len(places) and (places[0] < 0 or places[-1] >= 2**31 or (np.diff(places) <= 0).any()):
        raise ValueError(f"the steps or epochs of {name} are not in order")


def _width(kind: str, facts: Mapping[str, Any]) -> int:
    return len(facts.get("norm_layers" if kind == "responses" else "layers", []))


def _chunks(layers: Mapping[str, np.ndarray], facts: Mapping[str, Any]) -> list[dict[str, Any]]:
    firsts, lengths = layers["first_step"].tolist(), layers["length"]
    values = {kind: layers[kind].astype("<f4", casting="equiv") for kind in KINDS}
    ends = {kind: np.cumsum(lengths[i]) for i, kind in enumerate(KINDS)}
    for i, kind in enumerate(KINDS):
        width, told = _width(kind, facts), lengths[i].sum() if len(firsts) else 0
        if told != len(values[kind]) or (lengths[i] < 0).any() or (lengths[i] % max(1, width)).any():
            raise ValueError(f"the {kind} numbers are not of {width} layers")
    return [
        {"first_step": first}
        | {kind: values[kind][ends[kind][j] - lengths[i][j] : ends[kind][j]].tobytes() for i, kind in enumerate(KINDS)}
        for j, first in enumerate(firsts)
    ]


def _blocks(means: Mapping[str, np.ndarray], facts: Mapping[str, Any]) -> list[dict[str, Any]]:
    found = []
    for i, step in enumerate(means["step"].tolist()):
        blobs = {kind: means[kind][i].astype("<f4", casting="equiv") for kind in KINDS}
        if any(len(blob) != _width(kind, facts) for kind, blob in blobs.items()):
            raise ValueError("the means over blocks of steps are not of the run's layers")
        numbers = finite({name: float(means[name][i]) for name in MEANS})
        found.append({"step": step, **numbers, **{kind: blob.tobytes() for kind, blob in blobs.items()}})
    return found
