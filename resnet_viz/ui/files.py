"""How does a file leave the page? It is made when it is asked for, and reaches the browser as a part of the page.

Streamlit's own button keeps such a file on the server until two runs of anybody's page have ended: beside ten readers
who watched a training, 16 of 24 downloads came too late.
"""

import json
import mimetypes
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from resnet_viz.runs import BundleError, StoreError
from resnet_viz.training import ConfigError
from resnet_viz.ui.language import _
from resnet_viz.ui.text import refuse

ASKED = "asked_files"  # in the session: the names of files that are asked for, each with an id of this wish
_HERE = Path(__file__).parent
SAVE = (_HERE / "save.js").read_text()  # what gives a file to the reader, for any component
_sent_file = st.components.v2.component("sent_file", js=SAVE + (_HERE / "files.js").read_text())


@dataclass(frozen=True)
class File:
    """What a reader can take away: the words on its button, its name, and how it is made, which may take seconds."""

    label: str
    name: str  # of no other file on the page
    make: Callable[[], bytes | str]
    icon: str | None = None
    help: str | None = None
    disabled: bool = False


@st.fragment
def offer_files(*files: File) -> None:
    """Buttons in a row, and the file of one that was pressed; where it cannot be made, a sentence says why."""
    with st.container(horizontal=True):
        for file in files:
            st.button(
                file.label,
                key=f"take_{file.name}",
                on_click=_ask,
                args=[file.name],
                icon=file.icon,
                help=file.help,
                disabled=file.disabled,
            )
    wishes = st.session_state.get(ASKED, {})
    for file in files:
        if file.name in wishes:
            _send(file, wishes[file.name])
            del wishes[file.name]  # only now: a run of the page that was broken off before makes it again


def _ask(name: str) -> None:
    """A callback: where parts of a page refresh themselves, what a button returns can go to another part."""
    st.session_state.setdefault(ASKED, {})[name] = uuid.uuid4().hex


def _send(file: File, wish: str) -> None:
    try:
        with st.spinner(_("Making the file…")):
            content = file.make()
    except (BundleError, ConfigError, StoreError, OSError) as error:
        refuse(error)
        return
    kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    head = json.dumps({"id": wish, "name": file.name, "type": kind})
    content = content.encode() if isinstance(content, str) else content
    _sent_file(data=head.encode() + b"\n" + content, key=f"sent_file_{wish}")
