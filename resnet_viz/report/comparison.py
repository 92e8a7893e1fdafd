"""What does one hand on of a comparison? What came of it, how the nets learned, and all that is needed to repeat it."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import plotly.graph_objects as go
from jinja2 import Environment, FileSystemLoader, select_autoescape
from plotly.offline import get_plotlyjs

from resnet_viz import __version__
from resnet_viz.data import DATASETS
from resnet_viz.nets import NetSpec
from resnet_viz.plots import Curve, Norms, error_curves, layer_heatmap, layer_profile, loss_curves
from resnet_viz.runs import Run, RunStore, store_of
from resnet_viz.runs.schema import BLOCK

_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent), autoescape=select_autoescape(), trim_blocks=True, lstrip_blocks=True
)
LONG = 8192  # steps, above which curves are means over BLOCK


def comparison_report(store: RunStore, runs: Sequence[Run], finding: str = "") -> str:
    """A comparison as one HTML page: results, curves, gradient norms of every layer, and the record of every run.

    `runs` can be recorded ones; `finding` is a sentence that stands above all. The page holds plotly.js and its data,
    so that it opens without a network; text of others in it is shown as text.
    """
    names = _tell_apart(runs)
    page = _TEMPLATES.get_template("comparison.html")
    return page.render(
        title=" and ".join(names) if len(names) < 4 else f"{len(names)} nets",
        data=", ".join(dict.fromkeys(DATASETS[run.config["dataset"]].title for run in runs)),
        finding=finding,
        results=_results(runs, names),
        figures=[(title, note, _to_html(figure)) for title, note, figure in _figures(store, runs, names)],
        notes=[(name, run.note) for name, run in zip(names, runs, strict=True) if run.note],
        record=_record(runs, names),
        plotly=get_plotlyjs(),
        version=__version__,
        date=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
    )


def _tell_apart(runs: Sequence[Run]) -> list[str]:
    """A run's net, behind the name that it was given, with its seed and id where several have the same."""
    nets = [NetSpec(**run.spec).name for run in runs]
    names = [f"{run.name} ({net})" if run.name else net for run, net in zip(runs, nets, strict=True)]
    count = Counter(names)
    return [
        name if count[name] == 1 else f"{name}, seed {run.config['seed']} ({run.id})"
        for name, run in zip(names, runs, strict=True)
    ]


def _results(runs: Sequence[Run], names: Sequence[str]) -> pd.DataFrame:
    rows = [
        {
            "net": name,
            "run": run.id,
            "state": str(run.status),
            "training error": _percent(run.train_error),
            "test error": _percent(run.test_error),
            "steps": f"{run.step:,}",
            "seed": run.config["seed"],
            "time": f"{run.seconds:,.0f} s",
            "device": run.facts.get("device", ""),
            "precision": run.facts.get("precision", ""),
        }
        for name, run in zip(names, runs, strict=True)
    ]
    return pd.DataFrame(rows)


def _percent(error: float | None) -> str:
    return "" if error is None else f"{error:.1%}"


def _figures(store: RunStore, runs: Sequence[Run], names: Sequence[str]) -> list[tuple[str, str, go.Figure]]:
    """Titles, what they show in words, and figures."""
    curves, norms = [], []
    for name, run in zip(names, runs, strict=True):
        source, is_long = store_of(store, run.id), run.step > LONG
        steps = source.steps(run.id, by_block=is_long)
        curves.append(Curve(name, run.spec["family"], steps, source.evaluations(run.id)))
        frame = source.gradient_norms(run.id, 0, is_long)
        if len(frame):
            norms.append(Norms(name, run.spec["family"], frame))
    are_long = [run.step > LONG for run in runs]
    means = f" Of runs with more than {LONG:,} steps each number of the training is a mean over {BLOCK} of them."
    means, every = means if any(are_long) else "", "" if all(are_long) else " of every step"
    loss = f"Training loss{every} dotted, test loss of every epoch solid.{means}"
    found = [
        ("Loss", loss, loss_curves(curves)),
        ("Error", "Dotted: training batches, averaged over each epoch; solid: test set.", error_curves(curves)),
    ]
    if norms:
        last = max(int(one.frame.index[-1]) for one in norms)
        place = f"over steps {last - BLOCK + 1:,} to {last:,}" if means else f"at step {last:,}"
        layers = f"By layer, from the picture to the scores.{means}"
        found += [
            ("Gradient norm of every layer", f"2-norm, by training step.{means}", layer_heatmap(norms)),
            (f"Gradient norm {place}", layers, layer_profile(norms, last)),
        ]
    return found


def _to_html(figure: go.Figure) -> str:
    figure.update_layout(font={"family": "sans-serif", "size": 13, "color": "#1B2430"}, template="none")
    return figure.to_html(full_html=False, include_plotlyjs=False, config={"displaylogo": False, "responsive": True})


def _record(runs: Sequence[Run], names: Sequence[str]) -> pd.DataFrame:
    """Configuration, data, machine and versions, a column a run."""
    return pd.DataFrame({name: _facts(run) for name, run in zip(names, runs, strict=True)}).fillna("")


def _facts(run: Run) -> pd.Series:
    facts: dict[str, Any] = {name: run.facts.get(name) for name in ("device", "precision", "threads", "host")}
    counts = {"training pictures": run.facts.get("train_count"), "test pictures": run.facts.get("test_count")}
    versions = {f"version of {name}": value for name, value in run.facts.get("versions", {}).items()}
    record = {**run.facts.get("spec", run.spec), **run.config, **counts, **facts, **versions}
    return pd.Series({name.replace("_", " "): "" if value is None else str(value) for name, value in record.items()})
