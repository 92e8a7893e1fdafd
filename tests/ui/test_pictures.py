"""What do nets say to pictures, which class and layer is explained, and how do maps stand in a grid?"""

from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image
from scipy.stats import spearmanr

from resnet_viz.data import DatasetError, PictureFormat, decode_image
from resnet_viz.explain import AttributionConfig
from resnet_viz.explain.jobs import Job
from resnet_viz.explain.strangers import Familiarity
from resnet_viz.nets import NetSpec
from resnet_viz.ui.attributions import Asked, Wanted
from resnet_viz.ui.candidates import CIFAR10, Candidate, _form_of, weights_id
from resnet_viz.ui.classify import Picture, Told, agreement, by_classes, is_bright, overview
from resnet_viz.ui.data import DataChoice
from resnet_viz.ui.maps import Grid, _rank_correlation, map_of
from resnet_viz.ui.pictures import GAP, _strip
from resnet_viz.ui.saliency import OWN, TRUE, Shown, target_of, with_layer
from resnet_viz.ui.trust import short_part
from tests.ui.making import make_run

DIGITS = PictureFormat(16, 1, tuple("0123456789"), (0.5,), (0.5,))
LETTERS = PictureFormat(16, 1, ("a", "b"), (0.5,), (0.5,))


def net(form: PictureFormat = DIGITS, name: str = "net", run=None) -> Candidate:
    return Candidate(f"run:{name}", name, "resnet", form, "here", run)


def told_by(best: int, form: PictureFormat = DIGITS, familiarity=None, measure=None) -> Told:
    return Told(net(form), np.eye(len(form.classes))[best], familiarity, measure)


# -- Classify ----------------------------------------------------------------------------------------------------------


def test_agreement_is_told_among_nets_of_the_same_classes():
    groups = by_classes([told_by(3), told_by(1, LETTERS), told_by(3), told_by(5)])
    assert [len(group) for group in groups.values()] == [3, 1]
    assert [agreement(group) for group in groups.values()] == ["2 of 3", ""]


def test_a_picture_is_strange_below_the_threshold_and_only_where_it_was_measured():
    measure = Familiarity(means=torch.zeros(0), threshold=0.5, false_alarms=0.0, missed={}, counts={})
    assert told_by(3, familiarity=0.4, measure=measure).is_strange
    assert not told_by(3, familiarity=0.5, measure=measure).is_strange
    assert not told_by(3).is_strange


def test_a_row_of_the_table_has_every_net_s_answer_and_how_sure_it_is():
    unsure = Told(net(), np.full(10, 0.1))
    frame = overview([Picture("a.png", Image.new("L", (8, 8)))], [[told_by(3), unsure]])
    assert frame.loc[0, "0 answer"] == "3, 100.0%"
    assert frame.loc[0, "0 entropy"] == pytest.approx(0.0, abs=1e-6)
    assert frame.loc[0, "1 entropy"] == pytest.approx(np.log2(10))
    assert frame.loc[0, "agree"] == "1 of 2"
    assert frame.loc[0, "strange"] == "net: not measured, net: not measured"


def test_ink_on_paper_is_bright_and_light_on_black_is_not():
    assert is_bright(Image.new("RGB", (4, 4), "white"))
    assert not is_bright(Image.new("RGB", (4, 4), "black"))


# -- candidates --------------------------------------------------------------------------------------------------------


def test_what_an_imported_net_takes_is_told_by_its_layers():
    photos, digits = _form_of(NetSpec("resnet", 20)), _form_of(NetSpec("resnet", 20, in_channels=1, classes=3))
    assert (photos.classes, photos.channels, len(photos.mean)) == (CIFAR10, 3, 3)
    assert (digits.classes, digits.channels, digits.mean) == (("0", "1", "2"), 1, (0.5,))
    imagenet = _form_of(NetSpec("resnet", 18, stem="imagenet", classes=1000))
    assert (imagenet.size, len(imagenet.classes)) == (224, 1000)


def test_weights_have_another_name_once_a_run_has_gone_on():
    run = make_run()
    names = {weights_id(net(run=one)) for one in (run, replace(run, step=200), replace(run, weights="other"))}
    assert len(names) == 3
    assert weights_id(net()) == "run:net"


# -- maps --------------------------------------------------------------------------------------------------------------


def asked(candidate: Candidate = net(), picture=0, epoch: int = -1) -> Asked:  # noqa: B008
    return Asked(candidate, np.full((16, 16, 1), picture, np.uint8), epoch)


