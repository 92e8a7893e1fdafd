"""Does the page Gradients say what its numbers are, of which layers and steps, in the order that its link asks for?"""

from dataclasses import asdict

import numpy as np
import pandas as pd
import pytest

from resnet_viz.nets import NetSpec
from resnet_viz.runs import Owner, RunStatus, RunWriter
from resnet_viz.runs.schema import KINDS
from resnet_viz.training import preset
from resnet_viz.ui.history import QUANTITIES
from tests.pages.figures import figures
from tests.pages.opening import open_page, open_script, rerun, text_of


def test_gradients_compares_first_and_last_layers(trained_home):
    page = open_page("gradients")
    step = page.slider[0]
    assert step.max == 21
    step.set_value(3)
    assert "**plain-8**, step 3: the median gradient norm" in text_of(rerun(page))


def test_gradients_shows_the_other_numbers_of_the_layers_too(trained_home):
    page = open_page("gradients")
    for kind in ("weight", "update", "response"):
        page.segmented_control(key="quantity").select(kind)
        shown = text_of(rerun(page))
        assert f"the median {QUANTITIES[kind].title} is" in shown
        assert QUANTITIES[kind].meaning in shown


def test_layers_are_sorted_at_the_step_that_is_in_the_link(trained_home):
    page = open_page("gradients", layers="size", step="3")
    assert page.slider[0].value == 3
    assert "step 3" in figures(page)["heatmap"]["layout"]["yaxis"]["title"]["text"]
    page.slider[0].set_value(5)
    assert rerun(page).query_params["step"] == "5"
    page.slider[0].set_value(page.slider[0].max)
    assert "step" not in rerun(page).query_params
    page.segmented_control(key="scale_of_layers").set_value("linear")
    assert rerun(page).query_params["scale"] == "linear"
    assert figures(page)["heatmap"]["layout"]["coloraxis"]["colorbar"]["title"]["text"] == "gradient norm"


def test_a_step_that_makes_no_sense_is_brought_into_the_run(trained_home):
    def script():
        from dataclasses import replace

        import streamlit as st

        from resnet_viz.ui.layers import choose_step
        from resnet_viz.ui.services import run_store

        run = run_store().runs()[0]
        for number, wished in enumerate(["-1", "0", "x", "1e9", "999999999", "9" * 30]):
            st.query_params["step"] = wished
            st.text(f"{choose_step([replace(run, comparison=str(number))])} of {run.total_steps}")

    found = [text.value for text in open_script(script).text]
    assert found == ["21 of 21", "1 of 21", "21 of 21", "21 of 21", "21 of 21", "21 of 21"]


def test_a_link_that_makes_no_sense_opens_the_page_as_usual(trained_home):
    page = open_page("gradients", step="9" * 30, layers="x", scale="x", x="mile", quantity="x")
    assert page.slider[0].value == 21
    assert not page.query_params.keys() & {"step", "layers", "scale", "x", "quantity"}


@pytest.mark.parametrize(
    ("steps", "said", "median"),
    [(8320, "mean over 64 steps to step 8320", 0.82885), (4096, "step 4096", 0.4096)],
)
def test_numbers_of_a_long_run_are_called_means(store, steps, said, median):
    """Every layer's norm is the step's number over 10,000: the mean of 8257 to 8320 is 8288.5."""
    store.add_comparison([(asdict(NetSpec("plain", 8)), asdict(preset("digits", iterations=steps)))])
    writer = RunWriter(store, store.claim(Owner.here()))
    writer.describe({"layers": list("abcd"), "norm_layers": list("efgh")}, steps)
    for first in range(1, steps + 1, 256):
        at = np.arange(first, min(first + 256, steps + 1))
        rows = pd.DataFrame({"step": at, "loss": 1.0, "error": 0.5, "learning_rate": 0.1})
        writer.append(rows, dict.fromkeys(KINDS, np.repeat(at[:, None] / 1e4, 4, axis=1).astype(np.float32)), 1.0)
    writer.end(RunStatus.FINISHED)
    (sentence,) = [text.value for text in open_page("gradients").markdown if text.value.startswith("**plain-8**")]
    assert sentence.startswith(f"**plain-8**, {said}: the median gradient norm is {median:.3g} ")
