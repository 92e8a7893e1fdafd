"""Does a folder or a zip of pictures become what is in it, and does a bad one get a sentence?"""

import os
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from resnet_viz.data import DatasetError, count_folder, load_dataset
from resnet_viz.data.folders import TEST_SHARE
from resnet_viz.data.images import MAX_BYTES

CIFAR10_CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
pytestmark = pytest.mark.usefixtures("home")


def fill(folder: Path, count: int, colors: tuple[str, ...] = ("blue", "red")) -> None:
    for color in colors:
        (folder / color).mkdir(parents=True)
        for i in range(count):
            Image.new("RGB", (40, 30 + i), color).save(folder / color / f"{i}.png")


@pytest.fixture
def folder(tmp_path) -> Path:
    fill(tmp_path / "pile" / "train", 3)
    fill(tmp_path / "pile" / "test", 2)
    return tmp_path / "pile"


def zip_of(folder: Path, target: Path, inside: str = "") -> Path:
    with zipfile.ZipFile(target, "w") as archive:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                archive.write(file, f"{inside}{file.relative_to(folder)}")
    return target


def test_a_folder_is_read_with_its_classes_in_order(folder):
    data = load_dataset("folder", folder=folder)
    assert data.form.classes == ("blue", "red")
    assert data.train_pictures.shape == (6, 32, 32, 3)
    assert data.train_pictures[0, 0, 0].tolist() == [0, 0, 255]
    assert data.test_labels.tolist() == [0, 0, 1, 1]
    assert count_folder(folder) == (6, 4, 2)
    assert data.form.mean == pytest.approx((0.5, 0.0, 0.5))


@pytest.mark.parametrize("inside", ["", "my pictures/"])
def test_a_zip_is_read_as_the_folder_in_it(folder, tmp_path, inside):
    archive = zip_of(folder, tmp_path / "pile.zip", inside)
    zipped, plain = (load_dataset("folder", folder=place) for place in (archive, folder))
    assert zipped.form == plain.form
    for name in ("train_pictures", "train_labels", "test_pictures", "test_labels"):
        assert np.array_equal(getattr(zipped, name), getattr(plain, name))
    assert count_folder(archive) == (6, 4, 2)


@pytest.mark.parametrize("below", ["", "train"])
def test_without_a_test_folder_a_share_of_each_class_is_set_aside(tmp_path, below):
    fill(tmp_path / "all" / below, 20)
    data, again = (load_dataset("folder", folder=tmp_path / "all") for _ in range(2))
    assert np.bincount(data.test_labels).tolist() == [20 * TEST_SHARE] * 2
    assert np.bincount(data.train_labels).tolist() == [16, 16]
    assert np.array_equal(data.test_pictures, again.test_pictures)
    assert count_folder(tmp_path / "all") == (32, 8, 2)


def test_validation_folders_are_tests(folder):
    (folder / "test").rename(folder / "val")
    assert count_folder(folder) == (6, 4, 2)


def test_pictures_are_brought_to_the_size_asked_for(folder):
    assert load_dataset("folder", folder=folder, size=48).train_pictures.shape == (6, 48, 48, 3)
    for size in (8, 500):
        with pytest.raises(DatasetError, match=f"16 to 224 pixels a side, not {size}"):
            load_dataset("folder", folder=folder, size=size)
    with pytest.raises(DatasetError, match="have 16 pixels a side"):
        load_dataset("digits", size=32)


def test_files_that_are_no_pictures_by_name_are_left_alone(folder):
    (folder / "train" / "red" / "notes.txt").write_text("not a picture")
    assert len(load_dataset("folder", folder=folder).train_labels) == 6


def test_broken_and_huge_pictures_are_skipped_and_told(tmp_path):
    fill(tmp_path / "pile", 60)
    (tmp_path / "pile" / "red" / "text.png").write_text("text renamed to png")
    with (tmp_path / "pile" / "blue" / "huge.png").open("wb") as file:
        file.truncate(2 * MAX_BYTES)  # 40 MB
    data = load_dataset("folder", folder=tmp_path / "pile")
    assert len(data.train_labels) + len(data.test_labels) == 120
    told = "\n".join(data.skipped)
    assert "red/text.png: This is not a PNG" in told
    assert "blue/huge.png: The file has 40 MB; the limit is 20 MB." in told
    assert len(data.train_pictures) == len(data.train_labels)
    assert load_dataset("folder", folder=tmp_path / "pile").skipped == data.skipped


def test_too_many_broken_pictures_are_no_accident(tmp_path):
    fill(tmp_path / "pile", 10)
    for i in range(4):
        (tmp_path / "pile" / "red" / f"x{i}.png").write_text("text renamed to png")
    with pytest.raises(DatasetError, match=r"more than 5% of the pictures cannot be used.*x\d\.png: This is not"):
        load_dataset("folder", folder=tmp_path / "pile")


