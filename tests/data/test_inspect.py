"""Is a data set described as it is, and is a reader warned of what misleads?"""

from dataclasses import replace

import numpy as np
import pytest

from resnet_viz.data import AUGMENTATIONS, ImageData, count_classes, find_warnings, pick_samples, preview_augmentation


def some_data(counts: list[int], tests: list[int]) -> ImageData:
    """A data set with so many pictures a class, all different."""
    from resnet_viz.data.cache import format_of

    draw = np.random.default_rng(0)
    train, test = (draw.integers(0, 256, (sum(part), 16, 16, 3), np.uint8) for part in (counts, tests))
    labels = [np.repeat(np.arange(len(part)), part) for part in (counts, tests)]
    return ImageData(train, labels[0], test, labels[1], format_of(train, tuple("abcdef"[: len(counts)])))


def test_classes_are_counted_by_part(digits):
    counts = count_classes(digits)
    assert counts["class"].tolist() == list("0123456789")
    assert counts["train"].sum() == 1400
    assert counts["test"].tolist() == np.bincount(digits.test_labels).tolist()


def test_samples_are_of_the_class_they_stand_in_and_change_with_the_seed():
    data = some_data([30, 4], [5, 5])
    grid = pick_samples(data, [1, 0], 6)
    assert grid.shape == (2, 6, 16, 16, 3)
    of_class = {picture.tobytes() for picture in data.train_pictures[data.train_labels == 1]}
    assert {picture.tobytes() for picture in grid[0, :4]} == of_class
    assert (grid[0, 4:] == 128).all()  # there are no more
    assert not np.array_equal(grid, pick_samples(data, [1, 0], 6, seed=1))


@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_the_preview_begins_with_the_picture_itself(digits, name):
    shown = preview_augmentation(digits, name, 3, 4)
    assert shown.shape == (3, 5, 16, 16, 1)
    originals = {picture.tobytes() for picture in digits.train_pictures}
    assert all(picture.tobytes() in originals for picture in shown[:, 0])
    assert np.array_equal(shown[:, 1], shown[:, 0]) == (name == "none")
    if name == "cutout":
        mean = round(digits.form.mean[0] * 255)
        assert (shown[:, 1:] == mean).mean() > 0.1  # the hole is 0 after normalization


def test_good_data_get_no_warning(digits):
    assert find_warnings(digits) == []
    assert find_warnings(some_data([40, 40], [5, 5])) == []


def test_what_misleads_is_told():
    uneven = "\n".join(find_warnings(some_data([100, 19, 40], [5, 5, 0])))
    assert "a has 100 training pictures, b has 19" in uneven
    assert "b has only 19 training pictures" in uneven
    assert "No test picture shows c" in uneven
    data = some_data([40, 40], [6, 6])
    leaked = data.test_pictures.copy()
    leaked[:3] = data.train_pictures[:3]
    assert (
        "3 of 12 test pictures are among the training pictures" in find_warnings(replace(data, test_pictures=leaked))[0]
    )
    repeated = data.train_pictures.copy()
    repeated[1] = repeated[0]
    assert "1 of 80 training pictures come more than once" in find_warnings(replace(data, train_pictures=repeated))[0]
    assert "50 of 92 pictures were smaller than 16 pixels" in find_warnings(replace(data, enlarged=50))[0]
