"""Is the list of pages whole, and does each of them that reads the database say so where that cannot be opened?"""

import pytest

from resnet_viz.runs import RunStore, StoreError
from tests.pages.opening import PAGES, ROOT, box, open_app, open_page, text_of

RUN_PAGES = ["train", "gradients"]  # those that look at what was trained here


def test_the_list_of_pages_is_whole():
    assert all(f'"pages/{name}.py"' in (ROOT / "app.py").read_text() for name in PAGES)


def test_the_app_itself_runs(home):
    assert open_app().title[0].value == "Understand residual networks"


@pytest.mark.parametrize("name", RUN_PAGES)
def test_an_empty_page_says_what_to_do_first(home, name):
    assert "Nothing was trained here yet" in open_page(name).info[0].value


@pytest.mark.parametrize("name", RUN_PAGES)
def test_a_page_shows_the_finished_comparison(trained_home, name):
    page = open_page(name)
    assert not page.error
    assert "plain-8 and ResNet-8 (A)" in box(page, "Comparison").options[0]
    if name == "train":
        for run in trained_home:
            assert run.id in text_of(page)
            assert f"{run.test_error:.1%}" in text_of(page)


def test_a_link_to_a_comparison_that_is_not_here_says_so(trained_home):
    assert "There is no comparison ffffffff on this machine" in text_of(open_page("train", comparison="ffffffff"))


def test_a_database_that_cannot_be_opened_is_a_sentence_on_every_page_that_reads_it(home, monkeypatch):
    monkeypatch.setenv("RESNET_VIZ_DATABASE_URL", "oracle9://x")
    for name in RUN_PAGES:
        assert "cannot be opened" in open_page(name).error[0].value


def test_a_database_that_does_not_answer_is_a_sentence_and_the_page_comes_back(trained_home, monkeypatch):
    def no_answer(*_: object) -> None:
        raise StoreError("the database does not answer (database is locked); try again in a moment")

    page = open_page("train")
    with monkeypatch.context() as patch:
        patch.setattr(RunStore, "comparison", no_answer)
        page.run()
        assert "the database does not answer" in page.warning[0].value
        assert not page.exception
    assert not page.run().warning
