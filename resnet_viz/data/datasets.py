"""What can a net learn from? Data sets as uint8 arrays, ready to be taken in batches."""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from importlib.metadata import distribution
from pathlib import Path

import numpy as np
from PIL import Image

from resnet_viz.data.cache import ImageData, format_of, is_cached, new_array, open_cached, shorten_array
from resnet_viz.data.download import DatasetError, Progress, ignore_progress, locked
from resnet_viz.data.folders import Listing, decode_all, fingerprint, list_pictures
from resnet_viz.data.pictures import fit_picture
from resnet_viz.data.shapes import COUNTS, make_shapes

DIGITS = "sklearn/datasets/data/digits.csv.gz"
DIGITS_ORDER = Path(__file__).with_name("digits.npy")
DIGITS_TEST = 397  # of 1,797; leaves 1,400 to train on
SIZES = (16, 224)  # sides to which pictures can be brought


@dataclass(frozen=True)
class Dataset:
    """One choice of data set: what it is called, what it holds, and the side that its pictures are brought to.

    A toy is for a first look: what it shows need not hold for photographs. `sizes` says whether a reader may choose
    another side; counts and classes are 0 where only the folder itself can tell.
    """

    title: str
    note: str
    size: int
    channels: int = 3
    classes: int = 10
    train_count: int = 0
    test_count: int = 0
    is_toy: bool = False
    sizes: bool = False


DATASETS = {
    "digits": Dataset(
        "Handwritten digits (toy)",
        "1,797 real digits that come with scikit-learn, brought to 16x16; no download.",
        16,
        channels=1,
        train_count=1797 - DIGITS_TEST,
        test_count=DIGITS_TEST,
        is_toy=True,
    ),
    "shapes": Dataset(
        "Shapes (toy)",
        "6,000 drawn pictures of 32x32: ten shapes of any color, texture and place, each with the mask of its object; "
        "made on the spot, no download.",
        32,
        train_count=COUNTS["train"],
        test_count=COUNTS["test"],
        is_toy=True,
    ),
    "cifar10": Dataset(
        "CIFAR-10",
        "60,000 photographs of 32x32 in ten classes, the paper's own data; 170 MB, fetched once.",
        32,
        train_count=50_000,
        test_count=10_000,
    ),
    "cifar100": Dataset(
        "CIFAR-100",
        "60,000 photographs of 32x32 in a hundred classes; 170 MB, fetched once.",
        32,
        classes=100,
        train_count=50_000,
        test_count=10_000,
    ),
    "mnist": Dataset(
        "MNIST (toy)",
        "70,000 handwritten digits of 28x28; 12 MB, fetched once.",
        28,
        channels=1,
        train_count=60_000,
        test_count=10_000,
        is_toy=True,
    ),
    "fashion": Dataset(
        "Fashion-MNIST (toy)",
        "70,000 pieces of clothing, gray, 28x28; 31 MB, fetched once or taken from Debian's dataset-fashion-mnist.",
        28,
        channels=1,
        train_count=60_000,
        test_count=10_000,
        is_toy=True,
    ),
    "kmnist": Dataset(
        "Kuzushiji-MNIST (toy)",
        "70,000 cursive Japanese characters of 28x28; 21 MB, fetched once.",
        28,
        channels=1,
        train_count=60_000,
        test_count=10_000,
        is_toy=True,
    ),
    "svhn": Dataset(
        "SVHN",
        "99,289 house numbers from the street, 32x32; 246 MB, fetched once.",
        32,
        train_count=73_257,
        test_count=26_032,
    ),
    "stl10": Dataset(
        "STL-10",
        "13,000 photographs of 96x96 in ten classes, 5,000 of them to learn from; 2.6 GB, fetched once.",
        48,
        train_count=5_000,
        test_count=8_000,
        sizes=True,
    ),
    "imagenette": Dataset(
        "Imagenette",
        "13,394 photographs of ten ImageNet classes; 99 MB, fetched once.",
        64,
        train_count=9_469,
        test_count=3_925,
        sizes=True,
    ),
    "folder": Dataset(
        "A folder of pictures",
        "Your own pictures, a folder or a zip: train/CLASS/* and test/CLASS/*, or CLASS/* alone.",
        32,
        classes=0,
        sizes=True,
    ),
}


