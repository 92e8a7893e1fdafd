"""How does a folder of pictures, or a zip of one, become a data set? Every file through one door, in parallel."""

import hashlib
import os
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from operator import attrgetter
from pathlib import Path, PurePosixPath

import numpy as np

from resnet_viz.data.download import DatasetError, Progress
from resnet_viz.data.images import MAX_BYTES, ImageError, decode_image
from resnet_viz.data.pictures import Pictures, fit_picture
from resnet_viz.data.zips import entries_of_zip

PICTURE_SUFFIXES = {".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp"}
TEST_NAMES = ("test", "val", "valid", "validation")
TEST_SHARE = 0.2  # of each class, where there is no test folder
MOST_BROKEN = 0.05  # of the pictures; more than that is no accident
NAMED = 3  # broken pictures that a refusal names
SAY_EVERY = 500
TURNING = {chr(code) for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))}  # text from right to left and back


@dataclass(frozen=True, slots=True)
class File:
    """One picture file: where it stands (folders and name), its size in bytes, its content."""

    parts: tuple[str, ...]
    size: int
    read: Callable[[], bytes]


@dataclass(frozen=True)
class Listing:
    """The pictures of a data set by part, each with its label, in order, and the class names."""

    train: list[tuple[File, int]]
    test: list[tuple[File, int]]
    classes: tuple[str, ...]


@dataclass(frozen=True)
class Decoded:
    """Labels int64 (N,) of the pictures written, a sentence for each file skipped, how many pictures were enlarged."""

    labels: np.ndarray
    skipped: list[str]
    enlarged: int


def list_pictures(place: Path, opened: ExitStack) -> Listing:
    """The pictures of an ImageFolder or of a zip of one, by part; `opened` closes the zip.

    A place holds train/CLASS/* and test/CLASS/* (or val, valid, validation), or CLASS/* alone: then a fifth of each
    class is set aside for the test, always the same pictures. Raises DatasetError with a sentence.
    """
    files = _strip_common(list(_files_of_zip(place, opened) if place.is_file() else _files_of_folder(place)))
    if not files:
        raise DatasetError(f"{place} holds no pictures ({', '.join(sorted(PICTURE_SUFFIXES))})")
    parts = {file.parts[0] for file in files}
    test_name = next((name for name in TEST_NAMES if name in parts), "")
    if "train" in parts and test_name:
        train, test = (_in_folder(files, name) for name in ("train", test_name))
        classes = _class_names(train, place / "train")
        if strangers := {file.parts[0] for file in test} - set(classes):
            named = ", ".join(_printable(name) for name in sorted(strangers))
            raise DatasetError(f"{place / test_name} has classes that train has not: {named}")
        return Listing(_labelled(train, classes), _labelled(test, classes), tuple(map(_printable, classes)))
    whole = _in_folder(files, "train") if "train" in parts else files
    classes = _class_names(whole, place / "train" if "train" in parts else place)
    return _split(_labelled(whole, classes), classes, place)


def fingerprint(place: Path) -> str:
    """What changes with every picture of a folder that is added, taken away or written anew; of a zip, with the zip.

    It makes no list of the files, and so takes a fraction of the time of one.
    """
    if not place.is_file():
        _check_folder(place)
    digest = hashlib.sha256(os.fsencode(place.resolve()))
    if place.is_file():
        digest.update(_stamp(place.name, place.stat()))
    else:
        _feed(digest, place, place.resolve())
    return digest.hexdigest()[:16]


def _feed(digest: "hashlib._Hash", folder: Path | str, home: Path) -> None:
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=attrgetter("name")):
            if entry.is_symlink():
                _check_link(Path(entry.path), home)
            if entry.is_dir():
                _feed(digest, entry.path, home)
            elif _is_picture(entry.name) and entry.is_file():
                digest.update(_stamp(entry.path, entry.stat()))


def _stamp(name: str, facts: os.stat_result) -> bytes:
    return f"{name}\0{facts.st_size}\0{facts.st_mtime_ns}\0".encode(errors="surrogateescape")


def _check_folder(place: Path) -> None:
    if not place.is_dir():
        raise DatasetError(f"there is no folder or zip {place}; name one that holds train/CLASS/* or CLASS/*")


def _files_of_folder(place: Path) -> Iterator[File]:
    _check_folder(place)
    yield from _walk(place, (), place.resolve())


