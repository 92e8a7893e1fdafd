"""Is the report whole? Its numbers are those of the store, text of others stays text, and it needs no network."""

import re
from dataclasses import asdict, replace
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest

from resnet_viz.nets import NetSpec
from resnet_viz.report import comparison_report
from resnet_viz.runs import Owner, RunStatus, RunStore, RunWriter, recorded_stores
from resnet_viz.runs.schema import KINDS
from resnet_viz.settings import Settings
from resnet_viz.training import TrainingConfig


class Parts(HTMLParser):
    """The tags of a page with what they refer to, outside of scripts, and its tables: rows of cells."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.tables: list[list[list[str]]] = []
        self.in_cell = False
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag == "table":
            self.tables.append([])
        if tag == "tr":
            self.tables[-1].append([])
        if tag in ("td", "th"):
            self.tables[-1][-1].append("")
        self.in_cell = tag in ("td", "th")

    def handle_data(self, data):
        if self.in_cell:
            self.tables[-1][-1][-1] += data.strip()


def columns(table: list[list[str]]) -> dict[str, list[str]]:
    """A table by the headings of its columns."""
    head, *rows = table
    return dict(zip(head, map(list, zip(*rows, strict=True)), strict=True))


@pytest.fixture(scope="module")
def store_and_runs(trained):
    home, runs = trained
    return RunStore(Settings(home=home).store_url), runs


@pytest.fixture(scope="module")
def page(store_and_runs):
    store, runs = store_and_runs
    return comparison_report(store, runs, finding="One of them <learned>.")


def test_its_results_are_those_of_the_store(page, store_and_runs):
    results = columns(Parts(page).tables[0])
    _store, runs = store_and_runs
    assert list(results["run"]) == [run.id for run in runs]
    assert list(results["test error"]) == [f"{run.test_error:.1%}" for run in runs]
    assert list(results["state"]) == ["finished"] * 2


def test_its_record_names_all_that_a_run_was(page, store_and_runs):
    record = columns(Parts(page).tables[-1])
    rows = record.pop("").index
    _store, runs = store_and_runs
    for run, column in zip(runs, record.values(), strict=True):
        assert column[rows("depth")] == str(run.spec["depth"])
        assert float(column[rows("peak lr")]) == run.config["peak_lr"]
        assert column[rows("version of torch")] == run.facts["versions"]["torch"]


def test_nothing_in_it_comes_from_elsewhere(page):
    for tag, attributes in Parts(page).tags:
        assert not {"src", "href"} & attributes.keys(), (tag, attributes)
    assert "@import" not in page.split("<script")[0]


def test_it_has_four_figures(page):
    assert page.count("Plotly.newPlot(") >= 4
    assert "Gradient norm of every layer" in page


def test_text_of_others_is_text(store_and_runs):
    store, runs = store_and_runs
    evil = "<script>alert(1)</script>"
    named = [replace(run, name=evil, note=evil) for run in runs]
    html = comparison_report(store, named, finding=evil)
    own = re.sub(r"<script[^>]*>.*?</script>", "", html, flags=re.DOTALL)
    assert "alert(1)" in own
    scripts = re.findall(r"<script[^>]*>(.*?)</script>", html, flags=re.DOTALL)
    assert "alert(1)" not in scripts
    assert not any(script.strip() == "alert(1)" for script in scripts)


def test_nets_of_one_name_are_told_apart(store_and_runs):
    store, runs = store_and_runs
    html = comparison_report(store, [runs[0], replace(runs[0], id=runs[0].id)])
    assert f"plain-8, seed 0 ({runs[0].id})" in html


def test_a_named_run_keeps_the_name_of_its_net(store_and_runs):
    store, runs = store_and_runs
    assert "the best (plain-8)" in comparison_report(store, [replace(runs[0], name="the best")])


@pytest.mark.long
def test_the_report_of_a_long_run_says_that_its_numbers_are_means_over_64_steps(store, store_and_runs):
    short, last = store_and_runs[1][0], 8320
    (run,) = store.add_comparison([(asdict(NetSpec("plain", 8)), asdict(TrainingConfig(iterations=last)))])
    writer = RunWriter(store, store.claim(Owner.here()))
    writer.describe({"layers": ["a", "b"], "norm_layers": ["a"]}, last)
    for first in range(1, last, 256):
        steps = np.arange(first, min(first + 256, last + 1))
        rows = pd.DataFrame({"step": steps, "loss": 1.0, "error": 0.5, "learning_rate": 0.1})
        numbers = {kind: np.ones((len(steps), 1 if kind == "responses" else 2), "f4") for kind in KINDS}
        writer.append(rows, numbers, 1.0)
    writer.end(RunStatus.FINISHED)
    told = comparison_report(store, [store.run(run.id)])
    assert "Gradient norm over steps 8,257 to 8,320" in told
    assert "Training loss dotted" in told
    assert told.count("each number of the training is a mean over 64 of them") == 3
    there, runs = store_and_runs
    assert "a mean over 64" not in comparison_report(there, runs)
    assert f"Gradient norm at step {short.step}" in comparison_report(there, runs)


def test_recorded_runs_can_be_reported(store_and_runs):
    store, _runs = store_and_runs
    recorded = next(iter(recorded_stores().values()))
    pair = recorded.runs()[:2]
    results = columns(Parts(comparison_report(store, pair)).tables[0])
    assert list(results["run"]) == [run.id for run in pair]
