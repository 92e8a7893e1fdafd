"""What would you have guessed? Questions whose answers lie in stored runs, to be asked before a curve is uncovered."""

from dataclasses import dataclass, field
from statistics import fmean
from typing import Any

from resnet_viz import lab
from resnet_viz.nets import NetSpec
from resnet_viz.runs import Run
from resnet_viz.studies.evidence import Evidence

CLOSE = 2.0  # points of error within which two nets are about the same
ABOUT_THE_SAME = "about the same"


@dataclass(frozen=True)
class Guess:
    """Two nets trained by one recipe, and a question about their errors; `why` is said once it was answered."""

    key: str
    question: str
    nets: tuple[NetSpec, NetSpec]
    error: str  # train_error or test_error
    why: str
    page: str
    recipe: dict[str, Any] = field(default_factory=dict, hash=False)

    def runs(self, evidence: Evidence) -> tuple[list[Run], list[Run]]:
        """The runs of both nets, one a seed."""
        first, second = (evidence.runs(spec, **self.recipe) for spec in self.nets)
        return first, second


def options(guess: Guess) -> list[str]:
    """What can be guessed."""
    return [*(spec.name for spec in guess.nets), ABOUT_THE_SAME]


def answer_of(guess: Guess, evidence: Evidence) -> str | None:
    """The right option: the net with the lower mean error; None where a net has no run."""
    groups = guess.runs(evidence)
    if not all(groups):
        return None
    first, second = (100 * fmean(getattr(run, guess.error) for run in runs) for runs in groups)
    if abs(first - second) < CLOSE:
        return ABOUT_THE_SAME
    return guess.nets[first > second].name


def chance_of(guess: Guess, evidence: Evidence) -> float | None:
    """The p of Welch's test where it does not tell the two nets apart; None where it does, or cannot be made."""
    groups = guess.runs(evidence)
    if min(map(len, groups)) < 2:
        return None
    first, second = ([getattr(run, guess.error) for run in runs] for runs in groups)
    found = lab.compare_errors(first, second, (guess.nets[0].name, guess.nets[1].name))
    return None if found.winner else found.p


CIFAR: dict[str, Any] = {"dataset": "cifar10", "recipe": "short"}
GUESSES = {
    guess.key: guess
    for guess in (
        Guess(
            "deeper",
            "Two plain nets learn the same digits. One has 20 layers, the other 56, with room for all that the first "
            "can "
            "do. Which ends with the lower error on its *training* pictures?",
            (NetSpec("plain", 20), NetSpec("plain", 56)),
            "train_error",
            "The deeper net could copy the shallower one and do nothing in its other 36 layers. The solver does not "
            "find "
            "that: this is degradation, and since it is the training error, it is not overfitting.",
            "degradation",
        ),
        Guess(
            "shortcut",
            "Now 56 layers twice: the same 3x3 layers with the same first weights, but one net adds the input of "
            "every two "
            "layers to their output. Which ends with the lower training error?",
            (NetSpec("plain", 56), NetSpec("resnet", 56)),
            "train_error",
            "The shortcuts add no parameter. What was hard to find, layers that do little, is now where every block "
            "begins.",
            "degradation",
        ),
        Guess(
            "shallow",
            "And with 8 layers: does the shortcut help there, too? Which has the lower error on the test pictures?",
            (NetSpec("plain", 8), NetSpec("resnet", 8)),
            "test_error",
            "A net of 8 layers is easy to optimize anyhow. Shortcuts are about depth.",
            "degradation",
        ),
        Guess(
            "photographs",
            "On photographs (CIFAR-10, ten epochs): a plain net of 20 layers against one of 56. Which has the lower "
            "test "
            "error?",
            (NetSpec("plain", 20), NetSpec("plain", 56)),
            "test_error",
            "It is no matter of digits. The paper trained for 64,000 steps and saw the same.",
            "degradation",
            CIFAR,
        ),
        Guess(
            "gain",
            "Residual nets on the same photographs: 20 layers against 56, for ten epochs. Which has the lower test "
            "error?",
            (NetSpec("resnet", 20), NetSpec("resnet", 56)),
            "test_error",
            "With shortcuts more depth is no harm. How much it gains depends on how long one trains.",
            "degradation",
            CIFAR,
        ),
        Guess(
            "vgg",
            "VGG-style nets, wide and without shortcuts, on digits: 18 layers against 34. Which has the lower test "
            "error?",
            (NetSpec("vgg", 18), NetSpec("vgg", 34)),
            "test_error",
            "Width does not save a net from degradation. The article saw it in such nets on CIFAR-10.",
            "degradation",
        ),
    )
}
