"""What if all of them were tried? A grid of nets and seeds, as comparisons that belong together."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from itertools import product

from resnet_viz.nets import NetSpec
from resnet_viz.runs import Run, RunStatus, RunStore
from resnet_viz.runs.queueing import OtherSweep
from resnet_viz.settings import Settings
from resnet_viz.training.config import TrainingConfig
from resnet_viz.training.queue import LimitError, check_limits, continue_run, is_from_elsewhere, see_to_runs

Wanted = list[tuple[NetSpec, TrainingConfig]]
MOST_TOLD = 3  # comparisons that a sentence names


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
    """Queue all runs of a sweep and have them started; its id, or that of the sweep in which all of them are at work.

    Raises as `queue_runs`, LimitError also where some of them are at work in another sweep, and queues nothing then.
    """
    check_limits(store, settings, [one for wanted in comparisons for one in wanted])
    try:
        sweep = store.add_sweep([[(asdict(spec), asdict(config)) for spec, config in wanted] for wanted in comparisons])
    except OtherSweep as error:
        raise LimitError(_say_taken(comparisons, error.taken)) from error
    see_to_runs(store, settings)
    return sweep


def _say_taken(comparisons: Sequence[Wanted], taken: dict[int, str]) -> str:
    names = [f"{', '.join(spec.name for spec, _ in wanted)}, seed {wanted[0][1].seed}" for wanted in comparisons]
    told = "; ".join(f"{names[place]}: {sweep}" for place, sweep in list(taken.items())[:MOST_TOLD])
    return (
        f"{len(taken)} of {len(comparisons)} comparisons are at work in another sweep already "
        f"({told}{'; …' * (len(taken) > MOST_TOLD)}); wait for its end, stop it, or leave them out"
    )


def stop_sweep(store: RunStore, sweep: str, request: str = "stop") -> None:
    """Stop, or pause, all runs of a sweep that are at work or wait."""
    for run in store.sweep(sweep):
        if run.status.is_active:
            store.request(run.id, request)


def continue_sweep(store: RunStore, settings: Settings, sweep: str) -> int:
    """Let all runs of a sweep that have not reached their end go on where they stand; how many there are.

    Those that were trained elsewhere stay as they are.
    """
    ended = [run for run in store.sweep(sweep) if run.status.can_resume]
    return sum(continue_run(store, settings, run) for run in ended if not is_from_elsewhere(store, run))


def count_ended(runs: Sequence[Run]) -> int:
    """How many runs have come to an end that is one: finished, or diverged."""
    return sum(run.status in (RunStatus.FINISHED, RunStatus.DIVERGED) for run in runs)
