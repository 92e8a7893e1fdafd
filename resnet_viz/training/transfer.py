"""Can a run move to another installation? With its weights, from storage to storage; what comes in is checked first."""

from pathlib import Path
from typing import Any

from resnet_viz.data import DATASETS, ImageError, PictureFormat, decode_image
from resnet_viz.nets import CheckpointError, NetSpec, SpecError, read_checkpoint
from resnet_viz.runs import (
    Bundle,
    BundleError,
    Run,
    RunStore,
    find_run,
    put_in,
    read_bundle,
    store_of,
    take_out,
    write_bundle,
)
from resnet_viz.runs.bundle import WEIGHTS
from resnet_viz.settings import Settings
from resnet_viz.training.checkpoints import KEPT_EPOCHS, epoch_file
from resnet_viz.training.config import ConfigError, TrainingConfig
from resnet_viz.training.storage import Storage
from resnet_viz.training.weights import kept_epochs, locate_epoch, read_weights

FACTS: dict[str, type] = {  # what pages read of those that are there
    "layers": list,
    "norm_layers": list,
    "train_count": int,
    "test_count": int,
    "device": str,
    "precision": str,
    "versions": dict,
}


def export_run(store: RunStore, settings: Settings, run: Run, target: Path) -> None:
    """Write a run of a store, or a recorded one, to a file that `import_run` takes in elsewhere.

    It holds curves, layers' numbers and weights, and not what going on from a checkpoint needs. Raises BundleError for
    a run that is at work, or whose weights are gone.
    """
    try:
        weights = {WEIGHTS: read_weights(run.weights, settings)} if run.weights else {}
        for epoch in kept_epochs(run):
            weights[f"weights/{epoch}.safetensors"] = read_weights(locate_epoch(run, epoch), settings)
    except OSError as error:
        raise BundleError(f"the weights of run {run.id} cannot be read ({error})") from error
    write_bundle(take_out(store_of(store, run.id), run.id, weights), target)


def import_run(store: RunStore, settings: Settings, source: Path) -> Run:
    """Take in a run that `export_run` wrote. Raises BundleError with a sentence, and changes nothing then."""
    bundle = read_bundle(source)
    spec = _check(bundle)
    run_id = bundle.run["id"]
    if _is_here(store, run_id):
        raise BundleError(f"run {run_id} is here already")
    names = _names(bundle)
    for name, data in bundle.weights.items():
        _check_weights(data, name, spec)
    storage = Storage(settings.storage_url)
    written = []
    try:
        for name, data in bundle.weights.items():
            written.append(names[name])
            storage.write(names[name], data)
        put_in(store, bundle, storage.locate(names[WEIGHTS]) if WEIGHTS in names else "")
    except BaseException:
        for name in written if not _is_here(store, run_id) else ():  # another process may have taken it in meanwhile
            storage.delete(name)
        raise
    return store.run(run_id)


def _is_here(store: RunStore, run_id: str) -> bool:
    try:
        find_run(store, run_id)
    except KeyError:
        return False
    return True


def _check(bundle: Bundle) -> NetSpec:
    """The net that was trained, with the channels and classes of its data. Raises BundleError."""
    run, facts = bundle.run, bundle.run["facts"]
    try:
        _check_data(TrainingConfig(**run["config"]))
        _check_facts(facts)
        NetSpec(**run["spec"])
        spec = NetSpec(**facts.get("spec", run["spec"]))
        if bundle.weights:
            form = PictureFormat.from_dict(facts["form"])
            if (form.channels, len(form.classes)) != (spec.in_channels, spec.classes):
                raise BundleError("the bundle's pictures are not such as its net takes")
        for name, png in bundle.files.items():
            if name.startswith("samples/"):
                decode_image(png)
    except (ConfigError, SpecError, ImageError, TypeError, KeyError, AttributeError) as error:
        raise BundleError(f"the bundle holds a run that this version does not know: {error}") from error
    return spec


def _check_data(config: TrainingConfig) -> None:
    if config.dataset not in DATASETS:
        raise BundleError(f"the run learned from {str(config.dataset)[:40]!r}, a data set that this version has not")
    if not isinstance(config.folder, str):
        raise BundleError("the folder of the run's pictures is no text")


def _check_facts(facts: dict[str, Any]) -> None:
    for name, kind in FACTS.items():
        if not isinstance(facts.get(name, kind()), kind):
            raise BundleError(f"{name} of the run is {str(facts[name])[:40]!r}; that cannot be")
    if not all(isinstance(layer, str) for layer in (*facts.get("layers", ()), *facts.get("norm_layers", ()))):
        raise BundleError("the layers of the run are not all names")
    kept = facts.get(KEPT_EPOCHS, 0)
    if not _is_whole(kept) and not (isinstance(kept, list) and all(map(_is_whole, kept))):
        raise BundleError(f"{KEPT_EPOCHS} of the run is {str(kept)[:40]!r}; that cannot be")


def _is_whole(number: Any) -> bool:
    return isinstance(number, int) and not isinstance(number, bool)


def _check_weights(data: bytes, name: str, spec: NetSpec) -> None:
    try:
        found = read_checkpoint(data, name).spec
    except CheckpointError as error:
        raise BundleError(f"the weights cannot be used: {error}") from error
    if found != spec:
        raise BundleError(f"{name} holds {found.name}, and the run trained {spec.name}")


def _names(bundle: Bundle) -> dict[str, str]:
    """The names in the storage of the files of weights, by their names in the bundle; made here, never taken over."""
    run_id, kept = bundle.run["id"], bundle.run["facts"].get(KEPT_EPOCHS, 0)
    epochs = {name: int(name.removeprefix("weights/").partition(".")[0]) for name in bundle.weights if name != WEIGHTS}
    found = sorted(epochs.values())
    # Never a list as long as the bundle says: it can say anything.
    if bundle.weights and found != (list(range(len(found))) if kept == len(found) else kept):
        raise BundleError("the bundle does not hold the weights of the epochs that the run has kept")
    named = {name: epoch_file(run_id, epoch) for name, epoch in epochs.items()}
    return named | ({WEIGHTS: f"weights/{run_id}.safetensors"} if WEIGHTS in bundle.weights else {})
