"""Can any runs be compared, seen as a reader wants to, and found again by the link?"""

from base64 import b64decode
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from resnet_viz.nets import NetSpec
from resnet_viz.runs import Owner, RunStatus, RunStore, RunWriter, recorded_stores
from resnet_viz.runs.schema import KINDS
from resnet_viz.settings import Settings
from resnet_viz.training import preset
from resnet_viz.ui.comparisons import tell_apart
from resnet_viz.ui.history import Shelf
from tests.pages.figures import figures

ROOT = Path(__file__).parents[2]


def open_page(name: str, **link: str) -> AppTest:
    page = AppTest.from_file(str(ROOT / "pages" / f"{name}.py"), default_timeout=60)
    for key, value in link.items():
        page.query_params[key] = value
    page.run()
    assert not page.exception
    return page


@pytest.fixture
def runs(trained, monkeypatch):
    """A plain-8 and a ResNet-8 (A), trained here."""
    home, found = trained
    monkeypatch.setenv("RESNET_VIZ_HOME", str(home))
    return RunStore(Settings().store_url).comparison(found[0].comparison)


@pytest.fixture
def recorded():
    return recorded_stores()["short"].runs()[:2]


def lines_of(page: AppTest, figure: str) -> list[str]:
    return [line["name"] for line in figures(page)[figure]["data"]]


def test_a_link_with_runs_alone_shows_these_and_no_comparison(runs, recorded):
    page = open_page("train", runs=f"{runs[1].id},{recorded[0].id}")
    assert "comparison" not in page.query_params
    names = lines_of(page, "error")
    assert names[0] == "ResNet-8 (A) · Handwritten digits, train"
    assert names[2] == f"{NetSpec(**recorded[0].spec).name} · CIFAR-10, train"
    assert len(names) == 4
    assert page.dataframe[0].value["id"].tolist() == [runs[1].id, recorded[0].id]


def test_only_a_run_that_has_a_checkpoint_is_offered_to_go_on(runs, recorded):
    page = open_page("train", comparison=recorded[0].comparison)
    assert not [button.key for button in page.button if button.key and button.key.startswith(("go_on", "resume"))]
    page = open_page("train", comparison=runs[0].comparison)
    assert {f"go_on_{run.id}" for run in runs[:2]} <= {button.key for button in page.button}


@pytest.mark.parametrize("page", ["train", "gradients"])
def test_a_link_to_a_recorded_comparison_opens_it_where_nothing_was_trained(home, recorded, page):
    page = open_page(page, comparison=recorded[0].comparison, hide="controls")
    assert page.query_params["comparison"] == recorded[0].comparison
    assert not page.info
    assert figures(page)


def test_other_runs_stand_beside_those_of_the_comparison_and_in_the_link(runs, recorded):
    page = open_page("train")
    assert len(lines_of(page, "loss")) == 4
    page.multiselect(key="compared_runs").select(recorded[0].id).run()
    assert not page.exception
    assert page.query_params["runs"] == recorded[0].id
    assert page.query_params["comparison"] == runs[0].comparison
    assert len(lines_of(page, "loss")) == 6
    page.multiselect(key="compared_runs").unselect(recorded[0].id).run()
    assert "runs" not in page.query_params
    assert len(lines_of(page, "loss")) == 4


def test_without_own_runs_recorded_ones_can_be_looked_at(home, recorded):
    page = open_page("train")
    page.multiselect(key="compared_runs").select(recorded[1].id).run()
    assert lines_of(page, "loss") == [f"{NetSpec(**recorded[1].spec).name}, {part}" for part in ("train", "test")]


def test_a_link_to_runs_that_are_not_here_says_so(runs):
    page = open_page("train", runs=f"{runs[0].id},ffffffff,<b>")
    (info,) = page.info
    assert "There are no runs ffffffff" in info.value
    assert "<b>" not in info.value
    assert len(lines_of(page, "loss")) == 2


def test_a_choice_of_view_is_in_the_link_only_where_it_is_not_the_default(runs):
    page = open_page("train")
    usual = set(page.query_params)
    page.segmented_control(key="x_of_curves").set_value("epoch").run()
    page.segmented_control(key="show").set_value("loss").run()
    assert (page.query_params["x"], page.query_params["show"]) == ("epoch", "loss")
    assert "error" not in figures(page)
    assert figures(page)["loss"]["layout"]["xaxis"]["title"]["text"] == "epoch"
    page.segmented_control(key="x_of_curves").set_value("step").run()
    page.segmented_control(key="show").set_value("both").run()
    assert set(page.query_params) == usual


