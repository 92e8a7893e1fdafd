"""Do data sets hold what they say, and does a bad one get a sentence?"""

import gzip
import hashlib
import http.server
import pickle
import shutil
import tarfile
import threading
import urllib.error
import urllib.request
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
import scipy.io
from filelock import FileLock
from PIL import Image
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torchvision.datasets import CIFAR10, SVHN, FashionMNIST

from resnet_viz.data import DATASETS, DatasetError, load_dataset, sources
from resnet_viz.data.pictures import fit_picture


def test_digits_are_scikit_learns_own_split_without_overlap(digits):
    theirs = load_digits()
    gray = (theirs.images * (255 / 16)).round().astype(np.uint8)
    large = np.stack([fit_picture(Image.fromarray(picture), 16, 1) for picture in gray])
    split = train_test_split(large, theirs.target, test_size=397, random_state=0, stratify=theirs.target)
    train, test, train_labels, test_labels = split
    assert np.array_equal(digits.train_pictures, train)
    assert np.array_equal(digits.test_pictures, test)
    assert np.array_equal(digits.train_labels, train_labels)
    assert np.array_equal(digits.test_labels, test_labels)
    assert np.bincount(test_labels).min() >= 38  # stratified: every class is tested


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
    with pytest.raises(DatasetError, match=r"digits, shapes, cifar10, .*folder"):
        load_dataset("imagenet-22k")


CIFAR10_CLASSES = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]


# -- CIFAR-10 from a server -------------------------------------------------------------------------------------------


class Site(http.server.SimpleHTTPRequestHandler):
    """Serves files, parts of them too; breaks off where `most` says, and remembers what was asked for."""

    most = 0
    asked: ClassVar[list[str]] = []

    def log_message(self, *_):
        """Say nothing."""

    def do_GET(self):
        data = (
            Path(self.translate_path(self.path)).read_bytes() if Path(self.translate_path(self.path)).exists() else b""
        )
        begin = int(self.headers.get("Range", "bytes=0-").split("=")[1].rstrip("-"))
        Site.asked.append(f"{self.path} {begin}")
        if not data:
            return self.send_error(404)
        if begin >= len(data):
            return self.send_error(416)
        self.send_response(206 if begin else 200)
        self.send_header("Content-Length", str(len(data) - begin))
        self.end_headers()
        self.wfile.write(data[begin:][: Site.most or None])
        return None


def md5(data: bytes) -> str:
    return hashlib.md5(data).hexdigest()


@pytest.fixture
def site(tmp_path) -> Path:
    (tmp_path / "site").mkdir()
    return tmp_path / "site"


@pytest.fixture
def address(site):
    Site.most, Site.asked = 0, []
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Site, directory=site))
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def served(site, address, monkeypatch):
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
    (site / CIFAR10.filename).write_bytes(archive.getvalue())
    monkeypatch.setattr(CIFAR10, "url", f"{address}/{CIFAR10.filename}")
    monkeypatch.setattr(CIFAR10, "tgz_md5", md5(archive.getvalue()))
    monkeypatch.setattr(CIFAR10, "meta", {"filename": "batches.meta", "key": "label_names", "md5": meta})
    for part, known in lists.items():
        monkeypatch.setattr(CIFAR10, part, known)
    return site


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


@pytest.mark.long
def test_waiting_for_another_download_can_be_stopped(served, tmp_path):
    (tmp_path / "data" / "cache").mkdir(parents=True)

    def stop(sentence: str, _: float) -> None:
        raise InterruptedError(sentence)

    with (
        FileLock(tmp_path / "data" / "cache" / ".cifar10-32.lock"),
        pytest.raises(InterruptedError, match="Waiting for another run"),
    ):
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


def test_a_download_that_broke_off_goes_on_where_it_ended(served, tmp_path):
    Site.most = 1000
    with pytest.raises(DatasetError, match="broke off after 1,000 of"):
        load_dataset("cifar10", tmp_path / "data")
    Site.most = 0
    assert len(load_dataset("cifar10", tmp_path / "data").test_labels) == 4
    assert Site.asked == [f"/{CIFAR10.filename} 0", f"/{CIFAR10.filename} 1000"]


def test_the_cache_is_opened_without_the_archive_and_holds_the_same(served, tmp_path):
    first = load_dataset("cifar10", tmp_path / "data")
    for left in (tmp_path / "data").iterdir():
        if left.name != "cache":
            shutil.rmtree(left) if left.is_dir() else left.unlink()
    again = load_dataset("cifar10", tmp_path / "data")
    assert np.array_equal(first.train_pictures, again.train_pictures)
    assert again.form == first.form
    assert isinstance(again.train_pictures, np.memmap)


