"""Can any runs be compared, seen as a reader wants to, and found again by the link?"""

from base64 import b64decode
from dataclasses import asdict

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from resnet_viz.nets import NetSpec
from resnet_viz.runs import Owner, Run, RunStatus, RunStore, RunWriter, recorded_stores
from resnet_viz.runs.schema import KINDS
from resnet_viz.training import preset
from tests.pages.figures import figures
from tests.pages.opening import new_page, open_page, press_key, rerun


@pytest.fixture
def recorded() -> list[Run]:
    return recorded_stores()["short"].runs()[:2]


def lines_of(page: AppTest, figure: str) -> list[str]:
    return [line["name"] for line in figures(page)[figure]["data"]]


def test_a_link_with_runs_alone_shows_these_and_no_comparison(trained_home, recorded):
    page = open_page("train", runs=f"{trained_home[1].id},{recorded[0].id}")
    assert "comparison" not in page.query_params
    names = lines_of(page, "error")
    assert names[0] == "ResNet-8 (A) · Handwritten digits, train"
    assert names[2] == f"{NetSpec(**recorded[0].spec).name} · CIFAR-10, train"
    assert len(names) == 4
    assert page.dataframe[0].value["id"].tolist() == [trained_home[1].id, recorded[0].id]


def test_only_a_run_that_has_a_checkpoint_is_offered_to_go_on(trained_home, recorded):
    page = open_page("train", comparison=recorded[0].comparison)
    assert not [button.key for button in page.button if button.key and button.key.startswith(("go_on", "resume"))]
    page = open_page("train", comparison=trained_home[0].comparison)
    assert {f"go_on_{one.id}" for one in trained_home} <= {button.key for button in page.button}


@pytest.mark.parametrize("page", ["train", "gradients"])
def test_a_link_to_a_recorded_comparison_opens_it_where_nothing_was_trained(home, recorded, page):
    page = open_page(page, comparison=recorded[0].comparison, hide="controls")
    assert page.query_params["comparison"] == recorded[0].comparison
    assert not page.info
    assert figures(page)


def test_other_runs_stand_beside_those_of_the_comparison_and_in_the_link(trained_home, recorded):
    page = open_page("train")
    assert len(lines_of(page, "loss")) == 4
    page.multiselect(key="compared_runs").select(recorded[0].id)
    rerun(page)
    assert page.query_params["runs"] == recorded[0].id
    assert page.query_params["comparison"] == trained_home[0].comparison
    assert len(lines_of(page, "loss")) == 6
    page.multiselect(key="compared_runs").unselect(recorded[0].id)
    assert "runs" not in rerun(page).query_params
    assert len(lines_of(page, "loss")) == 4


def test_without_own_runs_recorded_ones_can_be_looked_at(home, recorded):
    page = open_page("train")
    page.multiselect(key="compared_runs").select(recorded[1].id)
    name = NetSpec(**recorded[1].spec).name
    assert lines_of(rerun(page), "loss") == [f"{name}, train", f"{name}, test"]


def test_a_link_to_runs_that_are_not_here_says_so(trained_home):
    page = open_page("train", runs=f"{trained_home[0].id},ffffffff,<b>")
    (info,) = page.info
    assert "There are no runs ffffffff" in info.value
    assert "<b>" not in info.value
    assert len(lines_of(page, "loss")) == 2


def test_a_choice_of_view_is_in_the_link_only_where_it_is_not_the_default(trained_home):
    page = open_page("train")
    usual = set(page.query_params)
    page.segmented_control(key="x_of_curves").set_value("epoch")
    page.segmented_control(key="show").set_value("loss")
    rerun(page)
    assert (page.query_params["x"], page.query_params["show"]) == ("epoch", "loss")
    assert "error" not in figures(page)
    assert figures(page)["loss"]["layout"]["xaxis"]["title"]["text"] == "epoch"
    page.segmented_control(key="x_of_curves").set_value("step")
    page.segmented_control(key="show").set_value("both")
    assert set(rerun(page).query_params) == usual


def test_a_link_opens_the_view_that_it_names(trained_home):
    page = open_page("train", x="time", y="log", xlog="true", smoothing="0.9", show="error")
    figure = figures(page)["error"]
    assert figure["layout"]["xaxis"]["title"]["text"] == "training time, s"
    assert (figure["layout"]["xaxis"]["type"], figure["layout"]["yaxis"]["type"]) == ("log", "log")
    assert len(figure["data"]) == 8  # as measured, and smoothed
    said = " ".join(caption.value for caption in page.caption)
    assert "$s_n / (1 - 0.90^n)$" in said
    assert "at each run's mean pace" in said


