"""Do the figures of a slice show its losses, all on one scale, and the way where it went?"""

import re

import numpy as np
import pandas as pd
import pytest

from resnet_viz.plots import LossScale, loss_contours, loss_landscape, loss_scale, training_path
from resnet_viz.plots.surface import MOST_LEVELS, MOST_TICKS

LOWERED = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789", ",")


def make_slice(factor: float = 1.0) -> pd.DataFrame:
    grid = [(a, b) for a in (-1.0, 0.0, 1.0) for b in (-0.5, 0.5)]
    losses = factor * 10.0 ** np.arange(6)
    return pd.DataFrame(grid, columns=["a", "b"]).assign(loss=losses, error=0.5)


SCALE = LossScale(-1.0, 5.0)


def test_one_scale_holds_the_losses_of_all_nets():
    both = pd.concat([make_slice(0.1), make_slice()])
    assert loss_scale(both) == SCALE
    both.iloc[3, 2] = np.nan
    assert loss_scale(both) == SCALE
    assert loss_scale(both.assign(loss=np.nan)).low == 0.0
    assert loss_scale(make_slice(0.0)).high > loss_scale(make_slice(0.0)).low  # all the same loss


@pytest.mark.parametrize("decades", [0.1, 0.6, 1.0, 3.0, 12.0, 25.0])
def test_contours_are_evenly_spread_over_decades_and_not_too_many(decades):
    scale = LossScale(-2.0, -2.0 + decades)
    assert 2 <= decades / scale.step <= MOST_LEVELS
    ticks = scale.ticks
    assert len(ticks["tickvals"]) == len(ticks["ticktext"]) > 0
    assert min(ticks["tickvals"]) >= scale.low - 1e-9
    assert max(ticks["tickvals"]) <= scale.high + 1e-9
    assert len(ticks["tickvals"]) <= (MOST_LEVELS if decades < 2 else MOST_TICKS) + 1
    losses = [re.sub("^10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)$", r"1e\1", text).translate(LOWERED) for text in map(str, ticks["ticktext"])]
    np.testing.assert_allclose([float(loss) for loss in losses], 10.0 ** np.array(ticks["tickvals"]), rtol=0.1)


def test_contours_show_the_logarithm_of_each_loss_at_its_place():
    contour, cross = loss_contours(make_slice(), "plain-8", SCALE).data
    assert contour.x.tolist() == [-1, 0, 1]
    assert contour.y.tolist() == [-0.5, 0.5]
    assert contour.z.tolist() == [[0, 2, 4], [1, 3, 5]]  # a row for each b
    assert (contour.zmin, contour.zmax) == (-1, 5)
    assert contour.text[1][2] == "100,000"
    assert (cross.x[0], cross.y[0]) == (0, 0)


def test_the_landscape_has_the_same_heights_colors_and_levels_as_the_contours():
    figure = loss_landscape(make_slice(), "plain-8", SCALE)
    (surface,) = figure.data
    contour = loss_contours(make_slice(), "plain-8", SCALE).data[0]
    assert np.array_equal(surface.z, contour.z)
    assert (surface.cmin, surface.cmax) == (contour.zmin, contour.zmax)
    assert list(figure.layout.scene.zaxis.range) == [-1, 5]
    assert surface.contours.z.size == contour.contours.size == SCALE.step


def test_a_loss_that_is_not_finite_is_a_hole_that_says_so():
    frame = make_slice()
    frame.loc[3, "loss"] = np.nan
    contour = loss_contours(frame, "plain-8", SCALE).data[0]
    assert np.isnan(contour.z[1][1])
    assert contour.text[1][1] == "not finite"


def test_the_way_goes_through_its_epochs_and_says_what_its_axes_hold():
    path = pd.DataFrame(
        {"epoch": [0, 1, 2], "a": [0.9, 0.4, 0.0], "b": [0.1, 0.3, 0.0], "loss": [2.3, 1.0, 0.1]}
    ).assign(plane_loss=[2.0, 1.1, 0.1], share_a=0.75, share_b=0.2)
    figure = training_path(make_slice(), path, "plain-8", SCALE)
    _, way, ends = figure.data
    assert way.x.tolist() == [0.9, 0.4, 0.0]
    assert way.customdata[1].tolist() == [1, 1.0, 1.1]
    assert ends.x.tolist() == [0.9, 0.0]
    assert "75%" in figure.layout.xaxis.title.text
    assert "20%" in figure.layout.yaxis.title.text
    assert [note.text for note in figure.layout.annotations] == ["start", "end"]
