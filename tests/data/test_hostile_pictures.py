"""Does nothing but a picture or an ImageError leave the door, whatever is sent, and at what cost?"""

import subprocess
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from resnet_viz.data import ImageError, decode_image
from resnet_viz.data.images import MAX_RESULT
from tests.data.hostile import KINDS, bombs, encode, good, liars, polyglots, spoiled
from tests.data.largest import LARGEST

ROOT = Path(__file__).parents[2]
COUNT = 5_000
MOST_MEMORY = 150e6  # bytes that decoding one file may add to the process
IMPOLITE = ("Traceback", "Error", "0x", "PIL", "object at", "None")


def try_to_decode(data: bytes) -> Image.Image | None:
    """What comes through the door; None, after a look at the sentence, for what is refused."""
    try:
        picture = decode_image(data)
    except ImageError as error:
        said = str(error)
        assert said[0].isupper()
        assert said.endswith(".")
        assert not any(word in said for word in IMPOLITE), said
        return None
    assert type(picture) is Image.Image  # of memory alone: no open file, no reader of a format
    assert picture.mode == "RGB"
    assert 0 < picture.width * picture.height <= MAX_RESULT
    assert not picture.info  # no text, profile or EXIF data comes along
    return picture


def test_thousands_of_spoiled_files_are_pictures_or_refused_with_a_sentence():
    outcomes = [try_to_decode(data) is None for _, data in spoiled(COUNT, seed=0)]
    assert len(outcomes) == COUNT
    assert 0.3 < np.mean(outcomes) < 0.9  # neither all refused, nor spoiled too gently


def test_the_corpus_follows_from_its_seed():
    one, same, another = (list(spoiled(500, seed)) for seed in (3, 3, 4))
    assert one == same
    assert one != another


@pytest.mark.parametrize("name", good())
def test_every_sound_picture_is_let_in(name):
    assert try_to_decode(good()[name]) is not None


