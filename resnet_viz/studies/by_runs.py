"""Which claims are decided by training? Errors over seeds, held against each other by Welch's test."""

from collections.abc import Callable, Sequence
from statistics import fmean
from typing import Any

from resnet_viz import lab
from resnet_viz.nets import NetSpec
from resnet_viz.runs import Run
from resnet_viz.studies.evidence import Evidence, Finding, Verdict, untested

Judge = Callable[[Evidence], Finding]
CLOSE = 2.0  # points of error within which a net has kept what it had


def beats(better: NetSpec, worse: NetSpec, error: str = "test_error", **recipe: Any) -> Judge:
    """The first net ends with the lower error: holds where Welch's test says so, fails where it says the opposite."""

    def judge(evidence: Evidence) -> Finding:
        ours, theirs = evidence.runs(better, **recipe), evidence.runs(worse, **recipe)
        if not ours or not theirs:
            return untested(f"run of {' and of '.join(s.name for s, r in ((better, ours), (worse, theirs)) if not r)}")
        found = _compare(ours, theirs, error)
        verdict = {better.name: Verdict.HOLDS, worse.name: Verdict.FAILS}.get(found.winner or "", Verdict.DEPENDS)
        return Finding(verdict, _tell(ours, theirs, error, found), _ids(ours, theirs))

    return judge


def ties(one: NetSpec, others: Sequence[NetSpec], error: str = "test_error", **recipe: Any) -> Judge:
    """The nets end with nearly the same error: the 95 % interval of each difference lies within CLOSE points."""

    def judge(evidence: Evidence) -> Finding:
        ours = evidence.runs(one, **recipe)
        found = [(spec, evidence.runs(spec, **recipe)) for spec in others]
        if not ours or not all(runs for _, runs in found):
            return untested(f"run of {', '.join(spec.name for spec, runs in [(one, ours), *found] if not runs)}")
        tests = [(runs, _compare(ours, runs, error)) for _, runs in found]
        verdict = Verdict.HOLDS if all(_is_close(test) for _, test in tests) else Verdict.DEPENDS
        verdict = Verdict.FAILS if any(test.winner and not _is_close(test) for _, test in tests) else verdict
        sentence = " ".join(_tell(ours, runs, error, test) for runs, test in tests)
        return Finding(verdict, sentence, _ids(ours, *(runs for runs, _ in tests)))

    return judge


def fits_its_pictures(spec: NetSpec, **recipe: Any) -> Judge:
    """The net learns its training pictures: an error of at most one in a hundred."""

    def judge(evidence: Evidence) -> Finding:
        runs = evidence.runs(spec, **recipe)
        if not runs:
            return untested(f"run of {spec.name}")
        errors = [run.train_error or 0.0 for run in runs]
        most = max(errors)
        verdict = Verdict.HOLDS if most <= lab.FITS else Verdict.FAILS if min(errors) > lab.FITS else Verdict.DEPENDS
        sentence = f"{spec.name} ends at {100 * fmean(errors):.1f} % training error after {runs[0].total_steps} steps."
        return Finding(verdict, sentence + _one_seed(runs), _ids(runs))

    return judge


def overfits(deep: NetSpec, shallow: NetSpec, **recipe: Any) -> Judge:
    """The deep net learns its training pictures, and is worse than the shallow one on others."""

    def judge(evidence: Evidence) -> Finding:
        ours, theirs = evidence.runs(deep, **recipe), evidence.runs(shallow, **recipe)
        if not ours or not theirs:
            return untested(f"run of {deep.name} and of {shallow.name}")
        deepest, other = ours[0], theirs[0]
        pairs = [(run.train_error or 0.0, run.test_error or 0.0) for run in (deepest, other)]
        found = lab.judge_overfitting(pairs[0], pairs[1], deepest.facts["test_count"])
        verdict = Verdict.HOLDS if found.words == "overfits" else Verdict.FAILS
        verdict = Verdict.DEPENDS if found.words.startswith("does not fit") else verdict
        sentence = (
            f"{deep.name} {found.words}: {100 * pairs[0][0]:.1f} % training and {100 * pairs[0][1]:.1f} % test error, "
            f"against {100 * pairs[1][0]:.1f} and {100 * pairs[1][1]:.1f} % of {shallow.name}; tests on "
            f"{deepest.facts['test_count']} pictures differ by {found.noise:.1f} points by chance."
        )
        return Finding(verdict, sentence + _one_seed(ours), _ids(ours[:1], theirs[:1]))

    return judge


def keeps_more(depth: int) -> Judge:
    """Trained on with blocks that do nothing, the residual net keeps its error and the plain one does not."""

    def judge(evidence: Evidence) -> Finding:
        for pair in evidence.pairs(depth):
            ended = {start.spec["family"]: evidence.started_from(start.id) for start in pair}
            if all(ended.values()):
                break
        else:
            return untested(f"run that trains plain-{depth} and ResNet-{depth} on with blocks appended")
        rises = {
            start.spec["family"]: [
                100 * ((run.test_error or 0.0) - (start.test_error or 0.0)) for run in ended[start.spec["family"]]
            ]
            for start in pair
        }
        plain, residual = fmean(rises["plain"]), fmean(rises["resnet"])
        kept, lost = residual <= CLOSE, plain > CLOSE
        verdict = Verdict.HOLDS if kept and lost else Verdict.FAILS if not kept else Verdict.DEPENDS
        blocks = ended["plain"][0].spec["appended"]
        sentence = (
            f"With {blocks} blocks appended and trained on, plain-{depth} changes its test error by {plain:+.1f} "
            "points "
            f"and ResNet-{depth} by {residual:+.1f} ({_say_seeds(ended['plain'], ended['resnet'])}; up to {CLOSE:g} "
            "counts as kept)."
        )
        return Finding(verdict, sentence, _ids(pair, *ended.values()))

    return judge


def _compare(ours: Sequence[Run], theirs: Sequence[Run], error: str) -> lab.Comparison:
    names = (NetSpec(**ours[0].spec).name, NetSpec(**theirs[0].spec).name)
    return lab.compare_errors([getattr(run, error) for run in ours], [getattr(run, error) for run in theirs], names)


def _is_close(found: lab.Comparison) -> bool:
    return found.low is not None and found.high is not None and found.low >= -CLOSE and found.high <= CLOSE


def _tell(ours: Sequence[Run], theirs: Sequence[Run], error: str, found: lab.Comparison) -> str:
    kind = "training" if error == "train_error" else "test"
    means = [100 * fmean(getattr(run, error) for run in runs) for runs in (ours, theirs)]
    p = ""
    if found.p is not None:
        p = f" (p = {found.p:.2g} by Welch's t-test; a difference of {found.low:+.1f} to {found.high:+.1f} points)"
    return (
        f"{found.names[0]} has {means[0]:.1f} % {kind} error and {found.names[1]} {means[1]:.1f} % "
        f"({_say_seeds(ours, theirs)}): "
        f"{found.words}{p}."
    )


def _say_seeds(ours: Sequence[Run], theirs: Sequence[Run]) -> str:
    if len(ours) != len(theirs):
        return f"{len(ours)} and {len(theirs)} seeds"
    return "one seed each" if len(ours) == 1 else f"{len(ours)} seeds each"


def _one_seed(runs: Sequence[Run]) -> str:
    return " One seed: others may differ." if len(runs) == 1 else ""


def _ids(*groups: Sequence[Run]) -> tuple[str, ...]:
    return tuple(run.id for runs in groups for run in runs)
