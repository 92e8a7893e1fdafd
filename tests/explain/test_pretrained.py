"""Do published nets come whole, from where they broke off, and never with wrong bytes? From a server of real files."""

import hashlib
import http.server
import threading
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.models import get_model, get_model_weights

from resnet_viz.data import DatasetError, see_picture
from resnet_viz.explain import class_probabilities, to_input
from resnet_viz.explain.jobs import Jobs, JobStatus
from resnet_viz.explain.pretrained import NAMES, fetch_published, path_of, published_nets
from resnet_viz.nets import load_checkpoint

CUT = 1_000_000  # bytes after which the server breaks off, where it is told to


class Files(http.server.SimpleHTTPRequestHandler):
    """Serves a folder, with ranges; breaks off once where `cuts` says so."""

    folder: ClassVar[Path]
    cuts = 0
    asked: ClassVar[list[str]] = []

    def do_GET(self):
        data = (self.folder / self.path.lstrip("/")).read_bytes() if self.path != "/gone.pth" else None
        if data is None:
            return self.send_error(404)
        start = int(self.headers.get("Range", "bytes=0-")[6:-1])
        Files.asked.append(self.headers.get("Range", ""))
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(data) - start))
        self.end_headers()
        if Files.cuts:
            Files.cuts -= 1
            self.wfile.write(data[start : start + CUT])
            self.close_connection = True
            return None
        return self.wfile.write(data[start:])

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(3)
    return get_model("resnet18", weights=None).eval()


@pytest.fixture(scope="module")
def site(tmp_path_factory, model):
    """A server of a file as torchvision publishes them, and the net that it holds, named by its hash."""
    folder = tmp_path_factory.mktemp("site")
    torch.save(model.state_dict(), folder / "x.pth")
    data = (folder / "x.pth").read_bytes()
    name = f"resnet18-{hashlib.sha256(data).hexdigest()[:8]}.pth"
    (folder / "x.pth").rename(folder / name)
    (folder / "resnet18-00000000.pth").write_bytes(data)  # not what its name says
    Files.folder = folder
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Files)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    yield replace(published_nets()["resnet18"], url=f"{url}/{name}"), url, data
    server.shutdown()


@pytest.fixture(autouse=True)
def start_anew():
    Files.cuts, Files.asked = 0, []


def ignore(sentence, fraction):
    pass


def test_a_net_is_fetched_once_with_progress(site, tmp_path):
    net, _, data = site
    told = []
    path = fetch_published(net, tmp_path, lambda sentence, fraction: told.append(fraction))
    assert path == path_of(net, tmp_path) == tmp_path / "pretrained" / net.file
    assert path.read_bytes() == data
    assert told == sorted(told)
    assert told[-1] == 1.0
    fetch_published(net, tmp_path, ignore)
    assert len(Files.asked) == 1


def test_what_broke_off_goes_on_where_it_ended(site, tmp_path):
    net, _, data = site
    Files.cuts = 1
    with pytest.raises(DatasetError, match="broke off after 1,000,000 of"):
        fetch_published(net, tmp_path, ignore)
    assert not path_of(net, tmp_path).exists()
    assert fetch_published(net, tmp_path, ignore).read_bytes() == data
    assert Files.asked == ["", f"bytes={CUT}-"]


def test_wrong_bytes_are_thrown_away(site, tmp_path):
    net, url, _ = site
    wrong = replace(net, url=f"{url}/resnet18-00000000.pth")
    with pytest.raises(DatasetError, match="wrong checksum and was thrown away"):
        fetch_published(wrong, tmp_path, ignore)
    assert list((tmp_path / "pretrained").iterdir()) == []


@pytest.mark.parametrize("address", ["{url}/gone.pth", "http://127.0.0.1:9/resnet18-f37072fd.pth"])
def test_without_the_file_or_the_network_one_sentence_says_what_to_put_where(site, tmp_path, address):
    net, url, _ = site
    missing = replace(net, url=address.format(url=url))
    with pytest.raises(DatasetError) as refused:
        fetch_published(missing, tmp_path, ignore)
    assert f"put {missing.file} from {missing.url} into {tmp_path / 'pretrained'}" in str(refused.value)
    assert "urlopen" not in str(refused.value)


def test_a_reader_can_stop_and_go_on(site, tmp_path):
    net, _, data = site
    jobs = Jobs()

    def work(tell):
        def progress(sentence, fraction):
            if fraction > 0.1:
                job.stop("me")
            tell(fraction)

        return fetch_published(net, tmp_path, progress)

    job = jobs.ask("a", "A", work, "me")
    assert job.over.wait(20)
    assert job.status is JobStatus.STOPPED
    assert fetch_published(net, tmp_path, ignore).read_bytes() == data
    assert Files.asked[1].startswith("bytes=")


@pytest.mark.long
def test_the_fetched_net_answers_as_torchvisions_own_on_the_same_photograph(site, tmp_path, model, shared):
    net, _, _ = site
    ours = load_checkpoint(fetch_published(net, tmp_path, ignore))
    transform = get_model_weights("resnet18").IMAGENET1K_V1.transforms()
    for photo in sorted((shared / "data" / "imagenet-samples").glob("*.JPEG"))[:4]:
        image = Image.open(photo).convert("RGB")
        seen = see_picture(image, net.form)
        x = to_input([seen], net.form)
        theirs = transform(image)[None]
        assert (x - theirs).abs().max() < 0.02  # one level of 255, in units of the deviation
        with torch.no_grad():
            assert torch.allclose(ours(theirs), model(theirs), atol=1e-4)
        assert torch.allclose(class_probabilities(ours, x), model(theirs).softmax(1), atol=0.01)


def test_what_is_offered_says_its_size_and_the_hash_is_in_its_name():
    found = published_nets()
    assert tuple(found) == NAMES
    for name, net in found.items():
        assert net.file.startswith(f"{name}-")
        assert len(net.file.removesuffix(".pth").rpartition("-")[2]) == 8
        assert net.megabytes > 40
        assert len(net.form.classes) == 1000
        assert net.form.seen == pytest.approx(0.875)


def test_a_picture_is_seen_as_the_middle_of_its_middle_square():
    image = Image.fromarray(np.tile(np.arange(256, dtype=np.uint8), (256, 2)))  # 512 wide, 256 high
    form = published_nets()["resnet18"].form
    seen = see_picture(image.convert("RGB"), form)
    assert seen.shape == (224, 224, 3)
    assert seen[0, :, 0].tolist() == np.asarray(image)[0, 128 + 16 : 128 + 16 + 224].tolist()
