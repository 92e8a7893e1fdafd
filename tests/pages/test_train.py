"""Does the page Train queue what its controls say, pass on what its buttons ask, and refuse what makes no sense?"""

from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd
import pytest

from resnet_viz.nets import NetSpec
from resnet_viz.runs import Owner, Run, RunStatus, RunStore, RunWriter
from resnet_viz.training import TrainingConfig, estimate_seconds, preset
from resnet_viz.ui.plan import say_duration
from tests.pages.conftest import PACE
from tests.pages.opening import box, button, open_app, open_page, press, press_key, rerun, text_of

PAIR = [(asdict(NetSpec(family, 8)), asdict(preset("digits"))) for family in ("plain", "resnet")]


def test_the_price_is_told_in_time_and_memory(home):
    """Both nets train at once: the price is that of the slower one, from the pace that was measured."""
    shown = text_of(open_page("train", depth="56"))
    seconds = max(
        estimate_seconds(NetSpec(family, 56, in_channels=1), preset("digits"), PACE, 1400, 397)
        for family in ("plain", "resnet")
    )
    assert f"**About {say_duration(seconds)}** for both nets at once" in shown
    assert "on CPU, 2 cores (fp32)" in shown
    assert "Memory: about" in shown


def test_train_refuses_a_folder_that_is_none(home):
    page = open_page("train", data="folder", folder="/nowhere")
    assert "there is no folder or zip /nowhere" in page.error[0].value
    assert button(page, "Start").disabled


def test_train_offers_recipes_and_every_part_of_them(home):
    page = open_page("train")
    assert "recipe" not in [one.key for one in page.selectbox]  # digits have the short one alone
    page.selectbox(key="data").select("cifar10")
    rerun(page).selectbox(key="recipe").select("paper")
    rerun(page)
    assert page.number_input(key="iterations_cifar10_paper").value == 64_000
    assert page.number_input(key="held_out_cifar10_paper").value == 5_000
    assert not page.toggle(key="warm_up_cifar10_paper").value
    page.slider(key="depth").set_value(110)
    assert rerun(page).toggle(key="warm_up_on_cifar10_paper").value
    page.selectbox(key="recipe").select("few")
    assert rerun(page).number_input(key="subset_cifar10_few").value == 5_000


def test_what_is_changed_in_a_recipe_is_what_is_queued(home, store):
    page = open_page("train")
    page.slider(key="depth").set_value(8)
    page.number_input(key="seed").set_value(5)
    page.selectbox(key="optimizer_digits").select("adamw")
    page.selectbox(key="augmentation_digits").select("cutout")
    page.number_input(key="peak_lr_digits").set_value(0.01)
    page.number_input(key="subset_digits").set_value(500)
    page.slider(key="epochs_digits").set_value(1)
    press(rerun(page), "Start")
    changes: dict[str, Any] = {
        "seed": 5,
        "optimizer": "adamw",
        "augmentation": "cutout",
        "peak_lr": 0.01,
        "subset": 500,
        "epochs": 1,
    }
    assert [TrainingConfig(**one.config) for one in store.runs()] == [preset("digits", **changes)] * 2
    assert [(one.spec["family"], one.spec["depth"]) for one in store.runs()] == [("plain", 8), ("resnet", 8)]
    assert {one.status for one in store.runs()} == {RunStatus.QUEUED}


def test_stop_and_pause_are_asked_of_a_run_and_resume_queues_it_again(home, store):
    waiting, running = store.add_comparison(PAIR)
    writer = RunWriter(store, store.claim(Owner.here(), run_id=running.id))
    page = open_page("train")
    press_key(page, f"stop_{waiting.id}")
    assert store.run(waiting.id).status is RunStatus.STOPPED  # nobody was at it
    press_key(page, f"pause_{running.id}")
    assert store.run(running.id).request == "pause"
    assert "pausing…" in [bar.proto.text for bar in page.get("progress")]
    assert page.button(key=f"stop_{running.id}").disabled
    writer.end(RunStatus.PAUSED, "paused by the reader")
    assert "Paused by the reader." in text_of(rerun(page))
    for one in (waiting, running):
        press_key(page, f"resume_{one.id}")
        assert store.run(one.id).status is RunStatus.QUEUED


def test_parts_of_a_recipe_that_make_no_sense_get_a_sentence(home):
    page = open_page("train")
    page.number_input(key="batch_size_digits").set_value(1)
    assert "batch_size is 1; it must be a whole number from 2" in rerun(page).error[0].value
    page.number_input(key="batch_size_digits").set_value(64)
    page.number_input(key="held_out_digits").set_value(1400)
    assert "1400 training pictures 1400 are held out" in rerun(page).error[0].value


def test_train_without_a_net_offers_no_start(home):
    page = open_page("train", nets="none")
    assert "Choose at least one net." in [info.value for info in page.info]
    assert not [one for one in page.button if one.label == "Start"]


