"""Which pictures? The choice of a data set, and the data set itself for pages that look into it."""

from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from resnet_viz.data import (
    DATASETS,
    SIZES,
    DatasetError,
    ImageData,
    count_folder,
    find_warnings,
    is_at_hand,
    load_dataset,
    picture_size,
)
from resnet_viz.settings import Settings
from resnet_viz.ui.language import _, cached, said
from resnet_viz.ui.links import linked
from resnet_viz.ui.text import plain, refuse

SIDES = (16, 24, 32, 48, 64, 96, 128, 160, 224)
assert (SIDES[0], SIDES[-1]) == SIZES


@dataclass(frozen=True)
class DataChoice:
    """A data set of DATASETS; `folder` is a place of one's own pictures, `size` the side they are brought to."""

    name: str
    folder: str
    size: int

    @property
    def side(self) -> int:
        """The side of its pictures in pixels."""
        return picture_size(self.name, self.size)

    def count(self) -> tuple[int, int, int]:
        """Training pictures, test pictures and classes. Raises DatasetError for a folder that is no data set."""
        data = DATASETS[self.name]
        if Settings().demo and self.name == "folder":
            raise DatasetError("This is a demonstration, which reads no folders; on your own machine it does")
        if self.name != "folder":
            return data.train_count, data.test_count, data.classes
        if not self.folder:
            raise DatasetError("Name the folder or zip first: it holds train/CLASS/* and test/CLASS/*, or CLASS/*")
        return count_folder(self.folder)


def choose_data() -> DataChoice:
    """The controls of a data set, all in the URL."""
    name = linked(
        st.selectbox,
        _("Data set"),
        list(DATASETS),
        "data",
        next(iter(DATASETS)),
        format_func=lambda name: said(DATASETS[name].title),
    )
    data = DATASETS[name]
    st.caption(plain(said(data.note)))
    folder = ""
    if name == "folder":
        place = _("/path/to/pictures or /path/to/pictures.zip")
        label = _("Folder or zip on this machine")
        folder = st.text_input(label, key="folder", bind="query-params", placeholder=place).strip()
    if not data.sizes:
        return DataChoice(name, folder, 0)
    label, note = _("Picture size"), _("The side in pixels that pictures are brought to.")
    size = st.select_slider(label, SIDES, value=data.size, key=f"size_{name}", bind="query-params", help=note)
    return DataChoice(name, folder, 0 if size == data.size else size)


def show_loading(choice: DataChoice) -> ImageData | None:
    """The data set, after a button where it would have to be fetched; None, with a sentence, while it is not there."""
    root = Settings().data_root
    key = ("loaded", choice)
    wants = st.session_state.get("data_wanted") == key
    if choice.name != "folder" and not wants and not is_at_hand(choice.name, root, choice.size):
        st.info(
            _(
                "{title} is not on this machine yet. {note}",
                title=DATASETS[choice.name].title,
                note=plain(said(DATASETS[choice.name].note)),
            )
        )
        off = Settings().demo
        if not st.button(_("Fetch and prepare"), type="primary", icon=":material/download:", disabled=off):
            return None
        st.session_state["data_wanted"] = key
    bar = st.progress(0.0, text=_("Opening the data set…"))

    def tell(sentence: str, fraction: float) -> None:
        bar.progress(min(1.0, fraction), text=plain(said(sentence)))

    try:
        choice.count()  # a folder that is none is said at once
        data = load_dataset(choice.name, root, choice.folder or None, tell, choice.size)
    except DatasetError as error:
        bar.empty()
        st.session_state.pop("data_wanted", None)
        refuse(error)
        return None
    bar.empty()
    return data


@cached(st.cache_data, "Looking for what could mislead…", max_entries=16)
def warnings_of(choice: DataChoice, fingerprint: tuple[object, ...], _data: ImageData) -> list[str]:
    """What find_warnings says, once for each data set; `fingerprint` changes with it."""
    return find_warnings(_data)


def fingerprint_of(data: ImageData) -> tuple[object, ...]:
    """What tells two states of a folder apart."""
    return (Path(getattr(data.train_pictures, "filename", "") or ""), len(data.train_labels), data.form)
