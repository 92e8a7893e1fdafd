"""Does the Architecture page show what a link names, follow its controls, and refuse what is no net?"""

from dataclasses import asdict
from pathlib import Path

import pytest
import torch
from streamlit.testing.v1 import AppTest

from resnet_viz.nets import NetSpec, build_net, save_checkpoint
from resnet_viz.runs import Owner, RunStatus, RunWriter
from resnet_viz.training import preset
from resnet_viz.ui.architecture import onnx_of, table_1
from resnet_viz.ui.compose import DEFAULT, KINDS
from tests.nets.zoo import ZOO
from tests.pages.test_pages import open_page, text_of


def open_link(*specs: NetSpec | str) -> AppTest:
    page = open_page("architecture")
    page.query_params["compare"] = ",".join(spec if isinstance(spec, str) else spec.to_slug() for spec in specs)
    return page.run()


def linked(page: AppTest) -> list[NetSpec]:
    """The nets that the page's address names; where it names none, those that it begins with."""
    value = page.query_params["compare"] if "compare" in page.query_params else ",".join(DEFAULT)
    return [NetSpec.from_slug(slug) for slug in (value[0] if isinstance(value, list) else value).split(",")]


def control(elements, label: str, place: int = 0):
    return [element for element in elements if element.label == label][place]


def test_the_page_begins_with_a_plain_net_and_its_residual_twin(home):
    page = open_page("architecture").run()
    assert not page.exception
    assert linked(page) == [NetSpec("plain", 20), NetSpec("resnet", 20)]
    assert "269,722" in text_of(page)


@pytest.mark.parametrize("start", range(0, len(ZOO), 16))
def test_a_link_shows_its_nets_and_gives_itself_again(home, start):
    specs = [*ZOO[start : start + 16 : 4]]
    page = open_link(*specs)
    assert not page.exception
    assert not page.error
    assert linked(page) == specs
    shown = text_of(page)
    assert all(spec.name in shown for spec in specs)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_net_can_be_chosen(home, kind):
    page = open_page("architecture").run()
    control(page.selectbox, "Kind of net", 1).select(kind).run()
    assert not page.exception
    assert not page.error
    spec = linked(page)[1]
    assert all(getattr(spec, name) == value for name, value in KINDS[kind].items())


def test_controls_change_the_net(home):
    page = open_link("resnet-20-A")
    control(page.select_slider, "Depth").set_value(56).run()
    control(page.selectbox, "Shortcut").select("gated").run()
    control(page.selectbox, "Block order").select("preact").run()
    control(page.toggle, "Batch norm").set_value(False).run()
    control(page.slider, "Survival of the last block").set_value(0.5).run()
    assert not page.exception
    assert linked(page) == [NetSpec("resnet", 56, "gated", order="preact", batch_norm=False, survival=0.5)]


def test_a_choice_that_makes_no_net_keeps_the_last_and_says_why(home):
    page = open_link("resnet-20-A~order.preact")
    control(page.toggle, "Zero the last norm of each branch").set_value(True).run()
    assert not page.exception
    assert "try batch norm with order original" in page.error[0].value
    assert linked(page) == [NetSpec("resnet", 20, order="preact")]


def test_nets_are_added_up_to_four_and_removed(home):
    page = open_page("architecture").run()
    for count in (3, 4):
        control(page.button, "Add a net").click().run()
        assert len(linked(page)) == count
    assert not [button for button in page.button if button.label == "Add a net"]
    control(page.button, "Remove", 0).click().run()
    assert linked(page) == [NetSpec("resnet", 20)] * 3
    assert not page.exception


@pytest.mark.parametrize("link", ["nonsense", "resnet-21-A", "resnet-20-A~x.y", ",,,", "resnet-20-A," * 30, "<script>"])
def test_a_link_that_names_no_net_gets_a_sentence_and_the_default(home, link):
    page = open_link(link)
    assert not page.exception
    assert 1 <= len(linked(page)) <= 4


def test_table_1_is_within_two_percent_of_the_paper():
    table = table_1()
    assert len(table) == 9
    assert table["difference, %"].abs().max() < 2


def test_train_these_nets_hands_them_to_the_train_page(home):
    page = AppTest.from_file(str(Path(__file__).parents[2] / "app.py"), default_timeout=60).run()
    page.session_state["specs"] = "resnet-20-C~order.preact,vgg-18"
    page.switch_page("pages/train.py").run()
    shown = text_of(page)
    assert not page.exception
    assert "ResNet-20 (C, Full pre-activation)" in shown
    assert "VGG-18 (batch norm)" in shown
    control(page.button, "Choose by depth instead").click().run()
    assert "VGG-18" not in text_of(page)


def test_a_net_too_deep_for_the_pictures_is_refused_before_the_start(home):
    page = open_page("train")
    page.query_params["specs"] = "vgg-16"
    page.run()
    while not page.error:
        page.run()
    assert "at least 32 pixels a side, not 16" in page.error[0].value
    assert control(page.button, "Start").disabled


def test_a_checkpoint_is_read_by_its_path(home, tmp_path):
    path = save_checkpoint(build_net(NetSpec("resnet", 14, "B", classes=7)), tmp_path / "mine.safetensors")
    page = open_page("architecture").run()
    page.text_input(key="import_path").input(str(path)).run()
    assert not page.exception
    assert linked(page)[-1] == NetSpec("resnet", 14, "B", classes=7)
    assert "mine.safetensors holds **ResNet-14 (B)**, 7 classes" in page.success[0].value


def test_a_file_that_holds_no_net_gets_a_sentence(home, tmp_path):
    torch.save({"conv1.weight": torch.zeros(16, 3, 3, 3)}, tmp_path / "odd.pth")
    page = open_page("architecture").run()
    for path, said in [("/nowhere.pth", "there is no file"), (str(tmp_path / "odd.pth"), "conv1.weight is missing")]:
        page.text_input(key="import_path").input(path).run()
        assert not page.exception
        assert said in page.error[0].value


def test_an_onnx_file_of_an_imported_net_has_its_weights(home, tmp_path):
    net = build_net(NetSpec("resnet", 8))
    torch.nn.init.constant_(net.head.fc.bias, 42.0)
    page = open_page("architecture").run()
    page.text_input(key="import_path").input(str(save_checkpoint(net, tmp_path / "mine.safetensors"))).run()
    assert "Taken as published" not in page.success[0].value
    onnx = pytest.importorskip("onnx", reason="needs the onnx package")
    model = onnx.load_from_string(onnx_of(net.spec, net))
    biases = [onnx.numpy_helper.to_array(tensor) for tensor in model.graph.initializer]
    assert any((bias == 42).all() for bias in biases if bias.shape == (10,))


def test_no_verdict_is_given_on_nets_that_differ_in_more_than_the_shortcuts(home, store):
    specs = [NetSpec("plain", 8), NetSpec("resnet", 14, order="preact")]
    for run in store.add_comparison([(asdict(spec), asdict(preset("digits"))) for spec in specs]):
        writer = RunWriter(store, store.claim(Owner.here(), run_id=run.id))
        writer.evaluate(
            {
                "epoch": 1,
                "step": 2,
                "train_loss": 1.0,
                "train_error": run.position / 2,
                "test_loss": 1.0,
                "test_error": 0.5,
            },
            seconds=1.0,
        )
        writer.end(RunStatus.FINISHED)
    page = open_page("train").run()
    assert not page.exception
    assert "fell behind" not in text_of(page)
    assert "overfit" not in text_of(page)
