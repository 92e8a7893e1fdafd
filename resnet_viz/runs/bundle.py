"""How does a run leave a store, and how does it come into another? As one zip file, checked to the last byte.

    manifest.json         version of this layout and of the program; size and SHA-256 of every other file
    run.json              the run: net, configuration, facts, how it ended, labels of the samples; name, note and tags
    steps.csv             every training step: step, loss, error, learning_rate
    evaluations.csv       every epoch's end
    layers.safetensors    numbers of every layer, (steps, layers) a kind, in chunks that begin at `first_step`
    overview.safetensors  the same, and loss, error and learning rate, as means over 64 steps
    samples/N.png         a few test pictures
    weights.safetensors   the trained net; weights/N.safetensors: after epoch N, where every epoch was kept

A file from elsewhere is read without trust: names, sizes and checksums are looked at before anything is written.
"""

import hashlib
import json
import re
import time
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from resnet_viz import __version__
from resnet_viz.runs.schema import RunStatus

LAYOUT = 1
MANIFEST = "manifest.json"
WEIGHTS = "weights.safetensors"
NAMES = re.compile(
    r"manifest\.json|run\.json|(steps|evaluations)\.csv|(layers|overview|weights)\.safetensors"
    r"|samples/\d{1,4}\.png|weights/\d{1,4}\.safetensors"
)
NEEDED = ("run.json", "steps.csv", "evaluations.csv", "layers.safetensors", "overview.safetensors")
MOST_BYTES = 4 * 2**30  # of all files, unpacked
MOST_RATIO = 200  # unpacked to packed, of a file past SMALL
SMALL = 10**6
JSON_BYTES = 16 * 2**20  # run.json and the manifest
# Fields of run.json, and what they may be.
TYPES: dict[str, type | tuple[type, ...]] = {
    "id": str,
    "comparison": str,
    "position": int,
    "sweep": str,
    "status": str,
    "message": str,
    "spec": dict,
    "config": dict,
    "facts": dict,
    "step": int,
    "total_steps": int,
    "seconds": (int, float),
    "train_error": (int, float, type(None)),
    "test_error": (int, float, type(None)),
    "created_at": (int, float),
    "ended_at": (int, float, type(None)),
    "samples": list,
    "name": str,
    "note": str,
    "tags": list,
}
MOST = 2**31 - 1  # of a whole number in the database
LATEST = 10**11  # seconds since the epoch: the year 5138
IDS = ("id", "comparison", "sweep")
CARRIED = [name for name in TYPES if name not in ("samples", "tags")]  # columns of a run that mean something elsewhere


class BundleError(ValueError):
    """A run that cannot be taken away, or a file that holds none; the message is a sentence."""


@dataclass(frozen=True)
class Bundle:
    """A run outside of a store: its row, the content of each file by name, and the files of weights by name."""

    run: dict[str, Any]
    files: dict[str, bytes]

    @property
    def weights(self) -> dict[str, bytes]:
        """The safetensors files of nets by their names in the bundle."""
        return {name: data for name, data in self.files.items() if name == WEIGHTS or name.startswith("weights/")}


def write_bundle(bundle: Bundle, target: Path | BinaryIO) -> None:
    """Write a bundle as a zip file."""
    about = {name: {"bytes": len(data), "sha256": _sha256(data)} for name, data in bundle.files.items()}
    manifest = {"layout": LAYOUT, "resnet_viz": __version__, "written": time.strftime("%Y-%m-%dT%H:%M:%S%z")}
    first = json.dumps(manifest | {"files": about}, indent=1).encode()
    with zipfile.ZipFile(target, "w") as archive:
        for name, data in {MANIFEST: first, **bundle.files}.items():
            # Floats hardly shrink; those of a net that does not move would shrink beyond MOST_RATIO.
            kind = zipfile.ZIP_DEFLATED if name.endswith((".csv", ".json")) else zipfile.ZIP_STORED
            archive.writestr(name, data, kind)


def read_bundle(source: Path | BinaryIO) -> Bundle:
    """The run in a file that `write_bundle` made. Raises BundleError with a sentence for anything else."""
    try:
        with zipfile.ZipFile(source) as archive:
            entries = _check_entries(archive.infolist())
            manifest = _read_json(archive, entries[MANIFEST])
            listed = _check_manifest(manifest, entries)
            files = {name: _read_checked(archive, entries[name], listed[name]) for name in listed}
    except BundleError:
        raise
    except Exception as error:  # a damaged zip can fail in many ways, zlib.error and struct.error among them
        raise BundleError(f"this is not a whole bundle of a run ({error})") from error
    return Bundle(_check_run(files), files)


