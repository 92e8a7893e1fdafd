"""Where do weights lie? In a folder, or anywhere that fsspec reaches: written whole or not at all."""

import hashlib
import os
import re
import shutil
from pathlib import Path

import fsspec
from fsspec.implementations.local import LocalFileSystem


class Storage:
    """Files by name under one place: a folder, or a URL such as s3://bucket/folder."""

    def __init__(self, place: str) -> None:
        """Use a folder or an fsspec URL. Raises ImportError or ValueError where fsspec does not know its kind."""
        self.place = place.rstrip("/")
        self.files, self.root = fsspec.core.url_to_fs(place)
        self.is_local = isinstance(self.files, LocalFileSystem)

    def locate(self, name: str) -> str:
        """Where others find a file: a path, or a URL without the password of the place."""
        return self._path(name) if self.is_local else f"{_without_password(self.place)}/{name}"

    def write(self, name: str, data: bytes) -> str:
        """Write a file whole or not at all, on the disk when this returns; its SHA-256. Raises OSError."""
        path = self._path(name)
        if self.is_local:
            _write_synced(Path(path), data)
        else:  # object stores show a file once it is whole
            self.files.makedirs(self.files._parent(path), exist_ok=True)
            self.files.pipe_file(path, data)
        return hashlib.sha256(data).hexdigest()

    def read(self, name: str) -> bytes:
        """A file's content. Raises OSError."""
        return bytes(self.files.cat_file(self._path(name)))

    def delete(self, name: str) -> None:
        """Remove a file, if it is there. Raises OSError."""
        if self.files.exists(self._path(name)):
            self.files.rm_file(self._path(name))

    def find(self, start: str) -> list[str]:
        """The names of the files right here that begin with `start`. Raises OSError."""
        self.files.invalidate_cache()  # other processes write here
        if not self.files.exists(self.root):
            return []
        names = [str(path).rpartition("/")[2] for path in self.files.ls(self.root, detail=False)]
        return [name for name in names if name.startswith(start)]

    def free_bytes(self) -> float:
        """What is free where the files lie; no bound where that cannot be told."""
        if not self.is_local:
            return float("inf")
        folder = Path(self.root)
        while not folder.exists():
            folder = folder.parent
        return float(shutil.disk_usage(folder).free)

    def _path(self, name: str) -> str:
        return f"{self.root.rstrip('/')}/{name}"


def read_location(location: str, place: str) -> bytes:
    """The content of what `Storage.locate` named; `place` is where the storage is now. Raises OSError."""
    here = _without_password(place.rstrip("/")) + "/"
    if location.startswith(here):
        return Storage(place).read(location.removeprefix(here))
    files, path = fsspec.core.url_to_fs(location)
    return bytes(files.cat_file(path))


def _without_password(place: str) -> str:
    return re.sub(r"(://[^/@:]*):[^/@]*@", r"\1@", place)


def _write_synced(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with unfinished.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    except OSError:
        unfinished.unlink(missing_ok=True)
        raise
    if os.name == "posix":  # the rename, too
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
