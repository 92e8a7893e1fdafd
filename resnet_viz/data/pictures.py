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

Pictures = np.ndarray  # uint8 (N, H, W, C), 0 to 255


@dataclass(frozen=True)
class PictureFormat:
    """What a net was trained on: size in pixels, channels, class names, mean and deviation a channel (0 to 1)."""

    size: int
    channels: int
    classes: tuple[str, ...]
    mean: tuple[float, ...]
    std: tuple[float, ...]

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
