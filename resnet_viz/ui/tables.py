"""How does a table come to the screen? With headings and words in the reader's language; Streamlit offers it as CSV."""

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd
import streamlit as st

from resnet_viz.ui.language import language, said


def show_table(
    frame: pd.DataFrame,
    columns: Mapping[str, Any] | None = None,
    style: Callable[[pd.DataFrame], Any] | None = None,
    **options: Any,
) -> Any:
    """st.dataframe, with `columns` by name as its column_config; `options` are its other arguments.

    What is not known is a dash. `style` makes a Styler of the frame, when its words are in the reader's language.
    """
    columns = columns or {}
    if language() != "en":
        columns = {name: _headed(str(name), columns.get(str(name))) for name in frame.columns}
        frame = in_words(frame)
    return st.dataframe(style(frame) if style else frame, column_config=dict(columns), placeholder="–", **options)


def in_words(frame: pd.DataFrame) -> pd.DataFrame:
    """A frame whose words, in cells and as names of rows, are in the reader's language."""
    frame = frame.map(lambda value: said(value) if isinstance(value, str) else value)
    return frame.set_axis([said(name) if isinstance(name, str) else name for name in frame.index])


def _headed(name: str, column: Any) -> Any:
    """A column's configuration with a heading, where it has none of its own."""
    if column is None or isinstance(column, str):
        return said(column or name)
    return {**column, "label": said(column.get("label") or name)}