def load_dataset(
    name: str,
    root: Path | None = None,
    folder: Path | str | None = None,
    progress: Progress = ignore_progress,
    size: int = 0,
) -> ImageData:
    """A data set by its name in DATASETS; what was decoded once is opened from a cache the next time.

    `root` keeps data sets (default: RESNET_VIZ_DATA, or data in RESNET_VIZ_HOME); `folder` is the ImageFolder, or the
    zip of one, of the data set "folder"; `progress(sentence, fraction)` is called while the reader waits; `size` is
    the side that pictures are brought to (0: the data set's own).
    Raises DatasetError with a sentence that says what is missing and what to do.
    """
    if name not in DATASETS:
        raise DatasetError(f"data set {name!r} is unknown; try {', '.join(DATASETS)}")
    home = os.environ.get("RESNET_VIZ_HOME", "~/.resnet_viz")
    root = root or Path(os.environ.get("RESNET_VIZ_DATA") or f"{home}/data").expanduser()
    side = picture_size(name, size)
    with _sentences(folder):
        if name in EMBEDDED:
            return EMBEDDED[name]()
        if name == "folder":
            return _load_folder(root, _own_folder(folder), side, progress)
        return _load_published(name, root, side, progress)


def is_at_hand(name: str, root: Path, size: int = 0) -> bool:
    """Whether a published data set can be loaded without a download."""
    unpacked = root / name / "train"
    return name in EMBEDDED or unpacked.is_dir() or is_cached(root / "cache" / f"{name}-{picture_size(name, size)}")


def picture_size(name: str, size: int = 0) -> int:
    """The side that a data set's pictures are brought to if `size` is asked for. Raises DatasetError."""
    if not size or size == DATASETS[name].size:
        return DATASETS[name].size
    if not DATASETS[name].sizes:
        raise DatasetError(f"the pictures of {DATASETS[name].title} have {DATASETS[name].size} pixels a side")
    if not SIZES[0] <= size <= SIZES[1]:
        raise DatasetError(f"pictures can be brought to {SIZES[0]} to {SIZES[1]} pixels a side, not {size}")
    return size


@contextmanager
def _sentences(folder: Path | str | None) -> Iterator[None]:
    """Turn what a file system says of a folder into a DatasetError."""
    try:
        yield
    except InterruptedError:
        raise
    except (OSError, RuntimeError) as error:  # no such user in ~user, no permission, a name that is too long
        raise DatasetError(f"{folder or 'the data folder'} cannot be read: {error}") from error


def _own_folder(folder: Path | str | None) -> Path:
    if not folder:
        raise DatasetError("no folder was given; name one that holds train/CLASS/* and test/CLASS/*, or CLASS/*")
    return Path(folder).expanduser()


@lru_cache(maxsize=1)
def _load_digits() -> ImageData:
    """scikit-learn's, from its file: to import it takes a worker most of a second (benchmarks/digits_loading.md).

    DIGITS_ORDER has the training pictures, then the test pictures, as its stratified split draws them from seed 0.
    """
    table = np.loadtxt(str(distribution("scikit-learn").locate_file(DIGITS)), delimiter=",", dtype=np.uint8)
    gray = (table[:, :-1].reshape(-1, 8, 8) * (255 / 16)).round().astype(np.uint8)  # were 0 to 16
    pictures = _resize(gray[..., None], DATASETS["digits"].size)
    labels = table[:, -1].astype(np.int64)
    train, test = np.split(np.load(DIGITS_ORDER), [len(gray) - DIGITS_TEST])
    form = format_of(pictures[train], tuple("0123456789"))
    return ImageData(pictures[train], labels[train], pictures[test], labels[test], form)