@pytest.mark.parametrize(
    "link",
    [
        {"depth": "-3", "seed": "x", "data": "x", "nets": "x", "epochs_digits": "1e9", "shortcut": "D", "device": "tpu",
         "comparison": "../../x"},
        {"depth": "1e9", "seed": "-1", "data": "folder", "folder": "~nobody/x"},
    ],
)  # fmt: skip
def test_a_link_that_makes_no_sense_does_not_break_the_page(home, link):
    page = open_page("train", **link)
    assert page.slider(key="depth").value == 56
    assert page.number_input(key="seed").value == 0


def test_nets_that_were_composed_are_trained_until_the_reader_chooses_by_depth(home):
    page = open_app("train", specs="resnet-20-C~order.preact,vgg-18")
    assert "ResNet-20 (C, Full pre-activation)" in text_of(page)
    assert "VGG-18 (batch norm)" in text_of(page)
    assert "VGG-18" not in text_of(press(page, "Choose by depth instead"))


def test_a_depth_that_no_net_has_gets_a_sentence(home):
    assert "depth 57 is not 6n+2; try 56 or 62" in open_page("train", depth="57").error[0].value


def test_a_net_too_deep_for_the_pictures_is_refused_before_the_start(home):
    page = open_page("train", specs="vgg-16")
    assert "at least 32 pixels a side, not 16" in page.error[0].value
    assert button(page, "Start").disabled


def test_a_limit_is_a_sentence_on_the_page(home, store, monkeypatch):
    monkeypatch.setenv("RESNET_VIZ_MAX_DEPTH", "20")
    page = press(open_page("train"), "Start")
    assert "plain-56 has 56 layers, and at most 20 can be trained here" in page.error[0].value
    assert store.runs() == []


def test_the_newer_of_two_equal_comparisons_stays_chosen(store):
    older, newer = (_stopped(store, store.add_comparison(PAIR[:1])[0]).comparison for _ in range(2))
    page = open_page("train", comparison=newer)
    for _ in range(2):
        assert rerun(page).query_params["comparison"] == newer
    picker = box(page, "Comparison")
    assert len(set(picker.options)) == 3  # both, and none
    picker.select(older)
    assert rerun(page).query_params["comparison"] == older


def _stopped(store: RunStore, run: Run) -> Run:
    store.request(run.id, "stop")
    return run


def test_runs_that_diverged_are_told_as_such(store):
    for one in store.add_comparison(PAIR):
        writer = RunWriter(store, store.claim(Owner.here(), run_id=one.id))
        writer.describe({"layers": list("abcd"), "norm_layers": list("efgh")}, 3)
        rows = pd.DataFrame({"step": [1, 2], "loss": [2.0, np.nan], "error": 0.9, "learning_rate": 0.1})
        numbers = np.array([[1, 1, 1, 1], [np.nan] * 4], np.float32)
        writer.append(rows, dict.fromkeys(("gradient", "weight", "update", "responses"), numbers), 1.0)
        writer.end(RunStatus.DIVERGED, "diverged at step 2: the loss is no longer a number")
    shown = text_of(open_page("train"))
    assert "Diverged at step 2" in shown
    assert "not both nets have finished" in shown
    assert "**plain-8** diverged: at step 2" in text_of(open_page("gradients"))


def test_no_verdict_is_given_on_nets_that_differ_in_more_than_the_shortcuts(store, finish):
    specs = [NetSpec("plain", 8), NetSpec("resnet", 14, order="preact")]
    finish(store, [(spec, preset("digits")) for spec in specs], [(0.0, 0.5), (0.5, 0.5)])
    shown = text_of(open_page("train"))
    assert "fell behind" not in shown
    assert "are close" not in shown


@pytest.mark.parametrize(
    ("plain", "residual", "title"),
    [
        (0.5, 0.1, "The plain net fell behind"),
        (0.1, 0.5, "The residual net fell behind"),
        (0.11, 0.1, "Their training errors are close"),
    ],
)
def test_the_verdict_on_a_pair_follows_the_training_errors(store, finish, plain, residual, title):
    config = preset("digits")
    finish(store, [(NetSpec("plain", 8), config), (NetSpec("resnet", 8), config)], [(plain, 0.5), (residual, 0.5)])
    assert f"##### {title}" in text_of(open_page("train"))


def test_a_comparison_runs_again_with_one_change(lab_store):
    page = open_page("train")
    known = {one.id for one in lab_store.runs()}
    page.selectbox(key="again").select("epochs")
    rerun(page).number_input(key="again_epochs").set_value(3)
    press_key(rerun(page), "again_go")
    new = [one for one in lab_store.runs() if one.id not in known]
    assert [one.spec["family"] for one in new] == ["plain", "resnet"]
    before = lab_store.run(next(iter(known))).config
    assert [one.config for one in new] == [before | {"epochs": 3}] * 2
