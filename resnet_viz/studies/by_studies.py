"""Which claims are decided by asking nets? Answers of the laboratory, each with the rule that makes it a verdict."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from resnet_viz import lab
from resnet_viz.nets import NetSpec
from resnet_viz.studies.evidence import Asked, Evidence, Finding, Verdict, untested

Judge = Callable[[Evidence], Finding]
LITTLE, MUCH = 5.0, 20.0  # points of error: hardly moved, and clearly lost
SHORT = 0.5  # share of a net's blocks: a path through fewer of them is short
NEVER = 0.01  # share of units that never fire, from which on some need not


def gradients_are(slug: str, *expected: str) -> Judge:
    """At initialization the gradients of a net "vanish", "explode", or are "healthy" (lab.GradientScale)."""

    def judge(evidence: Evidence) -> Finding:
        answer = evidence.about_specs("initialization")
        frame = answer.frame[answer.frame["spec"] == slug] if answer else pd.DataFrame()
        if answer is None or frame.empty:
            return untested(f"measurement of {NetSpec.from_slug(slug).name} at initialization")
        scales = [lab.gradient_scale(part) for _, part in frame.groupby("seed")]
        held = [scale.verdict in expected for scale in scales]
        verdict = Verdict.HOLDS if all(held) else Verdict.DEPENDS if any(held) else Verdict.FAILS
        scale, said = scales[0], " or ".join(dict.fromkeys(scale.verdict for scale in scales))
        sentence = (
            f"{frame['net'].iloc[0]}: the median gradient norm is {scale.first:.2g} in the first third of the layers "
            f"and {scale.last:.2g} in the last third (seed 0 of {len(scales)}, a batch of "
            f"{answer.study.params['pictures']} pictures). By the rule of the page: {said}."
        )
        return Finding(verdict, sentence, studies=(answer.study.id,))

    return judge


def appending_changes_nothing(evidence: Evidence) -> Finding:
    """A residual net with blocks appended whose branches are zero gives the same outputs, to the bit."""
    asked = evidence.answer("identity", ("resnet",))
    if asked is None:
        return untested("measurement of nets with blocks appended")
    frame = asked.of("resnet")
    verdict = Verdict.HOLDS if frame["same_bits"].all() else Verdict.FAILS
    row = frame.iloc[0]
    return asked.find(
        verdict,
        f"With {row['appended']} zero branches appended the outputs of {row['net']} differ by at most "
        f"{frame['largest_difference'].max():g} on {row['pictures']} pictures, in evaluation and in training mode.",
    )


def appending_to_a_plain_net_changes_nothing(evidence: Evidence) -> Finding:
    """A plain net can be deepened by layers that are the identity, so its error need not rise."""
    asked = evidence.answer("identity", ("plain",), 20) or evidence.answer("identity", ("plain",))
    if asked is None:
        return untested("measurement of nets with blocks appended")
    frame = asked.of("plain")
    calm = frame[frame["mode"] == "evaluation"].sort_values("largest_difference").iloc[0]
    stirred = frame[(frame["mode"] == "training") & (frame["variant"] == calm["variant"])].iloc[0]
    is_kept = calm["error_after"] == calm["error_before"]
    verdict = Verdict.DEPENDS if is_kept and not stirred["same_bits"] else Verdict.HOLDS if is_kept else Verdict.FAILS
    return asked.find(
        verdict,
        f"In evaluation {calm['net']} keeps its error with Dirac's convolutions ({calm['variant']}): outputs differ "
        "by at "
        f"most {calm['largest_difference']:.2g}. In training, where batch norms use the batch's own statistics, they "
        f"differ by up to {stirred['largest_difference']:.2g}.",
    )


def responses_are_smaller(evidence: Evidence) -> Finding:
    """The layers of a residual net answer less strongly than those of the plain net (He et al. 2015, Fig. 7)."""
    return _layers(evidence, "response", "standard deviation of the responses")


def parameters_are_smaller(evidence: Evidence) -> Finding:
    """The weights in residual branches are smaller than those of the plain net's layers."""
    return _layers(evidence, "weight_rms", "root mean square of the weights")


