"""Is this file a picture that can be shown to a net? One door for every picture that comes from outside."""

import warnings
from io import BytesIO

from PIL import Image, ImageOps

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP")
MAX_BYTES = 20 * 2**20
MAX_PIXELS = 50_000_000
GROUND = (128, 128, 128)  # what shows through transparent pixels


class ImageError(ValueError):
    """A file that is refused as a picture; the message is a sentence for the person who sent it."""


def decode_image(data: bytes) -> Image.Image:
    """The first frame of a PNG, JPEG, WebP, GIF or BMP file as an upright RGB picture.

    The format is told from the content. EXIF rotation is applied, 16-bit grays are scaled to 8 bits,
    transparent pixels get a neutral gray behind them. Raises ImageError, and nothing else, with a
    sentence for whatever is too large, broken or of another format.
    """
    if not data:
        raise ImageError("The file is empty; choose a picture.")
    if len(data) > MAX_BYTES:
        raise ImageError(f"The file has {len(data) / 2**20:.0f} MB; the limit is {MAX_BYTES // 2**20} MB.")
    try:
        # A picture past the limit is refused by its header below; Pillow's own warning would say it twice.
        with warnings.catch_warnings(action="ignore"), Image.open(BytesIO(data), formats=FORMATS) as image:
            width, height = image.size
            if width * height > MAX_PIXELS:
                raise ImageError(
                    f"The picture has {width} x {height} pixels; the limit is {MAX_PIXELS // 10**6} million."
                )
            image.load()
            return _to_rgb(_upright(image))
    except ImageError:
        raise
    except Image.UnidentifiedImageError as error:
        raise ImageError("This is not a PNG, JPEG, WebP, GIF or BMP picture; save it as one of these.") from error
    except Image.DecompressionBombError as error:
        raise ImageError(f"The picture has more than {MAX_PIXELS // 10**6} million pixels.") from error
    except Exception as error:  # Pillow's decoders raise many kinds for broken files
        raise ImageError("The picture is broken and cannot be read to its end; save it again.") from error


def _upright(image: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # broken EXIF data must not cost the picture
        return image


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):  # 16-bit gray, 0 to 65535
        return image.convert("I").point(lambda value: value / 257).convert("L").convert("RGB")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        ground = Image.new("RGBA", image.size, (*GROUND, 255))
        return Image.alpha_composite(ground, image).convert("RGB")
    return image.convert("RGB")
