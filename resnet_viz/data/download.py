"""How does CIFAR-10 come to this machine? Once, with progress, checked against torchvision's checksum."""

import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

Progress = Callable[[str, float], None]  # (sentence, fraction done)
CHUNK = 1 << 20
LOCK_SECONDS = 1.0
TIMEOUT = 30  # seconds without an answer


class DatasetError(ValueError):
    """A data set that cannot be had; the message says what is missing and what to do."""


def ignore_progress(sentence: str, fraction: float) -> None:
    """The Progress of a caller who does not look."""


def fetch_cifar10(root: Path, progress: Progress) -> None:
    """Bring CIFAR-10 into `root` as torchvision's CIFAR10 reads it, unless it is there.

    Of several processes that ask at once, one downloads and the others wait.
    Raises DatasetError where the network, the disk or the checksum fails.
    """
    from torchvision.datasets import CIFAR10
    from torchvision.datasets.utils import check_integrity, extract_archive

    root.mkdir(parents=True, exist_ok=True)
    archive = root / CIFAR10.filename
    with _locked(root / ".cifar10.lock", progress):
        if _is_there(root):
            return
        if not check_integrity(archive, CIFAR10.tgz_md5):
            _download(CIFAR10.url, archive, progress)
        if not check_integrity(archive, CIFAR10.tgz_md5):
            archive.unlink()
            raise DatasetError("CIFAR-10 arrived with a wrong checksum and was thrown away; start again to retry.")
        progress("Unpacking CIFAR-10", 1.0)
        extract_archive(archive, root)


@contextmanager
def _locked(path: Path, progress: Progress) -> Iterator[None]:
    """Hold a lock over processes; `progress` is called, and may raise, while another holds it."""
    lock = FileLock(path)
    while not lock.is_locked:
        try:
            lock.acquire(timeout=LOCK_SECONDS)
        except Timeout:
            progress("Waiting for another run's download", 0.0)
    try:
        yield
    finally:
        lock.release()


def _is_there(root: Path) -> bool:
    from torchvision.datasets import CIFAR10

    try:
        CIFAR10(root)
    except RuntimeError:  # torchvision: "Dataset not found or corrupted"
        return False
    return True


def _download(url: str, target: Path, progress: Progress) -> None:
    part = target.with_suffix(".part")
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT) as answer, part.open("wb") as file:
            total = int(answer.headers.get("Content-Length") or 0)
            done = 0
            while chunk := answer.read(CHUNK):
                file.write(chunk)
                done += len(chunk)
                progress(f"Downloading CIFAR-10, {done / 2**20:.0f} MB", done / total if total else 0.0)
        part.replace(target)
    except OSError as error:  # no network, no disk space, no such address
        raise DatasetError(
            f"CIFAR-10 could not be downloaded ({error}). Check the network and start again, "
            f"or put {target.name} from {url} into {target.parent}."
        ) from error