def _walk(folder: Path, parts: tuple[str, ...], home: Path) -> Iterator[File]:
    """All pictures under a folder, through links too, as long as they lead to something inside of `home`."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_symlink():
                _check_link(Path(entry.path), home)
            if entry.is_dir():
                yield from _walk(Path(entry.path), (*parts, entry.name), home)
            elif _is_picture(entry.name) and entry.is_file():
                yield File((*parts, entry.name), entry.stat().st_size, partial(_read, entry.path))


def _read(path: str) -> bytes:
    return Path(path).read_bytes()  # made when needed: a path for each of many files takes its time


def _check_link(link: Path, home: Path) -> None:
    target = link.resolve()
    if not target.is_relative_to(home):
        raise DatasetError(f"{link} leads out of the folder, to {target}; replace the link by what it stands for")
    if link.parent.resolve().is_relative_to(target):
        raise DatasetError(f"{link} leads back to a folder that holds it; remove the link")


def _is_picture(name: str) -> bool:
    return name[name.rfind(".") :].lower() in PICTURE_SUFFIXES


def _files_of_zip(place: Path, opened: ExitStack) -> Iterator[File]:
    for name, size, read in entries_of_zip(place, opened):
        parts = PurePosixPath(name).parts
        is_hidden = any(part.startswith((".", "__MACOSX")) for part in parts)
        if not is_hidden and _is_picture(name):
            yield File(parts, size, read)


def _strip_common(files: list[File]) -> list[File]:
    """The files without the one folder that they all may stand in, as zips often have it."""
    while files and len({file.parts[0] for file in files}) == 1 and all(len(f.parts) > 2 for f in files):
        if files[0].parts[0] in ("train", *TEST_NAMES):
            break
        files = _in_folder(files, files[0].parts[0])
    return files


def _in_folder(files: Sequence[File], name: str) -> list[File]:
    return [
        File(file.parts[1:], file.size, file.read) for file in files if file.parts[0] == name and len(file.parts) > 1
    ]


def _class_names(files: Sequence[File], place: Path) -> tuple[str, ...]:
    names = tuple(sorted({file.parts[0] for file in files if len(file.parts) > 1}))
    if len(names) < 2:
        raise DatasetError(f"{place} holds {len(names)} class folder(s) with pictures; a data set needs at least two")
    return names


def _printable(name: str) -> str:
    """A name as text that can be stored and shown: what no font has, or what turns the direction, as its number."""
    return "".join(
        ascii(char)[1:-1] if unicodedata.category(char) in ("Cc", "Cs") or char in TURNING else char for char in name
    )


def _labelled(files: Sequence[File], classes: tuple[str, ...]) -> list[tuple[File, int]]:
    labels = {name: label for label, name in enumerate(classes)}
    found = [(file, labels[file.parts[0]]) for file in files if len(file.parts) > 1]
    return sorted(found, key=lambda pair: (pair[1], pair[0].parts))


def _split(files: list[tuple[File, int]], classes: tuple[str, ...], place: Path) -> Listing:
    from sklearn.model_selection import train_test_split

    labels = [label for _, label in files]
    few = [name for label, name in enumerate(classes) if labels.count(label) < 2]
    if few or TEST_SHARE * len(files) < len(classes):
        raise DatasetError(
            f"{place} has too few pictures to set some aside for a test ({_printable(few[0]) if few else len(files)}); "
            "add pictures, or a test folder"
        )
    train, test = train_test_split(np.arange(len(files)), test_size=TEST_SHARE, random_state=0, stratify=labels)
    shown = tuple(map(_printable, classes))
    return Listing([files[i] for i in sorted(train)], [files[i] for i in sorted(test)], shown)


def decode_all(files: list[tuple[File, int]], size: int, part: str, out: Pictures, progress: Progress) -> Decoded:
    """The pictures of files, brought to size x size in parallel and written to the start of `out` (N, H, W, 3).

    What is no picture is skipped and told; raises DatasetError where that is more than a few of them.
    """
    labels, skipped, enlarged = list[int](), list[str](), 0
    with ThreadPoolExecutor() as pool:
        for i, picture in enumerate(pool.map(lambda file: _decode(file[0], size), files)):
            file, label = files[i]
            if isinstance(picture, str):
                skipped.append(f"{_printable('/'.join((part, *file.parts)))}: {picture}")
                _check_skipped(skipped, len(files))
            else:
                out[len(labels)], was_small = picture
                enlarged += was_small
                labels.append(label)
            if i % SAY_EVERY == 0:
                progress(f"Reading the pictures of {part}", i / len(files))
    return Decoded(np.array(labels, dtype=np.int64), skipped, enlarged)


def _check_skipped(skipped: list[str], count: int) -> None:
    if len(skipped) > max(1, MOST_BROKEN * count):
        raise DatasetError(
            f"more than {MOST_BROKEN:.0%} of the pictures cannot be used; remove or replace them: "
            + " ".join(skipped[:NAMED])
        )


def _decode(file: File, size: int) -> tuple[np.ndarray, bool] | str:
    """The picture and whether it had to be enlarged, or a sentence that says why there is none."""
    if file.size > MAX_BYTES:
        return f"The file has {file.size / 2**20:.0f} MB; the limit is {MAX_BYTES // 2**20} MB."
    try:
        image = decode_image(file.read())
        return fit_picture(image, size, channels=3), min(image.size) < size
    except ImageError as error:
        return f"{error}"
    except (OSError, EOFError, ValueError, RuntimeError, struct.error, zlib.error, zipfile.BadZipFile) as error:
        return f"The file cannot be read: {error}."
