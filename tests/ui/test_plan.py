"""How long will it take, in words that one reads?"""

import math

import pytest

from resnet_viz.ui.plan import say_duration


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.0, "1 s"),  # nothing takes no time
        (0.2, "1 s"),
        (50.4, "50 s"),
        (89.4, "89 s"),
        (120.0, "2 min"),
        (89 * 60.0, "89 min"),
        (90 * 60.0, "1.5 h"),
        (24 * 3600.0, "24.0 h"),
        (math.nan, "an unknown time"),
    ],
)
def test_a_duration_is_said_as_people_say_it(seconds, said):
    assert say_duration(seconds) == said
