"""Does a picture reach the net as torchvision would bring it there?"""

import json
from dataclasses import asdict

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.transforms.v2 import functional as tv

from resnet_viz.data import PictureFormat, decode_image, encode_png, enlarge_pixels, fit_picture, normalize
from resnet_viz.data.augment import PADDING, crop_and_flip

FORM = PictureFormat(6, 3, ("a", "b"), (0.5, 0.4, 0.3), (0.2, 0.3, 0.4))


def test_normalization_equals_torchvisions():
    pictures = torch.randint(0, 256, (4, 6, 6, 3), dtype=torch.uint8)
    ours = normalize(pictures, FORM)
    theirs = tv.normalize(pictures.permute(0, 3, 1, 2).float() / 255, list(FORM.mean), list(FORM.std))
    torch.testing.assert_close(ours, theirs)
    assert ours.is_contiguous(memory_format=torch.channels_last)


def test_fitting_takes_the_middle_square_and_the_channels():
    image = Image.new("RGB", (300, 100), "black")
    image.paste("white", (100, 0, 200, 100))
    assert fit_picture(image, 10, 3).min() > 200
    assert fit_picture(image, 10, 1).shape == (10, 10, 1)
    assert fit_picture(image, 10, 1, invert=True).max() < 55


def test_the_format_survives_json():
    assert PictureFormat.from_dict(json.loads(json.dumps(asdict(FORM)))) == FORM


@pytest.mark.parametrize("channels", [1, 3])
def test_a_picture_round_trips_through_png(channels):
    picture = np.random.default_rng(0).integers(0, 256, (5, 5, channels), np.uint8)
    assert np.array_equal(fit_picture(decode_image(encode_png(picture)), 5, channels), picture)


def test_enlarging_repeats_pixels():
    picture = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)
    large = enlarge_pixels(picture, 7)
    assert large.shape == (8, 8, 3)
    assert np.array_equal(large[::4, ::4], picture)


def test_crop_and_flip_equals_torchvisions_on_the_same_draws():
    x = torch.randn(16, 3, 12, 10)
    ours = crop_and_flip(x, torch.Generator().manual_seed(5))
    draws = torch.Generator().manual_seed(5)
    tops, lefts = torch.randint(2 * PADDING + 1, (2, 16), generator=draws)
    flips = torch.rand(16, generator=draws) < 0.5
    assert 0 < flips.sum() < 16
    for i in range(16):
        expected = tv.crop(tv.pad(x[i], [PADDING] * 4), int(tops[i]), int(lefts[i]), 12, 10)
        assert torch.equal(ours[i], tv.horizontal_flip(expected) if flips[i] else expected)


def test_crop_and_flip_keeps_channels_last():
    x = torch.randn(4, 3, 8, 8).to(memory_format=torch.channels_last)
    assert crop_and_flip(x, torch.Generator()).is_contiguous(memory_format=torch.channels_last)
