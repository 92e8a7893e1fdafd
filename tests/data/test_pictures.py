"""Does a picture reach the net as torchvision would bring it there?"""

import json
from dataclasses import asdict

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.transforms.v2 import MixUp
from torchvision.transforms.v2 import functional as tv

from resnet_viz.data import (
    AUGMENTATIONS,
    PictureFormat,
    decode_image,
    encode_png,
    enlarge_pixels,
    fit_picture,
    normalize,
)
from resnet_viz.data.augment import PADDING, Draws, augment, crop_and_flip, cut_out, draw_epoch, mix

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


def some_draws(count: int, mixes: bool = False, side: int = 12) -> Draws:
    return draw_epoch(count, count, count, side, mixes, torch.Generator().manual_seed(5))


def test_crop_and_flip_equals_torchvisions_on_the_same_draws():
    x = torch.randn(16, 3, 12, 10)
    draws = some_draws(16)
    ours = crop_and_flip(x, draws)
    assert 0 < draws.flip.sum() < 16
    assert draws.top.max() > PADDING > draws.top.min()
    for i in range(16):
        expected = tv.crop(tv.pad(x[i], [PADDING] * 4), int(draws.top[i]), int(draws.left[i]), 12, 10)
        assert torch.equal(ours[i], tv.horizontal_flip(expected) if draws.flip[i] else expected)


def test_a_cutout_equals_torchvisions_erasing_on_the_same_draws():
    x, draws = torch.randn(32, 3, 12, 12), some_draws(32)
    ours = cut_out(x, draws)
    for i in range(32):
        top, left = (int(middle) - 3 for middle in draws.hole[i])  # a square of 6; what reaches over the edge is lost
        rows, columns = slice(max(top, 0), top + 6), slice(max(left, 0), left + 6)
        height, width = len(range(12)[rows]), len(range(12)[columns])
        expected = tv.erase(x[i], rows.start, columns.start, height, width, torch.zeros(1))
        assert torch.equal(ours[i], expected)


def test_mixing_equals_torchvisions_mixup_on_the_same_draws():
    x, draws = torch.rand(8, 3, 6, 6), some_draws(8, mixes=True)
    assert len(draws.share.unique()) == 1
    assert sorted(draws.partner.tolist()) == list(range(8))
    ours, share = mix(x, draws), float(draws.share[0])
    for i, partner in enumerate(draws.partner):
        # torchvision mixes each picture of a batch with the one before it.
        pair = torch.stack([x[partner], x[i]])
        params = {"labels": torch.zeros(2), "batch_size": 2, "lam": share}
        torch.testing.assert_close(ours[i], MixUp(num_classes=2).transform(pair, params)[1])


@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_every_augmentation_keeps_shape_and_channels_last(name):
    x = torch.randn(8, 3, 8, 8).to(memory_format=torch.channels_last)
    varied = augment(x, name, some_draws(8, name == "mixup", side=8))
    assert varied.shape == x.shape
    assert varied.is_contiguous(memory_format=torch.channels_last)
    assert torch.equal(varied, x) == (name == "none")


def test_an_epoch_uses_every_picture_once_and_the_same_whatever_the_augmentation():
    orders = [draw_epoch(20, 16, 4, 8, mixes, torch.Generator().manual_seed(3)).order for mixes in (False, True)]
    assert torch.equal(*orders)
    assert len(set(orders[0].tolist())) == 16
