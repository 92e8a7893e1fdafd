"""Does every page run alone: empty, with finished runs, and with input that makes no sense?"""

import time
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from resnet_viz.nets import NetSpec
from resnet_viz.runs import Owner, RunStatus, RunStore, RunWriter, StoreError
from resnet_viz.settings import Settings
from resnet_viz.training import TrainingConfig, preset
from resnet_viz.ui.history import QUANTITIES

ROOT = Path(__file__).parents[2]
PAGES = sorted(path.stem for path in (ROOT / "pages").glob("*.py"))
RUN_PAGES = ["train", "gradients"]  # those that look at what was trained here


def open_page(name: str) -> AppTest:
    return AppTest.from_file(str(ROOT / "pages" / f"{name}.py"), default_timeout=60)


def text_of(page: AppTest) -> str:
    shown = [*page.title, *page.markdown, *page.caption, *page.info, *page.error]
    return "\n".join(str(element.value) for element in shown)


@pytest.fixture
def with_runs(trained, monkeypatch) -> RunStore:
    home, _ = trained
    monkeypatch.setenv("RESNET_VIZ_HOME", str(home))
    return RunStore(Settings().store_url)


def test_the_list_of_pages_is_whole():
    assert all(f'"pages/{name}.py"' in (ROOT / "app.py").read_text() for name in PAGES)


def test_the_app_itself_runs(home):
    page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run()
    assert not page.exception
    assert page.title[0].value == "Understand residual networks"


@pytest.mark.parametrize("name", RUN_PAGES)
def test_an_empty_page_says_what_to_do_first(home, name):
    page = open_page(name).run()
    assert not page.exception
    assert "Nothing was trained here yet" in page.info[0].value


@pytest.mark.parametrize("name", RUN_PAGES)
def test_a_page_shows_the_finished_comparison(with_runs, name):
    page = open_page(name).run()
    assert not page.exception
    assert not page.error
    assert "plain-8 and ResNet-8 (A)" in next(box for box in page.selectbox if box.label == "Comparison").options[0]


def test_train_tells_the_result_with_its_runs(with_runs):
    shown = text_of(open_page("train").run())
    for run in with_runs.runs():
        assert run.id in shown
        assert f"{run.test_error:.1%}" in shown


def test_train_refuses_a_folder_that_is_none(home):
    page = open_page("train").run()
    page.selectbox(key="data").select("folder").run()
    page.text_input(key="folder").input("/nowhere").run()
    deadline = time.monotonic() + 60
    while not page.error and time.monotonic() < deadline:  # until the machine is known
        page.run()
    assert "there is no folder or zip /nowhere" in page.error[0].value
    assert next(button for button in page.button if button.label == "Start").disabled


def test_the_data_page_shows_digits_at_once(home):
    page = open_page("data").run()
    assert not page.exception
    assert "**1,400** training and **397** test pictures in **10** classes" in text_of(page)
    page.selectbox(key="augmentation").select("mixup").run()
    assert not page.exception
    assert not page.warning


def test_the_data_page_asks_before_it_fetches(home):
    page = open_page("data").run()
    page.selectbox(key="data").select("cifar100").run()
    assert "CIFAR-100 is not on this machine yet" in page.info[0].value
    assert not page.error


def test_the_data_page_shows_a_folder_and_what_misleads_in_it(home, tmp_path):
    for color in ("blue", "red"):
        (tmp_path / "pile" / color).mkdir(parents=True)
        for i in range(10):
            Image.new("RGB", (40, 40), color).save(tmp_path / "pile" / color / f"{i}.png")
    (tmp_path / "pile" / "red" / "text.png").write_text("text")
    page = open_page("data").run()
    page.selectbox(key="data").select("folder").run()
    assert "Name the folder or zip first" in page.error[0].value
    page.text_input(key="folder").input(str(tmp_path / "nowhere")).run()
    assert "there is no folder or zip" in page.error[0].value
    page.text_input(key="folder").input(str(tmp_path / "pile")).run()
    assert not page.exception
    assert "in **2** classes, 32 x 32 pixels, color" in text_of(page)
    assert any("among the training pictures too" in warning.value for warning in page.warning)
    assert "1 files were skipped" in [expander.label for expander in page.expander]
    page.select_slider(key="size_folder").set_value(16).run()
    assert "16 x 16 pixels" in text_of(page)


def test_train_offers_recipes_and_every_part_of_them(home):
    page = open_page("train").run()
    assert "recipe" not in [box.key for box in page.selectbox]  # digits have the short one alone
    page.selectbox(key="data").select("cifar10").run()
    page.selectbox(key="recipe").select("paper").run()
    assert page.number_input(key="iterations_cifar10_paper").value == 64_000
    assert page.number_input(key="held_out_cifar10_paper").value == 5_000
    assert not page.toggle(key="warm_up_cifar10_paper").value
    page.slider(key="depth").set_value(110).run()
    assert page.toggle(key="warm_up_on_cifar10_paper").value
    page.selectbox(key="recipe").select("few").run()
    assert page.number_input(key="subset_cifar10_few").value == 5_000
    assert not page.exception


