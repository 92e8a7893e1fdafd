"""Is a zip that means no good refused with a sentence, before anything of it is unpacked?"""

import random
import stat
import struct
import tracemalloc
import zipfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from resnet_viz.data import DatasetError, count_folder, load_dataset
from resnet_viz.data.zips import MOST_RATIO, entries_of_zip
from tests.data.hostile import encode

pytestmark = pytest.mark.usefixtures("home")
GOOD = [f"{part}/{name}/{i}.png" for part in ("train", "test") for name in ("blue", "red") for i in range(4)]


def picture(seed: int) -> bytes:
    return encode(Image.effect_noise((20, 20), 50 + seed), "PNG")


def pack(target: Path, *more: tuple[Any, bytes], way: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(target, "w", way) as archive:
        for i, name in enumerate(GOOD):
            archive.writestr(name, picture(i))
        for name, data in more:
            archive.writestr(name, data)
    return target


def test_a_sound_zip_is_counted_and_read(tmp_path):
    archive = pack(tmp_path / "good.zip", ("train/red/", b""), ("notes.txt", b"x"), way=zipfile.ZIP_DEFLATED)
    assert count_folder(archive) == (8, 8, 2)
    assert len(load_dataset("folder", folder=archive).train_labels) == 8


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("/etc/cron.d/x.png", "begins at the root"),
        ("../../x.png", "leads out of the zip"),
        ("train/../../x.png", "leads out of the zip"),
        ("train/red/..", "leads out of the zip"),
        ("C:/x.png", "begins with a drive"),
        ("train\\red\\..\\x.png", "has a backslash"),
        ("train/red/x\n.png", "control characters"),
        ("train/red/" + "x" * 300 + ".png", "too long a name"),
        ("x/" * 600 + "x.png", "too long a name"),
    ],
)
def test_names_that_lead_elsewhere_are_refused(tmp_path, name, sentence):
    archive = pack(tmp_path / "bad.zip", (name, picture(0)))
    with pytest.raises(DatasetError, match=sentence) as refused:
        count_folder(archive)
    assert "\n" not in str(refused.value)


def test_a_name_that_ends_at_a_zero_byte_is_refused(tmp_path):
    archive = pack(tmp_path / "zero.zip", ("train/red/x.png_.txt", picture(0)))
    archive.write_bytes(archive.read_bytes().replace(b"x.png_.txt", b"x.png\0.txt"))
    with pytest.raises(DatasetError, match="control characters"):
        count_folder(archive)


def test_two_entries_of_one_name_are_refused(tmp_path):
    with pytest.warns(UserWarning, match="Duplicate name"):
        archive = pack(tmp_path / "twice.zip", (GOOD[0], picture(9)))
    with pytest.raises(DatasetError, match="is in it twice"):
        count_folder(archive)


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR])
def test_links_and_special_files_are_refused(tmp_path, kind):
    entry = zipfile.ZipInfo("train/red/link.png")
    entry.external_attr = (kind | 0o777) << 16
    with pytest.raises(DatasetError, match="link or another special file"):
        count_folder(pack(tmp_path / "link.zip", (entry, b"/etc/passwd")))


def test_encrypted_entries_are_refused(tmp_path):
    archive = pack(tmp_path / "secret.zip")
    data = bytearray(archive.read_bytes())
    data[data.rindex(b"PK\1\2") + 8] |= 1
    archive.write_bytes(data)
    with pytest.raises(DatasetError, match="is encrypted"):
        count_folder(archive)


