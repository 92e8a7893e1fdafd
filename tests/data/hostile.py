"""Which files would somebody send who means no good? Broken, lying and costly picture files, built by seed."""

import random
import struct
import zlib
from collections.abc import Iterator
from io import BytesIO

import numpy as np
from PIL import Image

KINDS = ("PNG", "JPEG", "WEBP", "GIF", "BMP")
OTHERS = ("TIFF", "PPM", "ICO", "TGA", "PCX", "SGI", "EPS", "PDF", "ICNS", "JPEG2000", "AVIF", "DIB")
SIGNATURE = b"\x89PNG\r\n\x1a\n"
SCRIPT = b"<script>alert(1)</script>"


def encode(image: Image.Image, kind: str, **options) -> bytes:
    buffer = BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def png_chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(
    width: int, height: int, rows: bytes, color: int = 2, depth: int = 8, way: int = 0, extra: bytes = b""
) -> bytes:
    """A PNG of raw rows, each behind the byte of its filter; `extra` chunks stand before them, `way` 1 is Adam7."""
    head = png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, way))
    return SIGNATURE + head + extra + png_chunk(b"IDAT", zlib.compress(rows, 1)) + png_chunk(b"IEND", b"")


def jpeg_segment(marker: int, content: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(content) + 2) + content


def webp(*chunks: tuple[bytes, bytes]) -> bytes:
    body = b"".join(kind + struct.pack("<I", len(part)) + part + bytes(len(part) % 2) for kind, part in chunks)
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WEBP" + body


def gif(width: int, height: int, frame: tuple[int, int, int, int], codes: bytes, extra: bytes = b"") -> bytes:
    """A GIF of four colors with one frame (left, top, width, height); `extra` blocks stand before it."""
    blocks = b"".join(bytes([len(codes[i : i + 255])]) + codes[i : i + 255] for i in range(0, len(codes), 255))
    head = b"GIF89a" + struct.pack("<HH", width, height) + b"\x91\0\0" + bytes(range(12))
    return head + extra + b"," + struct.pack("<4H", *frame) + b"\0\x02" + blocks + b"\0;"


def bmp(width: int, height: int, bits: int, pixels: bytes, compression: int = 0) -> bytes:
    palette = bytes(range(256)) * 4 if bits == 8 else b""
    head = struct.pack("<IiiHHIIiiII", 40, width, height, 1, bits, compression, len(pixels), 1, 1, 0, 0)
    return (
        b"BM" + struct.pack("<IHHI", 54 + len(palette) + len(pixels), 0, 0, 54 + len(palette)) + head + palette + pixels
    )


def exif(*entries: tuple[int, int, int, int]) -> bytes:
    """EXIF data of entries (tag, type, count, value or place of the value)."""
    packed = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    return b"II*\0" + struct.pack("<IH", 8, len(entries)) + packed + bytes(4)


