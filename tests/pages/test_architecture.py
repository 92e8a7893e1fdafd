"""Does the Architecture page show what a link names, follow its controls, and refuse what is no net?"""

from dataclasses import asdict

import torch
from streamlit.testing.v1 import AppTest

from resnet_viz.nets import NetSpec, build_net, save_checkpoint
from resnet_viz.ui.compose import DEFAULT, KINDS
from tests.nets.zoo import ZOO
from tests.pages.opening import open_page, plain_text, press, rerun, text_of

MOST = 4  # nets of a page


def with_every_option() -> list[NetSpec]:
    """Few nets that have every option of every part of a net between them."""
    missing, chosen = {option for spec in ZOO for option in asdict(spec).items()}, []
    while missing:
        chosen.append(max(ZOO, key=lambda spec: len(missing & asdict(spec).items())))
        missing -= asdict(chosen[-1]).items()
    return chosen


def open_link(*specs: NetSpec | str) -> AppTest:
    return open_page("architecture", compare=",".join(one if isinstance(one, str) else one.to_slug() for one in specs))


def linked(page: AppTest) -> list[NetSpec]:
    """The nets that the page's address names; where it names none, those that it begins with."""
    value = page.query_params["compare"] if "compare" in page.query_params else ",".join(DEFAULT)
    return [NetSpec.from_slug(slug) for slug in (value[0] if isinstance(value, list) else value).split(",")]


def control(elements, label: str, place: int = 0):
    return [element for element in elements if element.label == label][place]


def test_the_page_begins_with_a_plain_net_and_its_residual_twin(home):
    page = open_page("architecture")
    assert linked(page) == [NetSpec("plain", 20), NetSpec("resnet", 20)]
    assert "269,722" in text_of(page)


def test_a_link_shows_its_nets_and_gives_itself_again(home):
    specs = with_every_option()
    for start in range(0, len(specs), MOST):
        page = open_link(*specs[start : start + MOST])
        assert not page.error
        assert linked(page) == specs[start : start + MOST]
        assert all(spec.name in text_of(page) for spec in specs[start : start + MOST])


def test_every_kind_of_net_can_be_chosen(home):
    page = open_link("resnet-20-A")
    for kind in KINDS:
        control(page.selectbox, "Kind of net").select(kind)
        assert not rerun(page).error
        (spec,) = linked(page)
        assert all(getattr(spec, name) == value for name, value in KINDS[kind].items())


def test_controls_change_the_net(home):
    page = open_link("resnet-20-A")
    control(page.select_slider, "Depth").set_value(56)
    control(rerun(page).selectbox, "Shortcut").select("gated")
    control(rerun(page).selectbox, "Block order").select("preact")
    control(rerun(page).toggle, "Batch norm").set_value(False)
    control(rerun(page).slider, "Survival of the last block").set_value(0.5)
    assert linked(rerun(page)) == [NetSpec("resnet", 56, "gated", order="preact", batch_norm=False, survival=0.5)]


def test_a_choice_that_makes_no_net_keeps_the_last_and_says_why(home):
    page = open_link("resnet-20-A~order.preact")
    control(page.toggle, "Zero the last norm of each branch").set_value(True)
    assert "try batch norm with order original" in rerun(page).error[0].value
    assert linked(page) == [NetSpec("resnet", 20, order="preact")]


def test_nets_are_added_up_to_four_and_removed(home):
    page = open_page("architecture")
    for count in (3, 4):
        assert len(linked(press(page, "Add a net"))) == count
    assert not [button for button in page.button if button.label == "Add a net"]
    assert linked(press(page, "Remove")) == [NetSpec("resnet", 20)] * 3


def test_links_that_name_no_net_get_a_sentence_each_and_the_default(home):
    page = open_link("nonsense", "resnet-21-A", "", "resnet-20-A~[log in](http:x).y")
    assert len(page.error) == 3
    assert all("The link names a net that does not exist" in error.value for error in page.error)
    assert "[log in](" not in text_of(page)
    assert "[log in](" in plain_text(text_of(page))
    assert linked(page) == [NetSpec("plain", 20), NetSpec("resnet", 20)]


def test_of_a_link_with_many_nets_the_first_four_are_shown(home):
    assert linked(open_link(*["resnet-20-A"] * 30, "")) == [NetSpec("resnet", 20)] * MOST


def test_a_checkpoint_is_read_by_its_path_and_a_file_that_holds_no_net_gets_a_sentence(home, tmp_path):
    path = save_checkpoint(build_net(NetSpec("resnet", 14, "B", classes=7)), tmp_path / "mine.safetensors")
    torch.save({"conv1.weight": torch.zeros(16, 3, 3, 3)}, tmp_path / "odd.pth")
    page = open_page("architecture")
    for file, said in [("/nowhere.pth", "there is no file"), (tmp_path / "odd.pth", "conv1.weight is missing")]:
        page.text_input(key="import_path").input(str(file))
        assert said in rerun(page).error[0].value
    page.text_input(key="import_path").input(str(path))
    assert linked(rerun(page))[-1] == NetSpec("resnet", 14, "B", classes=7)
    assert "mine.safetensors holds **ResNet-14 (B)**, 7 classes" in page.success[0].value
    assert "Taken as published" not in page.success[0].value