def test_a_link_opens_the_view_that_it_names(runs):
    page = open_page("train", x="time", y="log", xlog="true", smoothing="0.9", show="error")
    figure = figures(page)["error"]
    assert figure["layout"]["xaxis"]["title"]["text"] == "training time, s"
    assert (figure["layout"]["xaxis"]["type"], figure["layout"]["yaxis"]["type"]) == ("log", "log")
    assert len(figure["data"]) == 8  # as measured, and smoothed
    said = " ".join(caption.value for caption in page.caption)
    assert "$s_n / (1 - 0.90^n)$" in said
    assert "at each run's mean pace" in said


@pytest.mark.parametrize("link", [{"x": "mile"}, {"show": "<b>"}, {"smoothing": "7"}, {"y": ""}, {"runs": ",,"}])
def test_a_view_that_makes_no_sense_is_the_usual_one(runs, link):
    assert len(lines_of(open_page("train", **link), "loss")) == 4


def test_seeds_become_a_band_that_says_of_how_many_runs(home, store, finish):
    wanted = [(NetSpec("resnet", 8), preset("digits", seed=seed)) for seed in range(3)]
    finish(store, wanted, [(0.1, 0.2), (0.3, 0.4), (0.2, 0.3)])
    assert "ResNet-8 (A) · seed 2, test" in lines_of(open_page("train"), "error")
    page = open_page("train", bands="true")
    assert lines_of(page, "error") == ["ResNet-8 (A), 3 runs, train"] * 2 + ["ResNet-8 (A), 3 runs, test"] * 2


def test_a_zoom_is_kept_while_only_data_change(home, store, nobody_trains):
    writer = start_run(store)
    before = figures(open_page("train"))["loss"]
    append(writer, 3)
    after = figures(open_page("train"))["loss"]
    smoothed = figures(open_page("train", smoothing="0.5"))["loss"]
    other = figures(open_page("train", x="time"))["loss"]
    views = [figure["layout"]["uirevision"] for figure in (before, after, smoothed, other)]
    assert views[0] == views[1] == views[2] != views[3]
    assert before["data"] != after["data"]


def start_run(store) -> RunWriter:
    (run,) = store.add_comparison([(asdict(NetSpec("resnet", 8)), asdict(preset("digits")))])
    writer = RunWriter(store, store.claim(Owner.here(), run_id=run.id))
    writer.describe({"layers": ["a", "b"], "norm_layers": ["c", "d"], "train_count": 1400}, 105)
    append(writer, 1)
    return writer


def append(writer: RunWriter, first: int) -> None:
    rows = pd.DataFrame({"step": [first, first + 1], "loss": [2.0, 1.0], "error": 0.9, "learning_rate": 0.1})
    writer.append(rows, dict.fromkeys(KINDS, np.ones((2, 2), np.float32)), float(first))


@pytest.mark.parametrize("name", ["train", "gradients"])
def test_figures_can_be_held_while_the_training_goes_on(home, store, nobody_trains, name):
    start_run(store)
    page = open_page(name)
    page.button(key="hold").click().run()
    assert page.query_params["held"] == "1"
    page.button(key="follow").click().run()
    assert "held" not in page.query_params
    assert not page.exception


@pytest.mark.parametrize("name", ["train", "gradients"])
@pytest.mark.parametrize(
    ("status", "words"),
    [(RunStatus.FINISHED, "has finished"), (RunStatus.STOPPED, "was stopped at step 2"), (RunStatus.FAILED, "failed")],
)
def test_the_end_of_a_run_is_said_once(home, store, nobody_trains, name, status, words):
    writer = start_run(store)
    page = open_page(name)
    assert not page.toast
    writer.end(status, "for a reason")
    page.run()
    (toast,) = page.toast
    assert f"**ResNet-8 (A)** {words}" in toast.value
    assert not page.run().toast


def test_a_run_that_had_ended_before_is_not_announced(runs):
    assert not open_page("train").toast


