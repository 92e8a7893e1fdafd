"""Does nothing but the shape tell the class, and does each mask say where the object is?"""

import hashlib
from dataclasses import replace

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from resnet_viz.data import DATASETS, is_at_hand, load_dataset, shape_masks
from resnet_viz.data.shapes import SHAPES, draw_scenes


@pytest.fixture(scope="module")
def shapes():
    return load_dataset("shapes")


@pytest.fixture(scope="module")
def scenes():
    return draw_scenes(400, (3, 4))


@pytest.mark.long
def test_the_data_set_is_what_its_entry_says(shapes, tmp_path):
    about = DATASETS["shapes"]
    assert shapes.train_pictures.shape == (about.train_count, about.size, about.size, about.channels)
    assert shapes.test_pictures.shape == (about.test_count, about.size, about.size, about.channels)
    assert shapes.form.classes == tuple(SHAPES)
    assert len(SHAPES) == about.classes
    for labels in (shapes.train_labels, shapes.test_labels):
        assert len(set(np.bincount(labels))) == 1
    assert is_at_hand("shapes", tmp_path)


def test_the_same_seed_gives_the_same_bytes_and_another_other_ones(scenes):
    again, other = draw_scenes(400, (3, 4)), draw_scenes(400, (3, 5))
    assert np.array_equal(scenes.paint(), again.paint())
    assert not np.array_equal(scenes.paint(), other.paint())


@pytest.mark.long
def test_no_picture_comes_twice(shapes):
    both = [*shapes.train_pictures, *shapes.test_pictures]
    assert len({hashlib.sha256(picture.tobytes()).digest() for picture in both}) == len(both)


def test_the_object_changes_the_pixels_of_its_mask_and_none_far_from_it(scenes):
    empty = replace(scenes, cover=np.zeros_like(scenes.cover)).paint()
    changed = (scenes.paint() != empty).any(3)
    masks = scenes.cover > 0.5
    touched = scenes.cover > 0
    assert not changed[~touched].any()
    assert changed[masks].mean() > 0.99
    assert (touched.sum((1, 2)) - masks.sum((1, 2))).max() < 100  # the rest is the rim, half covered


@pytest.mark.long
def test_masks_stand_in_the_order_of_the_pictures(shapes):
    masks = shape_masks()
    assert masks.shape == shapes.test_pictures.shape[:3]
    inside = np.array([picture[mask].mean(0) for picture, mask in zip(shapes.test_pictures, masks, strict=True)])
    moved = np.array(
        [picture[mask].mean(0) for picture, mask in zip(shapes.test_pictures, np.roll(masks, 1, 0), strict=True)]
    )
    outside = np.array([picture[~mask].mean(0) for picture, mask in zip(shapes.test_pictures, masks, strict=True)])
    assert np.linalg.norm(inside - outside, axis=1).mean() > 2 * np.linalg.norm(moved - outside, axis=1).mean()
    assert shape_masks("train").shape == shapes.train_pictures.shape[:3]


@pytest.mark.long
def test_an_object_is_neither_too_small_nor_most_of_the_picture():
    share = shape_masks().mean((1, 2))
    assert share.min() > 0.07
    assert share.max() < 0.25


@pytest.mark.long
def test_color_place_size_and_texture_do_not_tell_the_class(shapes):
    masks, pictures, labels = shape_masks(), shapes.test_pictures / 255, shapes.test_labels
    place = np.arange(32)
    area = masks.sum((1, 2))
    facts = [
        pictures.mean((1, 2)),
        pictures.std((1, 2)),
        np.stack([picture[mask].mean(0) for picture, mask in zip(pictures, masks, strict=True)]),
        (masks.sum(1) * place).sum(1)[:, None] / area[:, None],
        (masks.sum(2) * place).sum(1)[:, None] / area[:, None],
        area[:, None],
    ]
    guess = make_pipeline(StandardScaler(), LogisticRegression(max_iter=500))
    found = cross_val_score(guess, np.concatenate(facts, 1), labels, cv=5)
    assert found.mean() < 0.17  # chance is 0.1; area is rounded to pixels


def test_a_mirror_image_is_of_the_same_class():
    for outlines in SHAPES.values():
        for outline in outlines:
            mirrored = {tuple(corner) for corner in np.round(outline * (-1, 1), 6) + 0.0}
            turned = {tuple(corner) for corner in np.round(outline * (1, -1), 6) + 0.0}
            own = {tuple(corner) for corner in np.round(outline, 6) + 0.0}
            assert own in (mirrored, turned)