def _check_entries(infos: list[zipfile.ZipInfo]) -> dict[str, zipfile.ZipInfo]:
    """The entries by name. Raises BundleError for a name, a kind or a size that no bundle has."""
    entries: dict[str, zipfile.ZipInfo] = {}
    for info in infos:
        if not NAMES.fullmatch(info.filename) or info.filename in entries:
            raise BundleError(f"this is no bundle of a run: it holds {info.filename[:80]!r}, or holds it twice")
        if info.flag_bits & 1:
            raise BundleError("the file is encrypted; a bundle of a run is not")
        if info.file_size > max(SMALL, MOST_RATIO * info.compress_size):
            raise BundleError(f"{info.filename} is packed more than {MOST_RATIO} to 1; no curve is")
        entries[info.filename] = info
    if sum(info.file_size for info in infos) > MOST_BYTES:
        raise BundleError(f"the file unpacks to more than {MOST_BYTES // 2**30} GB; a run has less")
    if MANIFEST not in entries:
        raise BundleError(f"this is no bundle of a run: it has no {MANIFEST}")
    return entries


def _check_manifest(manifest: Any, entries: Mapping[str, zipfile.ZipInfo]) -> dict[str, Any]:
    """Size and checksum of each file by name, as the manifest says. Raises BundleError."""
    layout = manifest.get("layout") if isinstance(manifest, dict) else None
    if layout != LAYOUT:
        raise BundleError(f"the bundle has layout {layout!r}, and {LAYOUT} is read here; update this program")
    listed = manifest.get("files")
    if not isinstance(listed, dict) or set(listed) != set(entries) - {MANIFEST}:
        raise BundleError("the bundle does not hold the files that its manifest lists")
    if missing := [name for name in NEEDED if name not in listed]:
        raise BundleError(f"the bundle has no {missing[0]}")
    return listed


def _read_checked(archive: zipfile.ZipFile, info: zipfile.ZipInfo, listed: Any) -> bytes:
    data = _read(archive, info)
    if not isinstance(listed, dict) or listed.get("sha256") != _sha256(data):
        raise BundleError(f"{info.filename} is not as it was written: its checksum differs")
    return data


def _read(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    """An entry's content, and not a byte more than it says it has."""
    with archive.open(info) as file:
        data = file.read(info.file_size + 1)
    if len(data) != info.file_size:
        raise BundleError(f"{info.filename} has another size than the file says")
    return data


def _read_json(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Any:
    if info.file_size > JSON_BYTES:
        raise BundleError(f"{info.filename} is larger than any that this program writes")
    return _parse(_read(archive, info), info.filename)


def _parse(data: bytes, name: str) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise BundleError(f"{name} is not JSON") from error


def _check_run(files: Mapping[str, bytes]) -> dict[str, Any]:
    """The row of run.json. Raises BundleError where a field is missing, or is not what a store has there."""
    if len(files["run.json"]) > JSON_BYTES:
        raise BundleError("run.json is larger than any that this program writes")
    row = _parse(files["run.json"], "run.json")
    if not isinstance(row, dict) or set(row) != set(TYPES):
        raise BundleError("run.json does not have the fields of a run")
    for name, kind in TYPES.items():
        if not isinstance(row[name], kind) or isinstance(row[name], bool):
            raise BundleError(f"{name} of the run is {str(row[name])[:40]!r}; that cannot be")
        if isinstance(row[name], int | float) and not _is_number(row[name], kind):
            raise BundleError(f"{name} of the run is no number that a run can have")
    if not all(re.fullmatch("[0-9a-z]{1,12}", row[name]) or (name == "sweep" and not row[name]) for name in IDS):
        raise BundleError("the ids of the run are not such as this program gives")
    if not all(isinstance(label, int) and _is_number(label, int) for label in row["samples"]):
        raise BundleError("the labels of the samples are not all numbers of classes")
    if not all(isinstance(tag, str) for tag in row["tags"]):
        raise BundleError("the tags of the run are not all words")
    if row["status"] not in [str(status) for status in RunStatus if not status.is_active]:
        raise BundleError(f"the run is {row['status'][:20]!r}; one that has ended can be taken in")
    pictures = [f"samples/{i}.png" for i in range(len(row["samples"]))]
    if set(pictures) != {name for name in files if name.startswith("samples/")}:
        raise BundleError("the bundle does not hold the sample pictures that run.json lists")
    return row


def _is_number(value: float, kind: type | tuple[type, ...]) -> bool:
    """Whether a run can have a number: a whole one that a database holds, an error, or a time that a calendar has."""
    return 0 <= value <= (MOST if kind is int else LATEST)  # NaN is not


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
