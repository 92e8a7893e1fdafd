"""How long will a run take? Two small nets of its kind are timed here; the rest is proportion."""

from dataclasses import dataclass
from math import ceil

from resnet_viz.nets import NetSpec
from resnet_viz.training.config import TrainingConfig, count_steps

EVALUATION_SHARE = 1 / 3  # a forward pass costs a third of a training step
RECOMPUTING = 4 / 3  # a second forward pass


@dataclass(frozen=True)
class Pace:
    """Seconds of a training step with one block in every stage, and what one more block in every stage adds."""

    first: float
    block: float


def seconds_of_step(spec: NetSpec, pace: Pace) -> float:
    """Seconds that one step of a net takes, forward and backward, at the pace of nets of its kind with all blocks.

    Stochastic depth computes a block of (1 + survival) / 2 on average.
    """
    blocks = spec.layout.blocks
    more = 0.0 if spec.family == "vgg" else sum(blocks) / len(blocks) - 1
    return pace.first + more * pace.block * (1 + spec.survival) / 2


def estimate_seconds(
    spec: NetSpec, config: TrainingConfig, pace: Pace, train_count: int, test_count: int, recomputes: bool = False
) -> float:
    """Seconds that a run takes at a pace, from its first step on, with the test after every epoch.

    A stage's blocks cost the same, in every stage. Raises ConfigError where the configuration has no two steps.
    """
    steps = count_steps(train_count, config)
    step = seconds_of_step(spec, pace) * (RECOMPUTING if recomputes else 1.0)
    tests = ceil(steps.total / steps.an_epoch)
    return step * (steps.total + tests * EVALUATION_SHARE * test_count / steps.batch_size)