def idx(array: np.ndarray) -> bytes:
    """An array in MNIST's own format, packed."""
    sizes = b"".join(size.to_bytes(4, "big") for size in array.shape)
    return gzip.compress(bytes([0, 0, 8, array.ndim]) + sizes + array.tobytes())


@pytest.fixture
def fashion(site, address, monkeypatch) -> dict[str, np.ndarray]:
    """A small Fashion-MNIST on the local server, behind a mirror that does not answer."""
    draw, arrays, resources = np.random.default_rng(0), {}, []
    for name, _ in FashionMNIST.resources:
        count = 20 if name.startswith("train") else 10
        shape = (count, 28, 28) if "images" in name else (count,)
        arrays[name] = draw.integers(0, 256 if "images" in name else 10, shape, np.uint8)
        (site / name).write_bytes(idx(arrays[name]))
        resources.append((name, md5((site / name).read_bytes())))
    monkeypatch.setattr(FashionMNIST, "resources", resources)
    monkeypatch.setattr(FashionMNIST, "mirrors", ["http://127.0.0.1:9/", f"{address}/"])
    return arrays


def test_fashion_mnist_comes_from_the_first_mirror_that_answers(fashion, tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "READERS", {"fashion": sources._read_mnist_like("FashionMNIST")})
    data = load_dataset("fashion", tmp_path / "data")
    assert np.array_equal(data.train_pictures[..., 0], fashion["train-images-idx3-ubyte.gz"])
    assert np.array_equal(data.test_labels, fashion["t10k-labels-idx1-ubyte.gz"])
    assert data.form.classes[0] == "T-shirt/top"
    assert (data.form.channels, data.form.size) == (1, 28)


def test_files_of_the_system_are_taken_instead_of_a_download(fashion, site, tmp_path, monkeypatch):
    (tmp_path / "debian").mkdir()
    for file in site.iterdir():
        packed_anew = gzip.compress(gzip.decompress(file.read_bytes()), 1)
        (tmp_path / "debian" / file.name).write_bytes(packed_anew)
    monkeypatch.setattr(sources, "READERS", {"fashion": sources._read_mnist_like("FashionMNIST", tmp_path / "debian")})
    assert len(load_dataset("fashion", tmp_path / "data").train_labels) == 20
    assert Site.asked == []


@pytest.mark.skipif(not sources.DEBIAN_FASHION.is_dir(), reason="needs Debian's package dataset-fashion-mnist")
def test_debians_fashion_mnist_is_found(tmp_path):
    data = load_dataset("fashion", tmp_path / "data")
    assert data.train_pictures.shape == (60_000, 28, 28, 1)
    assert np.bincount(data.test_labels).tolist() == [1000] * 10


def test_svhn_is_read_upright(site, address, tmp_path, monkeypatch):
    draw, lists = np.random.default_rng(0), {}
    for split in ("train", "test"):
        pictures = draw.integers(0, 256, (32, 32, 3, 6), np.uint8)  # as MATLAB has it: H, W, C, N
        scipy.io.savemat(site / f"{split}.mat", {"X": pictures, "y": np.array([[1], [2], [10], [4], [5], [9]])})
        lists[split] = [f"{address}/{split}.mat", f"{split}.mat", md5((site / f"{split}.mat").read_bytes())]
    monkeypatch.setattr(SVHN, "split_list", lists)
    data = load_dataset("svhn", tmp_path / "data")
    assert data.test_labels.tolist() == [1, 2, 0, 4, 5, 9]  # MATLAB's 10 is a nought
    assert np.array_equal(data.test_pictures[3], pictures[..., 3])


def test_every_published_set_says_without_a_network_what_to_put_where(tmp_path, monkeypatch):
    monkeypatch.setattr(urllib.request, "urlopen", refuse)
    for name in DATASETS.keys() - {"digits", "shapes", "folder", "fashion"}:
        with pytest.raises(DatasetError, match=r"could not be downloaded .*no network.* or put \S+ from \S+ into"):
            load_dataset(name, tmp_path / "data")


def refuse(*_: object, **__: object) -> None:
    raise urllib.error.URLError("no network")


def test_only_toys_are_called_toys():
    assert {name for name, card in DATASETS.items() if card.is_toy} == {
        "digits",
        "shapes",
        "mnist",
        "fashion",
        "kmnist",
    }
    assert all(("(toy)" in card.title) == card.is_toy for card in DATASETS.values())
