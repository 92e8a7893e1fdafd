"""Does a demonstration show recorded runs, and train, measure, fetch and read nothing?"""

import pytest

from resnet_viz.runs import RunStore
from resnet_viz.settings import Settings
from resnet_viz.studies import ask
from resnet_viz.training import LimitError, executor
from tests.pages.opening import button, open_app, open_page, rerun, text_of


@pytest.fixture(autouse=True)
def demo(home, monkeypatch):
    monkeypatch.setenv("RESNET_VIZ_DEMO", "1")

    def started(*_):
        raise AssertionError("a worker was started")

    monkeypatch.setattr(executor, "_launch", started)
    monkeypatch.setattr("resnet_viz.training.prepare_workers", executor.prepare_workers)
    monkeypatch.setattr("resnet_viz.training.queue.start_workers", executor.start_workers)
    monkeypatch.setattr("resnet_viz.studies.asking.start_worker", started)


@pytest.mark.parametrize("name", ["train", "gradients"])
def test_pages_of_ones_own_runs_show_the_recorded_pair(name):
    page = open_page(name)
    (picker,) = [box for box in page.selectbox if box.label == "Comparison"]
    (shown,) = [title for title in picker.options if picker.value in title]
    assert shown.startswith("plain-56 and ResNet-56 (A) · Handwritten digits")
    assert not [info for info in page.info if "Nothing was trained" in info.value]


def test_start_cannot_be_pressed_and_the_page_says_why():
    page = open_page("train")
    assert button(page, "Start").disabled
    assert any("In a demonstration nothing is trained" in caption.value for caption in page.caption)
    assert RunStore(Settings().store_url).runs() == []


def test_a_question_to_the_laboratory_is_not_taken():
    with pytest.raises(LimitError, match="This is a demonstration"):
        ask(RunStore(Settings().store_url), Settings(), "initialization", {})


def test_no_folder_is_read_and_nothing_is_fetched(tmp_path):
    page = open_page("data", data="folder", folder=str(tmp_path))
    assert any("reads no folders" in error.value for error in page.error)
    page.selectbox(key="data").set_value("cifar10")
    assert button(rerun(page), "Fetch and prepare").disabled


def test_every_page_says_that_this_is_a_demonstration(monkeypatch):
    assert "This is a demonstration" in text_of(open_app())
    monkeypatch.delenv("RESNET_VIZ_DEMO")
    assert "This is a demonstration" not in text_of(open_app())
