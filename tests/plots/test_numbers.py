"""Are numbers written as people write them, and is all else left as it is?"""

import pytest

from resnet_viz.plots import for_people


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("**1.34e+08 paths**", "**1.34 × 10⁸ paths**"),
        ("p = 1.9e-12.", "p = 1.9 × 10⁻¹²."),
        ("1e-05", "10⁻⁵"),
        ("-1e+09 and -2.5e-07", "-10⁹ and -2.5 × 10⁻⁷"),
        ("1.4e+02 steps, 3e+03", "140 steps, 3,000"),
        ("a change of -0.00 points", "a change of 0.00 points"),
        ("-0.0 to +0.0", "0.0 to +0.0"),
        ("-0", "0"),
    ],
)
def test_powers_and_zeros_are_written_out(text, written):
    assert for_people(text) == written


@pytest.mark.parametrize(
    "text",
    ["-0.05", "-0.5 to -0.01", "run 3e04b21c", "v1.2e-3x", "2020-01-05", "the-0.0", "e-mail", "0x1e+05", "-0.001"],
)
def test_what_is_no_such_number_stays(text):
    assert for_people(text) == text
