"""Where do the published data sets come from? From torchvision's readers, with files that are fetched beforehand."""

import gzip
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from resnet_viz.data.download import Progress, Remote, fetch

Arrays = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, tuple[str, ...]]  # pictures (N, H, W, C) and labels
DEBIAN_FASHION = Path("/usr/share/datasets/fashion-mnist")  # package dataset-fashion-mnist
IMAGENETTE_SIZE = "160px"


def _read(root: Path, title: str, progress: Progress, kind: Any, files: list[Remote], **split: dict[str, Any]) -> Any:
    """Both parts of a torchvision data set; its files are fetched unless torchvision finds it unpacked."""
    try:
        return [kind(root, **arguments) for arguments in split.values()]
    except RuntimeError:  # torchvision: not found, or corrupted
        fetch(files, title, progress)
    progress(f"Unpacking {title}", 1.0)
    return [kind(root, download=True, **arguments) for arguments in split.values()]  # finds the files, and unpacks them


def _read_mnist_like(name: str, packaged: Path | None = None) -> Callable[[Path, str, Progress], Arrays]:
    def read(root: Path, title: str, progress: Progress) -> Arrays:
        from torchvision import datasets

        kind = getattr(datasets, name)
        files = [
            Remote(tuple(mirror + file for mirror in kind.mirrors), root / name / "raw" / file, md5)
            for file, md5 in kind.resources
        ]
        if packaged is not None and packaged.is_dir():
            _unpack([packaged / file for file, _ in kind.resources], root / name / "raw")
        train, test = _read(root, title, progress, kind, files, train={"train": True}, test={"train": False})
        parts = [array for part in (train, test) for array in (part.data.numpy()[..., None], part.targets.numpy())]
        classes = tuple(label.split(" - ")[0] for label in train.classes)
        return parts[0], parts[1], parts[2], parts[3], classes

    return read


def _unpack(files: list[Path], folder: Path) -> None:
    """Files of a system's package, packed anew by it: they have other checksums than the published ones."""
    folder.mkdir(parents=True, exist_ok=True)
    for file in files:
        with gzip.open(file) as packed, (folder / file.stem).open("wb") as out:
            shutil.copyfileobj(packed, out)


def _read_cifar(name: str) -> Callable[[Path, str, Progress], Arrays]:
    def read(root: Path, title: str, progress: Progress) -> Arrays:
        from torchvision import datasets

        kind = getattr(datasets, name)
        files = [Remote((kind.url,), root / kind.filename, kind.tgz_md5)]
        train, test = _read(root, title, progress, kind, files, train={"train": True}, test={"train": False})
        return train.data, np.array(train.targets), test.data, np.array(test.targets), tuple(train.classes)

    return read


def _read_svhn(root: Path, title: str, progress: Progress) -> Arrays:
    from torchvision.datasets import SVHN

    lists = [SVHN.split_list[split] for split in ("train", "test")]
    files = [Remote((url,), root / name, md5) for url, name, md5 in lists]
    train, test = _read(root, title, progress, SVHN, files, train={"split": "train"}, test={"split": "test"})
    first, second = (part.data.transpose(0, 2, 3, 1) for part in (train, test))  # were (N, C, H, W)
    return first, train.labels, second, test.labels, tuple("0123456789")


def _read_stl10(root: Path, title: str, progress: Progress) -> Arrays:
    from torchvision.datasets import STL10

    files = [Remote((STL10.url,), root / STL10.filename, STL10.tgz_md5)]
    train, test = _read(root, title, progress, STL10, files, train={"split": "train"}, test={"split": "test"})
    first, second = (part.data.transpose(0, 2, 3, 1) for part in (train, test))
    return first, train.labels, second, test.labels, tuple(train.classes)


def fetch_imagenette(root: Path, title: str, progress: Progress) -> Path:
    """The folder of Imagenette's photographs, train/WNID/* and val/WNID/*."""
    from torchvision.datasets import Imagenette

    url, md5 = Imagenette._ARCHIVES[IMAGENETTE_SIZE]
    files = [Remote((url,), root / Path(url).name, md5)]
    size = {"size": IMAGENETTE_SIZE}
    _read(root, title, progress, Imagenette, files, train={"split": "train"} | size, test={"split": "val"} | size)
    return root / Path(url).stem


def imagenette_classes(wnids: tuple[str, ...]) -> tuple[str, ...]:
    """What the folders of Imagenette stand for."""
    from torchvision.datasets import Imagenette

    return tuple(Imagenette._WNID_TO_CLASS[wnid][0] for wnid in wnids)


READERS: dict[str, Callable[[Path, str, Progress], Arrays]] = {
    "mnist": _read_mnist_like("MNIST"),
    "fashion": _read_mnist_like("FashionMNIST", DEBIAN_FASHION),
    "kmnist": _read_mnist_like("KMNIST"),
    "cifar10": _read_cifar("CIFAR10"),
    "cifar100": _read_cifar("CIFAR100"),
    "svhn": _read_svhn,
    "stl10": _read_stl10,
}
