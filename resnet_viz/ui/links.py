"""How does a link hold what the reader sees? Every choice under a key of its own, where it differs from the default.

By hand, for a control that is bound to the URL by Streamlit puts its label there, which changes with the language.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar, cast
from urllib.parse import urlencode

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from resnet_viz.ui.language import _, offer_languages

T = TypeVar("T")
TOLD = "told_by_link"  # in the session: the names of choices there that the link tells
HIDE, CONTROLS = "hide", "controls"  # ?hide=controls, for pupils who shall see what the teacher set up
# What chooses and what changes, by the names that Streamlit gives to parts of a page.
CHOICES = ("Selectbox", "MultiSelect", "Slider", "NumberInput", "TextInput", "ButtonGroup", "Checkbox", "Radio",
           "FileUploader", "BaseButton-secondary")  # fmt: skip
# The corner, what opens from it, and the answers to a question, for which the page is.
KEPT = '.st-key-corner *, .st-key-link *, [class*="st-key-radio_"], [class*="st-key-radio_"] *'
CORNER = """<style>
.st-key-corner {
  position: fixed; top: 0.85rem; right: 3.5rem; z-index: 999999; width: auto; flex-direction: row; align-items: center;
}
[data-testid="stMainBlockContainer"] { padding-top: 4.5rem; }
[data-testid="stStatusWidget"] { margin-right: 8.5rem; }
.st-key-choices_make_no_steps, [class*="st-key-sent_file_"] { display: none; }
.st-key-corner button { min-height: 2rem; padding: 0.1rem 0.5rem; white-space: nowrap; }
@media (max-width: 767px) { /* where the open menu lies over the page, and its own button under the corner */
  body:has([data-testid="stSidebar"][data-collapsed="false"]) .st-key-corner { display: none; }
}
/* The button that copies: without a mouse there is nothing to hover with. */
.st-key-link [data-testid="stCode"] > div, .st-key-link [data-testid="stCode"] > div * {
  visibility: visible; opacity: 1;
}
/* All that was chosen is in sight: one row, of which the rest scrolls away, hides the second net on a phone. */
[data-testid="stMultiSelect"] [role="group"]:has(> [data-testid="stMultiSelectTagsContainer"]) {
  max-height: none; height: auto; min-height: 40px;
}
[data-testid="stBaseButton-primary"] { background-color: #0072B2; border-color: #0072B2; } /* for its white text */
button [aria-label^="Shortcut"] { color: inherit; opacity: 1; } /* what key presses it is to be read, too */
[data-testid="stMultiSelect"] [data-tag] { background: rgba(86, 180, 233, 0.22); } /* white on blue is faint in dark */
[data-testid="stMultiSelect"] [data-tag], [data-testid="stMultiSelect"] [data-tag] * { color: inherit; }
[data-testid="stMultiSelectTagsContainer"] { flex: 1 1 0; min-width: 0; flex-wrap: wrap; overflow: visible; }
</style>"""
_choices_make_no_steps = st.components.v2.component(
    "choices_make_no_steps", js=Path(__file__).with_suffix(".js").read_text()
)


def say_in_url(name: str, value: str | list[str], *keys: str) -> None:
    """Put a choice, or several, into the URL; the default is said by nothing, and takes it from there.

    `keys` are the names by which the session remembers this choice.
    """
    st.session_state.setdefault(TOLD, set()).update(keys)
    said = [value] if isinstance(value, str) else value
    if st.query_params.get_all(name) == list(filter(None, said)):
        return  # said again it would come late, and could take back what the reader has chosen since
    if value:
        st.query_params[name] = value
    else:
        st.query_params.pop(name, None)


def follow_history() -> None:
    """Let the link say all, and the session nothing, where the reader went back or forth in the browser."""
    context = get_script_run_ctx()
    if context is None or not context.is_history_navigation:
        return
    for key in st.session_state.pop(TOLD, ()):
        st.session_state.pop(key, None)


def linked(
    control: Callable[..., Any], label: str, options: Sequence[T], key: str, default: T, name: str = "", **looks: Any
) -> T:
    """One of some options by a control of Streamlit; in the URL as str(option) under its key, or a `name` of its own.

    Where two pages have a choice of one name, their controls need keys of their own.
    """
    kept = st.session_state.get(key)
    if kept not in options:
        wished = st.query_params.get(name or key, "")
        kept = next((option for option in options if str(option) == wished), default)
    # Said anew every time: a control that another page had under this key begins at its first option else.
    st.session_state[key] = kept
    chosen = control(label, options, key=key, **looks)
    chosen = default if chosen is None else chosen
    say_in_url(name or key, "" if chosen == default else str(chosen), key)
    return cast(T, chosen)


def linked_several(
    control: Callable[..., Any], label: str, options: Sequence[T], key: str, default: Sequence[T], **looks: Any
) -> list[T]:
    """Several of some options by a control of Streamlit; in the URL with commas between them."""
    if key in st.session_state:
        st.session_state[key] = [option for option in options if option in st.session_state[key]]
    elif (wished := st.query_params.get(key)) is not None:
        st.session_state[key] = [option for option in options if str(option) in wished.split(",")]
    else:
        st.session_state[key] = list(default)
    chosen = list(control(label, options, key=key, **looks))
    say_in_url(key, "" if chosen == list(default) else ",".join(map(str, chosen)) or "none", key)
    return chosen


def choose_by_key(name: str, label: str, options: Mapping[str, str], key: str = "") -> str:
    """One of some options, by its key, in a row of buttons; the first one is the default."""
    looks = {"required": True, "format_func": lambda option: _(options[option])}
    return linked(st.segmented_control, label, list(options), key or name, next(iter(options)), name, **looks)


def controls_are_hidden() -> bool:
    """Whether the link asks for a view without what chooses."""
    return st.query_params.get(HIDE) == CONTROLS


def hide_controls() -> None:
    """Leave out what chooses, where the link says so. What starts something, and what shows, stays."""
    if controls_are_hidden():
        parts = ", ".join(f'[data-testid="st{name}"]' for name in CHOICES)
        st.html(
            f'<style>[data-testid="stElementContainer"]:has({parts}):not({KEPT}), '
            f'[data-testid="stPopover"]:not({KEPT}) {{ display: none; }}</style>'
        )


def show_corner() -> None:
    """In the corner of every page: a link to what is seen, and the other languages."""
    with st.container(key="corner", horizontal=True, gap="small", vertical_alignment="center"):
        st.html(CORNER)
        _choices_make_no_steps(key="choices_make_no_steps")
        look: dict[str, Any] = {"icon": ":material/link:", "type": "tertiary", "help": _("Link to this view")}
        menu = st.popover("", key="link_menu", on_change="rerun", **look)
        if menu.open:  # by then the page has said in the URL what it shows
            with menu:
                _offer_link()
        offer_languages()


def _offer_link() -> None:
    with st.container(key="link"):
        _say_link()


def _say_link() -> None:
    st.markdown(_("**A link to what you see.** Whoever opens it finds the same view."))
    is_hidden = st.toggle(
        _("Hide the controls"),
        controls_are_hidden(),
        help=_("For a class: what chooses is left out, and what was chosen stays as you have set it."),
    )
    asked = {name: st.query_params.get_all(name) for name in st.query_params if name != HIDE}
    asked |= {HIDE: [CONTROLS]} if is_hidden else {}
    address = (st.context.url or "").partition("?")[0]
    st.code(
        f"{address}?{urlencode(asked, doseq=True, safe=',:/')}" if asked else address, language=None, wrap_lines=True
    )
