"""What can a net learn from? Data sets held whole as uint8 arrays, ready to be taken in batches."""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from resnet_viz.data.download import DatasetError, Progress, fetch_cifar10, ignore_progress
from resnet_viz.data.images import ImageError, decode_image
from resnet_viz.data.pictures import PictureFormat, Pictures, fit_picture

DIGITS_TEST = 397  # of 1,797; leaves 1,400 to train on
PICTURE_SUFFIXES = {".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp"}


@dataclass(frozen=True)
class ImageData:
    """A data set in memory: pictures uint8 (N, H, W, C), labels int64 (N,), and their format."""

    train_pictures: Pictures
    train_labels: np.ndarray
    test_pictures: Pictures
    test_labels: np.ndarray
    form: PictureFormat


@dataclass(frozen=True)
class Dataset:
    """One choice of data set: what it is called, what it holds, and how it is loaded.

    `train_count` and `classes` are 0 where only the folder itself can tell.
    """

    title: str
    note: str
    size: int
    channels: int
    classes: int
    train_count: int
    test_count: int
    load: Callable[[Path, Path | None, Progress], ImageData]


def load_dataset(
    name: str, root: Path | None = None, folder: Path | str | None = None, progress: Progress = ignore_progress
) -> ImageData:
    """A data set by its name in DATASETS, read whole into memory.

    `root` keeps data sets (default: RESNET_VIZ_DATA, or data in RESNET_VIZ_HOME); `folder` is the ImageFolder of the
    data set "folder"; `progress(sentence, fraction)` is called while the reader waits.
    Raises DatasetError with a sentence that says what is missing and what to do.
    """
    if name not in DATASETS:
        raise DatasetError(f"data set {name!r} is unknown; try {', '.join(DATASETS)}")
    home = os.environ.get("RESNET_VIZ_HOME", "~/.resnet_viz")
    root = root or Path(os.environ.get("RESNET_VIZ_DATA") or f"{home}/data").expanduser()
    with _sentences(folder):
        return DATASETS[name].load(root, Path(folder).expanduser() if folder else None, progress)


@contextmanager
def _sentences(folder: Path | str | None) -> Iterator[None]:
    """Turn what a file system says of a folder into a DatasetError."""
    try:
        yield
    except (OSError, RuntimeError) as error:  # no such user in ~user, no permission, a name that is too long
        raise DatasetError(f"{folder or 'the data folder'} cannot be read: {error}") from error


def _load_digits(root: Path, folder: Path | None, progress: Progress) -> ImageData:
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    digits = load_digits()
    size = DATASETS["digits"].size
    gray = (digits.images * (255 / 16)).round().astype(np.uint8)  # (1797, 8, 8), were 0 to 16
    pictures = np.stack([fit_picture(Image.fromarray(g), size, channels=1) for g in gray])
    train, test = train_test_split(np.arange(len(gray)), test_size=DIGITS_TEST, random_state=0, stratify=digits.target)
    labels = digits.target.astype(np.int64)
    return _assemble(pictures[train], labels[train], pictures[test], labels[test], tuple("0123456789"))


def _load_cifar10(root: Path, folder: Path | None, progress: Progress) -> ImageData:
    from torchvision.datasets import CIFAR10

    if (root / "cifar10" / "train").is_dir():  # as a folder of pictures
        return _load_folder(root, root / "cifar10", progress)
    fetch_cifar10(root, progress)
    progress("Reading CIFAR-10", 0.0)
    train, test = CIFAR10(root, train=True), CIFAR10(root, train=False)
    return _assemble(train.data, np.array(train.targets), test.data, np.array(test.targets), tuple(train.classes))


def _load_folder(root: Path, folder: Path | None, progress: Progress) -> ImageData:
    if folder is None:
        raise DatasetError("no folder was given; name one that holds train/CLASS/* and test/CLASS/*")
    classes = _class_names_of_both(folder)
    parts = [_read_split(folder / split, classes, progress) for split in ("train", "test")]
    (train_pictures, train_labels), (test_pictures, test_labels) = parts
    return _assemble(train_pictures, train_labels, test_pictures, test_labels, classes)