def good() -> dict[str, bytes]:
    """Small pictures in every format and mode, all of which the door should let in."""
    draw = np.random.default_rng(0)
    photo = Image.fromarray(draw.integers(0, 256, (6, 9, 3), np.uint8)).resize((45, 30), Image.Resampling.BICUBIC)
    gray, clear, few = photo.convert("L"), photo.convert("RGBA"), photo.quantize(16)
    clear.putalpha(gray)
    frames = [photo, photo.transpose(Image.Transpose.ROTATE_180)]
    turned = Image.Exif()
    turned[0x0112] = 6
    animated = {"save_all": True, "append_images": frames[1:]}
    ramp = np.linspace(0, 65535, 45 * 30).reshape(30, 45).astype(np.uint16)
    rows = b"".join(bytes([i % 5]) + draw.bytes(45 * 8) for i in range(30))
    pictures = {f"{mode}.png": encode(photo.convert(mode), "PNG") for mode in ("1", "L", "LA", "RGB", "RGBA")}
    pictures |= {
        "P.png": encode(few, "PNG"),
        "transparent P.png": encode(few, "PNG", transparency=bytes(range(0, 256, 16))),
        "transparent L.png": encode(gray, "PNG", transparency=99),
        "transparent RGB.png": encode(photo, "PNG", transparency=photo.getpixel((3, 3))),
        "gray of 16 bits.png": encode(Image.fromarray(ramp), "PNG"),
        "RGBA of 16 bits.png": png(45, 30, rows, 6, 16),
        "text.png": png(1, 1, b"\0abc", extra=png_chunk(b"zTXt", b"a\0\0" + zlib.compress(SCRIPT))),
        "turned.png": encode(photo, "PNG", exif=turned),
        "animated.png": encode(photo, "PNG", **animated),
        "L.jpg": encode(gray, "JPEG"),
        "RGB.jpg": encode(photo, "JPEG", subsampling=0),
        "CMYK.jpg": encode(photo.convert("CMYK"), "JPEG"),
        "progressive.jpg": encode(photo, "JPEG", progressive=True),
        "turned.jpg": encode(photo, "JPEG", exif=turned, comment=SCRIPT),
        "lossy.webp": encode(photo, "WEBP"),
        "lossless.webp": encode(photo, "WEBP", lossless=True),
        "transparent.webp": encode(clear, "WEBP"),
        "animated.webp": encode(photo, "WEBP", **animated),
        "turned.webp": encode(photo, "WEBP", exif=turned),
        "P.gif": encode(few, "GIF", comment=SCRIPT),
        "transparent.gif": encode(few, "GIF", transparency=3),
        "animated.gif": encode(photo, "GIF", disposal=2, **animated),
        "run length.bmp": bmp(4, 2, 8, b"\x04\x07\0\0\x04\x09\0\1", compression=1),
    }
    return pictures | {f"{mode}.bmp": encode(photo.convert(mode), "BMP") for mode in ("1", "L", "P", "RGB", "RGBA")}


def liars() -> dict[str, bytes]:
    """Files whose headers say what is not so, or which hold what no picture needs; all must be refused."""
    row = b"\0" + bytes(30)
    widths = [(0, 5), (5, 0), (2**31 - 1, 2**31 - 1), (2**31 - 1, 1), (70_000, 600), (7_100, 7_100)]
    found = {f"{w} x {h}.png": png(w, h, row) for w, h in widths}
    found |= {f"{w} x {h}.bmp": bmp(w, h, 24, bytes(300)) for w, h in [*widths, (-5, 5), (5, -(2**31))]}
    frame = jpeg_segment(0xC0, struct.pack(">BHHB", 8, 65_000, 65_000, 1) + b"\1\x11\0")
    empty = jpeg_segment(0xC0, struct.pack(">BHHB", 8, 0, 9, 1) + b"\1\x11\0")
    scan = jpeg_segment(0xDA, b"\1\1\0\0\x3f\0")
    lossless = jpeg_segment(0xC3, struct.pack(">BHHB", 8, 9, 9, 1) + b"\1\x11\0")
    arithmetic = jpeg_segment(0xC9, struct.pack(">BHHB", 8, 9, 9, 1) + b"\1\x11\0")
    parts = {"huge": frame + scan, "empty": empty + scan, "no frame": scan, "two frames": frame + frame + scan}
    parts |= {"lossless": lossless + scan, "arithmetic": arithmetic + scan, "only ends": b"\xff\xd9" * 3}
    parts |= {"short segment": b"\xff\xe0\0\1" + frame + scan, "fill": b"\xff" * 99_999, "junk": bytes(99_999)}
    found |= {f"{name}.jpg": b"\xff\xd8" + part + bytes(99) for name, part in parts.items()}
    canvas = b"\x10\0\0\0" + b"\xff" * 6
    found["huge.webp"] = webp((b"VP8X", canvas), (b"VP8L", b"\x2f" + b"\xff" * 30))
    found["no picture.webp"] = webp((b"VP8X", bytes(10)), (b"EXIF", exif((0x0112, 3, 1, 6))))
    found["another size.webp"] = webp((b"VP8X", bytes(10)), (b"VP8L", b"\x2f" + b"\x7f" * 30))
    dispose = b"\x21\xf9\x04\x08\0\0\0\0"
    found["huge.gif"] = gif(9, 9, (0, 0, 60_000, 2_900), b"\x4c\1", dispose)
    found["empty.gif"] = gif(0, 0, (0, 0, 0, 0), b"\x4c\1")
    found["no frame.gif"] = gif(9, 9, (0, 0, 9, 9), b"")[:25] + b";"
    others = {kind: encode(Image.new("RGB", (32, 32), "teal"), kind) for kind in OTHERS}
    found |= {f"{kind}, renamed.png": data for kind, data in others.items()}
    texts = {"html": SCRIPT, "svg": b"<svg xmlns='http://www.w3.org/2000/svg'/>", "zip": b"PK\3\4" + bytes(99), "": b""}
    return found | {f"{name}, renamed.png": text for name, text in texts.items()} | {"one byte.png": b"\x89"}