# What comes along, or is made on the spot.
EMBEDDED: dict[str, Callable[[], ImageData]] = {"digits": _load_digits, "shapes": make_shapes}


def _resize(pictures: np.ndarray, size: int) -> np.ndarray:
    """Pictures (N, H, W, C) brought to size x size; those that have it stay as they are."""
    if pictures.shape[1:3] == (size, size):
        return pictures
    channels = pictures.shape[3]

    def fit(picture: np.ndarray) -> np.ndarray:
        return fit_picture(Image.fromarray(picture if channels == 3 else picture[..., 0]), size, channels)

    with ThreadPoolExecutor() as pool:
        return np.stack(list(pool.map(fit, pictures)))


def _load_published(name: str, root: Path, size: int, progress: Progress) -> ImageData:
    unpacked = root / name  # pictures that somebody has put there as a folder
    if (unpacked / "train").is_dir():
        return _load_folder(root, unpacked, size, progress)
    return _cached(root, f"{name}-{size}", partial(_make_published, name, root, size, progress), progress)


def _make_published(name: str, root: Path, size: int, progress: Progress, draft: Path) -> ImageData:
    from resnet_viz.data.sources import READERS, fetch_imagenette, imagenette_classes

    title = DATASETS[name].title.removesuffix(" (toy)")
    if name == "imagenette":
        with ExitStack() as opened:
            listing = list_pictures(fetch_imagenette(root, title, progress), opened)
            data = _decode_listing(listing, size, progress, draft)
        return replace(data, form=replace(data.form, classes=imagenette_classes(listing.classes)))
    train, train_labels, test, test_labels, classes = READERS[name](root, title, progress)
    progress(f"Preparing {title}", 0.0)
    pictures = [np.ascontiguousarray(_resize(part, size)) for part in (train, test)]
    labels = [np.asarray(part, dtype=np.int64) for part in (train_labels, test_labels)]
    return ImageData(pictures[0], labels[0], pictures[1], labels[1], format_of(pictures[0], classes))


def _load_folder(root: Path, folder: Path, size: int, progress: Progress) -> ImageData:
    with ExitStack() as opened:
        progress(f"Looking through {folder.name}", 0.0)
        name = f"folder-{fingerprint(folder)}-{size}"
        make = partial(_decode_folder, folder, opened, size, progress)
        return _cached(root, name, make, progress)


def _decode_folder(folder: Path, opened: ExitStack, size: int, progress: Progress, draft: Path) -> ImageData:
    return _decode_listing(list_pictures(folder, opened), size, progress, draft)


def _decode_listing(listing: Listing, size: int, progress: Progress, draft: Path) -> ImageData:
    parts, skipped, enlarged = [], list[str](), 0
    for name, files in (("train", listing.train), ("test", listing.test)):
        array = new_array(draft, f"{name}_pictures", (len(files), size, size, 3))
        decoded = decode_all(files, size, name, array, progress)
        parts.append((shorten_array(draft, f"{name}_pictures", array, len(decoded.labels)), decoded.labels))
        skipped += decoded.skipped
        enlarged += decoded.enlarged
    (train, train_labels), (test, test_labels) = parts
    form = format_of(train, listing.classes)
    return ImageData(train, train_labels, test, test_labels, form, tuple(skipped), enlarged)


def _cached(root: Path, name: str, make: "partial[ImageData]", progress: Progress) -> ImageData:
    """A data set from the cache under `root`; of several processes that ask at once, one makes it."""
    folder = root / "cache" / name
    with locked(root / "cache" / f".{name}.lock", progress):
        return open_cached(folder, make)


def count_folder(folder: Path | str) -> tuple[int, int, int]:
    """How many training pictures, test pictures and classes a folder or zip holds, without opening a picture.

    Raises DatasetError as load_dataset would.
    """
    with _sentences(folder), ExitStack() as opened:
        listing = list_pictures(_own_folder(folder), opened)
        return len(listing.train), len(listing.test), len(listing.classes)