def test_a_view_that_makes_no_sense_is_the_usual_one(trained_home):
    page = open_page("train", x="mile", show="<b>", smoothing="7", y="", runs=",,", bands="x")
    assert len(lines_of(page, "loss")) == len(lines_of(page, "error")) == 4
    assert figures(page)["loss"]["layout"]["xaxis"]["title"]["text"] == "training step"


def test_seeds_become_a_band_that_says_of_how_many_runs(store, finish):
    wanted = [(NetSpec("resnet", 8), preset("digits", seed=seed)) for seed in range(3)]
    finish(store, wanted, [(0.1, 0.2), (0.3, 0.4), (0.2, 0.3)])
    assert "ResNet-8 (A) · seed 2, test" in lines_of(open_page("train"), "error")
    page = open_page("train", bands="true")
    assert lines_of(page, "error") == ["ResNet-8 (A), 3 runs, train"] * 2 + ["ResNet-8 (A), 3 runs, test"] * 2


def test_a_zoom_is_kept_while_only_data_change(store):
    (writer,) = start_runs(store)
    before = figures(open_page("train"))["loss"]
    append(writer, 3)
    after = figures(open_page("train"))["loss"]
    smoothed = figures(open_page("train", smoothing="0.5"))["loss"]
    other = figures(open_page("train", x="time"))["loss"]
    views = [figure["layout"]["uirevision"] for figure in (before, after, smoothed, other)]
    assert views[0] == views[1] == views[2] != views[3]
    assert before["data"] != after["data"]


def start_runs(store: RunStore, *depths: int) -> list[RunWriter]:
    """Residual nets of these depths at their first steps, and who writes what becomes of them."""
    nets = [(asdict(NetSpec("resnet", depth)), asdict(preset("digits"))) for depth in depths or (8,)]
    writers = []
    for one in store.add_comparison(nets):
        claim = store.claim(Owner.here(), run_id=one.id)
        assert claim is not None
        writers.append(writer := RunWriter(store, claim))
        writer.describe({"layers": ["a", "b"], "norm_layers": ["c", "d"], "train_count": 1400}, 105)
        append(writer, 1)
    return writers


def append(writer: RunWriter, first: int) -> None:
    rows = pd.DataFrame({"step": [first, first + 1], "loss": [2.0, 1.0], "error": 0.9, "learning_rate": 0.1})
    writer.append(rows, dict.fromkeys(KINDS, np.ones((2, 2), np.float32)), float(first))


@pytest.mark.parametrize("name", ["train", "gradients"])
def test_figures_are_held_while_training_goes_on_and_the_end_of_each_run_is_said_once(store, name):
    ends = {
        RunStatus.FINISHED: "has finished",
        RunStatus.STOPPED: "was stopped at step 2",
        RunStatus.FAILED: "failed at step 2",
    }
    writers = start_runs(store, 8, 14, 20)
    page = press_key(open_page(name), "hold")
    assert page.query_params["held"] == "1"
    assert "held" not in press_key(page, "follow").query_params
    assert not page.toast
    for writer, status in zip(writers, ends, strict=True):
        writer.end(status, "for a reason")
    said = [toast.value for toast in rerun(page).toast]
    for depth, words in zip((8, 14, 20), ends.values(), strict=True):
        assert sum(f"**ResNet-{depth} (A)** {words}" in one for one in said) == 1
    assert len(said) == 3
    assert not rerun(page).toast


def test_a_run_that_had_ended_before_is_not_announced(trained_home):
    assert not open_page("train").toast


def test_steps_that_a_crash_has_taken_are_not_shown_any_more(store):
    (asked,) = store.add_comparison([(asdict(NetSpec("resnet", 8)), asdict(preset("digits")))])

    def go_on(attempts: int, first: int, loss: float) -> None:
        writer = RunWriter(store, store.claim(Owner.here(), run_id=asked.id))
        rerun(page)  # which looks at a run that was claimed, and not yet taken back
        writer.rewind(first, 0, 0.0)
        writer.describe({"layers": ["a"], "norm_layers": ["a"], "attempts": [{}] * attempts}, 40)
        rows = pd.DataFrame({"step": np.arange(first + 1, 21), "loss": loss, "error": 0.5, "learning_rate": 0.1})
        writer.append(rows, dict.fromkeys(KINDS, np.ones((len(rows), 1), np.float32)), 1.0)
        rerun(page)
        writer.end(RunStatus.PAUSED)
        store.resume(asked.id)

    page = new_page("train", comparison=asked.comparison, show="loss")
    go_on(1, 0, 1.0)
    go_on(2, 10, 9.0)
    figure = next(one for key, one in figures(page).items() if "loss" in key)
    losses = np.frombuffer(b64decode(figure["data"][0]["y"]["bdata"]), figure["data"][0]["y"]["dtype"])
    assert losses.tolist() == [1.0] * 10 + [9.0] * 10
