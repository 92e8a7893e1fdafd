"""Does a demonstration show recorded runs, and train, measure, fetch and read nothing?"""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from resnet_viz.runs import RunStore
from resnet_viz.settings import Settings
from resnet_viz.studies import ask
from resnet_viz.training import LimitError, executor

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def demo(home, monkeypatch):
    monkeypatch.setenv("RESNET_VIZ_DEMO", "1")
    monkeypatch.setattr("resnet_viz.training.keep_watch", lambda *_: None)

    def started(*_):
        raise AssertionError("a worker was started")

    monkeypatch.setattr(executor, "_launch", started)


def open_page(name: str) -> AppTest:
    return AppTest.from_file(str(ROOT / "pages" / f"{name}.py"), default_timeout=60)


@pytest.mark.parametrize("name", ["train", "gradients"])
def test_pages_of_ones_own_runs_show_the_recorded_pair(name):
    page = open_page(name).run()
    assert not page.exception
    (picker,) = [box for box in page.selectbox if box.label == "Comparison"]
    (shown,) = [title for title in picker.options if picker.value in title]
    assert shown.startswith("plain-56 and ResNet-56 (A) · Handwritten digits")
    assert not [info for info in page.info if "Nothing was trained" in info.value]


def test_start_cannot_be_pressed_and_the_page_says_why():
    page = open_page("train").run()
    assert next(button for button in page.button if button.label == "Start").disabled
    assert any("In a demonstration nothing is trained" in caption.value for caption in page.caption)
    assert RunStore(Settings().store_url).runs() == []


def test_a_question_to_the_laboratory_is_not_taken():
    with pytest.raises(LimitError, match="This is a demonstration"):
        ask(RunStore(Settings().store_url), Settings(), "initialization", {})


def test_no_folder_is_read_and_nothing_is_fetched(tmp_path):
    page = open_page("data").run()
    page.selectbox(key="data").set_value("folder").run()
    page.text_input(key="folder").set_value(str(tmp_path)).run()
    assert any("reads no folders" in error.value for error in page.error)
    page.selectbox(key="data").set_value("cifar10").run()
    (fetch,) = [button for button in page.button if button.label == "Fetch and prepare"]
    assert fetch.disabled


def test_every_page_says_that_this_is_a_demonstration(monkeypatch):
    page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run()
    assert any("This is a demonstration" in caption.value for caption in page.caption)
    monkeypatch.delenv("RESNET_VIZ_DEMO")
    page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run()
    assert not any("This is a demonstration" in caption.value for caption in page.caption)
