"""Does a training that is left and taken up again come to the same numbers, to the bit?"""

from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
import pytest
import torch

from resnet_viz.nets import NetSpec, load_checkpoint
from resnet_viz.training import EpochDone, Evaluating, Started, StepsDone, TrainingConfig, train
from resnet_viz.training.checkpoints import DamagedCheckpoint, read_snapshot, write_snapshot
from resnet_viz.training.snapshot import Snapshot
from resnet_viz.training.storage import Storage

SPEC = NetSpec("resnet", 8, "B", in_channels=1)
CONFIG = TrainingConfig(epochs=3, batch_size=32, precision="fp32", device="cpu")
LONG = pytest.mark.long
CASES = {
    "SGD": (SPEC, CONFIG),
    "AdamW, mixup, clipped": (SPEC, replace(CONFIG, optimizer="adamw", augmentation="mixup", clip_norm=1.0)),
    "crop and flip, Adam": (SPEC, replace(CONFIG, optimizer="adam", augmentation="crop_flip")),
    "dropout shortcut": (replace(SPEC, shortcut="dropout"), CONFIG),
    "stochastic depth": (replace(SPEC, survival=0.5), CONFIG),
    "warm-up": (SPEC, replace(CONFIG, warm_up=True)),
    "steps and no more": (SPEC, replace(CONFIG, iterations=8, schedule="steps")),
    "blocks computed again": (SPEC, replace(CONFIG, recompute="on")),
}


def follow(data, spec, config, snapshot=None, keep_at=()):
    """All that a training told, its last weights, and the snapshots taken at the reports of these numbers."""
    kept, told = [], []
    for number, report in enumerate(train(spec, config, data, snapshot)):
        if isinstance(report, Started):
            net, save = report.net, report.save
        told.append(report)
        if number in keep_at:
            kept.append(save())
    return told, {name: value.clone() for name, value in net.state_dict().items()}, kept


def curve(told) -> pd.DataFrame:
    rows = pd.concat([report.rows for report in told if isinstance(report, StepsDone)], ignore_index=True)
    norms = np.concatenate([report.numbers.update for report in told if isinstance(report, StepsDone)])
    return rows.join(pd.DataFrame(norms).add_prefix("update "))


def epochs(told) -> list[tuple]:
    ends = [report for report in told if isinstance(report, EpochDone)]
    return [(e.epoch, e.step, e.train_loss, e.train_error, e.test_loss, e.test_error) for e in ends]


def assert_same_training(told, weights, expected_told, expected_weights) -> None:
    """The same curve without gap or double step, the same ends of epochs and weights, to the bit."""
    pd.testing.assert_frame_equal(curve(told), curve(expected_told), check_exact=True)
    assert epochs(told) == epochs(expected_told)
    for name, value in expected_weights.items():
        assert torch.equal(weights[name], value), name


@pytest.mark.parametrize(
    ("spec", "config"),
    [pytest.param(*case, id=name, marks=() if name == "SGD" else LONG)
     for name, case in CASES.items()],
)  # fmt: skip
def test_a_training_resumed_at_any_report_is_the_one_never_left_to_the_bit(spec, config, few_digits, monkeypatch):
    monkeypatch.setattr("resnet_viz.training.loop.REPORT_SECONDS", 0.0)  # a report after every step
    monkeypatch.setattr("resnet_viz.training.loop.WARM_UP_STEPS", 4)
    follow_this = partial(follow, few_digits, spec, config)
    whole, weights, _ = follow_this()
    places = [i for i, report in enumerate(whole) if not isinstance(report, Started | Evaluating)]
    chosen = sorted({*places[:: max(1, len(places) // 4)], places[-1]})
    told, last, kept = follow_this(keep_at=chosen)
    assert_same_training(told, last, whole, weights)  # to keep a snapshot changes nothing
    for place, snapshot in zip(chosen, kept, strict=True):
        after, last, _ = follow_this(snapshot=snapshot)
        assert_same_training([*told[: place + 1], *after], last, whole, weights)


@pytest.mark.long
def test_more_epochs_run_along_the_schedule_once_more(few_digits, monkeypatch):
    monkeypatch.setattr("resnet_viz.training.loop.REPORT_SECONDS", 0.0)  # as many reports each time
    told, _, kept = follow(few_digits, SPEC, CONFIG, keep_at=[len(list(train(SPEC, CONFIG, few_digits))) - 1])
    longer = replace(CONFIG, more_epochs=(2,))
    after, _, _ = follow(few_digits, SPEC, longer, kept[0])
    first, second = curve(told), curve(after)
    assert (first["step"].iloc[-1], second["step"].iloc[0], second["step"].iloc[-1]) == (15, 16, 25)
    assert [end[0] for end in epochs(after)] == [4, 5]
    alone = curve(follow(few_digits, SPEC, replace(CONFIG, epochs=2))[0])
    assert second["learning_rate"].tolist() == alone["learning_rate"].tolist()


@pytest.fixture(scope="module")
def snapshot(few_digits) -> Snapshot:
    return follow(few_digits, SPEC, CONFIG, keep_at=[3])[2][0]


def test_a_snapshot_comes_back_from_the_storage_as_it_was(snapshot, tmp_path):
    storage = Storage(str(tmp_path))
    written = write_snapshot(snapshot, SPEC, storage, "run.1.5")
    back = read_snapshot(written, storage)
    assert back.numbers == snapshot.numbers
    for ours, theirs in ((snapshot.weights, back.weights), (snapshot.state, back.state)):
        assert ours.keys() == theirs.keys()
        assert all(torch.equal(ours[name], theirs[name]) for name in ours)
    net = load_checkpoint(storage.locate(written.weights))
    assert net.spec == SPEC
    assert all(torch.equal(net.state_dict()[name], value) for name, value in snapshot.weights.items())


def test_snapshots_go_to_any_storage_that_fsspec_reaches(snapshot):
    storage = Storage("memory://here")
    written = write_snapshot(snapshot, SPEC, storage, "run.1.5")
    assert read_snapshot(written, storage).numbers == snapshot.numbers
    assert storage.locate(written.weights).startswith("memory://")
    storage.delete(written.weights)
    with pytest.raises(DamagedCheckpoint, match="is gone"):
        read_snapshot(written, storage)


@pytest.mark.parametrize("share", [0.0, 0.001, 0.5, 0.99, 0.9999])
@pytest.mark.parametrize("part", ["weights", "state"])
def test_a_file_that_was_cut_is_known(snapshot, tmp_path, share, part):
    storage = Storage(str(tmp_path))
    written = write_snapshot(snapshot, SPEC, storage, "run.1.5")
    path = tmp_path / getattr(written, part)
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(DamagedCheckpoint, match="not as it was written"):
        read_snapshot(written, storage)


def test_a_flipped_bit_is_known(snapshot, tmp_path):
    storage = Storage(str(tmp_path))
    written = write_snapshot(snapshot, SPEC, storage, "run.1.5")
    for part in (written.weights, written.state):
        path = tmp_path / part
        content = bytearray(path.read_bytes())
        for place in np.random.default_rng(0).integers(0, len(content), 20):
            content[place] ^= 1
            path.write_bytes(content)
            with pytest.raises(DamagedCheckpoint):
                read_snapshot(written, storage)
            content[place] ^= 1
        path.write_bytes(content)
    read_snapshot(written, storage)
