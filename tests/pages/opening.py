"""How does a test open a page, press what is on it, and read what it says?"""

from pathlib import Path
from typing import Any

from streamlit.testing.v1 import AppTest

ROOT = Path(__file__).parents[2]
PAGES = sorted(path.stem for path in (ROOT / "pages").glob("*.py"))
SECONDS = 300.0  # no run of a page takes so long: it is a bound for one that hangs, and no measure of speed


def new_page(name: str, **link: str | list[str]) -> AppTest:
    """A page alone, without the app around it, as this link asks for it; not run yet."""
    return _with_link(AppTest.from_file(str(ROOT / "pages" / f"{name}.py"), default_timeout=SECONDS), link)


def open_page(name: str, **link: str | list[str]) -> AppTest:
    """The same, run once."""
    return rerun(new_page(name, **link))


def open_app(name: str = "home", **link: str | list[str]) -> AppTest:
    """A page of the app, which can lead to the other pages; home is the app itself."""
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=SECONDS)
    return rerun(_with_link(app if name == "home" else app.switch_page(f"pages/{name}.py"), link))


def open_script(script: Any) -> AppTest:
    """A function as a page of its own."""
    return rerun(AppTest.from_function(script, default_timeout=SECONDS))


def _with_link(page: AppTest, link: dict[str, str | list[str]]) -> AppTest:
    for name, value in link.items():
        page.query_params[name] = value
    return page


def rerun(page: AppTest) -> AppTest:
    """Run a page, which goes well."""
    page.run()
    assert not page.exception, [error.message for error in page.exception]
    return page


def button(page: AppTest, label: str) -> Any:
    """The first button with these words."""
    return next(one for one in page.button if one.label == label)


def press(page: AppTest, label: str) -> AppTest:
    """Press it, and run the page."""
    button(page, label).click()
    return rerun(page)


def press_key(page: AppTest, key: str) -> AppTest:
    """Press the button of a key, and run the page."""
    page.button(key=key).click()
    return rerun(page)


def box(page: AppTest, label: str) -> Any:
    """The first list to choose from with these words."""
    return next(one for one in page.selectbox if one.label == label)


def text_of(page: AppTest) -> str:
    """What a page says in words, but for what stands in controls, tables and figures."""
    kinds = (page.title, page.subheader, page.markdown, page.caption, page.info, page.success, page.warning, page.error)
    return "\n".join(str(element.value) for kind in kinds for element in kind)


def plain_text(text: str) -> str:
    """What a reader sees of a text whose signs were escaped for Markdown."""
    return text.replace("\\", "").replace("\u2060", "")
