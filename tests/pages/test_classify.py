"""Does the Classify page ask all nets about all pictures, warn of strangers, and survive what is sent to it?"""

import csv
import hashlib
from dataclasses import replace
from io import BytesIO, StringIO
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageOps
from sqlalchemy import update
from streamlit.testing.v1 import AppTest
from torchvision.models import get_model

from resnet_viz.explain.pretrained import Published, path_of, published_nets
from resnet_viz.nets import NetSpec, build_net, save_checkpoint
from resnet_viz.runs.schema import runs as table
from resnet_viz.ui import candidates, classify
from resnet_viz.ui.classify import MOST_PICTURES, to_csv
from tests.pages.figures import figures
from tests.pages.opening import new_page, open_page, plain_text, press_key, rerun, text_of
from tests.pages.waiting import wait_for_fetches

SHARED = Path(__file__).parents[3] / "shared" / "data"
DIGITS, PHOTOS = "run:e486bfd8,run:28b243b2", "run:e7f057bd,run:4ab1e4dd"  # recorded pairs of depth 56


def open_classify(keys: str = "") -> AppTest:
    return open_page("classify", **({"nets": keys} if keys else {}))


def send(page: AppTest, *files: tuple[str, bytes]) -> AppTest:
    page.file_uploader(key="upload").set_value([(name, data, "image/png") for name, data in files])
    return rerun(page)


def png(color="white", mode: str = "RGB") -> bytes:
    buffer = BytesIO()
    Image.new(mode, (64, 48), color).save(buffer, "PNG")
    return buffer.getvalue()


def test_the_page_opens_on_recorded_nets_and_their_test_pictures(home):
    page = open_classify()
    assert page.multiselect[0].value == PHOTOS.split(",")
    frame = page.dataframe[0].value
    assert len(frame) == 10
    assert (frame["1 answer"].str.split(",").str[0] == frame["picture"].str.split(": ").str[1]).mean() >= 0.7
    assert "ResNet-56 (A)** says **airplane** with" in text_of(page)
    assert "of 3.32 bits" in text_of(page)
    assert "of 500 held-out pictures of its own" in text_of(page)


def test_every_picture_is_asked_about_and_a_broken_one_gets_its_sentence(home):
    page = send(
        open_classify(DIGITS), ("a.png", png()), ("b*.png", b"text"), ("c.png", png("black")), ("d.png", png()[:60])
    )
    assert page.dataframe[0].value["picture"].tolist() == ["a.png", "c.png"]
    refused = [error.value for error in page.error]
    assert len(refused) == 2
    assert refused[0].startswith(r"b\*.png: This is not a PNG, JPEG")
    assert refused[1].startswith("d.png: ")
    assert page.checkbox(key="invert").value


def test_ink_on_paper_and_light_on_black_are_seen_alike(home):
    paper = Image.new("L", (64, 64), 255)
    paper.paste(0, (28, 8, 36, 56))
    files = []
    for name, image in (("paper.png", paper), ("black.png", ImageOps.invert(paper))):
        image.save(data := BytesIO(), "PNG")
        files.append((name, data.getvalue()))
    frame = send(open_classify(DIGITS), *files).dataframe[0].value
    assert frame["seen"].nunique() == 1
    assert frame["0 answer"].nunique() == 1


def test_nothing_but_broken_files_says_what_to_send(home):
    page = send(open_classify(DIGITS), ("b.png", b"text"))
    assert not page.dataframe
    assert "Send a picture that can be read" in text_of(page)


def test_more_than_so_many_are_refused_with_a_sentence(home):
    page = send(open_classify(DIGITS), *((f"{i}.png", png()) for i in range(MOST_PICTURES + 2)))
    assert f"These are {MOST_PICTURES + 2} files" in text_of(page)
    assert len(page.dataframe[0].value) == MOST_PICTURES


