"""Do data sets hold what they say, and does a bad one get a sentence?"""

import hashlib
import http.server
import pickle
import tarfile
import threading
import zipfile
from functools import partial
from io import BytesIO

import numpy as np
import pytest
from filelock import FileLock
from PIL import Image
from sklearn.datasets import load_digits
from torchvision.datasets import CIFAR10

from resnet_viz.data import DATASETS, DatasetError, count_folder, load_dataset


def test_digits_are_scikit_learns_own_split_without_overlap(digits):
    assert digits.train_pictures.shape == (1400, 16, 16, 1)
    assert len(digits.test_labels) == 397
    labels = np.concatenate([digits.train_labels, digits.test_labels])
    assert np.array_equal(np.bincount(labels), np.bincount(load_digits().target))
    assert np.bincount(digits.test_labels).min() >= 38  # stratified: every class is tested


def test_digits_are_the_same_each_time(digits):
    again = load_dataset("digits")
    assert np.array_equal(again.train_pictures, digits.train_pictures)
    assert np.array_equal(again.test_labels, digits.test_labels)


def test_mean_and_deviation_are_those_of_the_training_pictures(digits):
    values = digits.train_pictures / 255
    assert digits.form.mean[0] == pytest.approx(values.mean(), rel=1e-9)
    assert digits.form.std[0] == pytest.approx(values.std(), rel=1e-9)


def test_what_the_list_says_of_digits_is_so(digits):
    card = DATASETS["digits"]
    assert (card.size, card.channels, card.classes) == (digits.form.size, digits.form.channels, 10)
    assert (card.train_count, card.test_count) == (len(digits.train_labels), len(digits.test_labels))


def test_an_unknown_name_is_refused_with_the_known_ones():
    with pytest.raises(DatasetError, match="digits, cifar10, folder"):
        load_dataset("imagenet")


# -- a folder --------------------------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path):
    for split, count in (("train", 3), ("test", 2)):
        for color in ("blue", "red"):
            (tmp_path / split / color).mkdir(parents=True)
            for i in range(count):
                Image.new("RGB", (40, 30 + i), color).save(tmp_path / split / color / f"{i}.png")
    return tmp_path


def test_a_folder_is_read_with_its_classes_in_order(folder):
    data = load_dataset("folder", folder=folder)
    assert data.form.classes == ("blue", "red")
    assert data.train_pictures.shape == (6, 32, 32, 3)
    assert data.train_pictures[0, 0, 0].tolist() == [0, 0, 255]
    assert data.test_labels.tolist() == [0, 0, 1, 1]
    assert count_folder(folder) == (6, 4, 2)


def test_files_that_are_no_pictures_by_name_are_left_alone(folder):
    (folder / "train" / "red" / "notes.txt").write_text("not a picture")
    assert len(load_dataset("folder", folder=folder).train_labels) == 6


def test_a_broken_picture_is_named(folder):
    (folder / "train" / "red" / "x.png").write_text("text renamed to png")
    with pytest.raises(DatasetError, match=r"x\.png cannot be used"):
        load_dataset("folder", folder=folder)


def test_folders_that_are_no_data_set_get_a_sentence(folder, tmp_path):
    with pytest.raises(DatasetError, match="no folder was given"):
        load_dataset("folder")
    with pytest.raises(DatasetError, match="there is no folder"):
        load_dataset("folder", folder=tmp_path / "absent")
    (folder / "test" / "green").mkdir()
    with pytest.raises(DatasetError, match="classes that train has not: green"):
        count_folder(folder)
    (folder / "test" / "green").rmdir()
    for split in ("train", "test"):
        for file in (folder / split / "red").iterdir():
            file.unlink()
    (folder / "train" / "red").rmdir()
    with pytest.raises(DatasetError, match="at least two"):
        count_folder(folder)


@pytest.mark.parametrize("path", ["~nobody-of-this-name/x", "/" + "x" * 300, "/proc/1/\0"])
def test_paths_that_no_file_system_knows_get_a_sentence(path):
    for read in (count_folder, lambda path: load_dataset("folder", folder=path)):
        with pytest.raises(DatasetError):
            read(path)


def test_a_folder_without_pictures_gets_a_sentence(tmp_path):
    for name in ("train/a", "train/b", "test/a", "test/b"):
        (tmp_path / name).mkdir(parents=True)
    with pytest.raises(DatasetError, match="holds no pictures"):
        load_dataset("folder", folder=tmp_path)


