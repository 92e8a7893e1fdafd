"""What do the dearest pictures cost that the door lets in? Files of every kind, a little inside of the limits."""

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageFile

from tests.data.hostile import encode, gif, png, png_chunk, progressive

PAETH = 4  # the filter of PNG that takes longest to undo
NOISE = 17_000_000  # bytes, of those 20 MB that a file may have


def noisy_png(width: int, height: int, color: int, depth: int = 8, way: int = 0) -> bytes:
    """Noise, then zeros, behind the filter that takes longest: from noise it makes noise to the last row."""
    channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[color]
    lines = [(width, height)]
    if way:  # Adam7: (start, step) across and down of its seven pictures
        passes = ((0, 8, 0, 8), (4, 8, 0, 8), (0, 4, 4, 8), (2, 4, 0, 4), (0, 2, 2, 4), (1, 2, 0, 2), (0, 1, 1, 2))
        lines = [(-(-(width - x) // dx), -(-(height - y) // dy)) for x, dx, y, dy in passes]
    draw, parts, left = np.random.default_rng(0), [], NOISE
    for across, down in lines:
        rows = np.zeros((down, 1 + (across * channels * depth + 7) // 8), np.uint8)
        count = min(down, left // rows.shape[1])
        rows[:count] = draw.integers(0, 256, (count, rows.shape[1]), np.uint8)
        rows[:, 0] = PAETH
        left -= count * rows.shape[1]
        parts.append(rows.tobytes())
    extra = b""
    if color == 3:
        extra = png_chunk(b"PLTE", bytes(range(256)) * 3) + png_chunk(b"tRNS", bytes(range(256)))
    return png(width, height, b"".join(parts), color, depth, way, extra)


def noise(width: int, height: int, channels: int = 3) -> Image.Image:
    pixels = np.random.default_rng(0).integers(0, 256, (height, width, channels), np.uint8)
    return Image.fromarray(pixels if channels > 1 else pixels[..., 0])


def noisy_jpeg(width: int, height: int, **options) -> bytes:
    whole, ImageFile.MAXBLOCK = ImageFile.MAXBLOCK, 1 << 26  # Pillow writes a JPEG of noise in one piece only
    try:
        return encode(noise(width, height), "JPEG", **options)
    finally:
        ImageFile.MAXBLOCK = whole


def packed_gif(side: int) -> bytes:
    """A GIF whose codes are a literal and an order to forget all codes, in turns."""
    turn = sum(code << 3 * i for i, code in enumerate((0, 4, 1, 4, 2, 4, 3, 4))).to_bytes(3, "little")
    codes = turn * (side * side // 4) + b"\x05"
    return gif(side, side, (0, 0, side, side), codes, b"\x21\xf9\x04\x01\0\0\1\0")


LARGEST: dict[str, Callable[[], bytes]] = {
    "PNG, gray, 50 MP": lambda: noisy_png(10_000, 5_000, 0),
    "PNG, gray, interlaced, 50 MP": lambda: noisy_png(10_000, 4_990, 0, way=1),
    "PNG, palette with alpha, 50 MP": lambda: noisy_png(10_000, 5_000, 3),
    "PNG, gray of 16 bits, 32 MP": lambda: noisy_png(8_000, 3_990, 0, 16),
    "PNG, RGB, 21 MP": lambda: noisy_png(5_600, 3_800, 2),
    "PNG, RGBA, 16 MP": lambda: noisy_png(4_000, 3_990, 6),
    "PNG, RGBA, interlaced, 16 MP": lambda: noisy_png(4_000, 3_990, 6, way=1),
    "PNG, 1 bit, 50 MP": lambda: noisy_png(10_000, 5_000, 0, 1),
    "JPEG, 50 MP": lambda: noisy_jpeg(8_600, 5_800, quality=40),
    "JPEG, one row, 0.06 MP": lambda: noisy_jpeg(65_000, 1),
    "JPEG, progressive 4:2:0, 31 MP": lambda: noisy_jpeg(6_800, 4_500, quality=27, progressive=True),
    "JPEG, progressive 4:4:4, 9 MP": lambda: noisy_jpeg(3_400, 2_600, quality=45, subsampling=0, progressive=True),
    "JPEG, progressive, 49 scans, 49 MP": lambda: progressive(7_000, 7_000, 48),
    "WebP, 8 MP": lambda: encode(noise(3_200, 2_400), "WEBP", quality=75, method=0),
    "WebP, lossless, 3 MP": lambda: encode(noise(2_000, 1_500), "WEBP", lossless=True, quality=0, method=0),
    "WebP, lossless, one color, 6 MP": lambda: encode(Image.new("RGB", (3_000, 2_000)), "WEBP", lossless=True),
    "WebP with alpha, 6 MP": lambda: encode(noise(2_800, 2_200, 4), "WEBP", quality=60, method=0),
    "GIF, one color, 50 MP": lambda: encode(Image.new("P", (10_000, 5_000)), "GIF", transparency=0),
    "GIF, short codes, 25 MP": lambda: packed_gif(5_000),
    "GIF, noise, 13 MP": lambda: encode(noise(4_400, 3_000, 1), "GIF"),
    "BMP, RGB, 6 MP": lambda: encode(noise(3_000, 2_200), "BMP"),
    "BMP, 8 bits, 20 MP": lambda: encode(noise(5_200, 4_000, 1).quantize(256, Image.Quantize.FASTOCTREE), "BMP"),
}
