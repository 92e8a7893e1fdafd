"""May this zip be read? Names, links, sizes and ways of packing are checked before anything of it is unpacked.

Nothing of a zip is ever written to disk as it is: pictures go from it into memory, through the door, into an array.
"""

import re
import stat
import zipfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from resnet_viz.data.download import DatasetError

MOST_FILES = 2_000_000
MOST_BYTES = 256 * 10**9  # unpacked, all together
MOST_RATIO = 100  # of bytes unpacked to bytes of the zip: pictures are packed already
LONGEST_NAME, LONGEST_PATH = 255, 1_024  # bytes
PACKINGS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # of the others a few bytes can unpack to any number at once
BAD_NAMES = {
    "has control characters in it": re.compile(r"[\x00-\x1f\x7f]"),
    "has a backslash in it": re.compile(r"\\"),
    "begins at the root": re.compile(r"/"),
    "begins with a drive": re.compile(r"[A-Za-z]:"),
    "leads out of the zip": re.compile(r"(.*/)?\.\.(/|\Z)"),
}

Entry = tuple[str, int, Callable[[], bytes]]  # name, size in bytes, content


def entries_of_zip(place: Path, opened: ExitStack) -> list[Entry]:
    """The files in a zip that was found to be sound; `opened` closes it. Raises DatasetError with a sentence."""
    try:
        archive = opened.enter_context(zipfile.ZipFile(place))
    except Exception as error:  # a broken list of contents raises many kinds
        raise DatasetError(f"{place} is no zip file that can be read: {error}") from error
    entries = archive.infolist()
    _check_sizes(place, entries)
    names = set[str]()
    for entry in entries:
        if problem := _problem(entry, names):
            name = ascii(entry.orig_filename[:80])[1:-1]
            raise DatasetError(f"{place} is not read: {name} {problem}; pack the pictures anew")
        names.add(entry.filename)
    return [
        (entry.filename, entry.file_size, partial(_read, archive, entry)) for entry in entries if not entry.is_dir()
    ]


def _check_sizes(place: Path, entries: Sequence[zipfile.ZipInfo]) -> None:
    unpacked, size = sum(entry.file_size for entry in entries), place.stat().st_size
    if len(entries) > MOST_FILES:
        raise DatasetError(f"{place} holds {len(entries):,} files; the limit is {MOST_FILES:,}")
    if unpacked > MOST_BYTES:
        raise DatasetError(f"{place} unpacks to {unpacked / 1e9:,.0f} GB; the limit is {MOST_BYTES / 1e9:.0f} GB")
    if unpacked > MOST_RATIO * size or sum(entry.compress_size for entry in entries) > size:
        raise DatasetError(
            f"{place} unpacks to {unpacked / size:,.0f} times its size, or has files that share their bytes: that is "
            "no zip of pictures"
        )


def _problem(entry: zipfile.ZipInfo, names: set[str]) -> str:
    """What is wrong with one entry, after those of these names; an empty string where nothing is."""
    name = entry.orig_filename  # `filename` ends at the first NUL
    for problem, pattern in BAD_NAMES.items():
        if pattern.search(name) if "in it" in problem else pattern.match(name):
            return problem
    if len(name.encode(errors="replace")) > LONGEST_PATH or any(
        len(part.encode(errors="replace")) > LONGEST_NAME for part in name.split("/")
    ):
        return "has too long a name"
    if name in names:
        return "is in it twice"
    if stat.S_IFMT(entry.external_attr >> 16) not in (0, stat.S_IFREG, stat.S_IFDIR):
        return "is a link or another special file"
    if entry.flag_bits & 1:
        return "is encrypted"
    return "" if entry.compress_type in PACKINGS else "is packed in another way than stored or deflated"


def _read(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """The content of an entry: never more of it is unpacked than its header says, whatever follows."""
    with archive.open(entry) as file:
        return file.read(entry.file_size)  # read() alone unpacks all there is, and then cuts
