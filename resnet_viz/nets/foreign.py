"""Which net do these tensors belong to? State dicts of torchvision and of published CIFAR nets, under our names."""

import re
from collections.abc import Callable, Mapping

from torch import Tensor

from resnet_viz.nets.build import build_outline
from resnet_viz.nets.layout import CIFAR_WIDTHS, IMAGENET_BLOCKS, VGG_LAYERS
from resnet_viz.nets.spec import NetSpec, SpecError

Tensors = Mapping[str, Tensor]
NESTED = ("state_dict", "model_state_dict", "model", "net")  # where training scripts put the state dict
COUNTER = "num_batches_tracked"  # of batch norm; old files lack it, and no output depends on it
CONVOLUTION = re.compile(r"layer(\d)\.(\d{1,4})\.conv(\d)\.weight")
PROJECTION = re.compile(r"layer(\d)\.(\d{1,4})\.(?:shortcut|downsample)\.0\.weight")


class ForeignError(ValueError):
    """Tensors that belong to no net known here; the message names the first that differs."""


def find_tensors(loaded: object) -> dict[str, Tensor]:
    """The state dict in what a file holds, without the prefix that DataParallel adds. Raises ForeignError."""
    candidates = [loaded, *(loaded.get(key) for key in NESTED)] if isinstance(loaded, Mapping) else []
    for found in candidates:
        if isinstance(found, Mapping) and found and all(isinstance(value, Tensor) for value in found.values()):
            return {str(name).removeprefix("module."): tensor for name, tensor in found.items()}
    raise ForeignError("it holds no state dict, at the top or under " + ", ".join(NESTED))


def recognize(tensors: Tensors) -> NetSpec:
    """The spec of a state dict in torchvision's or the CIFAR nets' common names. Raises ForeignError.

    What tensors cannot tell is taken as published: no projections mean shortcut A, and an ImageNet bottleneck has
    its stride where torchvision has it.
    """
    try:
        if "features.0.weight" in tensors:
            return _recognize_vgg(tensors)
        if "conv1.weight" in tensors:
            return _recognize_resnet(tensors)
    except (SpecError, KeyError, IndexError) as error:
        raise ForeignError(f"no net known here has its layers: {error}") from error
    start = next(iter(tensors), "nothing")
    raise ForeignError(f"its first tensor is {start}; expected conv1.weight (a ResNet) or features.0.weight (a VGG)")


def _recognize_resnet(tensors: Tensors) -> NetSpec:
    found = [tuple(map(int, match.groups())) for name in tensors if (match := CONVOLUTION.fullmatch(name))]
    if not found:
        raise ForeignError("layer1.0.conv1.weight is missing")
    stages = max(stage for stage, _, _ in found)
    layers = max(position for _, _, position in found)  # of a block
    counts = tuple(len({block for stage, block, _ in found if stage == k}) for k in range(1, stages + 1))
    stem = "cifar" if stages == len(CIFAR_WIDTHS) else "imagenet"
    depth = 2 + layers * sum(counts)
    if stem == "imagenet" and IMAGENET_BLOCKS.get(depth) != counts:
        raise ForeignError(f"it has {' + '.join(map(str, counts))} blocks, which no published ImageNet net has")
    projections = {tuple(map(int, match.groups())) for name in tensors if (match := PROJECTION.fullmatch(name))}
    # Option C projects where sizes stay too: behind the first block of a stage, and in a basic net's very first.
    keeps_sizes = any(block > 0 or (stage == 1 and layers == 2) for stage, block in projections)
    shortcut = "A" if not projections else "C" if keeps_sizes else "B"
    return NetSpec(
        "resnet",
        depth,
        shortcut,
        in_channels=tensors["conv1.weight"].shape[1],
        classes=_last(tensors).shape[0],
        stem=stem,
        block="bottleneck" if layers == 3 else "basic",
        stride_in="3x3",
    )


