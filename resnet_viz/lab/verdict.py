"""Is one net better than another, or is it the seeds? Welch's t-test over runs, and a rule for what overfits.

The t distribution is taken from scipy.special: all of scipy.stats would make a page wait for a second.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import mean, variance

from scipy.special import stdtr, stdtrit

LEVEL = 0.05
UNFIT, OVERFITS = "does not fit its training pictures", "overfits"
FITS = 0.01  # training error up to which a net has learned its training pictures


@dataclass(frozen=True)
class Comparison:
    """Errors of two nets over seeds, and whether they differ by more than the seeds do.

    `difference` is the mean error of the first minus that of the second, in points; `low` and `high` bound its 95 %
    interval, `p` is that of Welch's t-test, two-sided. These three are None where a net has fewer than two runs,
    `difference` where one has none. `words` is the verdict.
    """

    names: tuple[str, str]
    counts: tuple[int, int]
    difference: float | None
    low: float | None
    high: float | None
    p: float | None
    words: str

    @property
    def winner(self) -> str | None:
        """The name of the net with the lower error; None where the runs do not tell."""
        if self.p is None or self.difference is None or self.p >= LEVEL:
            return None
        return self.names[int(self.difference > 0)]


def compare_errors(a: Sequence[float], b: Sequence[float], names: tuple[str, str]) -> Comparison:
    """Compare the errors, 0 to 1, of the runs of two nets: Welch's t-test at 5 %, as the variances may differ.

    Where neither net's error varies over its seeds there is nothing to test by: equal means are within the noise, and
    of unequal ones the lower beats the other, with an interval of no width.
    """
    counts = (len(a), len(b))
    if not a or not b:
        missing = " and ".join(name for name, runs in zip(names, (a, b), strict=True) if not runs)
        return Comparison(names, counts, None, None, None, None, f"no run of {missing}: no verdict")
    difference = float(100 * (mean(a) - mean(b)))
    if min(counts) < 2:
        return Comparison(names, counts, difference, None, None, None, _say_too_few(names, counts))
    shares = [10_000 * variance(runs) / len(runs) for runs in (a, b)]  # squared standard errors, in points
    spread = sqrt(sum(shares))
    if spread == 0:
        return _decide(names, counts, difference, 0.0, float(difference == 0))
    freedom = sum(shares) ** 2 / sum(share**2 / (count - 1) for share, count in zip(shares, counts, strict=True))
    p = 2 * float(stdtr(freedom, -abs(difference) / spread))
    return _decide(names, counts, difference, spread * float(stdtrit(freedom, 1 - LEVEL / 2)), p)


def _decide(names: tuple[str, str], counts: tuple[int, int], difference: float, reach: float, p: float) -> Comparison:
    winner, loser = names if difference < 0 else names[::-1]
    words = f"{winner} beats {loser}" if p < LEVEL else "within the noise of these seeds"
    return Comparison(names, counts, difference, difference - reach, difference + reach, p, words)


def _say_too_few(names: tuple[str, str], counts: tuple[int, int]) -> str:
    if counts == (1, 1):
        return "one run each: no verdict"
    single = names[counts.index(1)]
    return f"one run of {single}: no verdict"


@dataclass(frozen=True)
class Overfit:
    """Whether a deeper net overfits more than a shallower one: both errors' gaps, and the rule's answer in words.

    `gap` is test minus training error of the deeper net, `excess` its test error minus that of the shallower one, and
    `noise` what the excess must be above, all in points.
    """

    gap: float
    excess: float
    noise: float
    words: str


def judge_overfitting(deep: tuple[float, float], shallow: tuple[float, float], pictures: int) -> Overfit:
    """Judge by (training error, test error), 0 to 1, of a deep and a shallow net tested on so many pictures.

    The deep net overfits more if its training error is at most FITS, and its test error is above that of the shallow
    one by more than two independent tests on so many pictures differ by chance (1.96 standard errors of binomials).
    """
    train, test = deep
    noise = 196 * sqrt(sum(error * (1 - error) / pictures for error in (test, shallow[1])))
    excess = 100 * (test - shallow[1])
    if train > FITS:
        words = UNFIT
    elif excess > noise:
        words = OVERFITS
    elif excess < -noise:
        words = "fits its training pictures, and tests better"
    else:
        words = "fits its training pictures, and tests no worse than chance allows"
    return Overfit(100 * (test - train), excess, noise, words)
