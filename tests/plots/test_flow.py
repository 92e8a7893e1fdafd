"""Do the figures of the gradient's ways show the numbers they were given, in the units they claim?"""

import numpy as np
import pandas as pd
import pytest

from resnet_viz.plots import COLORS, gradient_ways, path_contributions

FAMILIES = {"ResNet-8 (A)": "resnet", "ResNet-8 (B)": "resnet"}


@pytest.fixture
def shares():
    frame = pd.DataFrame(
        {"block": ["stage1.block1", "stage2.block1"], "position": [1, 2], "shortcut": [3e-3, 1e-3],
         "branch": [1e-3, 1e-3], "share": [0.75, 0.5]}
    )  # fmt: skip
    return pd.concat([frame.assign(net=net) for net in FAMILIES])


@pytest.fixture
def lengths():
    frame = pd.DataFrame(
        {"length": [0, 1, 2], "paths": [1.0, 2.0, 1.0], "log10_gradient": [-1.0, -2.0, -20.0],
         "low": [-1.0, -3.0, -20.0], "high": [-1.0, -1.5, -20.0], "contribution": [0.8, 0.2, 0.0],
         "together": [0.9, 0.3, 0.0]}
    )  # fmt: skip
    return pd.concat([frame.assign(net=net) for net in FAMILIES])


def test_shares_are_in_percent_beside_both_parts_on_a_logarithmic_axis(shares):
    figure = gradient_ways(shares, FAMILIES)
    share, shortcut, branch = figure.data[:3]
    assert share.x.tolist() == [1, 2]
    assert share.y.tolist() == [75, 50]
    assert (shortcut.y.tolist(), branch.y.tolist()) == ([3e-3, 1e-3], [1e-3, 1e-3])
    assert (shortcut.line.dash, branch.line.dash) == ("solid", "dot")
    assert "%" in figure.layout.yaxis.title.text
    assert list(figure.layout.yaxis.range) == [0, 100]
    assert figure.layout.yaxis2.type == "log"
    assert (share.yaxis, shortcut.yaxis, branch.yaxis) == ("y", "y2", "y2")
    assert "block" in figure.layout.xaxis2.title.text


def test_each_net_has_a_color_and_one_entry_in_the_legend(shares, lengths):
    for figure in (gradient_ways(shares, FAMILIES), path_contributions(lengths, FAMILIES)):
        told = [trace for trace in figure.data if trace.showlegend is not False]
        assert [trace.name for trace in told] == list(FAMILIES)
        assert [trace.line.color for trace in told] == list(COLORS["resnet"][:2])


def test_three_panels_show_paths_gradient_and_their_product(lengths):
    figure = path_contributions(lengths, FAMILIES)
    band, paths, gradient, product, together = figure.data[:5]
    assert paths.y.tolist() == [25, 50, 25]
    assert gradient.y.tolist() == pytest.approx([0.1, 0.01, 1e-20])
    assert product.y.tolist() == pytest.approx([80, 20, 0])
    assert together.y.tolist() == pytest.approx([75, 25, 0])
    assert together.line.dash == "dot"
    assert np.log10(band.y).tolist() == pytest.approx([-1, -1.5, -20, -20, -3, -1])
    assert [trace.yaxis for trace in (paths, gradient, product)] == ["y", "y2", "y3"]
    assert figure.layout.yaxis2.type == "log"
    assert len(figure.layout.annotations) == 3
