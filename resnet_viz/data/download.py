"""How does a data set come to this machine? Once, with progress, checked, and from where it broke off."""

import hashlib
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Remote:
    """One file to fetch: where from (the first address that answers), where to, and its checksum.

    The checksum is an MD5, or the beginning of a SHA-256.
    """

    urls: tuple[str, ...]
    target: Path
    md5: str = ""
    sha256: str = ""

    def is_at(self, path: Path) -> bool:
        """Whether a file is the one that is meant."""
        if not path.is_file():
            return False
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256" if self.sha256 else "md5").hexdigest()
        return found.startswith(self.sha256) if self.sha256 else found == self.md5


def fetch(files: Sequence[Remote], title: str, progress: Progress) -> None:
    """Bring files to their places, unless they are there; what broke off goes on where it ended.

    Raises DatasetError where the network, the disk or a checksum fails.
    """
    for file in files:
        file.target.parent.mkdir(parents=True, exist_ok=True)
        if file.is_at(file.target):
            continue
        part = file.target.with_name(file.target.name + ".part")
        _download(file, part, title, progress)
        if not file.is_at(part):
            part.unlink()
            raise DatasetError(f"{title} arrived with a wrong checksum and was thrown away; start again to retry.")
        part.replace(file.target)


def _download(file: Remote, part: Path, title: str, progress: Progress) -> None:
    failure: OSError | None = None
    for url in file.urls:
        try:
            _download_from(url, part, title, progress)
            return
        except InterruptedError:  # the reader stopped the run: no other address is tried
            raise
        except OSError as error:  # no network, no disk space, no such address
            failure = error
    raise DatasetError(
        f"{title} could not be downloaded ({_say(failure)}). Check the network and start again, "
        f"or put {file.target.name} from {file.urls[0]} into {file.target.parent}."
    ) from failure


def _say(failure: OSError | None) -> str:
    reason = getattr(failure, "reason", failure)  # what urllib wraps: no such host, a refused connection
    return (reason.strerror if isinstance(reason, OSError) else None) or str(failure)


def _download_from(url: str, part: Path, title: str, progress: Progress) -> None:
    done = part.stat().st_size if part.exists() else 0
    request = urllib.request.Request(url, headers={"Range": f"bytes={done}-"} if done else {})
    try:
        answer = urllib.request.urlopen(request, timeout=TIMEOUT)
    except urllib.error.HTTPError as error:
        if error.code == 416:  # nothing is left to send: the checksum will tell
            return
        raise
    with answer:
        if answer.status != 206:  # the server begins anew
            done = 0
        total = done + int(answer.headers.get("Content-Length") or 0)
        with part.open("ab" if done else "wb") as out:
            while chunk := answer.read(CHUNK):
                out.write(chunk)
                done += len(chunk)
                progress(f"Downloading {title}, {done / 2**20:.0f} MB", done / total if total else 0.0)
    if total and done < total:
        raise ConnectionError(f"the server broke off after {done:,} of {total:,} bytes")


@contextmanager
def locked(path: Path, progress: Progress) -> Iterator[None]:
    """Hold a lock over processes; `progress` is called, and may raise, while another holds it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path)
    while not lock.is_locked:
        try:
            lock.acquire(timeout=LOCK_SECONDS)
        except Timeout:
            progress("Waiting for another run that prepares the same data", 0.0)
    try:
        yield
    finally:
        lock.release()