def test_what_is_changed_in_a_recipe_is_what_is_queued(home):
    page = open_page("train").run()
    page.slider(key="depth").set_value(8)
    page.selectbox(key="optimizer_digits").select("adamw")
    page.selectbox(key="augmentation_digits").select("cutout")
    page.number_input(key="peak_lr_digits").set_value(0.01)
    page.number_input(key="subset_digits").set_value(500)
    page.slider(key="epochs_digits").set_value(1)
    page.run()
    next(button for button in page.button if button.label == "Start").click().run()
    store = RunStore(Settings().store_url)
    wanted = preset("digits", optimizer="adamw", augmentation="cutout", peak_lr=0.01, subset=500, epochs=1)
    assert [TrainingConfig(**run.config) for run in store.runs()] == [wanted] * 2
    for run in store.runs():
        store.request(run.id, "stop")


def test_parts_of_a_recipe_that_make_no_sense_get_a_sentence(home):
    page = open_page("train").run()
    page.number_input(key="batch_size_digits").set_value(1).run()
    assert "batch_size is 1; it must be a whole number from 2" in page.error[0].value
    page.number_input(key="batch_size_digits").set_value(64)
    page.number_input(key="held_out_digits").set_value(1400).run()
    deadline = time.monotonic() + 60
    while not page.error and time.monotonic() < deadline:  # until the machine is known
        page.run()
    assert "1400 training pictures 1400 are held out" in page.error[0].value


def test_the_price_is_told_in_time_and_memory(home):
    page = open_page("train").run()
    deadline = time.monotonic() + 120
    while "**About" not in text_of(page) and time.monotonic() < deadline:
        time.sleep(0.5)
        page.run()
    assert "for both nets at once" in text_of(page)
    assert "Memory: about" in text_of(page)


def test_train_without_a_net_offers_no_start(home):
    page = open_page("train").run()
    page.session_state["nets"] = []
    page.run()
    assert "Choose at least one net." in [info.value for info in page.info]
    assert not [button for button in page.button if button.label == "Start"]


def test_start_queues_both_nets_and_stop_ends_them(home):
    page = open_page("train").run()
    page.slider(key="depth").set_value(8)
    page.number_input(key="seed").set_value(5)
    page.run()
    next(button for button in page.button if button.label == "Start").click().run()
    assert not page.exception
    store = RunStore(Settings().store_url)
    runs = store.runs()
    assert [run.spec["family"] for run in runs] == ["plain", "resnet"]
    assert {(run.spec["depth"], run.config["seed"]) for run in runs} == {(8, 5)}
    for run in runs:
        page.button(key=f"stop_{run.id}").click().run()
    assert {store.run(run.id).request or store.run(run.id).status for run in runs} <= {"stop", "stopped"}
    deadline = time.monotonic() + 60
    while any(run.status.is_active for run in store.runs()) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert {run.status for run in store.runs()} == {RunStatus.STOPPED}


def test_gradients_compares_first_and_last_layers(with_runs):
    page = open_page("gradients").run()
    step = page.slider[0]
    assert step.max == 21
    step.set_value(3).run()
    assert not page.exception
    assert "**plain-8**, step 3: the median gradient norm" in text_of(page)


@pytest.mark.parametrize("kind", ["weight", "update", "response"])
def test_gradients_shows_the_other_numbers_of_the_layers_too(with_runs, kind):
    page = open_page("gradients").run()
    page.segmented_control(key="quantity").select(kind).run()
    assert not page.exception
    assert f"the median {QUANTITIES[kind].title} is" in text_of(page)
    assert QUANTITIES[kind].meaning in text_of(page)


def test_a_link_to_a_comparison_that_is_not_here_says_so(with_runs):
    page = open_page("train")
    page.query_params["comparison"] = "ffffffff"
    page.run()
    assert "There is no comparison ffffffff on this machine" in text_of(page)


def test_the_newer_of_two_equal_comparisons_stays_chosen(store):
    wanted = [(asdict(NetSpec("plain", 8)), asdict(preset("digits")))]
    older, newer = (_stopped(store, store.add_comparison(wanted)[0]).comparison for _ in range(2))
    page = open_page("train")
    page.query_params["comparison"] = newer
    for _ in range(3):
        page.run()
        assert page.query_params["comparison"] == newer
    picker = next(box for box in page.selectbox if box.label == "Comparison")
    assert len(set(picker.options)) == 3  # both, and none
    picker.select(older).run()
    assert page.query_params["comparison"] == older


