"""How does a figure come to the screen, and away from it? One component draws all of them, by Plotly.react on one node.

So a reader's zoom stays while a run goes on, and while a figure is out of sight; a reader of the screen hears what a
figure shows, and each can be taken away as PNG, SVG, or a page of its own that works without a network.
"""

import json
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from resnet_viz.place import provide_plotly
from resnet_viz.ui.files import SAVE
from resnet_viz.ui.language import _, language, said
from resnet_viz.ui.services import freeze_imports

TEXTS = {"text", "name", "hovertemplate", "ticktext"}  # where plotly keeps words
_HERE = Path(__file__).parent
_HTML = """
<p class="figure-wait">…</p>
<div class="figure"></div>
<details class="figure-take">
  <summary></summary>
  <button data-format="png">PNG</button> <button data-format="svg">SVG</button> <button data-format="html">HTML</button>
</details>
"""

_component = st.components.v2.component(
    "figure",
    html=_HTML,
    css=(_HERE / "figure.css").read_text(),
    js=SAVE + (_HERE / "figure.js").read_text(),
    isolate_styles=False,
)


def show_figure(
    figure: go.Figure | str, key: str, alt: str, on_click: Callable[[dict[str, Any]], None] | None = None
) -> None:
    """Draw a figure. Called again with the same key, the same node takes the new data.

    `figure` can be JSON as `draw_once` makes it; `alt` says in words what it shows, and is the caption of what is taken
    away. `on_click` gets a point that was clicked, before the page runs again: x, y, customdata, point (its number),
    trace (its name).
    """
    drawn = figure if isinstance(figure, str) else figure.to_json()
    data = {
        "figure": drawn if language() == "en" else _in_words(language(), drawn),
        "library": _provide_plotly(),
        "alt": alt,
        "name": key.replace("_", "-"),
        "clicks": on_click is not None,
        "words": {"take": _("Take away")},
    }

    def pass_on() -> None:
        if on_click is not None and (point := st.session_state[key].get("clicked")):
            on_click(point)

    _component(key=key, data=data, on_clicked_change=pass_on)


@lru_cache(maxsize=64)
def _in_words(_language: str, drawn: str) -> str:
    """A figure whose titles, names and labels are in the reader's language."""
    return json.dumps(_reworded(json.loads(drawn), is_text=False))


def _reworded(part: Any, *, is_text: bool) -> Any:
    if isinstance(part, dict):
        return {name: _reworded(value, is_text=name in TEXTS) for name, value in part.items()}
    if isinstance(part, list):
        return [_reworded(value, is_text=is_text) for value in part]
    return said(part) if is_text and isinstance(part, str) else part


@st.cache_data(max_entries=100, show_spinner=False)
def draw_once(_make: Callable[[], Sequence[go.Figure]], view: str, state: str) -> list[str]:
    """Figures as JSON, made once for all sessions that look at the same `state`: a class of 50 costs as one reader.

    A reader's zoom stays as long as `view` is the same.
    """
    return [figure.update_layout(uirevision=view).to_json() for figure in _make()]


@st.cache_resource(show_spinner=False)
def _provide_plotly() -> str:
    name = provide_plotly()
    freeze_imports()  # by now a figure was made, and with it all of plotly
    return name
