"""What is in a data set, and what should a reader know before a net learns from it?"""

import hashlib

import numpy as np
import pandas as pd

from resnet_viz.data.cache import ImageData
from resnet_viz.data.pictures import Pictures

UNEVEN = 3.0  # times as many pictures in one class as in another
FEW = 20  # training pictures of a class
MANY_ENLARGED = 0.1  # of the pictures


def count_classes(data: ImageData) -> pd.DataFrame:
    """How many pictures each class has: columns class, train, test, in the order of the labels."""
    classes = data.form.classes
    train, test = (np.bincount(labels, minlength=len(classes)) for labels in (data.train_labels, data.test_labels))
    return pd.DataFrame({"class": classes, "train": train, "test": test})


def pick_samples(data: ImageData, classes: list[int], count: int, seed: int = 0) -> Pictures:
    """Some training pictures of classes (by label), uint8 (classes, count, H, W, C); gray where a class has fewer."""
    draw = np.random.default_rng(seed)
    size, channels = data.form.size, data.form.channels
    grid = np.full((len(classes), count, size, size, channels), 128, np.uint8)
    for row, label in enumerate(classes):
        members = np.flatnonzero(data.train_labels == label)
        picks = np.sort(draw.permutation(members)[:count])
        grid[row, : len(picks)] = data.train_pictures[picks]
    return grid


def preview_augmentation(data: ImageData, name: str, pictures: int, variants: int, seed: int = 0) -> Pictures:
    """Training pictures as they are and as a net gets them, uint8 (pictures, 1 + variants, H, W, C).

    The changes are those of AUGMENTATIONS[name], drawn by `seed`; normalized values are brought back to 0 to 255.
    """
    import torch

    from resnet_viz.data.augment import augment, draw_epoch
    from resnet_viz.data.pictures import normalize

    form = data.form
    chance = torch.Generator().manual_seed(seed)
    picks = np.sort(np.random.default_rng(seed).permutation(len(data.train_labels))[:pictures])
    originals = torch.from_numpy(np.ascontiguousarray(data.train_pictures[picks]))
    columns = [originals.numpy()]
    mean, std = (torch.tensor(values).view(1, -1, 1, 1) for values in (form.mean, form.std))
    for _ in range(variants):
        draws = draw_epoch(len(picks), len(picks), len(picks), form.size, name == "mixup", chance)
        x = augment(normalize(originals, form), name, draws) * std + mean  # (B, C, H, W), 0 to 1
        columns.append((x.permute(0, 2, 3, 1) * 255).round().clamp(0, 255).byte().numpy())
    return np.stack(columns, axis=1)


def find_warnings(data: ImageData) -> list[str]:
    """Sentences about what can mislead: uneven or small classes, pictures that come twice, pictures enlarged."""
    counts = count_classes(data)
    by_size = counts.sort_values("train")
    (fewest, least), (_, most) = (by_size[["class", "train"]].iloc[i] for i in (0, -1))
    largest = by_size["class"].iloc[-1]
    found = []
    if most > UNEVEN * least:
        found.append(
            f"The classes are uneven: {largest} has {most:,} training pictures, {fewest} has {least:,}. A net can be "
            "right often by naming the large classes; look at each class's own error."
        )
    if least < FEW:
        found.append(f"{fewest} has only {least:,} training pictures; expect little of any net.")
    if without := [name for name, count in zip(counts["class"], counts["test"], strict=True) if not count]:
        found.append(f"No test picture shows {', '.join(without)}: the test error says nothing about that.")
    train, test = (_digests(pictures) for pictures in (data.train_pictures, data.test_pictures))
    known = set(train)
    if shared := sum(digest in known for digest in test):
        found.append(
            f"{shared:,} of {len(test):,} test pictures are among the training pictures too, to the last pixel: "
            "the test error is too good."
        )
    if repeated := len(train) - len(known):
        found.append(f"{repeated:,} of {len(train):,} training pictures come more than once.")
    if data.enlarged > MANY_ENLARGED * (len(train) + len(test)):
        found.append(
            f"{data.enlarged:,} of {len(train) + len(test):,} pictures were smaller than {data.form.size} pixels and "
            "were enlarged; a smaller size loses nothing of them and trains faster."
        )
    return found


def _digests(pictures: Pictures) -> list[bytes]:
    return [hashlib.blake2b(np.ascontiguousarray(picture).data, digest_size=16).digest() for picture in pictures]