def test_folders_that_are_no_data_set_get_a_sentence(folder, tmp_path):
    with pytest.raises(DatasetError, match="no folder was given"):
        load_dataset("folder")
    with pytest.raises(DatasetError, match="there is no folder or zip"):
        load_dataset("folder", folder=tmp_path / "absent")
    (folder / "test" / "red").rename(folder / "test" / "green")
    with pytest.raises(DatasetError, match="classes that train has not: green"):
        count_folder(folder)
    (tmp_path / "one" / "only").mkdir(parents=True)
    with pytest.raises(DatasetError, match="holds no pictures"):
        load_dataset("folder", folder=tmp_path / "one")
    Image.new("RGB", (9, 9)).save(tmp_path / "one" / "only" / "a.png")
    with pytest.raises(DatasetError, match=r"1 class folder.* at least two"):
        count_folder(tmp_path / "one")
    fill(tmp_path / "few", 1)
    with pytest.raises(DatasetError, match="too few pictures to set some aside"):
        count_folder(tmp_path / "few")
    (tmp_path / "no.zip").write_text("no zip")
    with pytest.raises(DatasetError, match="no zip file"):
        count_folder(tmp_path / "no.zip")


def test_links_out_of_the_folder_and_in_circles_are_refused(folder, tmp_path):
    (tmp_path / "secret").mkdir()
    link = folder / "train" / "red" / "more"
    link.symlink_to(tmp_path / "secret")
    with pytest.raises(DatasetError, match="leads out of the folder"):
        count_folder(folder)
    link.unlink()
    link.symlink_to(folder / "train")
    with pytest.raises(DatasetError, match="leads back to a folder that holds it"):
        count_folder(folder)


def test_names_that_cannot_be_stored_or_turn_the_text_are_shown_by_number(tmp_path):
    names = (b"caf\xe9", b"two\nlines", "left\u202eright".encode())
    fill(tmp_path / "pile", 6)
    for name in names:
        shutil.copytree(tmp_path / "pile" / "red", tmp_path / "pile" / os.fsdecode(name))
    classes = load_dataset("folder", folder=tmp_path / "pile").form.classes
    assert classes == ("blue", r"caf\udce9", r"left\u202eright", "red", r"two\nlines")
    "".join(classes).encode()


@pytest.mark.parametrize("path", ["~nobody-of-this-name/x", "/" + "x" * 300, "/proc/1/\0"])
def test_paths_that_no_file_system_knows_get_a_sentence(path):
    for read in (count_folder, lambda path: load_dataset("folder", folder=path)):
        with pytest.raises(DatasetError):
            read(path)


def test_a_changed_file_is_read_anew_and_an_unchanged_folder_from_the_cache(folder, home):
    first = load_dataset("folder", folder=folder)
    assert isinstance(first.train_pictures, np.memmap)
    caches = sorted((home / "data" / "cache").glob("folder-*"))
    told: list[str] = []
    load_dataset("folder", folder=folder, progress=lambda sentence, _: told.append(sentence))
    assert not any(sentence.startswith("Reading") for sentence in told)
    Image.new("RGB", (40, 40), "white").save(folder / "train" / "blue" / "0.png")
    again = load_dataset("folder", folder=folder)
    assert again.train_pictures[0].min() == 255
    assert len(sorted((home / "data" / "cache").glob("folder-*"))) == len(caches) + 1


def test_a_cache_that_broke_off_is_made_again(folder, home, monkeypatch):
    def stop(sentence: str, _: float) -> None:
        if sentence.startswith("Reading"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        load_dataset("folder", folder=folder, progress=stop)
    assert not [path for path in (home / "data" / "cache").iterdir() if path.is_dir()]
    assert len(load_dataset("folder", folder=folder).train_labels) == 6


@pytest.mark.long
def test_a_cache_that_cannot_be_read_is_made_again(folder, home):
    first = load_dataset("folder", folder=folder)
    (cache,) = (home / "data" / "cache").glob("folder-*")
    for damaged, content in (("facts.json", b"{}"), ("train_pictures.npy", b"no array")):
        (cache / damaged).write_bytes(content)
        again = load_dataset("folder", folder=folder)
        assert np.array_equal(again.train_pictures, first.train_pictures)
        assert again.form == first.form


@pytest.mark.long
def test_real_cifar10_pictures_are_read_to_the_last_bit_and_count_as_cifar10(shared, tmp_path):
    with zipfile.ZipFile(shared / "data" / "cifar10" / "test.zip") as archive:
        picks = [name for name in archive.namelist() if name.endswith(".png")][::200]
        archive.extractall(tmp_path / "cifar10", picks)
    (tmp_path / "cifar10" / "train").symlink_to(tmp_path / "cifar10" / "test")
    data = load_dataset("cifar10", tmp_path)
    assert data.form.classes == CIFAR10_CLASSES
    assert len(data.test_labels) == len(picks) == 50
    for picture, name in zip(data.test_pictures, sorted(picks), strict=True):
        assert np.array_equal(picture, np.asarray(Image.open(tmp_path / "cifar10" / name)))
