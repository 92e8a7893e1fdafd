"""What is a block made of? A branch of two or three layers, and a way around it (He et al. 2015, 2016)."""

from collections import Counter, OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from resnet_viz.nets.layout import EXPANSION
from resnet_viz.nets.options import NO_SHORTCUT
from resnet_viz.nets.spec import NetSpec

ACTIVATION_LAYERS: dict[str, type[nn.Module]] = {"relu": nn.ReLU, "tanh": nn.Tanh, "sigmoid": nn.Sigmoid}
GATE_BIAS = -6.0  # the best of He et al. 2016, Table 1, for both gates
HALF = 0.5  # constant scaling, and the dropout of the same table


@dataclass(frozen=True)
class Places:
    """Where norms and activations stand in a block; between two convolutions there is always one of each."""

    before: tuple[str, ...]  # the first convolution
    last: tuple[str, ...]  # behind the last convolution, inside the branch
    after: tuple[str, ...]  # the addition


PLACES = {  # He et al. 2016, Fig. 4
    "original": Places(before=(), last=("norm",), after=("act",)),
    "bn_after": Places(before=(), last=(), after=("norm", "act")),
    "relu_before": Places(before=(), last=("norm", "act"), after=()),
    "relu_preact": Places(before=("act",), last=("norm",), after=()),
    "preact": Places(before=("norm", "act"), last=(), after=()),
}


class Subsample(nn.Module):
    """Option A where sizes change: every second pixel, and zeros for the new channels. No parameters."""

    def __init__(self, new_channels: int, stride: int) -> None:
        super().__init__()
        self.new_channels, self.stride = new_channels, stride

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) to (B, C + new, H / stride, W / stride)."""
        # A 1x1 average pool picks the same pixels as x[:, :, ::2, ::2], and its backward
        # keeps channels_last, which slicing does not.
        x = F.avg_pool2d(x, 1, self.stride)  # (B, C, H/2, W/2)
        before = self.new_channels // 2
        return F.pad(x, (0, 0, 0, 0, before, self.new_channels - before))  # (B, 2C, H/2, W/2)

    def extra_repr(self) -> str:
        """What the constructor was given."""
        return f"{self.new_channels}, {self.stride}"


class Constant(nn.Module):
    """A gate that is always the same."""

    def __init__(self, value: float) -> None:
        super().__init__()
        self.value = value

    def forward(self, x: Tensor) -> Tensor:
        """Any x to one number, shape ()."""
        return x.new_full((), self.value)

    def extra_repr(self) -> str:
        """What the constructor was given."""
        return f"{self.value}"


class Block(nn.Module):
    """H(x) = F(x) + x: a branch F of two or three layers, and a shortcut; without a shortcut H(x) = F(x).

    A gate g(x), where there is one, weighs the shortcut with 1 - g, and the branch with g if `gates_branch`.
    In training a branch is left out with the chance 1 - `survival`; in evaluation it is weighed with `survival`
    (Huang et al. 2016). Every activation is a module used once and the addition makes a new tensor: hooks and
    Captum need both.
    """

    def __init__(
        self,
        before: nn.Module,
        branch: nn.Module,
        after: nn.Module,
        shortcut: nn.Module | None = None,
        projects: bool = False,
        gate: nn.Module | None = None,
        gates_branch: bool = False,
        survival: float = 1.0,
    ) -> None:
        super().__init__()
        self.before, self.branch, self.gate = before, branch, gate
        self.shortcut, self.after = shortcut, after
        self.projects, self.gates_branch, self.survival = projects, gates_branch, survival

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, H, W) to (B, outputs, H / stride, W / stride)."""
        y = self.before(x)
        if self.shortcut is None:
            return self.after(self.branch(y))
        is_left_out = self.training and self.survival < 1 and torch.rand(()) >= self.survival
        out = None if is_left_out else self.branch(y)
        carried = self.shortcut(y if self.projects else x)  # a projection sees what the branch sees
        if self.gate is not None:
            gate = self.gate(x)
            carried = (1 - gate) * carried
            if out is not None and self.gates_branch:
                out = gate * out
        if out is None:
            return self.after(carried)
        if not self.training and self.survival < 1:
            out = self.survival * out
        out = out + carried
        return self.after(out)