def count_folder(folder: Path | str) -> tuple[int, int, int]:
    """How many training pictures, test pictures and classes an ImageFolder holds, without opening a picture.

    Raises DatasetError as load_dataset would.
    """
    with _sentences(folder):
        folder = Path(folder).expanduser()
        classes = _class_names_of_both(folder)
        train, test = (len(_list_pictures(folder / split, classes)) for split in ("train", "test"))
        return train, test, len(classes)


def _class_names_of_both(folder: Path) -> tuple[str, ...]:
    classes = _class_names(folder / "train")
    if strangers := set(_class_names(folder / "test")) - set(classes):
        raise DatasetError(f"{folder / 'test'} has classes that train has not: {', '.join(sorted(strangers))}")
    return classes


def _class_names(split: Path) -> tuple[str, ...]:
    if not split.is_dir():
        raise DatasetError(f"there is no folder {split}; a data set holds train/CLASS/* and test/CLASS/*")
    names = tuple(sorted(child.name for child in split.iterdir() if child.is_dir()))
    if len(names) < 2:
        raise DatasetError(f"{split} holds {len(names)} class folder(s); a data set needs at least two")
    return names


def _list_pictures(split: Path, classes: tuple[str, ...]) -> list[tuple[Path, int]]:
    """The picture files of train or test with their labels. Raises DatasetError where there are none."""
    files = [
        (path, label)
        for label, name in enumerate(classes)
        for path in sorted((split / name).glob("*"))
        if path.suffix.lower() in PICTURE_SUFFIXES
    ]
    if not files:
        raise DatasetError(f"{split} holds no pictures ({', '.join(sorted(PICTURE_SUFFIXES))})")
    return files


def _read_split(split: Path, classes: tuple[str, ...], progress: Progress) -> tuple[Pictures, np.ndarray]:
    files = _list_pictures(split, classes)
    size = DATASETS["folder"].size
    pictures = np.empty((len(files), size, size, 3), np.uint8)
    with ThreadPoolExecutor() as pool:
        for i, picture in enumerate(pool.map(lambda file: _read_picture(file[0], size), files)):
            pictures[i] = picture
            if i % 500 == 0:
                progress(f"Reading the pictures in {split.name}", i / len(files))
    return pictures, np.array([label for _, label in files], dtype=np.int64)


def _read_picture(path: Path, size: int) -> np.ndarray:
    try:
        return fit_picture(decode_image(path.read_bytes()), size, channels=3)
    except (ImageError, OSError) as error:
        raise DatasetError(f"{path} cannot be used, remove or replace it: {error}") from error


def _assemble(
    train_pictures: Pictures,
    train_labels: np.ndarray,
    test_pictures: Pictures,
    test_labels: np.ndarray,
    classes: tuple[str, ...],
) -> ImageData:
    # Per-channel mean and deviation from counts of the 256 values: exact, and no float copy of the pictures.
    mean, std = [], []
    values = np.arange(256) / 255
    for channel in range(train_pictures.shape[3]):
        share = np.bincount(train_pictures[..., channel].ravel(), minlength=256)
        share = share / share.sum()
        mean.append(float(share @ values))
        std.append(float(np.sqrt(share @ (values - mean[-1]) ** 2)) or 1.0)
    size, channels = train_pictures.shape[1], train_pictures.shape[3]
    form = PictureFormat(size, channels, classes, tuple(mean), tuple(std))
    return ImageData(train_pictures, train_labels, test_pictures, test_labels, form)


DATASETS = {
    "digits": Dataset(
        "Handwritten digits",
        "1,797 real digits that come with scikit-learn, brought to 16x16; no download.",
        size=16,
        channels=1,
        classes=10,
        train_count=1400,
        test_count=DIGITS_TEST,
        load=_load_digits,
    ),
    "cifar10": Dataset(
        "CIFAR-10",
        "60,000 photographs of 32x32 in ten classes, the paper's own data; 170 MB, fetched once.",
        size=32,
        channels=3,
        classes=10,
        train_count=50_000,
        test_count=10_000,
        load=_load_cifar10,
    ),
    "folder": Dataset(
        "A folder of pictures",
        "Your own pictures as train/CLASS/* and test/CLASS/*, brought to 32x32.",
        size=32,
        channels=3,
        classes=0,
        train_count=0,
        test_count=0,
        load=_load_folder,
    ),
}
