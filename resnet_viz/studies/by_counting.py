"""Which claims need no training? What follows from the nets themselves, counted anew every time."""

from collections.abc import Callable
from functools import lru_cache
from math import comb

from resnet_viz import nets
from resnet_viz.nets import NetSpec
from resnet_viz.paper import TABLE_6
from resnet_viz.studies.evidence import Evidence, Finding, Verdict

Judge = Callable[[Evidence], Finding]
ALIKE = 0.15  # the share by which two numbers of multiply-adds may differ and still be of one size


@lru_cache(maxsize=64)
def _count(spec: NetSpec) -> tuple[int, float]:
    """Parameters, and multiply-adds for one picture."""
    table = nets.layer_table(spec)
    return int(table["parameters"].sum()), float(table["multiply_adds"].sum())


def shortcuts_cost_nothing(_: Evidence) -> Finding:
    """A plain net and the residual net with identity shortcuts have equally many parameters and multiply-adds."""
    depths = sorted(TABLE_6)
    same = [_count(NetSpec("plain", depth)) == _count(NetSpec("resnet", depth, "A")) for depth in depths]
    count = _count(NetSpec("resnet", 56, "A"))[0]
    return Finding(
        Verdict.HOLDS if all(same) else Verdict.FAILS,
        f"Counted layer by layer at depths {', '.join(map(str, depths))}: equal in {sum(same)} of {len(same)} pairs; "
        f"plain-56 and ResNet-56 (A) have {count:,} parameters each.",
    )


def deeper_than_vgg_at_less_cost(_: Evidence) -> Finding:
    """ResNet-152 is eight times as deep as VGG nets, and takes fewer operations."""
    deep, (vgg_16, vgg_19) = (
        _count(NetSpec("resnet", 152, "B", classes=1000, stem="imagenet"))[1],
        (_count(NetSpec("vgg", depth, classes=1000))[1] for depth in (16, 19)),
    )
    return Finding(
        Verdict.HOLDS if deep < min(vgg_16, vgg_19) else Verdict.FAILS,
        f"ResNet-152 takes {deep / 1e9:.1f} billion multiply-adds a picture, VGG-16 {vgg_16 / 1e9:.1f} and VGG-19 "
        f"{vgg_19 / 1e9:.1f} billion.",
    )


def bottlenecks_keep_the_cost(_: Evidence) -> Finding:
    """Blocks of 1x1, 3x3 and 1x1 layers make a net of 50 layers cost about as much as one of 34 with 3x3 pairs."""
    basic, bottleneck = (_count(NetSpec("resnet", depth, "B", classes=1000, stem="imagenet"))[1] for depth in (34, 50))
    ratio = bottleneck / basic
    return Finding(
        Verdict.HOLDS if abs(ratio - 1) <= ALIKE else Verdict.FAILS,
        f"ResNet-50 takes {bottleneck / 1e9:.2f} billion multiply-adds, ResNet-34 {basic / 1e9:.2f}: {ratio:.2f} "
        "times as "
        f"many, with 16 layers more.",
    )


def one_relu_on_the_way_back(_: Evidence) -> Finding:
    """A gradient reaches the block before through one ReLU alone."""
    on_shortcut, in_branch = _relus(NetSpec("resnet", 20, "A"))
    preact, _in_branch = _relus(NetSpec("resnet", 20, "A", order="preact"))
    verdict = Verdict.DEPENDS if on_shortcut == 1 else Verdict.FAILS
    return Finding(
        verdict,
        f"Through the shortcut a gradient passes {on_shortcut} ReLU of a block in the original order, and {preact} "
        "with full "
        f"pre-activation; through the branch it passes {in_branch} in the original order. What arrives is the sum of "
        "both.",
    )


def _relus(spec: NetSpec) -> tuple[int, int]:
    """ReLUs that a gradient passes in one block: by the shortcut, and by the branch."""
    from torch import nn

    from resnet_viz.nets.build import build_outline

    block = build_outline(spec).get_submodule("stage2.block2")
    parts = {
        name: sum(isinstance(layer, nn.ReLU) for layer in block.get_submodule(name).modules())
        for name in ("before", "branch", "shortcut", "after")
    }
    return parts["shortcut"] + parts["after"], parts["before"] + parts["branch"] + parts["after"]


def few_paths_are_short(_: Evidence) -> Finding:
    """Of the paths through 54 blocks, those through 5 to 17 are 0.45 %."""
    share = sum(comb(54, length) for length in range(5, 18)) / 2**54
    return Finding(
        Verdict.HOLDS if round(100 * share, 2) == 0.45 else Verdict.FAILS,
        f"Of the 2 to the power of 54 ways through 54 blocks, {100 * share:.2f} % pass 5 to 17 branches (binomial "
        "coefficients).",
    )