def test_maps_are_the_same_for_the_same_weights_picture_class_and_method():
    def key(one: Asked, target: int = 3, method: str = "saliency") -> str:
        return Wanted(one, target, AttributionConfig(method)).key

    others = [key(asked(picture=1)), key(asked(net(name="other"))), key(asked(epoch=1)), key(asked(), 4),
              key(asked(), method="grad_cam"), key(asked(net(replace(DIGITS, mean=(0.4,)))))]  # fmt: skip
    assert key(asked()) == key(asked())
    assert len({key(asked()), *others}) == 7


def test_a_net_is_named_with_its_epoch_where_that_is_not_the_last():
    assert asked().name == "net"
    assert asked(epoch=0).name == "net, epoch 0"


def test_a_grid_is_filled_with_what_is_ready_row_by_row():
    wanted = [Wanted(asked(), 0, AttributionConfig("saliency")) for _ in range(2)]
    grid = Grid(["left", "right"], ["one", "two"], [wanted, wanted])
    ready = Job("key", "title", lambda tell: None, result=np.arange(24.0).reshape(2, 3, 4))
    assert ready.result is not None
    rows = grid.fill([ready, Job("key", "title", lambda tell: None)] * 2)
    assert [row.title for row in rows] == ["one", "two"]
    assert [[one is None for one in row.maps] for row in rows] == [[False, True]] * 2
    found = map_of(ready)
    assert found is not None
    assert np.array_equal(found, ready.result[0] + ready.result[1])  # the sum over channels


def test_the_rank_correlation_is_spearman_s_of_absolute_values():
    draw = np.random.default_rng(0)
    first, second = draw.normal(size=(2, 8, 8))
    expected = spearmanr(abs(first).ravel(), abs(second).ravel()).statistic
    assert _rank_correlation(first, second) == pytest.approx(expected)
    assert _rank_correlation(first, -first) == pytest.approx(1.0)


def test_the_class_explained_is_the_one_chosen_the_true_one_or_the_net_s_own():
    assert target_of("7", DIGITS.classes, 2, 5) == 7
    assert target_of(TRUE, DIGITS.classes, 2, 5) == 2
    assert target_of(TRUE, DIGITS.classes, None, 5) == 5
    assert target_of(OWN, DIGITS.classes, 2, 5) == 5
    assert target_of("7", LETTERS.classes, 2, 1) == 1  # a net that does not know the class


def test_only_methods_that_look_at_a_layer_get_one():
    assert with_layer(AttributionConfig("grad_cam"), "stage1").layer == "stage1"
    assert with_layer(AttributionConfig("saliency"), "stage1") == AttributionConfig("saliency")


def test_the_truth_is_known_to_nets_of_the_same_classes():
    shown = Shown(Image.new("L", (8, 8)), "a picture", DIGITS.classes, 4)
    assert shown.truth_for(net()) == 4
    assert shown.truth_for(net(LETTERS)) is None


def test_a_part_of_a_net_is_named_in_few_letters():
    assert [short_part(name) for name in ("stage3.block2", "head", "stem")] == ["3.2", "head", "stem"]


# -- pictures and data -------------------------------------------------------------------------------------------------


def test_pictures_in_a_row_keep_every_pixel_with_nothing_between_them():
    row = np.random.default_rng(0).integers(0, 256, (3, 4, 5, 1), np.uint8)
    strip = np.asarray(decode_image(_strip(row)).convert("RGB"))
    assert strip.shape == (4, 3 * 5 + 2 * GAP, 3)
    for i in range(3):
        assert np.array_equal(strip[:, i * (5 + GAP) : i * (5 + GAP) + 5], np.repeat(row[i], 3, axis=-1))


def test_a_folder_without_a_name_and_one_in_a_demonstration_are_refused(monkeypatch):
    with pytest.raises(DatasetError, match="Name the folder or zip first"):
        DataChoice("folder", "", 0).count()
    monkeypatch.setenv("RESNET_VIZ_DEMO", "1")
    with pytest.raises(DatasetError, match="reads no folders"):
        DataChoice("folder", "/somewhere", 0).count()


def test_a_known_data_set_is_counted_without_being_there():
    assert DataChoice("cifar10", "", 0).count() == (50_000, 10_000, 10)
    assert DataChoice("digits", "", 0).side == 16
    assert DataChoice("folder", "/somewhere", 64).side == 64
