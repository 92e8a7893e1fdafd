"""Does TensorBoard read what was recorded?"""

import numpy as np
import pytest

from resnet_viz.runs import BundleError, RunStore
from resnet_viz.settings import Settings
from resnet_viz.training import tensorboard


@pytest.mark.filterwarnings("ignore")  # tensorboard's own
def test_every_curve_is_read_back_as_it_was_recorded(trained, tmp_path):
    pytest.importorskip("tensorboard", reason="needs the extra tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    home, runs = trained
    store = RunStore(Settings(home=home).store_url)
    read = EventAccumulator(str(tensorboard.write_events(store, runs[1], tmp_path)), {"scalars": 0})
    read.Reload()
    curves = {"step/loss": store.steps(runs[1].id).set_index("step")["loss"]}
    curves["epoch/test_error"] = store.evaluations(runs[1].id).set_index("step")["test_error"]
    norms = store.gradient_norms(runs[1].id)
    curves |= {f"gradient_norm/{layer}": norms[layer] for layer in norms}
    for tag, curve in curves.items():
        events = read.Scalars(tag)
        assert [event.step for event in events] == list(curve.index), tag
        np.testing.assert_array_equal([event.value for event in events], curve.astype(np.float32), tag)
    times = [event.wall_time for event in read.Scalars("step/loss")]
    assert times == sorted(times)
    assert times[-1] == pytest.approx(runs[1].created_at + runs[1].seconds, abs=1.0)


def test_without_tensorboard_a_sentence_says_how_to_get_it(trained, tmp_path, monkeypatch):
    home, runs = trained
    monkeypatch.setattr(tensorboard, "find_spec", lambda name: None)
    with pytest.raises(BundleError, match=r"pip install 'resnet-viz\[tensorboard\]'"):
        tensorboard.write_events(RunStore(Settings(home=home).store_url), runs[0], tmp_path)


def test_a_long_curve_of_a_layer_is_thinned():
    import pandas as pd

    frame = pd.DataFrame({"a": range(64_000)})
    assert len(tensorboard._thin(frame)) == tensorboard.MOST_POINTS
    assert len(tensorboard._thin(frame[:0])) == 0
