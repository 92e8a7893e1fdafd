"""How is a data set opened in under a second? As arrays that were decoded once and are mapped into memory."""

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from resnet_viz.data.pictures import PictureFormat, Pictures

ARRAYS = ("train_pictures", "train_labels", "test_pictures", "test_labels")
FACTS = "facts.json"
ROWS = 4096  # pictures of which the values are counted at once


@dataclass(frozen=True)
class ImageData:
    """A data set: pictures uint8 (N, H, W, C), labels int64 (N,), and their format.

    `skipped` has a line for each file that could not be used; `enlarged` pictures were smaller than the format.
    """

    train_pictures: Pictures
    train_labels: np.ndarray
    test_pictures: Pictures
    test_labels: np.ndarray
    form: PictureFormat
    skipped: tuple[str, ...] = ()
    enlarged: int = 0


def open_cached(folder: Path, make: Callable[[Path], ImageData]) -> ImageData:
    """The data set in a cache folder; `make` is called with an empty folder to fill it where there is none.

    It is made beside its place and moved there when it is whole. What cannot be read is made anew.
    """
    if is_cached(folder):
        with suppress(OSError, ValueError, KeyError, TypeError):  # by another version, or damaged
            return _open(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with _beside(folder) as draft:
        data = make(draft)
        for name in ARRAYS:
            if not (draft / f"{name}.npy").exists():
                np.save(draft / f"{name}.npy", getattr(data, name))
        facts = {"form": asdict(data.form), "skipped": data.skipped, "enlarged": data.enlarged}
        (draft / FACTS).write_text(json.dumps(facts))
        del data  # its maps are closed before the folder is moved
        shutil.rmtree(folder, ignore_errors=True)
        draft.rename(folder)
    return _open(folder)


def _open(folder: Path) -> ImageData:
    facts = json.loads((folder / FACTS).read_text())
    arrays = {name: np.load(folder / f"{name}.npy", mmap_mode="r") for name in ARRAYS}
    form = PictureFormat.from_dict(facts["form"])
    return ImageData(**arrays, form=form, skipped=tuple(facts["skipped"]), enlarged=facts["enlarged"])


def is_cached(folder: Path) -> bool:
    """Whether `open_cached` would find the data set there."""
    return (folder / FACTS).exists()


@contextmanager
def _beside(folder: Path) -> Iterator[Path]:
    draft = Path(tempfile.mkdtemp(prefix=".draft-", dir=folder.parent))
    try:
        yield draft
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def new_array(draft: Path, name: str, shape: tuple[int, ...]) -> np.memmap:
    """An array of bytes in a file of a cache's draft, to be filled without holding it in memory."""
    return np.lib.format.open_memmap(draft / f"{name}.npy", mode="w+", dtype=np.uint8, shape=shape)


def shorten_array(draft: Path, name: str, array: Pictures, count: int) -> Pictures:
    """The first `count` rows of an array that `new_array` made, in its file and nothing else."""
    if count == len(array):
        return array
    short = new_array(draft, f"{name}.short", (count, *array.shape[1:]))
    for first in range(0, count, ROWS):
        short[first : first + ROWS] = array[first : min(first + ROWS, count)]
    short.flush()
    (draft / f"{name}.short.npy").replace(draft / f"{name}.npy")
    return np.load(draft / f"{name}.npy", mmap_mode="r")


def format_of(pictures: Pictures, classes: tuple[str, ...]) -> PictureFormat:
    """Size, channels, and mean and deviation of every channel, for training pictures (N, H, W, C)."""
    size, channels = pictures.shape[1], pictures.shape[3]
    # From counts of the 256 values: exact, and no float copy of the pictures.
    counts = np.zeros((channels, 256), np.int64)
    for first in range(0, len(pictures), ROWS):
        part = pictures[first : first + ROWS]
        for channel in range(channels):
            counts[channel] += np.bincount(part[..., channel].ravel(), minlength=256)
    shares, values = counts / counts.sum(1, keepdims=True), np.arange(256) / 255
    mean = shares @ values
    std = np.sqrt((shares * (values - mean[:, None]) ** 2).sum(1))
    return PictureFormat(size, channels, classes, tuple(float(m) for m in mean), tuple(float(s) or 1.0 for s in std))