def bombs() -> dict[str, bytes]:
    """Small files that would take much memory or time if they were read whole."""
    row, much = b"\0abc", zlib.compress(bytes(80_000_000), 9)
    parts = {b"zTXt": b"a\0\0" + much, b"iTXt": b"a\0\1\0\0\0" + much, b"iCCP": b"a\0\0" + much}
    found = {f"{kind.decode()}.png": png(1, 1, row, extra=png_chunk(kind, part)) for kind, part in parts.items()}
    found["rows.png"] = png(3_500, 3_500, bytes(3_500 * 28_001), 6, 16)
    found["longer than it is.png"] = png(1, 1, row + bytes(50_000_000))
    found["million chunks.png"] = png(1, 1, row, extra=png_chunk(b"IDAT", b"") * 1_000_000)
    same = exif(*((tag, 2, 1_900_000, 10) for tag in range(60_000)))  # every entry stands for the same 1.9 MB
    found["entries.png"] = png(1, 1, row, extra=png_chunk(b"eXIf", same + bytes(1_900_000)))
    found["segments.jpg"] = b"\xff\xd8" + jpeg_segment(0xFE, b"") * 1_000_000
    found["scans.jpg"] = progressive(800, 600, 4_000)
    found["blocks.gif"] = gif(9, 9, (0, 0, 9, 9), b"\x4c\1", b"\x21\xfe" + b"\1a" * 1_000_000 + b"\0")
    found["run length.bmp"] = bmp(6_000, 6_000, 8, b"\0\0" * 40_000, compression=1)
    found["codes.webp"] = groups_bomb()
    return found