def _stopped(store, run):
    store.request(run.id, "stop")
    return run


@pytest.mark.parametrize(
    "link",
    [{"depth": "57"}, {"depth": "-3"}, {"seed": "x"}, {"data": "x"}, {"nets": "x"}, {"epochs_digits": "1e9"},
     {"shortcut": "D"}, {"device": "tpu"}, {"data": "folder", "folder": "~nobody/x"}, {"comparison": "../../x"}],
)  # fmt: skip
def test_a_link_that_makes_no_sense_does_not_break_the_page(home, link):
    page = open_page("train")
    for name, value in link.items():
        page.query_params[name] = value
    page.run()
    assert not page.exception


def test_a_database_that_cannot_be_opened_is_a_sentence_on_every_page_that_reads_it(home, monkeypatch):
    monkeypatch.setenv("RESNET_VIZ_DATABASE_URL", "oracle9://x")
    for name in RUN_PAGES:
        page = open_page(name).run()
        assert not page.exception
        assert "cannot be opened" in page.error[0].value


def test_runs_that_diverged_are_told_as_such(store):
    wanted = [(asdict(NetSpec(family, 8)), asdict(preset("digits"))) for family in ("plain", "resnet")]
    for run in store.add_comparison(wanted):
        writer = RunWriter(store, store.claim(Owner.here(), run_id=run.id))
        writer.describe({"layers": list("abcd"), "norm_layers": list("efgh")}, 3)
        rows = pd.DataFrame({"step": [1, 2], "loss": [2.0, np.nan], "error": 0.9, "learning_rate": 0.1})
        numbers = np.array([[1, 1, 1, 1], [np.nan] * 4], np.float32)
        writer.append(rows, dict.fromkeys(("gradient", "weight", "update", "responses"), numbers), 1.0)
        writer.end(RunStatus.DIVERGED, "diverged at step 2: the loss is no longer a number")
    page = open_page("train").run()
    assert "Diverged at step 2" in text_of(page)
    assert "not both nets have finished" in text_of(page)
    assert "**plain-8** diverged: at step 2" in text_of(open_page("gradients").run())


def test_a_limit_is_a_sentence_on_the_page(home, store, monkeypatch):
    monkeypatch.setenv("RESNET_VIZ_MAX_DEPTH", "20")
    page = open_page("train").run()
    next(button for button in page.button if button.label == "Start").click().run()
    assert "plain-56 has 56 layers, and at most 20 can be trained here" in page.error[0].value
    assert store.runs() == []
    assert not page.exception


def test_a_comparison_runs_again_with_one_change(with_runs, monkeypatch, tmp_path):
    asked = []
    monkeypatch.setattr("resnet_viz.training.queue.see_to_runs", lambda store, settings: asked.append(store))
    page = open_page("train").run()
    known = {run.id for run in with_runs.runs()}
    page.selectbox(key="again").select("epochs").run()
    page.number_input(key="again_epochs").set_value(3).run()
    page.button(key="again_go").click().run()
    assert not page.exception
    new = [run for run in with_runs.runs() if run.id not in known]
    try:
        assert [run.spec["family"] for run in new] == ["plain", "resnet"]
        assert {(run.config["epochs"], run.config["seed"], run.config["threads"]) for run in new} == {(3, 0, 2)}
    finally:
        for run in new:
            with_runs.request(run.id, "stop")


def test_pause_and_resume_from_the_page(home, store):
    page = open_page("train").run()
    page.slider(key="depth").set_value(8)
    page.slider(key="epochs_digits").set_value(60).run()
    next(button for button in page.button if button.label == "Start").click().run()
    deadline = time.monotonic() + 90
    for run in store.runs():
        page.button(key=f"pause_{run.id}").click().run()
    while any(run.status.is_active for run in store.runs()) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert {run.status for run in store.runs()} == {RunStatus.PAUSED}
    page.run()
    assert "Paused by the reader." in text_of(page)
    for run in store.runs():
        page.button(key=f"resume_{run.id}").click().run()
        assert store.run(run.id).status.is_active
        page.button(key=f"stop_{run.id}").click().run()
    while any(run.status.is_active for run in store.runs()) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert not page.exception


def test_a_database_that_does_not_answer_is_a_sentence_and_the_page_comes_back(with_runs, monkeypatch):
    page = open_page("train").run()
    monkeypatch.setattr(RunStore, "comparison", _no_answer)
    page.run()
    assert "the database does not answer" in page.warning[0].value
    assert not page.exception
    monkeypatch.undo()


def _no_answer(*_):
    raise StoreError("the database does not answer (database is locked); try again in a moment")