@pytest.mark.parametrize("name", good())
def test_a_file_that_was_cut_is_refused(name):
    data, tenths = good()[name], range(1, 6 if name == "animated.gif" else 10)  # its first frame ends before the sixth
    assert [i for i in tenths if try_to_decode(data[: len(data) * i // 10]) is not None] == []


@pytest.mark.long
@pytest.mark.parametrize("name", liars())
def test_a_file_that_lies_is_refused(name):
    assert try_to_decode(liars()[name]) is None


@pytest.mark.process
def test_a_bomb_is_refused_or_its_picture_is_taken_out_of_it():
    outcomes = {name: try_to_decode(data) for name, data in bombs().items()}
    # Texts, profiles and EXIF data are not read, and of rows no more than the picture has.
    harmless = {"zTXt.png", "iTXt.png", "iCCP.png", "entries.png", "longer than it is.png"}
    assert {name for name, picture in outcomes.items() if picture is not None} == harmless
    assert all(outcomes[name].size == (1, 1) for name in harmless)


@pytest.mark.parametrize("name", polyglots())
def test_of_a_polyglot_the_picture_alone_is_taken(name):
    picture = try_to_decode(polyglots()[name])
    assert picture is not None
    again = encode(picture, "PNG")
    assert b"script" not in again
    assert b"PK" not in again[-100:]


@pytest.mark.parametrize("kind", KINDS)
def test_the_content_tells_the_format(kind):
    data = encode(Image.new("RGB", (20, 10), "teal"), kind)
    for other in {"PNG": b"BM", "BMP": b"GIF89a"}.get(kind, b"\x89PNG\r\n\x1a\n"), b"RIFF\x00\x00\x00\x00WEBP":
        if not data.startswith(other[:4]):
            assert try_to_decode(other + data) is None
            assert try_to_decode(other + data[len(other) :]) is None


@pytest.mark.parametrize("data", [None, "text", 1.5, object(), [], [1, 2], b"", bytearray(b"\xff\xd8\xff"), 10])
def test_what_are_no_bytes_is_refused_too(data):
    with pytest.raises(ImageError):
        decode_image(data)


def test_no_warning_is_given_and_no_filter_of_warnings_touched_by_many_threads_at_once():
    before = list(warnings.filters)
    files = [*good().values(), *liars().values()] * 4
    with warnings.catch_warnings(record=True) as caught, ThreadPoolExecutor(8) as pool:
        warnings.simplefilter("always")
        list(pool.map(try_to_decode, files))
    assert [str(one.message) for one in caught] == []
    assert warnings.filters == before


def test_a_decoder_that_fails_in_any_way_ends_as_a_sentence(monkeypatch):
    for failure in (MemoryError(), RecursionError(), SyntaxError("x"), OverflowError(), UserWarning(), StopIteration()):

        def fail(*_, failure=failure, **__):
            raise failure

        monkeypatch.setattr("resnet_viz.data.images.Image.open", fail)
        assert try_to_decode(good()["RGB.png"]) is None


def test_a_stop_by_the_keyboard_is_no_broken_picture(monkeypatch):
    def stop(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("resnet_viz.data.images.Image.open", stop)
    with pytest.raises(KeyboardInterrupt):
        decode_image(good()["RGB.png"])


@pytest.mark.process
def test_a_lossless_webp_from_the_box_is_the_same_picture():
    draw = np.random.default_rng(0)
    for channels in (3, 4):
        pixels = draw.integers(0, 256, (300, 400, channels), np.uint8)
        small = Image.fromarray(pixels[:40, :50])
        large = Image.fromarray(pixels).resize((2_200, 1_900), Image.Resampling.NEAREST)
        for image in (small, large):  # the large one goes through the box
            decoded = decode_image(encode(image, "WEBP", lossless=True, exact=True))
            expected = decode_image(encode(image, "PNG"))
            assert decoded.size == expected.size
            assert np.abs(np.asarray(decoded, int) - np.asarray(expected)).max() <= 2 * (channels == 4)


MEASURE = """
import os, resource, sys
from pathlib import Path
from resnet_viz.data import ImageError, decode_image
from tests.data.hostile import good
def memory(name):
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith(name))
def measure(path):
    before, data = memory("VmRSS"), path.read_bytes()
    try:
        size = decode_image(data).size
    except ImageError as error:
        size = error
    grown = memory("VmHWM") - before - len(data)
    return f"{grown} {resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024} {size}"
for small in good().values():
    decode_image(small)
for name in sys.stdin.read().splitlines():
    if os.fork() == 0:  # a process that has everything loaded, and whose peak is what it has
        print(measure(Path(name)), flush=True)
        os._exit(0)
    os.wait()
"""


def measure(*paths: Path) -> list[tuple[float, float, str]]:
    """Bytes that a fresh process grows by to decode each file, the peak of its box, and what became of the file."""
    command, names = [sys.executable, "-c", MEASURE], "\n".join(map(str, paths))
    answer = subprocess.run(command, input=names, cwd=ROOT, capture_output=True, check=True, text=True).stdout
    found = [line.split(" ", 2) for line in answer.splitlines()]
    return [(float(grown), float(box), outcome) for grown, box, outcome in found]


def put(folder: Path, files: dict[str, bytes]) -> list[Path]:
    paths = [folder / str(number) for number in range(len(files))]
    for path, data in zip(paths, files.values(), strict=True):
        path.write_bytes(data)
    return paths


@pytest.mark.process
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux's account of a process's peak memory")
def test_the_largest_pictures_stay_within_the_memory(tmp_path):
    measured = measure(*put(tmp_path, {name: make() for name, make in LARGEST.items()}))
    for name, (grown, _, outcome) in zip(LARGEST, measured, strict=True):
        assert outcome.startswith("("), f"{name} is refused: {outcome}"
        assert 0 < grown < MOST_MEMORY, name


@pytest.mark.process
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux's account of a process's peak memory")
def test_what_cannot_be_told_from_a_header_cannot_take_more_memory_either(tmp_path):
    ((grown, box, outcome),) = measure(*put(tmp_path, {"codes.webp": bombs()["codes.webp"]}))  # it asks for 365 MB
    assert "takes too much" in outcome
    assert grown < 10e6
    assert box < 190e6


@pytest.mark.long
def test_a_huge_picture_is_let_in_upright_and_brought_down():
    image = Image.new("RGB", (8_000, 6_000), "white")
    image.paste("red", (0, 0, 8_000, 3_000))
    turned = Image.Exif()
    turned[0x0112] = 6  # what is on top comes to the right
    for options in ({"quality": 50}, {"restart_marker_rows": 1}, {"subsampling": 0}):
        picture = decode_image(encode(image, "JPEG", exif=turned, **options))
        assert picture.size == (1_500, 2_000)
        assert picture.getpixel((1_400, 1_000))[1] < 10
        assert picture.getpixel((100, 1_000))[1] > 245


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_is_turned_as_pillow_turns_it(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    image = Image.fromarray(np.random.default_rng(0).integers(0, 256, (6, 9, 3), np.uint8))
    data = encode(image, "PNG", exif=exif)
    expected = ImageOps.exif_transpose(Image.open(BytesIO(data)))
    assert np.array_equal(np.asarray(decode_image(data)), np.asarray(expected))
