"""Does the page of gradients say what its numbers are: those of a step, or means over many?"""

from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from resnet_viz.nets import NetSpec
from resnet_viz.runs import Owner, RunStatus, RunWriter
from resnet_viz.runs.schema import KINDS
from resnet_viz.training import preset

PAGE = str(Path(__file__).parents[2] / "pages" / "gradients.py")


@pytest.mark.parametrize(
    ("steps", "said", "median"),
    [(8320, "mean over 64 steps to step 8320", 0.82885), (4096, "step 4096", 0.4096)],
)
def test_numbers_of_a_long_run_are_called_means(store, nobody_trains, steps, said, median):
    """Every layer's norm is the step's number over 10,000: the mean of 8257 to 8320 is 8288.5."""
    store.add_comparison([(asdict(NetSpec("plain", 8)), asdict(preset("digits", iterations=steps)))])
    writer = RunWriter(store, store.claim(Owner.here()))
    writer.describe({"layers": list("abcd"), "norm_layers": list("efgh")}, steps)
    for first in range(1, steps + 1, 256):
        at = np.arange(first, min(first + 256, steps + 1))
        rows = pd.DataFrame({"step": at, "loss": 1.0, "error": 0.5, "learning_rate": 0.1})
        writer.append(rows, dict.fromkeys(KINDS, np.repeat(at[:, None] / 1e4, 4, axis=1).astype(np.float32)), 1.0)
    writer.end(RunStatus.FINISHED)
    page = AppTest.from_file(PAGE, default_timeout=60).run()
    assert not page.exception
    (sentence,) = [text.value for text in page.markdown if text.value.startswith("**plain-8**")]
    assert sentence.startswith(f"**plain-8**, {said}: the median gradient norm is {median:.3g} ")
