"""Does the Saliency page explain every net in every way, for any picture, class, layer and epoch?"""

import base64
import threading
from dataclasses import asdict
from io import BytesIO

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from resnet_viz import explain
from resnet_viz.explain import METHODS, AttributionError
from resnet_viz.nets import NetSpec
from resnet_viz.runs import RunStore
from resnet_viz.settings import Settings
from resnet_viz.training import preset
from resnet_viz.ui.saliency import MOST_METHODS
from tests.conftest import work_on
from tests.pages.figures import figures
from tests.pages.opening import SECONDS, open_page, press_key, rerun, text_of
from tests.pages.waiting import wait


@pytest.fixture(autouse=True)
def nobody_is_asked_first(monkeypatch):
    """A page has its maps when it has run, whatever the machine is expected to need for them."""
    monkeypatch.setattr("resnet_viz.ui.jobs.PATIENCE", SECONDS)
    monkeypatch.setattr("resnet_viz.ui.attributions.AT_ONCE", 1e6)
    monkeypatch.setattr("resnet_viz.ui.attributions.MOST_SECONDS", 1e6)


@pytest.fixture
def nets(trained_home) -> list[str]:
    """The keys of the trained pair."""
    return [f"run:{one.id}" for one in trained_home]


def open_saliency(keys: list[str], **link: str) -> AppTest:
    return open_page("saliency", **({"nets": ",".join(keys)} | link))


def maps_of(page: AppTest, key: str = "maps") -> list[np.ndarray]:
    """The maps of a figure, row by row."""
    traces = figures(page)[key]["data"]
    return [to_array(trace["z"]) for trace in traces if trace["type"] == "heatmap"]


def to_array(packed) -> np.ndarray:
    if not isinstance(packed, dict):
        return np.array(packed)
    shape = [int(side) for side in packed["shape"].split(",")]
    return np.frombuffer(base64.b64decode(packed["bdata"]), packed["dtype"]).reshape(shape)


def test_the_page_opens_on_recorded_nets_with_maps_at_once(home):
    page = open_saliency([])
    assert page.multiselect[0].value == ["run:e7f057bd", "run:4ab1e4dd"]
    assert len(maps_of(page)) == 8
    assert "A test picture: airplane." in text_of(page)
    assert "4ab1e4dd" in text_of(page)
    assert "nets" not in page.query_params
    assert "methods" not in page.query_params


@pytest.mark.parametrize("methods", [list(METHODS)[:MOST_METHODS], list(METHODS)[MOST_METHODS:]])
def test_every_method_is_drawn_for_every_net(nets, methods):
    page = open_saliency(nets, methods=",".join(methods))
    assert not page.error
    maps = maps_of(page)
    assert len(maps) == 2 * len(methods)
    assert all(one.shape == (16, 16) and np.isfinite(one).all() for one in maps)
    for row, method in enumerate(methods):
        assert max(np.abs(one).max() for one in maps[2 * row : 2 * row + 2]) == 1
        assert METHODS[method].note in text_of(page)
    assert page.query_params["methods"] in (",".join(methods), [",".join(methods)])


def test_maps_that_are_not_ready_after_a_moment_are_shown_when_they_are(nets, monkeypatch):
    go_on, attribute = threading.Event(), explain.attribute

    def wait_for_a_sign(*args):
        assert go_on.wait(SECONDS)
        return attribute(*args)

    monkeypatch.setattr("resnet_viz.ui.jobs.PATIENCE", 0.0)
    monkeypatch.setattr(explain, "attribute", wait_for_a_sign, raising=False)
    page = open_saliency(nets, methods="input_x_gradient")
    keys = [button.key for button in page.button]
    go_on.set()
    assert "stop_jobs" in keys
    assert len(maps_of(wait(page))) == 2


def test_a_class_a_picture_and_methods_come_from_the_link(nets):
    first = open_saliency(nets, methods="saliency")
    other = open_saliency(nets, methods="saliency", picture="5", **{"class": "7"})
    target = next(box for box in other.selectbox if box.label == "Class to explain")
    assert target.value == "7"
    assert "A test picture: 2." in text_of(other)
    assert not np.array_equal(maps_of(first)[0], maps_of(other)[0])
    target.select("the true class")
    assert rerun(other).query_params["class"] in ("the true class", ["the true class"])


def test_how_maps_are_shown_comes_from_the_link(nets):
    page = open_saliency(nets, methods="saliency", scale="map", overlay="true", minus="0", **{"from": "1"})
    assert page.segmented_control(key="scale_of_maps").value == "map"
    assert page.toggle(key="overlay").value
    chosen = {box.label: box.value for box in page.selectbox}
    assert (chosen["From"], chosen["Minus"]) == (1, 0)
    page.segmented_control(key="scale_of_maps").set_value("row")
    assert "scale" not in rerun(page).query_params


def test_a_link_that_makes_no_sense_shows_the_page_as_it_begins(nets, monkeypatch):
    monkeypatch.setattr("resnet_viz.ui.attributions.AT_ONCE", 0.0)  # nothing is begun
    page = open_saliency(["run:x"], methods="magic", picture="99999", **{"class": "<b>"})
    assert page.multiselect[0].value == ["run:e7f057bd", "run:4ab1e4dd"]
    assert "for 8 maps" in page.info[0].value
    assert not page.query_params.keys() & {"nets", "methods", "picture", "class"}