def _layers(evidence: Evidence, column: str, what: str) -> Finding:
    asked = evidence.answer("responses", depth=56) or evidence.answer("responses")
    if asked is None:
        return untested("measurement of the layers of a plain and a residual net")
    found = lab.compare_layers(asked.of("plain"), asked.of("resnet"), column)
    words = {"smaller": Verdict.HOLDS, "larger": Verdict.FAILS}
    return asked.find(
        words.get(found.verdict, Verdict.DEPENDS),
        f"The {what} in {' against '.join(asked.runs)}: {found.verdict} in the residual net; the median ratio is "
        f"{found.ratio:.2f}, smaller in {found.smaller} of {found.layers} layers (p = {found.p:.2g}, Wilcoxon's test).",
    )


def deeper_answers_less(evidence: Evidence) -> Finding:
    """The layers of a deeper residual net answer less strongly (He et al. 2015, sec. 4.2)."""
    deep, shallow = (evidence.answer("responses", ("resnet",), depth) for depth in (56, 20))
    if deep is None or shallow is None:
        return untested("measurement of the layers of ResNet-20 and ResNet-56")
    medians = [one.of("resnet").loc[lambda rows: rows["stage"] > 0, "response"].median() for one in (deep, shallow)]
    verdict = Verdict.HOLDS if medians[0] < medians[1] else Verdict.FAILS
    return deep.find(
        verdict,
        f"The median response of the layers in blocks is {medians[0]:.3g} in ResNet-56, {medians[1]:.3g} in ResNet-20.",
    )


def one_block_is_hardly_missed(evidence: Evidence) -> Finding:
    """Deleting one block of a residual net hardly changes its error; of a plain net, it takes it away."""
    asked = evidence.answer("lesions", depth=20) or evidence.answer("lesions")  # plain-20 has something to lose
    if asked is None:
        return untested("measurement of nets without single blocks")
    rises = {family: _rises(asked, family) for family in ("plain", "resnet")}
    kept, lost = rises["resnet"].median() <= LITTLE, rises["plain"].median() >= MUCH
    verdict = Verdict.HOLDS if kept and lost else Verdict.DEPENDS if kept or lost else Verdict.FAILS
    hard = int((rises["resnet"] > MUCH).sum())
    return asked.find(
        verdict,
        f"Without one block the error rises by {rises['resnet'].median():.1f} points in the median in the residual "
        "net, "
        f"and by {rises['plain'].median():.1f} in the plain one; {hard} of {len(rises['resnet'])} residual blocks cost "
        f"more than {MUCH:g} points. Up to {LITTLE:g} counts as hardly changed.",
    )


def _rises(asked: Asked, family: str) -> pd.Series:
    frame = asked.of(family)
    return 100 * (frame["error"] - frame["intact"]).dropna()


def error_rises_smoothly(evidence: Evidence) -> Finding:
    """The more blocks of a residual net are deleted, the higher its error, without a sudden collapse."""
    asked = evidence.answer("more_lesions", depth=56) or evidence.answer("more_lesions")
    if asked is None:
        return untested("measurement of nets without several blocks")
    frame = asked.of("resnet")
    medians = 100 * frame[frame["what"] == "deleted"].groupby("count")["error"].median()
    jumps = medians.diff().dropna()
    largest = float(jumps.max() / (medians.max() - medians.min()))
    verdict = Verdict.HOLDS if largest < 0.5 and (jumps > -LITTLE).all() else Verdict.FAILS
    return asked.find(
        verdict,
        f"From none to {medians.index[-1]} blocks deleted the median error goes from {medians.iloc[0]:.1f} to "
        f"{medians.iloc[-1]:.1f} %; the largest single step is {100 * largest:.0f} % of the way (half would be a "
        "collapse).",
    )