def build_block(spec: NetSpec, inputs: int, width: int, stride: int, is_first: bool, survival: float) -> Block:
    """One block of a net; the first of a pre-activation net leaves its own start to the stem (He et al. 2016)."""
    places, layers = PLACES[spec.order], _Layers(spec)
    outputs = width * EXPANSION[spec.block]
    convolutions = _convolutions(spec, inputs, width, stride)
    before = layers.build([] if is_first else places.before, inputs)
    branch: OrderedDict[str, nn.Module] = OrderedDict()
    for i, sizes in enumerate(convolutions):
        is_last = i == len(convolutions) - 1
        branch |= layers.build(["conv"], *sizes)
        branch |= layers.build(places.last if is_last else ("norm", "act"), sizes[1])
    after = layers.build(places.after, outputs)
    start, middle, end = (nn.Sequential(part) for part in (before, branch, after))
    if spec.shortcut == NO_SHORTCUT:
        return Block(start, middle, end)
    gate, gates_branch = _build_gate(spec, inputs, outputs, stride)
    shortcut = _build_shortcut(spec, inputs, outputs, stride)
    projects = _is_projection(spec, inputs, outputs, stride)
    return Block(start, middle, end, shortcut, projects, gate, gates_branch, survival)


class _Layers:
    """Makes layers and numbers them as they come: conv1, bn1, act1, conv2, ..."""

    def __init__(self, spec: NetSpec) -> None:
        self.spec, self.counts = spec, Counter[str]()

    def build(self, kinds: Iterable[str], *sizes: int) -> "OrderedDict[str, nn.Module]":
        """Layers of these kinds by name; `sizes` are the channels, of a convolution also kernel and stride."""
        layers = OrderedDict[str, nn.Module]()
        for kind in kinds:
            if kind == "conv":
                layers[self._name("conv")] = convolution(self.spec, *sizes)
            elif kind == "act":
                layers[self._name("act")] = ACTIVATION_LAYERS[self.spec.activation]()
            elif self.spec.batch_norm:
                layers[self._name("bn")] = nn.BatchNorm2d(sizes[0])
        return layers

    def _name(self, kind: str) -> str:
        self.counts[kind] += 1
        return f"{kind}{self.counts[kind]}"


def convolution(spec: NetSpec, inputs: int, outputs: int, kernel: int, stride: int = 1) -> nn.Conv2d:
    """A convolution that keeps the map's size but for its stride; a bias only where no batch norm has one."""
    return nn.Conv2d(inputs, outputs, kernel, stride, padding=kernel // 2, bias=not spec.batch_norm)


def _convolutions(spec: NetSpec, inputs: int, width: int, stride: int) -> list[tuple[int, int, int, int]]:
    """Inputs, outputs, kernel and stride of each convolution of a branch."""
    if spec.block == "basic":
        return [(inputs, width, 3, stride), (width, width, 3, 1)]
    first, middle = (stride, 1) if spec.stride_in == "1x1" else (1, stride)
    return [(inputs, width, 1, first), (width, width, 3, middle), (width, 4 * width, 1, 1)]


def _changes_size(inputs: int, outputs: int, stride: int) -> bool:
    return stride != 1 or inputs != outputs


def _is_projection(spec: NetSpec, inputs: int, outputs: int, stride: int) -> bool:
    return spec.shortcut == "C" or (spec.shortcut == "B" and _changes_size(inputs, outputs, stride))


def _build_shortcut(spec: NetSpec, inputs: int, outputs: int, stride: int) -> nn.Module:
    """Identity, subsampling, a 1x1 projection with its norm, or dropout behind one of the first two."""
    if _is_projection(spec, inputs, outputs, stride):
        projection = OrderedDict[str, nn.Module](conv=convolution(spec, inputs, outputs, 1, stride))
        return nn.Sequential(projection | ({"bn": nn.BatchNorm2d(outputs)} if spec.batch_norm else {}))
    is_new = _changes_size(inputs, outputs, stride)
    carry: nn.Module = Subsample(outputs - inputs, stride) if is_new else nn.Identity()
    if spec.shortcut == "dropout":
        return nn.Sequential(OrderedDict([("carry", carry), ("dropout", nn.Dropout(HALF))]))
    return carry


def _build_gate(spec: NetSpec, inputs: int, outputs: int, stride: int) -> tuple[nn.Module | None, bool]:
    """The gate of a block, and whether it weighs the branch too (He et al. 2016, sec. 3)."""
    if spec.shortcut == "scaling":
        return Constant(HALF), True
    if spec.shortcut in ("exclusive", "gated"):
        conv = nn.Conv2d(inputs, outputs, 1, stride)
        return nn.Sequential(OrderedDict([("conv", conv), ("sigmoid", nn.Sigmoid())])), spec.shortcut == "exclusive"
    return None, False