def test_an_own_picture_is_explained(nets):
    page = open_saliency(nets, methods="saliency")
    next(control for control in page.segmented_control if control.label == "Picture").set_value("my own")
    assert "Choose a PNG" in rerun(page).info[0].value
    page.file_uploader(key="upload").set_value(("p.png", make_png(), "image/png"))
    assert "Your picture." in text_of(rerun(page))
    assert page.checkbox(key="invert_True").value  # a bright picture is taken for ink on paper
    assert len(maps_of(page)) == 2
    page.file_uploader(key="upload").set_value(("p.png", b"text", "image/png"))
    assert "This is not a PNG" in rerun(page).error[0].value


def make_png() -> bytes:
    buffer = BytesIO()
    Image.new("RGB", (64, 48), "white").save(buffer, "PNG")
    return buffer.getvalue()


def test_parameters_noise_and_layer_change_the_map(nets):
    page = open_saliency(nets, methods="grad_cam")
    seen = [maps_of(page)[1]]
    page.selectbox(key="layer").select("stage1.block1")
    seen.append(maps_of(rerun(page))[1])
    page.selectbox(key="noise_noise").select("smoothgrad")
    seen.append(maps_of(rerun(page))[1])
    page.number_input(key="noise_noise_std").set_value(1.0)
    seen.append(maps_of(rerun(page))[1])
    page.selectbox(key="grad_cam_keep").select("all")
    seen.append(maps_of(rerun(page))[1])
    for i, one in enumerate(seen):
        assert not any(np.array_equal(one, other) for other in seen[:i])


def test_what_was_computed_once_is_not_computed_again(nets, monkeypatch):
    open_saliency(nets, methods="occlusion")
    monkeypatch.setattr("resnet_viz.explain.attribution.CALLS", {})  # a map more would be a KeyError
    page = open_saliency(nets, methods="occlusion")
    assert not page.error
    assert len(maps_of(page)) == 2


def test_a_map_that_takes_long_is_announced_and_begun_with_a_click(nets, monkeypatch):
    monkeypatch.setattr("resnet_viz.ui.attributions.AT_ONCE", 0.0)
    page = open_saliency(nets, methods="deconvolution")
    assert "for 2 maps" in page.info[0].value
    assert len(figures(page)) <= 1
    assert len(maps_of(press_key(page, "agree"))) == 2


def test_a_map_that_would_keep_everybody_waiting_is_refused_with_a_sentence(nets, monkeypatch):
    monkeypatch.setattr("resnet_viz.ui.attributions.MOST_SECONDS", 0.0)
    page = open_saliency(nets, methods="feature_ablation")
    assert "Of 2 maps one would take about" in page.error[0].value
    assert "Choose fewer points" in page.error[0].value
    assert len(figures(page)) <= 1


def test_where_too_many_maps_wait_already_a_sentence_says_so(nets, monkeypatch):
    monkeypatch.setattr("resnet_viz.explain.jobs.MOST_WAITING", 0)
    page = open_saliency(nets, methods="feature_ablation")
    assert "maps wait already" in page.warning[0].value


def test_a_map_that_cannot_be_made_is_a_sentence_and_can_be_tried_again(nets, monkeypatch):
    def refuse(*_):
        raise AttributionError("There is no room for it.")

    with monkeypatch.context() as patch:
        patch.setattr(explain, "attribute", refuse, raising=False)
        page = open_saliency(nets, methods="input_x_gradient")
    assert [error.value for error in page.error] == ["There is no room for it."]
    press_key(page, "go_on_jobs")
    assert not page.error
    assert len(maps_of(page)) == 2


def test_the_difference_of_two_maps_is_drawn(nets):
    page = open_saliency(nets, methods="saliency,grad_cam")
    assert maps_of(page, "difference")[0].shape == (16, 16)
    assert "Rank correlation of both" in text_of(page)


def test_the_same_maps_can_be_checked_on_another_page(nets, monkeypatch):
    gone = []
    monkeypatch.setattr("streamlit.switch_page", lambda page, query_params: gone.append((page, query_params)))
    page = open_saliency(nets, methods="saliency,occlusion", picture="3")
    press_key(page, "trust")
    (there,) = gone
    assert there[0] == "pages/trust.py"
    assert there[1] | {"methods": "saliency,occlusion", "picture": "3", "nets": ",".join(nets)} == there[1]


@pytest.fixture(scope="module")
def with_epochs(tmp_path_factory):
    """A home whose runs have kept every epoch."""
    home = tmp_path_factory.mktemp("epochs")
    settings = Settings(home=home)
    store = RunStore(settings.store_url)
    config = preset("digits", epochs=2, threads=1, subset=256, keep_epochs=True)
    runs = store.add_comparison([(asdict(NetSpec(family, 8)), asdict(config)) for family in ("plain", "resnet")])
    return home, [f"run:{work_on(store, settings, run).id}" for run in runs]


def test_a_slider_goes_through_the_epochs_of_a_run(with_epochs, monkeypatch):
    home, nets = with_epochs
    monkeypatch.setenv("RESNET_VIZ_HOME", str(home))
    page = open_saliency(nets, methods="saliency")
    end = maps_of(page)
    page.select_slider(key="epoch").set_value(2)
    last = maps_of(rerun(page))
    page.select_slider(key="epoch").set_value(0)
    start = maps_of(rerun(page))
    assert "plain-8, epoch 0** says" in text_of(page)
    for i in range(2):
        assert np.array_equal(last[i], end[i])
        assert not np.array_equal(start[i], end[i])
    page.toggle(key="beside").set_value(True)
    assert len(maps_of(rerun(page))) == 6


def test_nets_of_other_sizes_and_classes_stand_beside_one_another(nets):
    page = open_saliency([nets[0], "run:4ab1e4dd"], methods="saliency")
    assert [one.shape for one in maps_of(page)] == [(16, 16), (32, 32)]
    assert "see pictures of different sizes" in text_of(page)