@pytest.mark.parametrize("way", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_ways_of_packing_that_unpack_without_a_limit_are_refused(tmp_path, way):
    with pytest.raises(DatasetError, match="packed in another way"):
        count_folder(pack(tmp_path / "other.zip", way=way))


def test_a_bomb_is_refused_by_its_ratio(tmp_path):
    archive = pack(tmp_path / "bomb.zip", ("train/red/x.bmp", bytes(19_000_000)), way=zipfile.ZIP_DEFLATED)
    assert archive.stat().st_size * MOST_RATIO < 19_000_000
    with pytest.raises(DatasetError, match="times its size"):
        count_folder(archive)


def test_entries_that_share_their_bytes_are_refused(tmp_path):
    """Every entry of the list stands for the same bytes: many times the file, at a small ratio for each."""
    archive = pack(tmp_path / "shared.zip", ("train/red/kernel.png", bytes(range(256)) * 40))
    data = archive.read_bytes()
    start = data.rindex(b"PK\1\2")
    end = data.rindex(b"PK\5\6")
    record, count = data[start:end], 90
    copies = b"".join(record.replace(b"kernel.png", b"copy%02d.png" % i) for i in range(count))
    tail = bytearray(data[end:])
    total = len(GOOD) + 1 + count
    size = end + len(copies) - struct.unpack_from("<I", tail, 16)[0]
    struct.pack_into("<HHI", tail, 8, total, total, size)
    archive.write_bytes(data[:end] + copies + bytes(tail))
    with pytest.raises(DatasetError, match="share their bytes"):
        count_folder(archive)


def test_an_entry_is_never_unpacked_beyond_what_its_header_says(tmp_path):
    much = bytes(60_000_000)
    archive = pack(tmp_path / "lies.zip", ("train/red/lies.png", much), way=zipfile.ZIP_DEFLATED)
    data = bytearray(archive.read_bytes())
    for magic, place in ((b"PK\3\4", 22), (b"PK\1\2", 24)):
        struct.pack_into("<I", data, data.rindex(magic) + place, 100)  # the size that is declared
    archive.write_bytes(data)
    with ExitStack() as opened:
        _, size, read = entries_of_zip(archive, opened)[-1]
        assert size == 100
        tracemalloc.start()
        with pytest.raises(zipfile.BadZipFile):
            read()
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 5_000_000


def test_a_zip_in_a_zip_is_not_opened(tmp_path):
    inner = pack(tmp_path / "inner.zip").read_bytes()
    archive = pack(tmp_path / "outer.zip", ("train/red/inner.zip", inner), ("train/blue/inner.png", inner))
    data = load_dataset("folder", folder=archive)
    assert len(data.train_labels) == 8
    assert [told.partition(";")[0] for told in data.skipped] == [
        "train/blue/inner.png: This is not a PNG, JPEG, WebP, GIF or BMP picture"
    ]


def test_entries_that_cannot_be_unpacked_are_skipped_and_told(tmp_path):
    archive = pack(tmp_path / "broken.zip", way=zipfile.ZIP_DEFLATED)
    data = bytearray(archive.read_bytes())
    data[data.index(GOOD[0].encode()) + len(GOOD[0])] ^= 0xFF
    archive.write_bytes(data)
    (told,) = load_dataset("folder", folder=archive).skipped
    assert told.startswith("train/blue/0.png: The file cannot be read: ")
    assert told.endswith(".")


def test_cut_and_changed_zips_get_a_sentence(tmp_path):
    whole, draw = pack(tmp_path / "whole.zip"), random.Random(0)
    counted, data_of, refused, accepted = count_folder(whole), whole.read_bytes(), [], []
    for i in range(300):
        data = bytearray(data_of[: len(data_of) if i % 3 else draw.randrange(len(data_of))])
        for _ in range(draw.randrange(1, 6)):
            if data:
                data[-1 - draw.randrange(min(len(data), 1_500))] = draw.randrange(256)  # mostly in the list of contents
        (tmp_path / "spoiled.zip").write_bytes(data)
        try:
            accepted.append(count_folder(tmp_path / "spoiled.zip"))
        except DatasetError as error:  # nothing else may come out of it
            refused.append(str(error))
    assert len(refused) > 200
    assert not any("Traceback" in sentence or not sentence.strip() for sentence in refused)
    assert all(sum(pictures) <= sum(counted[:2]) for *pictures, _ in accepted)  # a name that was changed may lose one