def test_layers_are_sorted_at_the_step_that_is_in_the_link(runs):
    page = open_page("gradients", layers="size", step="3")
    assert page.slider[0].value == 3
    assert "step 3" in figures(page)["heatmap"]["layout"]["yaxis"]["title"]["text"]
    page.slider[0].set_value(5).run()
    assert page.query_params["step"] == "5"
    page.slider[0].set_value(page.slider[0].max).run()
    assert "step" not in page.query_params
    page.segmented_control(key="scale_of_layers").set_value("linear").run()
    assert page.query_params["scale"] == "linear"
    assert figures(page)["heatmap"]["layout"]["coloraxis"]["colorbar"]["title"]["text"] == "gradient norm"
    assert not page.exception


@pytest.mark.parametrize("step", ["-1", "0", "x", "1e9", "999999999", "9" * 30])
def test_a_step_that_makes_no_sense_is_brought_into_the_run(runs, step):
    assert 1 <= open_page("gradients", step=step).slider[0].value <= runs[0].total_steps


def test_names_of_runs_say_what_differs_and_no_more(runs):
    plain, resnet = runs
    assert tell_apart(runs) == ["plain-8", "ResNet-8 (A)"]
    other = replace(resnet, id="other", config=resnet.config | {"seed": 7})
    assert tell_apart([plain, resnet, other]) == ["plain-8", "ResNet-8 (A) · seed 0", "ResNet-8 (A) · seed 7"]
    assert tell_apart([resnet, other], seeds=False) == ["ResNet-8 (A)"] * 2
    longer = replace(resnet, id="longer", config=resnet.config | {"epochs": 9})
    assert tell_apart([resnet, longer]) == ["ResNet-8 (A) · epochs 1", "ResNet-8 (A) · epochs 9"]
    assert tell_apart([resnet, replace(resnet, id="twin")]) == [f"ResNet-8 (A) · {id_}" for id_ in (resnet.id, "twin")]
    foreign = replace(plain, id="foreign", config=plain.config | {"dataset": "cifar10"})
    assert tell_apart([foreign, resnet]) == ["plain-8 · CIFAR-10", "ResNet-8 (A) · Handwritten digits"]
    assert tell_apart([]) == []


def test_what_was_read_is_kept_within_bounds_and_the_longest_unused_goes():
    frame = pd.DataFrame({"x": np.zeros(1000)})  # 8 kB and its index
    shelf = Shelf(20_000)
    for name in ("a", "b"):
        shelf.put(name, "1", frame)
    assert shelf.find("a", "1") is frame
    shelf.put("c", "1", frame)
    assert shelf.find("b", "1") is None
    assert shelf.find("a", "1") is frame
    assert shelf.find("a", "2") is None, "of another state"
    assert shelf.bytes <= 20_000


def test_steps_that_a_crash_has_taken_are_not_shown_any_more(store, nobody_trains):
    (run,) = store.add_comparison([(asdict(NetSpec("resnet", 8)), asdict(preset("digits")))])

    def go_on(attempts: int, first: int, loss: float) -> None:
        writer = RunWriter(store, store.claim(Owner.here(), run_id=run.id))
        page.run()  # which looks at a run that was claimed, and not yet taken back
        writer.rewind(first, 0, 0.0)
        writer.describe({"layers": ["a"], "norm_layers": ["a"], "attempts": [{}] * attempts}, 40)
        rows = pd.DataFrame({"step": np.arange(first + 1, 21), "loss": loss, "error": 0.5, "learning_rate": 0.1})
        writer.append(rows, dict.fromkeys(KINDS, np.ones((len(rows), 1), np.float32)), 1.0)
        page.run()
        writer.end(RunStatus.PAUSED)
        store.resume(run.id)

    page = AppTest.from_file(str(ROOT / "pages" / "train.py"), default_timeout=60)
    page.query_params["comparison"] = run.comparison
    page.session_state["show"] = "loss"
    go_on(1, 0, 1.0)
    go_on(2, 10, 9.0)
    assert not page.exception
    figure = next(one for key, one in figures(page).items() if "loss" in key)
    losses = np.frombuffer(b64decode(figure["data"][0]["y"]["bdata"]), figure["data"][0]["y"]["dtype"])
    assert losses.tolist() == [1.0] * 10 + [9.0] * 10
