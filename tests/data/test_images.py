"""Does the one door for pictures let every good one in, upright and in color, and refuse all others with a sentence?"""

import contextlib
import random
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from resnet_viz.data import ImageError, decode_image
from resnet_viz.data.images import FORMATS, GROUND, MAX_BYTES


def encode(image: Image.Image, kind: str, **options) -> bytes:
    buffer = BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


@pytest.fixture(scope="module")
def photo() -> Image.Image:
    pixels = np.random.default_rng(0).integers(0, 256, (24, 40, 3), np.uint8)
    return Image.fromarray(pixels).resize((80, 48), Image.Resampling.BICUBIC)


@pytest.mark.parametrize("kind", FORMATS)
def test_every_format_is_decoded_to_rgb(photo, kind):
    decoded = decode_image(encode(photo, kind))
    assert decoded.mode == "RGB"
    assert decoded.size == photo.size
    assert np.abs(np.asarray(decoded, float) - np.asarray(photo)).mean() < 25  # JPEG, WebP and GIF lose a little


def test_sixteen_bit_grays_are_scaled_not_cut():
    ramp = np.linspace(0, 65535, 256, dtype=np.uint16)[None].repeat(4, 0)
    decoded = np.asarray(decode_image(encode(Image.fromarray(ramp), "PNG")))
    assert np.array_equal(decoded[0, :, 0], np.arange(256))


def test_transparent_pixels_show_a_neutral_gray():
    for image in (Image.new("RGBA", (4, 4), (255, 0, 0, 0)), Image.new("LA", (4, 4), (255, 0))):
        assert np.asarray(decode_image(encode(image, "PNG"))).tolist() == np.full((4, 4, 3), 128).tolist()


def test_palette_transparency_is_seen():
    image = Image.new("P", (4, 4), 0)
    image.putpalette([255, 0, 0, 0, 255, 0])
    assert np.asarray(decode_image(encode(image, "PNG", transparency=0)))[0, 0].tolist() == [128, 128, 128]


def test_a_gray_of_16_bits_can_stand_for_transparent():
    ramp = np.linspace(0, 65535, 256, dtype=np.uint16)[None].repeat(4, 0)
    decoded = decode_image(encode(Image.fromarray(ramp), "PNG", transparency=int(ramp[0, 7])))
    assert np.asarray(decoded)[0, 5:9, 0].tolist() == [5, 6, GROUND[0], 8]


def test_a_palette_of_half_transparent_colors_lies_over_the_ground():
    image = Image.new("P", (4, 4), 1)
    image.putpalette([0, 0, 0, 255, 0, 0])
    decoded = decode_image(encode(image, "PNG", transparency=bytes([0, 128])))
    assert decoded.getpixel((0, 0)) == pytest.approx((192, 64, 64), abs=1)


def test_what_is_brought_down_is_the_mean_of_its_pixels():
    pixels = np.random.default_rng(0).integers(0, 256, (3_000, 2_000), np.uint8)
    decoded = np.asarray(decode_image(encode(Image.fromarray(pixels), "PNG", compress_level=1)), float)
    means = pixels.reshape(1_500, 2, 1_000, 2).mean((1, 3))
    assert decoded.shape == (1_500, 1_000, 3)
    assert np.abs(decoded[..., 0] - means).max() <= 0.5


def test_cmyk_becomes_rgb():
    red = Image.new("RGB", (16, 16), (200, 30, 30))
    decoded = np.asarray(decode_image(encode(red.convert("CMYK"), "JPEG", quality=95)), float)
    assert np.abs(decoded.mean((0, 1)) - [200, 30, 30]).max() < 8


def test_exif_orientation_is_applied():
    image = Image.new("RGB", (30, 10), "blue")
    exif = Image.Exif()
    exif[0x0112] = 6  # rotate by 90 degrees
    assert decode_image(encode(image, "JPEG", exif=exif)).size == (10, 30)


def test_an_animation_gives_its_first_frame():
    frames = [Image.new("RGB", (8, 8), color) for color in ("red", "lime")]
    decoded = decode_image(encode(frames[0], "GIF", save_all=True, append_images=frames[1:]))
    assert decoded.getpixel((0, 0)) == (255, 0, 0)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "empty"),
        (b"hello, this is text renamed to png", "not a PNG"),
        (b"%PDF-1.7 \n", "not a PNG"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not a PNG"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 40, "broken|not a PNG"),
        (b"\0" * (MAX_BYTES + 1), "the limit is 20 MB"),
    ],
)
def test_what_is_no_picture_is_refused_with_a_sentence(data, sentence):
    with pytest.raises(ImageError, match=sentence):
        decode_image(data)


def test_formats_outside_the_list_are_refused_whatever_their_name(photo):
    for kind in ("TIFF", "PPM", "ICO", "TGA"):
        with pytest.raises(ImageError):
            decode_image(encode(photo, kind))


@pytest.mark.long
def test_a_picture_of_too_many_pixels_is_refused_before_it_is_unpacked():
    bomb = encode(Image.new("1", (30_000, 30_000)), "PNG", compress_level=9)
    assert len(bomb) < MAX_BYTES
    with pytest.raises(ImageError, match="million"):
        decode_image(bomb)
    with pytest.raises(ImageError, match="the limit is 50 million"):
        decode_image(encode(Image.new("1", (8_000, 8_000)), "PNG"))


@pytest.mark.parametrize("kind", FORMATS)
def test_cut_and_flipped_files_never_raise_anything_else(photo, kind):
    data, draw = encode(photo, kind), random.Random(kind)
    for _ in range(120):
        broken = bytearray(data[: draw.randrange(1, len(data) + 1)])
        for _ in range(draw.randrange(4)):
            broken[draw.randrange(len(broken))] = draw.randrange(256)
        with contextlib.suppress(ImageError):  # nothing else may leave the door
            assert decode_image(bytes(broken)).mode == "RGB"
