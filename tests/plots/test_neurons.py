"""Does the figure of active units show shares in percent, and tell ReLUs behind an addition from the others?"""

import pandas as pd
import pytest

from resnet_viz.plots import COLORS, unit_activity

FAMILIES = {"plain-8": "plain", "ResNet-8 (A)": "resnet"}


@pytest.fixture
def units():
    frame = pd.DataFrame(
        {"layer": ["stem.act1", "stage1.block1.branch.act1", "stage1.block1.after.act2"], "position": [1, 2, 3],
         "place": ["", "branch", "after"], "active": [0.5, 0.25, 1.0], "never": [0.0, 0.125, 0.0], "skipped": 0.0}
    )  # fmt: skip
    return pd.concat([frame.assign(net=net) for net in FAMILIES], ignore_index=True)


def test_both_shares_of_every_net_are_in_percent_by_layer(units):
    figure = unit_activity(units, FAMILIES)
    assert len(figure.data) == 4
    active, never = figure.data[:2]
    assert active.x.tolist() == [1, 2, 3]
    assert active.y.tolist() == [50, 25, 100]
    assert never.y.tolist() == [0, 12.5, 0]
    assert never.customdata.tolist() == units["layer"].tolist()[:3]
    assert "%" in figure.layout.yaxis.title.text
    assert [figure.data[i].line.color for i in (0, 2)] == [COLORS["plain"][0], COLORS["resnet"][0]]


def test_a_relu_behind_an_addition_is_filled_and_the_others_are_open(units):
    symbols = unit_activity(units, FAMILIES).data[2].marker.symbol
    assert list(symbols) == ["circle-open", "circle-open", "circle"]


def test_layers_that_were_left_out_have_a_panel_where_there_are_any(units):
    assert len(unit_activity(units, FAMILIES).layout.annotations) == 2
    units.loc[4, "skipped"] = 0.4
    figure = unit_activity(units, FAMILIES)
    assert len(figure.layout.annotations) == 3
    assert figure.data[-1].y.tolist() == [0, 40, 0]
    assert "batches" in figure.layout.yaxis3.title.text
