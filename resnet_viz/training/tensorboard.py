"""How do a run's curves get into TensorBoard? As event files, written from the store by torch's own writer."""

import logging
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd

from resnet_viz.runs import BundleError, Run, RunStore, store_of

HINT = "TensorBoard's files need one more package; install it with: pip install 'resnet-viz[tensorboard]'"
MOST_POINTS = 1_000  # of a layer's curve: TensorBoard draws no more
KINDS = {
    "gradient_norm": RunStore.gradient_norms,
    "weight_norm": RunStore.weight_norms,
    "update_norm": RunStore.update_norms,
    "response": RunStore.responses,
}


def has_tensorboard() -> bool:
    """Whether `write_events` can work here."""
    return find_spec("tensorboard") is not None


def write_events(store: RunStore, run: Run, folder: Path) -> Path:
    """Write a run as event files into a folder of its own under `folder`, and give that back.

    Tags: step/loss, step/error, step/learning_rate; epoch/train_error and so on, at the epoch's last step; and for
    each layer gradient_norm/LAYER, weight_norm, update_norm and response, of every nth step where there are more than
    MOST_POINTS. A value that is no number stays one. Raises BundleError where tensorboard is not installed.
    """
    if not has_tensorboard():
        raise BundleError(HINT)
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    from torch.utils.tensorboard import SummaryWriter

    source, target = store_of(store, run.id), folder / run.id
    with SummaryWriter(str(target)) as writer:
        steps = source.steps(run.id).set_index("step")
        epochs = source.evaluations(run.id).set_index("step").drop(columns="epoch")
        curves = [steps.add_prefix("step/"), epochs.add_prefix("epoch/")]
        curves += [_thin(read(source, run.id)).add_prefix(f"{kind}/") for kind, read in KINDS.items()]
        for frame in curves:
            _write(writer, frame, run)
    return target


def _thin(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.iloc[:: -(-len(frame) // MOST_POINTS) or 1]


def _write(writer: object, frame: pd.DataFrame, run: Run) -> None:
    """Every column as a curve; the time of a step is told as if all had taken equally long."""
    share = np.asarray(frame.index) / max(1, run.total_steps)
    times = run.created_at + share * run.seconds
    for tag, values in frame.items():
        for step, value, at in zip(frame.index, values, times, strict=True):
            writer.add_scalar(tag, value, int(step), walltime=float(at))  # type: ignore[attr-defined]