def test_a_stranger_is_warned_of_with_the_measures_own_error_rates(home):
    noise = np.random.default_rng(0).integers(0, 256, (32, 32, 3), np.uint8)
    buffer = BytesIO()
    Image.fromarray(noise).save(buffer, "PNG")
    page = send(open_classify(PHOTOS), ("noise.png", buffer.getvalue()))
    (warning,) = [one.value for one in page.warning if "looks like nothing it was trained on" in one.value]
    assert warning.startswith("To ResNet-56 (A) this looks like nothing")  # plain-56 misses most of the noise
    assert "% of noise" in warning
    assert "held-out pictures of its own" in warning


def test_nets_that_see_other_sizes_and_know_other_classes_stand_together(home):
    page = send(open_classify("run:28b243b2,run:4ab1e4dd"), ("a.png", png()))
    assert len(figures(page)) == 2
    assert page.dataframe[0].value["agree"].tolist() == [""]


def test_a_picture_goes_on_to_the_saliency_page(home, monkeypatch):
    gone = []
    monkeypatch.setattr("streamlit.switch_page", gone.append)
    page = send(open_classify(DIGITS), ("my cat.png", png("red")))
    press_key(page, "why")
    name, image = page.session_state["asked_picture"]
    assert gone == ["pages/saliency.py"]
    assert name == "my cat.png"
    assert image.getpixel((0, 0)) == (255, 0, 0)
    saliency = new_page("saliency", nets=DIGITS, methods="saliency")
    saliency.session_state["asked_picture"] = (name, image)
    assert "My cat.png." in text_of(rerun(saliency))


def test_a_checkpoint_of_ones_own_joins_the_nets(home, tmp_path):
    file = save_checkpoint(build_net(NetSpec("resnet", 8)).eval(), tmp_path / "mine.safetensors")
    page = open_classify()
    page.text_input(key="candidate_path").set_value(str(file))
    assert "mine.safetensors holds **ResNet-8 (A)**" in text_of(rerun(page))
    options = page.multiselect[0].options
    assert "ResNet-8 (A) · imported · mine.safetensors" in options
    page.multiselect[0].select("ResNet-8 (A) · imported · mine.safetensors")
    assert "no pictures that it was trained on are at hand" in text_of(rerun(page))
    page.text_input(key="candidate_path").set_value("/nowhere/net.pth")
    assert "there is no file /nowhere/net.pth" in plain_text(rerun(page).error[0].value)


def test_weights_that_are_gone_get_a_sentence(lab_store, trained, tmp_path):
    run = trained[1][0]
    with lab_store.write() as db:
        db.execute(update(table).where(table.c.id == run.id).values(weights=str(tmp_path / "gone.safetensors")))
    page = open_classify(f"run:{run.id}")
    assert "there is no file" in page.error[0].value
    assert "Choose other nets" in text_of(page)


@pytest.fixture(scope="module")
def published(tmp_path_factory) -> Path:
    """The weights of a ResNet-18 drawn at random, as a file whose name holds its hash, as torchvision's have it."""
    file = tmp_path_factory.mktemp("published") / "x.pth"
    torch.manual_seed(3)
    torch.save(get_model("resnet18", weights=None).state_dict(), file)
    return file.rename(file.with_name(f"resnet18-{hashlib.sha256(file.read_bytes()).hexdigest()[:8]}.pth"))


@pytest.fixture
def net(home, published, tmp_path, monkeypatch) -> Published:
    """A net that is published as this file, in a folder of the test's own."""
    file = tmp_path / published.name
    file.hardlink_to(published)
    one = replace(published_nets()["resnet18"], url=file.as_uri())
    monkeypatch.setattr(candidates, "published_nets", lambda: {"resnet18": one})
    return one


