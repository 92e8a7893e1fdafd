"""Do gradients vanish before training begins? Gradient and scale of every layer at the start (He et al. 2015, 4.1)."""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

import pandas as pd
import torch
from torch import Tensor, nn
from torch.func import functional_call

from resnet_viz.lab.blocks import Tell, be_silent, blocks_of
from resnet_viz.nets import ConvNet, NetSpec, build_net

GRADIENT_LIMIT = (
    1e4  # gradients this many times smaller or larger than 1, or than those of the last layers, are not healthy
)
BELONG_TO_LAYER = (nn.BatchNorm2d, nn.ReLU, nn.Tanh, nn.Sigmoid)


@dataclass(frozen=True)
class GradientScale:
    """Median gradient norms of a net's first and last third of layers; the classifier is in neither of them."""

    first: float
    last: float

    @property
    def ratio(self) -> float:
        """How many times as large the first layers' gradients are as the last ones'; NaN if both are 0."""
        return self.first / self.last if self.last else math.nan if self.first == 0 else math.inf

    @property
    def verdict(self) -> str:
        """Whether they "vanish", "explode", or are "healthy".

        They vanish if the first third's median, or its ratio to the last third's, is below 1 / GRADIENT_LIMIT; they
        explode if one of these is above GRADIENT_LIMIT, or where numbers have overflowed. The ratio alone would not do:
        gradients of a plain ReLU net without norm are of one size in all layers, however small that is.
        """
        if not (math.isfinite(self.first) and math.isfinite(self.last)):
            return "explode"
        looked_at = [self.first] if math.isnan(self.ratio) else [self.first, self.ratio]
        if min(looked_at) < 1 / GRADIENT_LIMIT:
            return "vanish"
        return "explode" if max(looked_at) > GRADIENT_LIMIT else "healthy"


def gradient_scale(frame: pd.DataFrame) -> GradientScale:
    """The scale of one net's gradients, from a frame of `gradients_by_layer`."""
    gradient = frame.sort_values("position")["gradient"]
    third = max(1, (len(gradient) - 1) // 3)
    first, last = gradient.iloc[:third], gradient.iloc[-1 - third : -1]
    return GradientScale(float(first.median(skipna=False)), float(last.median(skipna=False)))


def gradients_at_initialization(spec: NetSpec, x: Tensor, labels: Tensor, seed: int = 0) -> pd.DataFrame:
    """`gradients_by_layer` of the net that this seed draws, untrained. Torch's own generator stays as it is."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return gradients_by_layer(build_net(spec).to(x.device), x, labels)


def compare_initializations(
    specs: Sequence[tuple[str, NetSpec]], seeds: Sequence[int], x: Tensor, labels: Tensor, tell: Tell = be_silent
) -> pd.DataFrame:
    """`gradients_at_initialization` of nets by their slugs, and of every seed: with columns spec (slug), net, seed."""
    plan = [(slug, spec, seed) for slug, spec in specs for seed in seeds]
    frames = []
    for done, (slug, spec, seed) in enumerate(plan):
        frame = gradients_at_initialization(spec, x, labels, seed)
        frames.append(frame.assign(spec=slug, net=spec.name, seed=seed))
        tell((done + 1) / len(plan))
    return pd.concat(frames, ignore_index=True)


def gradients_by_layer(net: ConvNet, x: Tensor, labels: Tensor) -> pd.DataFrame:
    """Gradient and output scale of every layer of the main path, in training mode, from one batch.

    x (B, C, H, W), labels (B,). Columns: layer (name), position (1 is next to the picture; projections and gates have
    none and are left out), gradient (2-norm of dL/dW of the layer's weights, L the mean cross-entropy), activation
    (standard deviation over all numbers of the layer's output). Its output is what comes out of the norm and the
    activation that follow it in its branch; of the last layer of a block it is the block's output, behind the addition;
    of the classifier the logits. Sums are float64, all else is float32 as in training: what is too small is 0, and
    what overflows is inf or NaN.
    """
    outputs = layer_outputs(net)
    weights = [net.get_submodule(name).get_parameter("weight") for name in outputs]
    buffers = {name: buffer.clone() for name, buffer in net.named_buffers()}  # a batch norm counts what it sees
    with _in_training(net), _watched(outputs) as spreads:
        loss = nn.functional.cross_entropy(functional_call(net, buffers, (x,)), labels)
        gradients = torch.autograd.grad(loss, weights, allow_unused=True)
    norms = [0.0 if g is None else float(g.double().norm()) for g in gradients]  # None: its block was left out
    rows = {
        "layer": list(outputs),
        "position": range(1, len(outputs) + 1),
        "gradient": norms,
        "activation": [spreads.get(name, math.nan) for name in outputs],
    }
    return pd.DataFrame(rows)


def layer_outputs(net: ConvNet) -> dict[str, nn.Module]:
    """The module that ends each layer of the main path, by the layer's name, in order: a norm, activation or block."""
    ends: dict[str, nn.Module] = {}
    layer = ""
    for name, module in net.named_modules():
        if ".shortcut." in name or ".gate." in name:
            continue
        is_same = name.rpartition(".")[0] == layer.rpartition(".")[0]
        if isinstance(module, nn.Conv2d | nn.Linear):
            layer = name
            ends[layer] = module
        elif isinstance(module, BELONG_TO_LAYER) and layer and is_same:
            ends[layer] = module
    for name, block in blocks_of(net).items():
        ends[[layer for layer in ends if layer.startswith(f"{name}.")][-1]] = block
    return ends


@contextmanager
def _watched(outputs: dict[str, nn.Module]) -> Iterator[dict[str, float]]:
    """The standard deviation of what each module gave, by the name it has here."""
    spreads: dict[str, float] = {}

    def keep(name: str, module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        spreads[name] = float(output.detach().double().std(correction=0))

    hooks = [module.register_forward_hook(partial(keep, name)) for name, module in outputs.items()]
    try:
        yield spreads
    finally:
        for hook in hooks:
            hook.remove()


@contextmanager
def _in_training(net: nn.Module) -> Iterator[None]:
    was = net.training
    try:
        net.train()
        yield
    finally:
        net.train(was)