def progressive(width: int, height: int, scans: int) -> bytes:
    """A gray progressive JPEG whose scans go through all blocks and say nothing."""
    blocks = -(-width // 8) * -(-height // 8)
    run = "0" + format(16_383, "014b")  # the next 32,767 blocks have no more coefficients
    bits = run * -(-blocks // 32_767)
    nothing = int(bits.ljust(-(-len(bits) // 8) * 8, "1"), 2).to_bytes(-(-len(bits) // 8), "big")
    head = jpeg_segment(0xDB, b"\0" + b"\1" * 64)
    head += jpeg_segment(0xC2, struct.pack(">BHHB", 8, height, width, 1) + b"\1\x11\0")
    head += jpeg_segment(0xC4, b"\0\1" + bytes(16)) + jpeg_segment(0xC4, b"\x10\1" + bytes(15) + b"\xe0")
    first = jpeg_segment(0xDA, b"\1\1\0\0\0\0") + bytes(-(-blocks // 8))
    again = jpeg_segment(0xDA, b"\1\1\0\1\x3f\0") + nothing.replace(b"\xff", b"\xff\0")
    return b"\xff\xd8" + head + first + again * scans + b"\xff\xd9"


def groups_bomb(side: int = 1_024) -> bytes:
    """A lossless WebP of one color in which every block of 4 x 4 pixels names another of 65,536 sets of codes.

    0.3 MB of file are 365 MB of tables in libwebp 1.6, 5.6 KB each.
    """
    fields: list[tuple[int, int]] = []  # (value, bits), the lowest bit first

    def put(*more: tuple[int, int]) -> None:
        fields.extend(more)

    one_symbol = ((1, 1), (0, 1), (0, 1), (0, 1))
    eight_bits = ((0, 1), (8, 4), *((int(i == 11), 3) for i in range(12)), (1, 1), (3, 3), (254, 8))
    put((0x2F, 8), (side - 1, 14), (side - 1, 14), (0, 1), (0, 3), (0, 1), (0, 1), (1, 1), (0, 3))
    put((0, 1), *eight_bits, *eight_bits, *one_symbol, *one_symbol, *one_symbol)
    turned = [int(format(i, "08b")[::-1], 2) for i in range(256)]
    for block in range((side // 4) ** 2):
        put((turned[block & 255], 8), (turned[block >> 8 & 255], 8))
    put(*one_symbol * 5 * 65_536)
    bits = "".join(format(value, f"0{count}b")[::-1] for value, count in fields)
    return webp((b"VP8L", int(bits[::-1], 2).to_bytes(-(-len(bits) // 8), "little") + bytes(16)))


def polyglots() -> dict[str, bytes]:
    """Good pictures that are something else as well; all are let in, for no byte of them is sent back."""
    some = good()
    return {
        "zip behind.png": some["RGB.png"] + b"PK\3\4" + bytes(50) + b"PK\5\6" + bytes(18),
        "html behind.jpg": some["RGB.jpg"] + SCRIPT,
        "javascript.gif": some["P.gif"][:6] + b"*/" + some["P.gif"][8:] + b"=1;alert(1)//",
        "html in a text.png": some["text.png"],
        "html in a comment.jpg": some["turned.jpg"],
        "html behind.webp": some["lossy.webp"] + SCRIPT,
        "html behind.bmp": some["RGB.bmp"] + SCRIPT,
    }


def spoiled(count: int, seed: int) -> Iterator[tuple[str, bytes]]:
    """`count` files made from good ones: cut at every tenth, then bytes changed, taken away, put in, and mixed up."""
    draw, pictures = random.Random(seed), good()
    cuts = [(f"{name}, {i} tenths", data[: len(data) * i // 10]) for name, data in pictures.items() for i in range(10)]
    yield from cuts
    ways = (flip, flip_in_head, take_away, put_in, mix, repaired)
    for i in range(count - len(cuts)):
        name, way = draw.choice(list(pictures)), draw.choice(ways)
        yield f"{name}, {way.__name__}, {i}", way(pictures[name], draw, draw.choice(list(pictures.values())))


def flip(data: bytes, draw: random.Random, other: bytes, last: int | None = None) -> bytes:
    broken = bytearray(data)
    for _ in range(draw.randrange(1, 9)):
        broken[draw.randrange(last or len(data))] = draw.choice((0, 1, 0x7F, 0x80, 0xFF, draw.randrange(256)))
    return bytes(broken)


def flip_in_head(data: bytes, draw: random.Random, other: bytes) -> bytes:
    return flip(data, draw, other, min(len(data), 64))


def take_away(data: bytes, draw: random.Random, other: bytes) -> bytes:
    start = draw.randrange(len(data))
    return data[:start] + data[start + draw.randrange(1, 40) :]


def put_in(data: bytes, draw: random.Random, other: bytes) -> bytes:
    start = draw.randrange(len(data))
    return data[:start] + draw.randbytes(draw.randrange(1, 40)) + data[start:]


def mix(data: bytes, draw: random.Random, other: bytes) -> bytes:
    """The head of one picture, the tail of another."""
    return data[: draw.randrange(len(data))] + other[draw.randrange(len(other)) :]


def repaired(data: bytes, draw: random.Random, other: bytes) -> bytes:
    """Bytes changed, and the checksums of a PNG made right again, so that the change gets past them."""
    broken = flip(data, draw, other)
    if not data.startswith(SIGNATURE):
        return broken
    place, out = 8, [SIGNATURE]
    while place + 12 <= len(data):  # by the lengths of the sound file
        length = int.from_bytes(data[place : place + 4], "big")
        out.append(png_chunk(broken[place + 4 : place + 8], broken[place + 8 : place + 8 + length]))
        place += 12 + length
    return b"".join(out)
