"""In which language does the page speak? English stands in the code; every other language is one catalog beside it.

The engine knows English alone: what it says, and what workers wrote into the store, is translated where it is shown.
"""

import re
import string
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

LANGUAGES = {"en": "English", "zh": "中文"}
PARAMETER = "lang"  # in the URL and in the session
FOLDER = Path(__file__).parent / "locale"
LEAST_LETTERS = 6  # that a sentence with holes must have of its own, to be told from other sentences


def language() -> str:
    """The reader's language: what they chose or their link says, else what their browser asks for."""
    if get_script_run_ctx(suppress_warning=True) is None:
        return "en"
    chosen = st.query_params.get(PARAMETER) or st.session_state.get(PARAMETER)
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


def _choose(code: str) -> None:
    st.query_params.pop(PARAMETER, None)
    st.session_state[PARAMETER] = code


def _(text: str, /, **values: object) -> str:
    """A text of the interface in the reader's language, with its `{named}` places filled in."""
    translated = _catalog(language()).texts.get(text, text)
    return translated.format(**values) if values else translated


def said(text: str) -> str:
    """What the engine or a worker said in English, in the reader's language; as it is where no catalog has it."""
    now = language()
    return text if now == "en" else _translate(now, text)


@dataclass(frozen=True)
class Catalog:
    """Texts by their English, and sentences with holes: what finds them, and how they read in this language."""

    texts: dict[str, str]
    sentences: list[tuple[re.Pattern[str], str]]


@cache
def _catalog(code: str) -> Catalog:
    if code == "en":
        return Catalog({}, [])
    from babel.messages.pofile import read_po

    with (FOLDER / f"{code}.po").open("rb") as file:
        texts = {str(one.id): str(one.string) for one in read_po(file) if one.id and one.string}
    # The more a sentence says of its own, the earlier it is tried.
    weights = {text: _letters(text) for text in texts if holes(text)}
    order = sorted((text for text, own in weights.items() if own >= LEAST_LETTERS), key=lambda text: -weights[text])
    return Catalog(texts, [(_pattern(text), texts[text]) for text in order])


def holes(text: str) -> list[str]:
    """The names of a text's {places}; none where its braces are no places, as in a formula."""
    try:
        return [name for _text, name, _spec, _how in string.Formatter().parse(text) if name is not None]
    except ValueError:
        return []


def _letters(text: str) -> int:
    return sum(map(str.isalpha, "".join(before for before, *_rest in string.Formatter().parse(text))))


def _pattern(text: str) -> re.Pattern[str]:
    """What finds a sentence whose holes are filled; a hole that comes twice is filled twice with the same."""
    parts, seen = [], set()
    for before, name, _spec, _how in string.Formatter().parse(text):
        parts.append(re.escape(before))
        if name is not None:
            parts.append(f"(?P={name})" if name in seen else f"(?P<{name}>.+?)")
            seen.add(name)
    return re.compile("".join(parts), re.DOTALL)


@lru_cache(maxsize=20_000)
def _translate(code: str, text: str) -> str:
    catalog = _catalog(code)
    if text in catalog.texts:
        return catalog.texts[text]
    for pattern, translated in catalog.sentences:
        if found := pattern.fullmatch(text):
            filled = {name: _translate(code, value) for name, value in found.groupdict().items()}
            return _fill(translated, filled)
    return text


def _fill(text: str, values: dict[str, str]) -> str:
    """Values that are words already: how numbers are written was said in English."""
    parts = [
        before + (values[name] if name is not None else "") for before, name, *_rest in string.Formatter().parse(text)
    ]
    return "".join(parts)
