"""In which language does the page speak? English stands in the code; every other language is one catalog beside it.

The engine knows English alone: what it says, and what workers wrote into the store, is translated where it is shown.
"""

import re
from collections.abc import Callable, Iterable
from functools import cache, lru_cache, wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from resnet_viz.plots import for_people
from resnet_viz.ui.catalog import Catalog, tighten

P = ParamSpec("P")
R = TypeVar("R")
LANGUAGES = {"en": "English", "zh": "中文"}
PARAMETER = "lang"  # in the URL and in the session
FOLDER = Path(__file__).parent / "locale"


def language() -> str:
    """The reader's language: what they chose, else what their link says, else what their browser asks for.

    A link counts when it is opened: later the address can be older than the choice.
    """
    if get_script_run_ctx(suppress_warning=True) is None:
        return "en"
    chosen = st.session_state.get(PARAMETER) or st.query_params.get(PARAMETER)
    return chosen if chosen in LANGUAGES else _of_browser()


def _of_browser() -> str:
    asked = (st.context.locale or "").split("-")[0]
    return asked if asked in LANGUAGES else "en"


def offer_languages() -> None:
    """A button for each other language. The choice goes with the reader from page to page, and into links."""
    now = language()
    for code, name in LANGUAGES.items():
        if code != now:
            st.button(name, key=f"{PARAMETER}_{code}", type="tertiary", on_click=_choose, args=[code])
    st.session_state[PARAMETER] = now
    if now != _of_browser():
        st.query_params[PARAMETER] = now
    else:
        st.query_params.pop(PARAMETER, None)


def _choose(code: str) -> None:
    st.session_state[PARAMETER] = code


def _(text: str, /, **values: object) -> str:
    """A text of the interface in the reader's language, its `{named}` places filled, words of the engine among them."""
    now = language()
    if now == "en":
        return for_people(text.format(**values)) if values else text
    translated = _catalog(now).texts.get(text, text)
    words = {name: _say(now, value) if isinstance(value, str) else value for name, value in values.items()}
    return tighten(for_people(translated.format(**words))) if values else translated


def said(text: str) -> str:
    """What the engine or a worker said in English, in the reader's language; as it is where no catalog has it."""
    now = language()
    return for_people(text if now == "en" else _say(now, text))


@cache
def _catalog(code: str) -> Catalog:
    if code == "en":
        return Catalog({})
    from babel.messages.pofile import read_po

    with (FOLDER / f"{code}.po").open("rb") as file:
        return Catalog({str(one.id): str(one.string) for one in read_po(file) if one.id and one.string})


@lru_cache(maxsize=20_000)
def _say(code: str, text: str) -> str:
    return _catalog(code).say(text)


def sentence(text: str) -> str:
    """What the engine said, as a sentence with its stop."""
    told = said(text)
    return told if told.endswith((".", "!", "?", "。", "！", "？")) else told + _(".")


def listed(names: Iterable[str]) -> str:
    """Names in a row: plain-20 and ResNet-20."""
    return _(" and ").join(map(said, names))


def titled(option: str) -> str:
    """The short name at the start of an option's text: "A", "Constant scaling"."""
    return re.split("[:：]", said(option), maxsplit=1)[0]


def explained(option: str) -> str:
    """What stands behind the short name in an option's text."""
    return re.split("[:：]", said(option), maxsplit=1)[-1].strip()


def described(options: Iterable[str]) -> str:
    """The texts of all options, for the help of a control that shows their short names."""
    return "\n\n".join(map(said, options))


def cached(keep: Callable[..., Any], waiting: str, **options: Any) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """st.cache_data or st.cache_resource with words for who waits; these stand outside, in the reader's language."""

    def remember(work: Callable[P, R]) -> Callable[P, R]:
        kept = keep(show_spinner=False, **options)(work)

        @wraps(work)
        def ask(*args: P.args, **kwargs: P.kwargs) -> R:
            with st.spinner(_(waiting)):
                return kept(*args, **kwargs)

        ask.clear = kept.clear  # type: ignore[attr-defined]
        return ask

    return remember
