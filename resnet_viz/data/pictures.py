"""How does a picture become what a net takes? Crop, size, channels, and the training set's normalization."""

from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, ImageOps

if TYPE_CHECKING:
    import torch
    from torch import Tensor

LONGEST = 8  # a longer side, in shorter ones, that is looked at
Pictures = np.ndarray  # uint8 (N, H, W, C), 0 to 255


@dataclass(frozen=True)
class PictureFormat:
    """What a net was trained on: size in pixels, channels, class names, mean and deviation a channel (0 to 1).

    `seen` is the share of a picture's middle square, by its side, that the net gets to see.
    """

    size: int
    channels: int
    classes: tuple[str, ...]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    seen: float = 1.0

    @classmethod
    def from_dict(cls, fields: dict[str, Any]) -> "PictureFormat":
        """The format from the dict that `dataclasses.asdict` made, possibly by way of JSON."""
        lists = {name: tuple(fields[name]) for name in ("classes", "mean", "std")}
        return cls(**(fields | lists))


def fit_picture(image: Image.Image, size: int, channels: int, invert: bool = False) -> np.ndarray:
    """The middle square of a picture, brought to size x size: uint8 (size, size, channels).

    `invert` swaps light and dark: handwritten digits are bright on black, ink on paper is not.
    """
    fitted = ImageOps.fit(image.convert("RGB" if channels == 3 else "L"), (size, size), Image.Resampling.BILINEAR)
    pixels = np.array(fitted, dtype=np.uint8).reshape(size, size, channels)
    return 255 - pixels if invert else pixels


def see_picture(image: Image.Image, form: PictureFormat, invert: bool = False) -> np.ndarray:
    """A picture as a net of this format takes it: uint8 (size, size, channels). Grays may be inverted.

    Where not all of the middle square is seen, the shorter side is brought to size first, as torchvision does it.
    """
    if form.seen < 1:
        image = _shorten(image, round(form.size / form.seen))
        left, top = (round((side - form.size) / 2) for side in image.size)
        image = image.crop((left, top, left + form.size, top + form.size))
    return fit_picture(image, form.size, form.channels, invert and form.channels == 1)


def _shorten(image: Image.Image, side: int) -> Image.Image:
    """A picture whose shorter side has so many pixels; what is longer than LONGEST times that is cut at both ends."""
    shorter = min(image.size)
    sizes = [min(length, LONGEST * shorter) for length in image.size]
    ends = [(length - kept) // 2 for length, kept in zip(image.size, sizes, strict=True)]
    image = image.crop((ends[0], ends[1], ends[0] + sizes[0], ends[1] + sizes[1]))
    return image.resize([length * side // shorter for length in sizes], Image.Resampling.BILINEAR)


def normalize(pictures: "Tensor", form: PictureFormat) -> "Tensor":
    """Pictures uint8 (B, H, W, C) as a net takes them: float32 (B, C, H, W), channels_last, mean 0, deviation 1."""
    x = pictures.permute(0, 3, 1, 2).float().div_(255)  # a view of (B, H, W, C) memory: channels_last
    mean, std = (_of_channels(values, x.device) for values in (form.mean, form.std))
    return (x - mean) / std


@lru_cache(maxsize=64)
def _of_channels(values: tuple[float, ...], device: "torch.device") -> "Tensor":
    """One number a channel, (1, C, 1, 1); kept on the device, for a copy to it cannot be part of a CUDA graph."""
    import torch

    return torch.tensor(values, device=device).view(1, -1, 1, 1)


def encode_png(picture: np.ndarray) -> bytes:
    """One picture uint8 (H, W, C), gray, RGB or RGBA, as the bytes of a PNG file."""
    buffer = BytesIO()
    Image.fromarray(picture[:, :, 0] if picture.shape[2] == 1 else picture).save(buffer, "PNG")
    return buffer.getvalue()


def enlarge_pixels(picture: np.ndarray, least: int = 256) -> np.ndarray:
    """A small picture uint8 (H, W, C) for the screen: every pixel a square, at least `least` wide."""
    factor = -(-least // picture.shape[1])
    return picture.repeat(factor, axis=0).repeat(factor, axis=1)