def test_a_published_net_is_fetched_on_request_and_asked(net, home):
    page = open_classify(DIGITS)
    assert "ResNet-18 (torchvision): 45 MB, 69.8 % top-1 accuracy" in text_of(page)
    wait_for_fetches(press_key(page, "fetch_resnet18"))
    assert path_of(net, home).is_file()
    page = send(open_classify("pretrained:resnet18"), ("a.png", png()))
    assert "of 9.97 bits" in text_of(page)
    assert "no pictures that it was trained on are at hand" in text_of(page)


def test_a_net_that_cannot_be_fetched_says_what_to_put_where_and_can_be_tried_again(net, home):
    file = Path(net.url.removeprefix("file://"))
    hidden = file.rename(file.with_name("hidden"))
    page = open_classify(DIGITS)
    wait_for_fetches(press_key(page, "fetch_resnet18"))
    (refused,) = [plain_text(error.value) for error in page.error]
    assert f"put {net.file} from {net.url} into {home / 'pretrained'}" in refused
    hidden.rename(file)
    wait_for_fetches(press_key(page, "fetch_resnet18"))
    assert not page.error
    assert path_of(net, home).is_file()


def test_a_file_that_is_not_what_was_published_is_not_asked(net, home):
    path_of(net, home).parent.mkdir(parents=True)
    path_of(net, home).write_bytes(b"something else")
    page = send(open_classify("pretrained:resnet18"), ("gray.png", png("gray")))
    assert "is not the file that torchvision published" in page.error[0].value
    assert "Choose other nets" in text_of(page)


def test_a_demonstration_fetches_nothing_and_reads_no_files_of_its_machine(net, home, tmp_path, monkeypatch):
    file = save_checkpoint(build_net(NetSpec("resnet", 8)).eval(), tmp_path / "mine.safetensors")
    monkeypatch.setenv("RESNET_VIZ_DEMO", "1")
    page = new_page("classify")
    page.session_state["candidate_path"] = str(file)  # as if a reader got around the closed field
    rerun(page)
    assert page.button(key="fetch_resnet18").disabled
    assert page.text_input(key="candidate_path").disabled
    assert not page.success


@pytest.fixture
def told(home):
    """Pictures with names that a spreadsheet would run, and what a recorded net says to them."""
    from resnet_viz.ui.candidates import choose_candidates

    pictures = [classify.Picture(name, Image.new("RGB", (8, 8))) for name in ("=1+1", "@x", "plain.png")]
    (candidate,) = choose_candidates(1)[:1]
    return pictures, classify.ask_all([candidate], pictures)


def test_the_table_to_take_away_has_every_answer_and_no_formula(told):
    pictures, answers = told
    rows = list(csv.DictReader(StringIO(to_csv(pictures, answers).decode())))
    assert [row["picture"] for row in rows] == ["'=1+1", "'@x", "plain.png"]
    for row, (one,) in zip(rows, answers, strict=True):
        assert row["class_1"] == one.best
        assert float(row["probability_1"]) == pytest.approx(one.probabilities.max(), abs=1e-6)
        assert float(row["entropy_bits"]) == pytest.approx(one.entropy, abs=1e-3)
        assert row["warning"] in ("True", "False")
    assert {row["agreement"] for row in rows} == {""}  # of one net


@pytest.mark.skipif(not SHARED.is_dir(), reason="needs the shared data folder beside the checkout")
def test_a_published_checkpoint_knows_photographs_of_its_classes(home):
    page = open_classify()
    page.text_input(key="candidate_path").set_value(str(SHARED / "checkpoints" / "resnet56-4bfd9763.th"))
    rerun(page).multiselect[0].select("ResNet-56 (A) · imported · resnet56-4bfd9763.th")
    rerun(page)
    samples = {"n02690373_airliner": "airplane", "n03594945_jeep": "automobile"}
    files = [(name, (SHARED / "imagenet-samples" / f"{name}.JPEG").read_bytes()) for name in samples]
    page = send(page, *files)
    said = page.dataframe[0].value["2 answer"].str.split(",").str[0].tolist()
    assert said == list(samples.values())