def short_paths_carry_most(evidence: Evidence) -> Finding:
    """Most of the gradient comes through paths that are short for the depth of the net (Veit et al. 2016)."""
    asked = evidence.answer("paths", ("resnet",), 56) or evidence.answer("paths", ("resnet",))
    if asked is None:
        return untested("measurement of paths")
    frame = asked.of("resnet")
    blocks = int(frame["length"].max())
    short = float(frame.loc[frame["length"] < SHORT * blocks, "contribution"].sum())
    middle = float(np.interp(0.5, frame["contribution"].cumsum(), frame["length"]))
    verdict = Verdict.HOLDS if short > 0.5 else Verdict.FAILS
    return asked.find(
        verdict,
        f"Paths through fewer than half of the {blocks} blocks carry {100 * short:.0f} % of the gradient; half of it "
        "comes "
        f"through paths of up to {middle:.0f} blocks. The paths themselves are {blocks / 2:g} blocks long on average.",
    )


def plain_gradients_shatter(evidence: Evidence) -> Finding:
    """Gradients lose their correlation faster with depth in plain nets than with shortcuts (Balduzzi et al. 2017)."""
    answer = evidence.about_specs("shattering")
    if answer is None:
        return untested("measurement of input gradients along a line")
    frame = answer.frame[answer.frame["lag"] == 1]
    table = frame.groupby(["family", "depth"])["correlation"].mean().unstack("family")
    deepest = table.dropna().iloc[-1]
    falls = {family: float(table[family].dropna().iloc[0] - deepest[family]) for family in ("plain", "resnet")}
    verdict = (
        Verdict.HOLDS if deepest["plain"] < deepest["resnet"] and falls["plain"] > falls["resnet"] else Verdict.FAILS
    )
    return Finding(
        verdict,
        f"At initialization, between neighbours on a line between two pictures, the correlation of input gradients at "
        f"{int(str(deepest.name))} layers is {deepest['plain']:.2f} in the plain net and {deepest['resnet']:.2f} in "
        "the "
        f"residual one; from {int(table.index[0])} layers on it fell by {falls['plain']:.2f} and "
        f"{falls['resnet']:.2f}.",
        studies=(answer.study.id,),
    )


def plain_ground_is_rougher(evidence: Evidence) -> Finding:
    """The loss around a deep plain net is rougher than around the residual net (Li et al. 2018)."""
    asked = evidence.answer("surface", depth=56) or evidence.answer("surface")
    if asked is None:
        return untested("slice of the loss around a plain and a residual net")
    rough = {family: 100 * lab.roughness(asked.of(family)) for family in ("plain", "resnet")}
    verdict = Verdict.HOLDS if rough["plain"] > rough["resnet"] else Verdict.FAILS
    return asked.find(
        verdict,
        f"On a slice along two random directions the loss bends down at {rough['plain']:.0f} % of the places around "
        "the "
        f"plain net, and at {rough['resnet']:.0f} % around the residual one. One slice can mislead.",
    )


def neurons_rest(evidence: Evidence) -> Finding:
    """A residual net need not fire all of its neurons in an epoch."""
    asked = evidence.answer("neurons", depth=56) or evidence.answer("neurons")
    if asked is None:
        return untested("measurement of active units")
    plain, residual = (lab.summarize_units(asked.of(family), "evaluation") for family in ("plain", "resnet"))
    only_here = residual.never >= NEVER > plain.never
    verdict = Verdict.HOLDS if only_here else Verdict.DEPENDS if residual.never >= NEVER else Verdict.FAILS
    return asked.find(
        verdict,
        f"For one picture {100 * residual.active:.0f} % of the residual net's ReLU units are above zero, "
        f"{100 * plain.active:.0f} % of the plain net's. Over all training pictures {100 * residual.never:.1f} % of "
        "the "
        f"residual net's units never are, and {100 * plain.never:.1f} % of the plain net's. All of them are computed "
        "for "
        "every picture: resting is a matter of ReLU, not of shortcuts.",
    )
