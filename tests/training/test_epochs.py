"""Are the weights of every epoch kept, those of this epoch, and all of them whatever happens to the run?"""

import errno
from dataclasses import asdict, replace

import pytest
import torch

from resnet_viz.nets import CheckpointError, NetSpec
from resnet_viz.runs import RunStatus, RunStore
from resnet_viz.settings import Settings
from resnet_viz.training import EpochDone, Started, continue_run, kept_epochs, load_epoch, load_net, preset, train
from resnet_viz.training.storage import Storage
from tests.conftest import work_on

SPEC = NetSpec("resnet", 8)
CONFIG = preset("digits", epochs=3, subset=128, threads=1, precision="fp32", device="cpu", keep_epochs=True)


def queue(store: RunStore, config=CONFIG):
    (run,) = store.add_comparison([(asdict(SPEC), asdict(config))])
    return run


def copy(net) -> dict[str, torch.Tensor]:
    return {name: value.clone() for name, value in net.state_dict().items()}


@pytest.fixture(scope="module")
def by_hand() -> list[dict[str, torch.Tensor]]:
    """The state dicts at the start and after every epoch, taken from the loop itself."""
    kept, threads = [], torch.get_num_threads()
    torch.set_num_threads(1)
    for report in train(SPEC, replace(CONFIG, more_epochs=(1,))):
        if isinstance(report, Started):
            net = report.net
        if isinstance(report, Started | EpochDone):
            kept.append(copy(net))
    torch.set_num_threads(threads)
    return kept


def assert_kept(run, expected) -> None:
    """Every epoch's weights are those expected, and no other file is kept under such a name."""
    settings = Settings()
    assert list(kept_epochs(run)) == list(range(len(expected)))
    names = {path.name for path in (settings.home / "weights").glob("*.epoch*")}
    assert names == {f"{run.id}.epoch{epoch}.safetensors" for epoch in range(len(expected))}
    for epoch, weights in enumerate(expected):
        found = load_epoch(run, settings, epoch).state_dict()
        assert all(torch.equal(found[name], weights[name]) for name in weights), epoch
    last = load_net(run, settings).state_dict()
    assert all(torch.equal(last[name], expected[-1][name]) for name in last)


@pytest.mark.long
def test_the_weights_of_the_start_and_of_every_epoch_are_kept(store, by_hand):
    run = work_on(store, Settings(), queue(store))
    assert run.status is RunStatus.FINISHED, run.message
    assert_kept(run, by_hand[:4])


@pytest.mark.long
def test_a_run_that_goes_on_for_more_epochs_keeps_these_too(store, by_hand, monkeypatch):
    run = work_on(store, Settings(), queue(store))
    monkeypatch.setattr("resnet_viz.training.queue.see_to_runs", lambda *_: None)
    assert continue_run(store, Settings(), run, epochs=1)
    run = work_on(store, Settings(), run)
    assert run.status is RunStatus.FINISHED, run.message
    assert_kept(run, by_hand)


@pytest.mark.long
@pytest.mark.parametrize("broken", [0, 2, 3])
def test_a_full_disk_leaves_no_gap_once_the_run_is_resumed(store, by_hand, monkeypatch, broken):
    write = Storage.write

    def refuse(storage, name, data):
        if f".epoch{broken}." in name:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(storage, name, data)

    monkeypatch.setattr("resnet_viz.training.keeper.AT_LEAST", 0.0)
    with monkeypatch.context() as full:
        full.setattr(Storage, "write", refuse)
        run = work_on(store, Settings(), queue(store))
    assert run.status is RunStatus.PAUSED
    assert run.message.startswith("the disk is full")
    assert all(checkpoint.epoch < max(1, broken) for checkpoint in store.checkpoints(run.id))
    assert store.resume(run.id)
    run = work_on(store, Settings(), run)
    assert run.status is RunStatus.FINISHED, run.message
    assert_kept(run, by_hand[:4])


def test_a_run_keeps_none_unless_asked_to(trained):
    home, runs = trained
    assert all(len(kept_epochs(run)) == 0 for run in runs)
    assert not list((home / "weights").glob("*.epoch*"))
    with pytest.raises(CheckpointError, match=r"there is no file .*epoch0"):
        load_epoch(runs[0], Settings(home=home), 0)
