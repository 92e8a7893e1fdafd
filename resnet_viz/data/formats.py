"""What is in a picture file, and what will it take to decode it? Told from its headers, before a pixel is decoded.

A decoder is handed no more than it needs: profiles, texts, thumbnails, EXIF data and later frames stay behind, and with
them what can be hidden in them. Every loop here ends after MOST_PARTS turns; what the limits are worth is measured in
benchmarks/picture_door.md.
"""

import re
import struct
import zlib
from collections.abc import Callable, Iterator
from math import prod

from resnet_viz.data.headers import BROKEN, MOST_PARTS, Header, ImageError, check_size, read_orientation, too_many_parts

PNG_UNPACKED = 64_000_000  # bytes of rows: unpacking them takes most of a PNG's time
PROGRESSIVE_BYTES = 8 * 2**20  # a progressive JPEG takes about four times as long as another of the same bytes
MOST_SCANS = 50  # of a progressive JPEG: each of them goes through all blocks
WEBP_BYTES = 12 * 2**20
WEBP_GROUPS, GROUP_BYTES = 65_536, 20_000  # sets of Huffman codes that a lossless WebP may have, memory of one
RLE_SIZE = 1_000_000  # pixels, and bytes, of a run-length BMP: Pillow decodes those in Python
UNKNOWN = "This is not a PNG, JPEG, WebP, GIF or BMP picture; save it as one of these."


