"""Is this file a picture that can be shown to a net? One door for every picture that comes from outside."""

import subprocess
import sys
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

from resnet_viz.data import box
from resnet_viz.data.formats import read_header
from resnet_viz.data.headers import BROKEN, Header, ImageError

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP")
MAX_BYTES = 20 * 2**20
MAX_MEMORY = 145_000_000  # bytes that decoding may take by the header; some more pass through
MAX_RESULT = 4_000_000  # pixels of what comes out: a net takes 224 a side, a screen shows less than this
GROUND = (128, 128, 128)  # what shows through transparent pixels
BAND = 1 << 18  # pixels that are converted at once
UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}  # by EXIF's orientation


def decode_image(data: bytes) -> Image.Image:
    """The first frame of a PNG, JPEG, WebP, GIF or BMP file as an upright RGB picture of at most MAX_RESULT pixels.

    The format is told from the content. EXIF rotation is applied, 16-bit grays are scaled to 8 bits, transparent
    pixels get a neutral gray behind them. A larger picture is brought down by a whole factor: nothing here needs its
    every pixel, and what comes after takes little memory. Raises ImageError, and nothing else, with a sentence for
    whatever is too large, broken, of another format, or would take more than MAX_MEMORY to decode.
    """
    try:
        data = bytes(data)
        if not data:
            raise ImageError("The file is empty; choose a picture.")
        if len(data) > MAX_BYTES:
            raise ImageError(f"The file has {len(data) / 2**20:.0f} MB; the limit is {MAX_BYTES // 2**20} MB.")
        header = read_header(data)
        _check_memory(header)
        picture = _shrink(_decode(header))
        turn = UPRIGHT.get(header.orientation)
        return picture if turn is None else picture.transpose(turn)
    except ImageError:
        raise
    except Exception as error:  # decoders raise many kinds for broken files, MemoryError and SyntaxError among them
        raise ImageError(BROKEN) from error


def _check_memory(header: Header) -> None:
    width, height = header.size
    if (needed := _memory(header)) > MAX_MEMORY:
        raise ImageError(
            f"To decode this picture of {width} x {height} pixels takes {needed / 1e6:.0f} MB; the limit is "
            f"{MAX_MEMORY / 1e6:.0f} MB. Save it smaller, or as an ordinary (not progressive) JPEG."
        )


def _memory(header: Header) -> int:
    """Bytes that a picture takes while it is decoded: the file, the decoder, all pixels, and the result."""
    pixels = header.size[0] * header.size[1]
    whole = header.pixel_bytes * pixels // _draft_scale(header) ** 2
    return len(header.essence) + header.held + whole + 4 * pixels // _factor(header.size) ** 2


def _factor(size: tuple[int, int]) -> int:
    """The whole number by which both sides are divided so that MAX_RESULT pixels are left at most."""
    factor = 1
    while -(-size[0] // factor) * -(-size[1] // factor) > MAX_RESULT:
        factor += 1
    return factor


def _draft_scale(header: Header) -> int:
    """By how much the decoder itself can bring the picture down: JPEG by powers of two."""
    return 1 << (_factor(header.size).bit_length() - 1) if header.format == "JPEG" else 1


def _decode(header: Header) -> Image.Image:
    if header.unforeseen and _memory(header) + header.unforeseen > MAX_MEMORY:
        return _decode_in_box(header)
    image = Image.open(BytesIO(header.essence), formats=[header.format])
    if image.size != header.size:
        raise ImageError(BROKEN)
    scale = _draft_scale(header)
    image.draft(None, (image.width // scale, image.height // scale))
    image.load()
    return image


def _decode_in_box(header: Header) -> Image.Image:
    """The picture, brought down already, from a process whose memory and time are limited."""
    factor = _factor(header.size)
    command = [sys.executable, "-I", str(Path(box.__file__)), str(factor)]
    try:
        answer = subprocess.run(command, input=header.essence, capture_output=True, timeout=box.SECONDS)
    except subprocess.TimeoutExpired as error:
        raise ImageError(BROKEN) from error
    if answer.returncode:
        raise ImageError("The WebP is broken, or takes too much to decode; save it as PNG or JPEG.")
    width, height = (-(-side // factor) for side in header.size)
    return Image.frombytes(answer.stdout[:4].decode().strip(), (width, height), memoryview(answer.stdout)[4:])


def _shrink(image: Image.Image) -> Image.Image:
    """A picture of any mode as RGB of at most MAX_RESULT pixels, band by band: no second whole picture is made."""
    factor, (width, height) = _factor(image.size), image.size
    if image.mode == "P" and image.has_transparency_data:
        _flatten_palette(image)
    result = Image.new("RGB", (-(-width // factor), -(-height // factor)))
    rows = factor * max(1, BAND // (factor * width))
    for top in range(0, height, rows):
        band = image.crop((0, top, width, min(top + rows, height)))
        result.paste(_flatten(band).reduce(factor), (0, top // factor))
    return result


def _flatten(band: Image.Image) -> Image.Image:
    """Pixels of any mode as RGB, or as 8-bit gray."""
    if band.mode == "I;16":
        return _from_16_bit(band)
    if band.has_transparency_data:
        band = band.convert("RGBA")
        ground = Image.new("RGB", band.size, GROUND)
        ground.paste(band, mask=band)
        return ground
    return band.convert("L" if band.mode in ("1", "L") else "RGB")


def _flatten_palette(image: Image.Image) -> None:
    """Put the ground behind the colors of a palette: quicker than behind the pixels."""
    image.apply_transparency()
    colors = np.array(image.getpalette("RGBA")).reshape(-1, 4)
    alpha = colors[:, 3:] / 255
    image.putpalette((colors[:, :3] * alpha + np.array(GROUND) * (1 - alpha)).round().astype(np.uint8).tobytes())


def _from_16_bit(band: Image.Image) -> Image.Image:
    """Grays of 0 to 65535 as 0 to 255; the one that stands for transparent shows the ground."""
    values = np.asarray(band)
    grays = ((values * np.uint32(255) + 32895) >> 16).astype(np.uint8)  # rounded to the nearest
    grays[values == band.info.get("transparency", -1)] = GROUND[0]
    return Image.fromarray(grays)
