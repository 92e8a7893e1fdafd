"""What if all of them were tried? A grid of nets and seeds, as comparisons that belong together."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from itertools import product

from resnet_viz.nets import NetSpec
from resnet_viz.runs import Run, RunStatus, RunStore
from resnet_viz.runs.store import new_id
from resnet_viz.settings import Settings
from resnet_viz.training.config import TrainingConfig
from resnet_viz.training.queue import check_limits, continue_run, see_to_runs

Wanted = list[tuple[NetSpec, TrainingConfig]]


@dataclass(frozen=True)
class Grid:
    """Every combination of these; a plain net has no shortcut, and is there once for all of them.

    Seeds are counted from that of the configuration on.
    """

    depths: Sequence[int]
    families: Sequence[str] = ("plain", "resnet")
    shortcuts: Sequence[str] = ("A",)
    orders: Sequence[str] = ("original",)
    seeds: Sequence[int] = (0,)

    def comparisons(self, config: TrainingConfig) -> list[Wanted]:
        """The runs of a grid: one comparison for each depth, block order and seed, with all families and shortcuts.

        Raises SpecError for a depth that a family does not have.
        """
        found = []
        for depth, order, seed in product(self.depths, self.orders, self.seeds):
            pairs = product(self.families, self.shortcuts)
            specs = [NetSpec(family, depth, shortcut, order=order) for family, shortcut in pairs]
            found.append([(spec, replace(config, seed=config.seed + seed)) for spec in dict.fromkeys(specs)])
        return [wanted for wanted in found if wanted]


def queue_sweep(store: RunStore, settings: Settings, comparisons: Sequence[Wanted]) -> str:
    """Queue all runs of a sweep and have them started; its id. Raises as `queue_runs`, and queues nothing then."""
    check_limits(store, settings, [one for wanted in comparisons for one in wanted])
    sweep = new_id()
    for wanted in comparisons:
        store.add_comparison([(asdict(spec), asdict(config)) for spec, config in wanted], sweep)
    see_to_runs(store, settings)
    return sweep


def stop_sweep(store: RunStore, sweep: str, request: str = "stop") -> None:
    """Stop, or pause, all runs of a sweep that are at work or wait."""
    for run in store.sweep(sweep):
        if run.status.is_active:
            store.request(run.id, request)


def continue_sweep(store: RunStore, settings: Settings, sweep: str) -> int:
    """Let all runs of a sweep that have not reached their end go on where they stand; how many there are."""
    return sum(continue_run(store, settings, run) for run in store.sweep(sweep) if run.status.can_resume)


def count_ended(runs: Sequence[Run]) -> int:
    """How many runs have come to an end that is one: finished, or diverged."""
    return sum(run.status in (RunStatus.FINISHED, RunStatus.DIVERGED) for run in runs)
