"""What did the training record of the layers' answers, and which two nets of a comparison belong together?"""

from collections.abc import Sequence

import pandas as pd

from resnet_viz.nets import NetSpec
from resnet_viz.runs import Run, store_of
from resnet_viz.ui.history import is_long
from resnet_viz.ui.services import run_store


def recorded_responses(run: Run) -> pd.Series:
    """The closed form of each batch norm's response at the last step that was recorded, by the norm's name.

    Empty where none was, as in a net without batch norms; the series is named by the step.
    """
    frame = store_of(run_store(), run.id).responses(run.id, by_block=is_long(run))
    return frame.iloc[-1] if len(frame) and len(frame.columns) else pd.Series(dtype=float)


def find_pair(runs: Sequence[Run]) -> tuple[Run, Run] | None:
    """A plain net and a residual one that has the same layers, of runs that differ in nothing else that is asked."""
    for residual in runs:
        if residual.spec["family"] != "resnet":
            continue
        for plain in runs:
            if NetSpec(**residual.spec).plain_twin == NetSpec(**plain.spec):
                return plain, residual
    return None


def began_alike(plain: Run, residual: Run) -> bool:
    """Whether two nets had the same first weights in the layers that both have."""
    return plain.config["seed"] == residual.config["seed"] and not (
        plain.config.get("start") or residual.config.get("start")
    )
