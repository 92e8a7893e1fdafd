"""Can everybody read it? Contrasts by WCAG 2.2 in both themes: 4.5 for text, 3 for lines and marks."""

import tomllib
from pathlib import Path

import pytest

from resnet_viz.plots import COLORS
from resnet_viz.plots.style import shades_of

THEME = tomllib.loads((Path(__file__).parents[2] / ".streamlit" / "config.toml").read_text())["theme"]
MODES = ("light", "dark")


def luminance(color: str) -> float:
    if color.startswith("rgb"):
        parts = [float(part) / 255 for part in color[4:-1].split(",")]
    else:
        parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    dark, light = sorted([luminance(one), luminance(other)])
    return (light + 0.05) / (dark + 0.05)


def test_contrast_is_that_of_the_standard():
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("text", ["textColor", "linkColor", "codeTextColor", "grayTextColor", "primaryColor"])
def test_text_can_be_read_on_both_grounds(mode, text):
    for ground in ("backgroundColor", "secondaryBackgroundColor"):
        assert contrast(THEME[mode][text], THEME[mode][ground]) >= 4.5


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("family", COLORS)
def test_every_line_of_a_net_can_be_seen(mode, family):
    for color in (*COLORS[family], *shades_of(family, 5)):
        assert contrast(color, THEME[mode]["backgroundColor"]) >= 3, color


@pytest.mark.parametrize("family", COLORS)
def test_deeper_nets_are_darker(family):
    shades = [luminance(color) for color in shades_of(family, 5)]
    assert shades[0] > shades[-1]


def test_plain_and_residual_nets_differ_in_gray_too():
    assert abs(luminance(COLORS["plain"][0]) - luminance(COLORS["resnet"][0])) > 0.05
