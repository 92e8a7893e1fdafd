"""How much memory does training take, and what if that is too much? Counted on the meta device."""

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import lru_cache, partial
from math import ceil, prod

import psutil
import torch
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks
from torch.multiprocessing.reductions import StorageWeakRef
from torch.utils.checkpoint import checkpoint

from resnet_viz.nets import ConvNet, NetSpec, layer_table
from resnet_viz.nets.build import build_outline
from resnet_viz.training.config import TrainingConfig

SEGMENT = 8  # blocks that are computed again together
PROCESS_BYTES = 880e6  # a worker with torch loaded and nothing else
HOLES = 1.2  # what the allocator holds of the maps, for their own size
SHARE_OF_FREE = 0.8  # of the free memory that a run may plan with
COPIES = {"sgd": 4, "adam": 5, "adamw": 5}  # of the weights: themselves, gradient, the optimizer's, the recorder's
PASSING = 4  # of the largest map: gradients on their way, and what a convolution works in


def estimate_memory(
    spec: NetSpec, config: TrainingConfig, size: int, train_count: int, recomputes: bool = False, kind: str = "cpu"
) -> float:
    """Bytes that a worker needs at its most to train a net in fp32 on `train_count` pictures of size x size.

    The maps that wait for the backward pass, the weights and their copies, the pictures, and on a CPU the process.
    With `recomputes` only the input of each segment waits, beside all maps of one segment.
    """
    layout = () if spec.family == "vgg" else tuple(spec.layout.blocks)
    ones = (1,) * len(layout)
    first_maps, largest, weights = _kept(spec, size, ones)
    waiting, one_of_each = float(first_maps), weights
    segments = [0.0]
    for k, count in enumerate(layout):
        maps, _, more_weights = _kept(spec, size, (*ones[:k], 2, *ones[k + 1 :]))
        block = maps - first_maps
        weights += (count - 1) * (more_weights - one_of_each)
        if recomputes:
            waiting += (ceil(count / SEGMENT) - 1) * _map_bytes(spec, size, k)
            segments.append(min(SEGMENT, count - 1) * block)
        else:
            waiting += (count - 1) * block
    batch = min(config.batch_size, train_count)
    pictures = train_count * size**2 * spec.in_channels
    all_maps = HOLES * batch * (waiting + max(segments) + PASSING * largest)
    return (0.0 if kind == "cuda" else PROCESS_BYTES) + all_maps + COPIES[config.optimizer] * weights + pictures


@lru_cache(maxsize=256)
def _kept(spec: NetSpec, size: int, blocks: tuple[int, ...]) -> tuple[int, int, int]:
    """Bytes of the maps that autograd keeps for one picture, of the largest map, and of the weights."""
    net = build_outline(spec, blocks or None).train()
    kept: dict[StorageWeakRef, int] = {}
    alive = []  # a storage that is gone could give its place to another

    def keep(tensor: Tensor) -> Tensor:
        if tensor.dim() == 4 and not isinstance(tensor, nn.Parameter):
            alive.append(tensor)
            kept[StorageWeakRef(tensor.untyped_storage())] = tensor.numel() * tensor.element_size()
        return tensor

    with saved_tensors_hooks(keep, lambda tensor: tensor):
        net(torch.empty(1, spec.in_channels, size, size, device="meta"))
    return sum(kept.values()), max(kept.values()), sum(p.numel() * p.element_size() for p in net.parameters())


def _map_bytes(spec: NetSpec, size: int, stage: int) -> int:
    table = layer_table(spec, size)
    rows = table[table["name"].str.startswith(f"stage{stage + 1}.")]
    return 4 * prod(rows["output_shape"].iloc[-1])


def must_recompute(spec: NetSpec, config: TrainingConfig, size: int, train_count: int, free: float) -> bool:
    """Whether blocks are computed again in the backward pass, to fit into `free` bytes."""
    if config.recompute != "auto":
        return config.recompute == "on"
    # No net keeps more than what all its layers put out: most need no closer look, which takes most of a second.
    everything = sum(4 * prod(shape) for shape in layer_table(spec, size)["output_shape"])
    if PROCESS_BYTES + 2 * HOLES * everything * min(config.batch_size, train_count) < SHARE_OF_FREE * free:
        return False
    return estimate_memory(spec, config, size, train_count) > SHARE_OF_FREE * free


def free_memory(kind: str) -> float:
    """Bytes that are free on a kind of device; what the Apple GPU uses is the machine's own memory."""
    return float(torch.cuda.mem_get_info()[0] if kind == "cuda" else psutil.virtual_memory().available)


def peak_memory(kind: str) -> int:
    """Bytes that this process has held at most, on a GPU or in the machine's memory."""
    if kind == "cuda":
        return int(torch.cuda.max_memory_reserved())
    if sys.platform == "win32":
        return int(psutil.Process().memory_info().peak_wset)
    import resource

    return int(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss) * (1 if sys.platform == "darwin" else 1024)


def forward_recomputing(net: ConvNet) -> Callable[[Tensor], Tensor]:
    """The net's forward pass, keeping the input of each SEGMENT blocks alone: less memory, a third more time.

    Outputs and gradients are the same (Chen et al. 2016); batch norms count every batch once.
    """
    parts: list[nn.Module] = []
    for name, part in net.named_children():
        if name.startswith("stage"):
            blocks = list(part.children())
            parts += [nn.Sequential(*blocks[i : i + SEGMENT]) for i in range(0, len(blocks), SEGMENT)]
        else:
            parts.append(part)

    def forward(x: Tensor) -> Tensor:
        for part in parts:
            x = checkpoint(part, x, use_reentrant=False, context_fn=partial(_contexts, part))
        return x

    return forward


def _contexts(part: nn.Module) -> tuple[AbstractContextManager[None], AbstractContextManager[None]]:
    return nullcontext(), _again(part)


@contextmanager
def _again(part: nn.Module) -> Iterator[None]:
    """While a part is computed a second time its batch norms do not count the batch again."""
    norms = [module for module in part.modules() if isinstance(module, nn.BatchNorm2d)]
    counted = [dict(norm.named_buffers()) for norm in norms]
    for norm, buffers in zip(norms, counted, strict=True):
        for name, value in buffers.items():
            setattr(norm, name, value.clone())
    try:
        yield
    finally:
        for norm, buffers in zip(norms, counted, strict=True):
            for name, value in buffers.items():
                setattr(norm, name, value)
