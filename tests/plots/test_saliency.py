"""Do maps that stand in one row share their scale, and does a difference say which net looks more?"""

import numpy as np
import pytest

from resnet_viz.plots import MapRow, difference_map, saliency_grid

PICTURE = np.full((2, 2, 1), 90, np.uint8)
STRONG, WEAK = np.array([[2.0, -1.0], [0.0, 0.0]]), np.array([[0.5, 0.0], [0.0, 0.0]])


def heatmaps(figure):
    return [trace for trace in figure.data if trace.type == "heatmap"]


def grid(rows, columns=("plain", "resnet"), **options):
    return saliency_grid([PICTURE] * len(columns), columns, rows, **options)


def test_maps_share_the_scale_of_their_row_or_have_each_their_own():
    rows = [MapRow("Saliency", (STRONG, WEAK), True), MapRow("Occlusion", (WEAK, WEAK), True)]
    maps = heatmaps(grid(rows))
    assert [trace.z[0].tolist() for trace in maps] == [[1, -0.5], [0.25, 0], [1, 0], [1, 0]]
    maps = heatmaps(grid(rows, scale="map"))
    assert [trace.z[0].tolist() for trace in maps] == [[1, -0.5], [1, 0], [1, 0], [1, 0]]


def test_one_color_scale_serves_all_maps_and_goes_below_zero_where_one_does():
    unsigned, signed = MapRow("Saliency", (WEAK, WEAK), False), MapRow("Occlusion", (STRONG, WEAK), True)
    for rows, lowest in (([unsigned], 0), ([unsigned, signed], -1)):
        figure = grid(rows)
        assert (figure.layout.coloraxis.cmin, figure.layout.coloraxis.cmax) == (lowest, 1)
        assert {trace.coloraxis for trace in heatmaps(figure)} == {"coloraxis"}


def test_every_row_begins_with_the_picture_and_every_column_has_its_name():
    figure = grid([MapRow("A", (STRONG, WEAK), True), MapRow("B", (STRONG, WEAK), True)])
    assert sum(trace.type == "image" for trace in figure.data) == 2
    texts = [annotation.text for annotation in figure.layout.annotations]
    assert texts[:3] == ["the picture", "plain", "resnet"]
    assert texts[-2:] == ["A", "B"]
    overlaid = grid([MapRow("A", (STRONG, WEAK), True)], overlay=True)
    assert sum(trace.type == "image" for trace in overlaid.data) == 3
    assert all(trace.opacity < 1 for trace in heatmaps(overlaid))


def test_names_of_others_are_text_and_long_ones_are_broken():
    figure = grid([MapRow("<b>ResNet-20</b> (A, 8 filters wide)", (STRONG, WEAK), True)], columns=("<i>a</i>", "b"))
    texts = [annotation.text for annotation in figure.layout.annotations]
    assert texts[1] == "&lt;i&gt;a&lt;/i&gt;"
    assert texts[-1] == "&lt;b&gt;ResNet-20&lt;/b&gt; (A,<br>8 filters wide)"
    assert "<extra>&lt;b&gt;" in heatmaps(figure)[0].hovertemplate


def test_maps_that_are_zero_or_not_there_yet_are_drawn_as_such():
    figure = grid([MapRow("A", (np.zeros((2, 2)), None), False)])
    flat, missing = heatmaps(figure)
    assert not flat.z.any()
    assert missing.z[0][0] is None


def test_a_map_of_another_size_covers_the_same_picture():
    large = np.arange(224.0 * 224).reshape(224, 224)
    small, reduced = heatmaps(grid([MapRow("A", (STRONG, large), True)]))
    assert small.x.tolist() == small.y.tolist() == [25, 75]
    assert len(reduced.x) == 112
    assert reduced.x[0] == pytest.approx(100 / 224)
    assert reduced.z[0, 0] == pytest.approx(large[:2, :2].mean() / large.max(), abs=1e-3)


def test_a_difference_is_of_shares_so_that_a_factor_is_none():
    assert not heatmaps(difference_map(STRONG, 5 * STRONG, ("a", "b")))[0].z.any()
    (trace,) = heatmaps(difference_map(STRONG, WEAK, ("a", "b")))
    assert trace.z.tolist() == [[-1, 1], [0, 0]]  # 2/3 and 1/3 against 1 and 0
