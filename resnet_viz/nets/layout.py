"""How many blocks has each stage, and how wide are they? What a depth means in each kind of net."""

from dataclasses import dataclass

IMAGENET_BLOCKS = {  # He et al. 2015, Table 1
    18: (2, 2, 2, 2),
    34: (3, 4, 6, 3),
    50: (3, 4, 6, 3),
    101: (3, 4, 23, 3),
    152: (3, 8, 36, 3),
}
FIRST_BOTTLENECK = 50  # of the ImageNet nets
VGG_LAYERS = {  # 3x3 layers of each stage
    16: (2, 2, 3, 3, 3),  # configurations D and E of Simonyan and Zisserman 2014, Table 1
    19: (2, 2, 4, 4, 4),
    18: (5, 4, 4, 4),  # for small pictures: as many layers a stage as the plain nets of Table 1
    34: (7, 8, 12, 6),
}
VGG_IMAGENET = (16, 19)
CIFAR_WIDTHS, IMAGENET_WIDTHS, VGG_WIDTHS = (16, 32, 64), (64, 128, 256, 512), (64, 128, 256, 512, 512)
SHALLOWEST, DEEPEST = 8, 1202
EXPANSION = {"basic": 1, "bottleneck": 4}
LAYERS = {"basic": 2, "bottleneck": 3}


@dataclass(frozen=True)
class Layout:
    """Blocks and filters of each stage, of the first to the last; for VGG a block is one layer."""

    blocks: tuple[int, ...]
    widths: tuple[int, ...]


def layout_of(
    family: str, stem: str, block: str, depth: int, width: int = CIFAR_WIDTHS[0], appended: int = 0
) -> Layout:
    """The stages of a net whose depth was found to be possible.

    CIFAR nets have `width` filters in their first stage, and `appended` blocks more in their last.
    """
    if family == "vgg":
        layers = VGG_LAYERS[depth]
        return Layout(layers, VGG_WIDTHS[: len(layers)])
    if stem == "imagenet":
        return Layout(IMAGENET_BLOCKS[depth], IMAGENET_WIDTHS)
    n = (depth - 2) // (3 * LAYERS[block])
    return Layout((n, n, n + appended), tuple(width * filters // CIFAR_WIDTHS[0] for filters in CIFAR_WIDTHS))


def possible_depths(family: str, stem: str, block: str) -> tuple[int, ...]:
    """Every depth of a kind of net, ascending."""
    if family == "vgg":
        return tuple(sorted(VGG_LAYERS))
    if stem == "imagenet":
        return tuple(IMAGENET_BLOCKS)
    step = 3 * LAYERS[block]
    return tuple(depth for depth in range(2 + step, DEEPEST + 1, step) if depth >= SHALLOWEST)


def explain_depth(family: str, stem: str, block: str, depth: int) -> str:
    """Why there is no net of this depth, and the nearest that there are, as a sentence; empty if there is one."""
    depths = possible_depths(family, stem, block)
    if depth in depths:
        return ""
    below = [d for d in depths if d < depth][-1:]
    above = [d for d in depths if d > depth][:1]
    nearest = " or ".join(str(d) for d in (*below, *above))
    if not (below and above):
        return f"depth {depth} is outside {depths[0]} to {depths[-1]}; try {nearest}"
    if family != "vgg" and stem == "cifar":
        return f"depth {depth} is not {3 * LAYERS[block]}n+2; try {nearest}"
    kind = "VGG net" if family == "vgg" else "ImageNet net of the paper"
    return f"there is no {kind} of depth {depth}; try {nearest}"
