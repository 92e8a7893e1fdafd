"""What may be trained, and who sees to it? One way into the queue for pages, command line and sweeps."""

from collections.abc import Sequence
from dataclasses import asdict, replace

from resnet_viz import nets  # `nets.layer_table` imports torch when it is called, not here
from resnet_viz.data import DatasetError
from resnet_viz.data.datasets import picture_size
from resnet_viz.nets import NetSpec
from resnet_viz.runs import Run, RunStore
from resnet_viz.settings import Settings
from resnet_viz.training.config import ConfigError, TrainingConfig
from resnet_viz.training.executor import start_workers
from resnet_viz.training.storage import Storage


class LimitError(ValueError):
    """More than this installation allows, or can do; the message is a sentence with the limit."""


def queue_runs(store: RunStore, settings: Settings, wanted: Sequence[tuple[NetSpec, TrainingConfig]]) -> list[Run]:
    """Queue one run for each net and configuration, as one comparison, and have them started.

    The same comparison, where it is queued or running already, is given back instead. Raises LimitError, ConfigError,
    SpecError or DatasetError with a sentence, and queues nothing then.
    """
    check_limits(store, settings, wanted)
    runs = store.add_comparison([(asdict(spec), asdict(config)) for spec, config in wanted])
    see_to_runs(store, settings)
    return runs


def continue_run(store: RunStore, settings: Settings, run: Run, epochs: int = 0) -> bool:
    """Let a run go on from its last checkpoint: to its end, or for more epochs. False where it cannot.

    Raises LimitError or ConfigError with a sentence; LimitError for one that was trained elsewhere, too.
    """
    if is_from_elsewhere(store, run):
        raise LimitError(
            f"run {run.id} was trained elsewhere, and no checkpoint from which it could go on came along; "
            "run it again with one change instead, with another seed for one"
        )
    config = TrainingConfig(**run.config)
    if epochs:
        config = replace(config, more_epochs=(*config.more_epochs, epochs))
    check_limits(store, settings, [(NetSpec(**run.spec), config)])
    is_queued = store.resume(run.id, asdict(config) if epochs else None)
    see_to_runs(store, settings)
    return is_queued


def is_from_elsewhere(store: RunStore, run: Run) -> bool:
    """Whether a run was trained elsewhere and came without a checkpoint: it would begin anew, and lose its history."""
    try:
        has_worker = store.run(run.id).attempt > 0
    except KeyError:  # a recorded one
        has_worker = False
    return not has_worker and bool(run.weights or run.step) and not store.checkpoints(run.id)


def see_to_runs(store: RunStore, settings: Settings) -> None:
    """Have the runs that wait started: on this machine, or on a cluster.

    Raises ConfigError where the executor that was set is not installed.
    """
    if settings.executor == "local":
        start_workers(store, settings)
        return
    try:
        from resnet_viz.training.cluster import keep_runs_going
    except ImportError as error:
        raise ConfigError(
            "RESNET_VIZ_EXECUTOR is ray, and Ray is not installed: pip install 'resnet-viz[cluster]'"
        ) from error
    keep_runs_going(settings)


def check_limits(store: RunStore, settings: Settings, wanted: Sequence[tuple[NetSpec, TrainingConfig]]) -> None:
    """Raise LimitError where runs are more than this installation allows, whatever a page has offered."""
    check_demo(settings)
    waiting = store.count_active()
    if waiting + len(wanted) > settings.max_queue:
        raise LimitError(
            f"{waiting} runs are queued or running, and at most {settings.max_queue} can be (RESNET_VIZ_MAX_QUEUE); "
            "wait, or stop some"
        )
    free = Storage(settings.storage_url).free_bytes()
    if free < settings.keep_free * 1e9:
        raise LimitError(
            f"{free / 1e9:.1f} GB of disk are free, and {settings.keep_free:g} GB are kept free "
            "(RESNET_VIZ_KEEP_FREE); free some space first"
        )
    for spec, config in dict.fromkeys(wanted):
        _check_run(settings, spec, config)


def check_demo(settings: Settings) -> None:
    """Raise LimitError where this is a demonstration."""
    if settings.demo:
        raise LimitError(
            "This is a demonstration: it shows recorded runs, and computes nothing that takes long. "
            "Install the program on your own machine to train"
        )


def _check_run(settings: Settings, spec: NetSpec, config: TrainingConfig) -> None:
    if spec.depth > settings.max_depth:
        raise LimitError(
            f"{spec.name} has {spec.depth} layers, and at most {settings.max_depth} can be trained here "
            "(RESNET_VIZ_MAX_DEPTH)"
        )
    epochs = config.epochs + sum(config.more_epochs)
    if epochs > settings.max_epochs:
        raise LimitError(
            f"{epochs} epochs are too many: at most {settings.max_epochs} can be trained here (RESNET_VIZ_MAX_EPOCHS)"
        )
    try:
        side = picture_size(config.dataset, config.size)
        adds = float(nets.layer_table(spec, side)["multiply_adds"].sum())
    except (DatasetError, KeyError):
        return  # the worker says what is wrong with the data
    if adds > settings.max_multiply_adds:
        raise LimitError(
            f"{spec.name} takes {adds / 1e9:.1f} billion multiply-adds a picture of {side} x {side}, and at most "
            f"{settings.max_multiply_adds / 1e9:g} billion can be trained here (RESNET_VIZ_MAX_MULTIPLY_ADDS)"
        )
