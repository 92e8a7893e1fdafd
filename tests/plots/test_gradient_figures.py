"""Can layers be seen in their order and by their size, on logarithmic and linear scales, by step, epoch and time?"""

import numpy as np
import pandas as pd
import pytest

from resnet_viz.plots import LayerView, Norms, layer_heatmap, layer_profile

SIZES = [[5.0, 1.0, 3.0], [1.0, 2.0, 3.0]]  # of three layers at steps 1 and 10


def make_norms(name: str = "plain-8") -> Norms:
    index = pd.Index([1, 10], name="step")
    return Norms(name, "plain", pd.DataFrame(SIZES, columns=["conv1", "conv2", "fc"], index=index), 5, 2.0)


def test_sorted_layers_go_from_the_least_to_the_greatest_at_the_step_chosen():
    view = LayerView(log=False, sorted_at=2)
    heatmap = layer_heatmap([make_norms()], view=view).data[0]
    assert heatmap.customdata[:, 0].tolist() == [2, 3, 1]
    assert heatmap.z[:, 0].tolist() == [1, 3, 5]
    assert heatmap.z[:, 1].tolist() == [2, 3, 1]
    profile = layer_profile([make_norms()], 2, view=view)
    assert profile.data[0].y.tolist() == [1, 3, 5]
    assert profile.data[0].customdata.tolist() == [2, 3, 1]
    assert "step 2" in profile.layout.xaxis.title.text


def test_in_order_the_first_layer_is_the_one_next_to_the_picture():
    heatmap = layer_heatmap([make_norms()]).data[0]
    assert heatmap.customdata[:, 0].tolist() == [1, 2, 3]
    np.testing.assert_allclose(heatmap.z[:, 0], np.log10([5, 1, 3]), atol=0.006)


@pytest.mark.parametrize("log", [True, False])
def test_colors_and_heights_are_on_the_scale_asked_for(log):
    view = LayerView(log=log)
    title = layer_heatmap([make_norms()], view=view).layout.coloraxis.colorbar.title.text
    assert title.startswith("log") is log
    assert (layer_profile([make_norms()], 1, view=view).layout.yaxis.type == "log") is log


def test_the_heatmap_can_be_read_by_epoch_and_by_time():
    assert layer_heatmap([make_norms()], view=LayerView("epoch")).data[0].x.tolist() == pytest.approx([0.2, 2])
    by_time = layer_heatmap([make_norms()], view=LayerView("time", x_log=True))
    assert by_time.data[0].x.tolist() == [2, 20]
    assert by_time.layout.xaxis.title.text == "training time, s"
    assert by_time.layout.xaxis.type == "log"


def test_a_name_is_text_in_the_titles_of_panels():
    assert layer_heatmap([make_norms("<i>x")]).layout.annotations[0].text == "&lt;i&gt;x"
