"""Does a browser test that fails leave what is needed to see why?"""

from pathlib import Path

import pytest

from tests.browser.evidence import Contexts, Readers, folder_of, keep_evidence
from tests.browser.server import Server


def test_pictures_console_and_log_are_kept(readers: Readers, server: Server, tmp_path: Path) -> None:
    contexts = Contexts(readers)
    for text in ("one", "two"):
        contexts.new_page().evaluate("text => console.log(text)", text)
    page = contexts.new_page()
    page.evaluate(
        "() => { alert('hello'); setTimeout(() => { window.isOver = true; throw new Error('gone wrong'); }); }"
    )
    page.wait_for_function("window.isOver")  # by then the page has told of its error
    kept = keep_evidence(tmp_path / "kept", contexts, server)
    contexts.close()
    pages = [f"page{number}.{kind}" for number in ("", "-2", "-3") for kind in ("png", "txt")]
    assert {path.name for path in kept.iterdir()} == {*pages, "console.txt", "server.log"}
    console = (kept / "console.txt").read_text()
    assert all(told in console for told in ("log: one", "log: two", "gone wrong", "dialog: hello"))
    assert [error.partition(":")[0] for error in contexts.problems()] == ["dialog", "uncaught"]
    assert server.said() == (kept / "server.log").read_text()


def test_each_test_has_a_folder_of_its_own(request: pytest.FixtureRequest) -> None:
    assert folder_of(request.node).name == "test_evidence.py-test_each_test_has_a_folder_of_its_own"
