"""Which texts does a page show? All of them: of elements, in tables, in figures and for those who listen."""

import json
from collections.abc import Iterator
from typing import Any

from google.protobuf.json_format import MessageToDict
from streamlit.testing.v1 import AppTest

# Where Streamlit's messages keep what a reader sees, and where plotly's figures do.
SHOWN = {"body", "label", "help", "content", "caption", "placeholder", "alt", "text", "message", "description", "delta"}
LISTS = {"options", "captions"}
DRAWN = {"text", "name", "hovertemplate", "ticktext"}


def texts(page: AppTest) -> Iterator[str]:
    """Every text of the page, as it was sent to the browser."""
    for element in _elements(page._tree):
        yield from _of_element(element)


def _elements(block: Any) -> Iterator[Any]:
    for child in block.children.values():
        yield child
        if hasattr(child, "children"):
            yield from _elements(child)


def _of_element(element: Any) -> Iterator[str]:
    proto = getattr(element, "proto", None)
    if proto is None or not hasattr(proto, "DESCRIPTOR"):
        return
    if element.type in ("arrow_data_frame", "dataframe", "arrow_table", "table"):
        yield from _of_table(element.value, json.loads(getattr(proto, "columns", "") or "{}"))
    elif element.type == "bidi_component" and proto.component_name == "figure":
        sent = json.loads(proto.json)
        yield from (sent["alt"], *sent["words"].values(), *_strings(json.loads(sent["figure"]), DRAWN, set()))
    else:
        yield from _strings(MessageToDict(proto), SHOWN, LISTS)


def _of_table(frame: Any, columns: dict[str, Any]) -> Iterator[str]:
    """Headings, their help, names of rows and cells; a heading stands in the configuration, else it is the name."""
    for name in frame.columns:
        column = columns.get(str(name), {})
        yield from filter(None, (column.get("label") or str(name), column.get("help")))
        yield from (value for value in frame[name] if isinstance(value, str) and not value.startswith("data:"))
    if not columns.get("_index", {}).get("hidden"):
        yield from map(str, frame.index)


def _strings(part: Any, shown: set[str], lists: set[str], *, on: bool = False) -> Iterator[str]:
    if isinstance(part, dict):
        for name, value in part.items():
            yield from _strings(value, shown, lists, on=name in shown or (name in lists and isinstance(value, list)))
    elif isinstance(part, list):
        for value in part:
            yield from _strings(value, shown, lists, on=on)
    elif isinstance(part, str) and on and not part.startswith("data:"):
        yield part