def _read_png(data: bytes) -> Header:
    kept: dict[bytes, list[bytes]] = {b"IHDR": [], b"PLTE": [], b"tRNS": [], b"IDAT": []}
    orientation = 1
    for kind, start, end in _png_chunks(data):
        if kind in kept:
            if zlib.crc32(memoryview(data)[start - 4 : end]) != int.from_bytes(data[end : end + 4], "big"):
                raise ImageError(BROKEN)
            kept[kind].append(data[start:end])
        elif kind == b"eXIf":
            orientation = read_orientation(data[start:end])
    width, height, depth, color = struct.unpack_from(">IIBB", kept[b"IHDR"][0])
    check_size(width, height)
    unpacked = height * (1 + (width * depth * {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[color] + 7) // 8)
    if unpacked > PNG_UNPACKED:
        raise ImageError(
            f"The PNG of {width} x {height} pixels unpacks to {unpacked / 1e6:.1f} MB; the limit is "
            f"{PNG_UNPACKED / 1e6:.0f} MB. Save it smaller, or as JPEG."
        )
    essence = b"\x89PNG\r\n\x1a\n" + b"".join(_png_chunk(kind, parts) for kind, parts in kept.items() if parts)
    pixel_bytes = 4 if color in (2, 4, 6) else 2 if depth == 16 else 1
    return Header("PNG", (width, height), essence + _png_chunk(b"IEND", []), pixel_bytes, orientation=orientation)


def _png_chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Kind, start and end of the content of every chunk to the end of the picture."""
    place = 8
    for _ in range(MOST_PARTS):
        length, kind = struct.unpack_from(">I4s", data, place)
        place += 12 + length
        if place > len(data):
            raise ImageError(BROKEN)
        if kind == b"IEND":
            return
        yield kind, place - 4 - length, place - 4
    raise too_many_parts()


def _png_chunk(kind: bytes, parts: list[bytes]) -> bytes:
    """One chunk of several of a kind: Pillow goes from chunk to chunk in Python, and a file may have millions."""
    content = b"".join(parts)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(content, zlib.crc32(kind)))


# What starts a marker: FF, and neither 00, which stands for an FF of the data, nor FF, which only fills.
_MARKER = re.compile(rb"\xff([^\x00\xff])")
_FRAMES = {0xC0, 0xC1, 0xC2}  # baseline, extended, progressive; no browser shows the others either
_OTHER_FRAMES = {0xC3, *range(0xC5, 0xC8), *range(0xC9, 0xCC), *range(0xCD, 0xD0)}
_TABLES = {0xC4, 0xDB, 0xDD, 0xE0, 0xEE}  # Huffman, quantization, restarts; JFIF and Adobe, which tell the colors
_EXIF, _SCAN = 0xE1, 0xDA


def _read_jpeg(data: bytes) -> Header:
    kept, frame, orientation = [data[:2]], b"", 1
    for marker, start, end in _jpeg_segments(data):
        if marker in _FRAMES and not frame:
            frame = data[start - 3 : end]  # with its marker and length
        elif marker in _FRAMES | _OTHER_FRAMES:
            raise ImageError("This kind of JPEG is not read here; save it as an ordinary one.")
        elif marker == _EXIF and data.startswith(b"Exif\0\0", start):
            orientation = read_orientation(data[start + 6 : end])
        if marker in _FRAMES | _TABLES:
            kept.append(data[start - 4 : end])
        if marker == _SCAN:
            height, width = struct.unpack_from(">HH", frame, 4)
            check_size(width, height)
            essence = b"".join([*kept, memoryview(data)[start - 4 :]])
            held = _jpeg_coefficients(frame, data, start)
            return Header("JPEG", (width, height), essence, 4, held, orientation=orientation)
    raise too_many_parts()


def _jpeg_segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Marker, start and end of the content of every segment to the first scan."""
    place = 2
    for _ in range(MOST_PARTS):
        found = _MARKER.search(data, place)
        if found is None or found[1][0] in (0xD8, 0xD9):  # the end, or another picture, before any pixel
            raise ImageError(BROKEN)
        place, marker = found.end(), found[1][0]
        if marker == 0x01 or 0xD0 <= marker <= 0xD7:  # these have no content
            continue
        end = place + struct.unpack_from(">H", data, place)[0]
        if end < place + 2 or end > len(data):
            raise ImageError(BROKEN)
        yield marker, place + 2, end
        place = end


def _jpeg_coefficients(frame: bytes, data: bytes, scan: int) -> int:
    """Bytes of coefficients that libjpeg keeps where a picture comes in several scans; 0 where it comes in one."""
    _, height, width, count = struct.unpack_from(">BHHB", frame, 3)
    if frame[0] != 0xC2 and data[scan] >= count:
        return 0
    if len(data) - scan > PROGRESSIVE_BYTES or data.count(b"\xff\xda", scan) > MOST_SCANS:
        raise ImageError(
            f"The picture is a progressive JPEG of more than {PROGRESSIVE_BYTES // 2**20} MB or {MOST_SCANS} scans; "
            "save it smaller, or as an ordinary JPEG."
        )
    factors = [divmod(frame[10 + 3 * i], 16) for i in range(count)]
    across, down = (max(factor[i] for factor in factors) for i in (0, 1))
    units = -(-width // (8 * across)) * -(-height // (8 * down))
    return 128 * units * sum(prod(factor) for factor in factors)  # 64 coefficients of two bytes a block


def _read_gif(data: bytes) -> Header:
    flags = data[10]
    head = data[: 13 + (3 * 2 ** (flags % 8 + 1) if flags & 128 else 0)]
    place, control, in_blocks = len(head), b"", False
    for _ in range(MOST_PARTS):
        if in_blocks or not data[place]:  # a block of an extension; a stray zero looks like an empty one
            in_blocks = data[place] > 0
            place += 1 + data[place]
        elif data.startswith(b"\x21", place):
            if data.startswith(b"\xf9\x04", place + 1):  # of what is to happen only the transparent color is kept
                control = b"\x21\xf9\x04" + bytes([data[place + 3] & 1, 0, 0, data[place + 6], 0])
            place, in_blocks = place + 2, True
        elif data.startswith(b"\x2c", place):
            left, top, width, height = struct.unpack_from("<4H", data, place + 1)
            canvas = struct.unpack_from("<2H", data, 6)
            size = max(canvas[0], left + width), max(canvas[1], top + height)
            check_size(*size)
            return Header("GIF", size, b"".join([head, control, memoryview(data)[place:]]), 1)
        else:
            raise ImageError(BROKEN)
    raise too_many_parts()


def _read_bmp(data: bytes) -> Header:
    if data[14] == 12:
        width, height, _, bits = struct.unpack_from("<4H", data, 18)
        compression = 0
    else:
        width, height, _, bits, compression = struct.unpack_from("<iiHHI", data, 18)
    height = abs(height)  # negative: from top to bottom
    check_size(width, height)
    if compression in (1, 2):
        if width * height > RLE_SIZE or len(data) > RLE_SIZE:
            raise ImageError(f"The picture is a run-length BMP of more than {RLE_SIZE:,} pixels; save it as PNG.")
    elif (width * bits + 31) // 32 * 4 * height > len(data):
        raise ImageError(BROKEN)
    return Header("BMP", (width, height), data, 1 if bits <= 8 else 4)


def _read_webp(data: bytes) -> Header:
    kept: dict[bytes, bytes] = {}  # of every kind the first
    orientation = 1
    if len(data) > WEBP_BYTES:
        raise ImageError(f"The WebP has more than {WEBP_BYTES // 2**20} MB; save it smaller, or as JPEG.")
    for kind, content in _webp_chunks(data):
        if kind == b"EXIF":
            orientation = read_orientation(content.removeprefix(b"Exif\0\0"))
        elif kind in _WEBP_PARTS:
            kept.setdefault(kind, content)
    size = _webp_size(kept)
    check_size(*size)
    if b"VP8X" in kept:  # of its flags only animation and alpha are kept
        kept[b"VP8X"] = bytes([kept[b"VP8X"][0] & 0x12]) + kept[b"VP8X"][1:]
    chunks = [_webp_chunk(kind, kept[kind]) for kind in _WEBP_PARTS if kind in kept]
    length = 4 + sum(map(len, chunks))
    essence = b"".join([b"RIFF", struct.pack("<I", length), b"WEBP", *chunks])
    if not _is_lossless(kept):
        return Header("WEBP", size, essence, 16, len(essence), orientation=orientation)  # Pillow makes a copy
    # The least that a set of codes takes in the file is 20 bits, and the least that uses one is a block of 4 x 4.
    groups = min(WEBP_GROUPS, -(-size[0] // 4) * -(-size[1] // 4), length * 8 // 20)
    return Header("WEBP", size, essence, 20, len(essence), groups * GROUP_BYTES, orientation)


_WEBP_PARTS = (b"VP8X", b"ANIM", b"ANMF", b"ALPH", b"VP8 ", b"VP8L")  # in the order in which they stand


def _webp_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    place, end = 12, 8 + struct.unpack_from("<I", data, 4)[0]
    for _ in range(MOST_PARTS):
        if place + 8 > end:
            return
        kind, length = struct.unpack_from("<4sI", data, place)
        if place + 8 + length > len(data):
            raise ImageError(BROKEN)
        yield kind, data[place + 8 : place + 8 + length] if kind in (*_WEBP_PARTS, b"EXIF") else b""
        place += 8 + length + length % 2
    raise too_many_parts()


def _webp_chunk(kind: bytes, content: bytes) -> bytes:
    return kind + struct.pack("<I", len(content)) + content + bytes(len(content) % 2)


def _webp_size(kept: dict[bytes, bytes]) -> tuple[int, int]:
    if canvas := kept.get(b"VP8X"):
        return int.from_bytes(canvas[4:7], "little") + 1, int.from_bytes(canvas[7:10], "little") + 1
    if b"VP8 " in kept:
        width, height = struct.unpack_from("<HH", kept[b"VP8 "], 6)
        return width & 0x3FFF, height & 0x3FFF
    bits = int.from_bytes(kept[b"VP8L"][1:5], "little")
    return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1


def _is_lossless(kept: dict[bytes, bytes]) -> bool:
    """Whether the picture or its transparency is packed as lossless WebP; of an animation's frame that is assumed."""
    frame = kept.get(b"ANMF", b"")[16:20]
    return b"VP8L" in kept or kept.get(b"ALPH", b"\0")[0] & 3 > 0 or frame not in (b"", b"VP8 ")


READERS: dict[re.Pattern[bytes], Callable[[bytes], Header]] = {
    re.compile(rb"\x89PNG\r\n\x1a\n"): _read_png,
    re.compile(rb"\xff\xd8\xff"): _read_jpeg,
    re.compile(rb"RIFF.{4}WEBP", re.DOTALL): _read_webp,
    re.compile(rb"GIF8[79]a"): _read_gif,
    re.compile(rb"BM"): _read_bmp,
}


def read_header(data: bytes) -> Header:
    """What a PNG, JPEG, WebP, GIF or BMP file says of its first picture.

    Raises ImageError where it is none of these or would take too long; any other exception means that it is broken.
    """
    for magic, read in READERS.items():
        if magic.match(data):
            return read(data)
    raise ImageError(UNKNOWN)
