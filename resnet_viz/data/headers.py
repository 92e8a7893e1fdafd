"""What does a picture file say of itself, and may it be decoded? What the readers of all formats share."""

import struct
from dataclasses import dataclass

MAX_PIXELS = 50_000_000
MAX_SIDE = 65_535
MOST_PARTS = 10_000  # chunks, segments or blocks of one file, entries of its EXIF data
BROKEN = "The picture is broken and cannot be read to its end; save it again."


class ImageError(ValueError):
    """A file that is refused as a picture; the message is a sentence for the person who sent it."""


@dataclass(frozen=True, slots=True)
class Header:
    """The first picture of a file: width and height as stored, and `essence`, the file of that picture alone.

    While it decodes, Pillow holds `pixel_bytes` for every pixel and `held` bytes beside; `unforeseen` bytes more are
    possible, but cannot be told without decoding. `orientation` is EXIF's, 1 to 8.
    """

    format: str
    size: tuple[int, int]
    essence: bytes
    pixel_bytes: int
    held: int = 0
    unforeseen: int = 0
    orientation: int = 1


def check_size(width: int, height: int) -> None:
    """Raise ImageError for a picture with no pixels or too many."""
    if width < 1 or height < 1:
        raise ImageError(BROKEN)
    if width * height > MAX_PIXELS:
        raise ImageError(f"The picture has {width} x {height} pixels; the limit is {MAX_PIXELS // 10**6} million.")
    if max(width, height) > MAX_SIDE:
        raise ImageError(f"The picture has {width} x {height} pixels; no side may be longer than {MAX_SIDE:,}.")


def too_many_parts() -> ImageError:
    """The refusal of a file in more parts than are looked at."""
    return ImageError(f"The picture file has more than {MOST_PARTS:,} parts; save it again.")


def read_orientation(exif: bytes) -> int:
    """EXIF's orientation, 1 to 8; 1 where there is none, or no sense in it.

    Read here, for a reader of all of EXIF takes every entry, and entries may all stand for the same megabytes.
    """
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(exif[:4])
    try:
        if order is None:
            return 1
        first = struct.unpack_from(f"{order}I", exif, 4)[0]
        (count,) = struct.unpack_from(f"{order}H", exif, first)
        for i in range(min(count, MOST_PARTS)):
            tag, kind, _, value = struct.unpack_from(f"{order}HHIH", exif, first + 2 + 12 * i)
            if (tag, kind) == (0x0112, 3):
                return value if 1 <= value <= 8 else 1
    except struct.error:
        pass
    return 1