def _last(tensors: Tensors) -> Tensor:
    """The classifier's weight, whatever the net calls it."""
    name = next((name for name in ("fc.weight", "linear.weight") if name in tensors), None)
    if name is None:
        raise ForeignError("fc.weight (or linear.weight) is missing")
    return tensors[name]


def _recognize_vgg(tensors: Tensors) -> NetSpec:
    weights = [tensor for name, tensor in tensors.items() if re.fullmatch(r"features\.\d+\.weight", name)]
    layers = sum(weight.ndim == 4 for weight in weights)
    depth = layers + 3
    if depth not in VGG_LAYERS or "classifier.6.weight" not in tensors:
        raise ForeignError(f"it has {layers} convolutions and no classifier of VGG-16 or VGG-19")
    return NetSpec(
        "vgg",
        depth,
        in_channels=weights[0].shape[1],
        classes=tensors["classifier.6.weight"].shape[0],
        batch_norm=any(weight.ndim == 1 for weight in weights),
    )


def rename(tensors: Tensors, spec: NetSpec) -> dict[str, Tensor]:
    """The tensors under our names, for a spec that `recognize` gave. Raises ForeignError naming the first to differ."""
    theirs = _names_in_vgg(spec) if spec.family == "vgg" else _names_in_resnet(tensors, spec)
    renamed: dict[str, Tensor] = {}
    for ours, expected in build_outline(spec).state_dict().items():
        name = theirs[ours]
        tensor = tensors.get(name)
        if tensor is None and name.endswith(COUNTER):
            renamed[ours] = expected.new_zeros((), device="cpu")
        elif tensor is None:
            raise ForeignError(f"{name} is missing for {spec.name}")
        elif not (tensor.is_floating_point() or name.endswith(COUNTER)):
            raise ForeignError(f"{name} holds {tensor.dtype} and not floating-point numbers")
        elif tensor.shape != expected.shape:
            raise ForeignError(f"{name} is {_say(tensor)}, but {_say(expected)} in {spec.name}")
        else:
            renamed[ours] = tensor
    known = set(theirs.values())
    for name in tensors:
        if name not in known:
            raise ForeignError(f"{name} has no place in {spec.name}")
    return renamed


def _say(tensor: Tensor) -> str:
    return "x".join(map(str, tensor.shape)) or "one number"


def _names_in_resnet(tensors: Tensors, spec: NetSpec) -> dict[str, str]:
    """Their name for each of ours."""
    shortcut = "shortcut" if any(".shortcut." in name for name in tensors) else "downsample"
    classifier = "linear" if "linear.weight" in tensors else "fc"
    changes: list[tuple[str, str | Callable[[re.Match[str]], str]]] = [
        (r"^stem\.", ""),
        (r"^stage(\d+)\.block(\d+)\.", lambda match: f"layer{match[1]}.{int(match[2]) - 1}."),
        (r"\.branch\.", "."),
        (r"\.shortcut\.conv\.", f".{shortcut}.0."),
        (r"\.shortcut\.bn\.", f".{shortcut}.1."),
        (r"^head\.fc\.", f"{classifier}."),
    ]
    names = {}
    for ours in build_outline(spec).state_dict():
        name = ours
        for pattern, change in changes:
            name = re.sub(pattern, change, name)
        names[ours] = name
    return names


def _names_in_vgg(spec: NetSpec) -> dict[str, str]:
    """Their name for each of ours: torchvision numbers the layers of all stages on, poolings included."""
    names = {"head.fc1": "classifier.0", "head.fc2": "classifier.3", "head.fc": "classifier.6"}
    net = build_outline(spec)
    layers = [
        f"{stage}.{name}"
        for stage, part in net.named_children()
        if stage != "head"
        for name, _ in part.named_children()
    ]
    names |= {layer: f"features.{i}" for i, layer in enumerate(layers)}
    split = [name.rpartition(".") for name in net.state_dict()]
    return {f"{layer}.{tensor}": f"{names[layer]}.{tensor}" for layer, _, tensor in split}