def test_real_cifar10_pictures_are_read_from_a_folder(shared, tmp_path):
    with zipfile.ZipFile(shared / "data" / "cifar10" / "test.zip") as archive:
        names = [name for name in archive.namelist() if name.endswith(".png")]
        picks = names[::200]
        archive.extractall(tmp_path, picks)
    (tmp_path / "train").symlink_to(tmp_path / "test")
    data = load_dataset("folder", folder=tmp_path)
    assert data.form.classes == tuple(CIFAR10_CLASSES)
    assert len(data.test_labels) == len(picks) == 50
    first = Image.open(tmp_path / sorted(picks)[0])
    assert np.array_equal(data.test_pictures[0], np.asarray(first))


CIFAR10_CLASSES = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]


# -- CIFAR-10 from a server -------------------------------------------------------------------------------------------


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        """Say nothing."""


def md5(data: bytes) -> str:
    return hashlib.md5(data).hexdigest()


@pytest.fixture
def served(tmp_path, monkeypatch):
    """A small archive of CIFAR-10's own layout on a local server, and torchvision told of its checksums."""
    draw = np.random.default_rng(0)
    base, lists = CIFAR10.base_folder, {"train_list": [], "test_list": []}
    archive = BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as tar:

        def add(name: str, content: object) -> str:
            data = pickle.dumps(content)
            info = tarfile.TarInfo(f"{base}/{name}")
            info.size = len(data)
            tar.addfile(info, BytesIO(data))
            return md5(data)

        for part, known in (("train_list", CIFAR10.train_list), ("test_list", CIFAR10.test_list)):
            for name, _ in known:
                pixels = draw.integers(0, 256, (4, 3072), np.uint8)
                lists[part].append([name, add(name, {"data": pixels, "labels": [0, 1, 2, 9]})])
        meta = add("batches.meta", {"label_names": CIFAR10_CLASSES})
    site = tmp_path / "site"
    site.mkdir()
    (site / CIFAR10.filename).write_bytes(archive.getvalue())
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=site))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setattr(CIFAR10, "url", f"http://127.0.0.1:{server.server_port}/{CIFAR10.filename}")
    monkeypatch.setattr(CIFAR10, "tgz_md5", md5(archive.getvalue()))
    monkeypatch.setattr(CIFAR10, "meta", {"filename": "batches.meta", "key": "label_names", "md5": meta})
    for part, known in lists.items():
        monkeypatch.setattr(CIFAR10, part, known)
    yield site
    server.shutdown()
    server.server_close()


def test_cifar10_is_downloaded_once_with_progress(served, tmp_path):
    told = []
    data = load_dataset("cifar10", tmp_path / "data", progress=lambda *fact: told.append(fact))
    assert data.train_pictures.shape == (20, 32, 32, 3)
    assert data.form.classes == tuple(CIFAR10_CLASSES)
    assert any(sentence.startswith("Downloading") and fraction == 1.0 for sentence, fraction in told)
    (served / CIFAR10.filename).unlink()
    assert len(load_dataset("cifar10", tmp_path / "data").test_labels) == 4


def test_two_processes_that_ask_at_once_download_once(served, tmp_path):
    told: list[str] = []
    threads = [
        threading.Thread(
            target=load_dataset, args=("cifar10", tmp_path / "data"), kwargs={"progress": lambda s, _: told.append(s)}
        )
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert told.count("Unpacking CIFAR-10") == 1


def test_waiting_for_another_download_can_be_stopped(served, tmp_path):
    (tmp_path / "data").mkdir()

    def stop(sentence: str, _: float) -> None:
        raise InterruptedError(sentence)

    with FileLock(tmp_path / "data" / ".cifar10.lock"), pytest.raises(DatasetError, match="Waiting for another run"):
        load_dataset("cifar10", tmp_path / "data", progress=stop)


def test_the_home_of_the_environment_keeps_downloads(served, home):
    load_dataset("cifar10")
    assert (home / "data" / CIFAR10.filename).exists()


def test_no_network_gets_a_sentence_with_the_next_step(served, tmp_path, monkeypatch):
    monkeypatch.setattr(CIFAR10, "url", "http://127.0.0.1:9/cifar-10-python.tar.gz")
    with pytest.raises(DatasetError, match=r"could not be downloaded .* or put cifar-10-python\.tar\.gz"):
        load_dataset("cifar10", tmp_path / "data")


def test_wrong_bytes_are_thrown_away(served, tmp_path):
    (served / CIFAR10.filename).write_bytes(b"something else")
    with pytest.raises(DatasetError, match="wrong checksum"):
        load_dataset("cifar10", tmp_path / "data")
    assert not list((tmp_path / "data").glob("*.tar.gz"))
