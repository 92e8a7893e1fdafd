"""What do the five steps of the story show? Each a figure from runs that ship, a finding, its origin, a page to try it.

Nothing here is typed but the words: numbers and verdicts are computed from the recorded runs when a server first
shows them, without torch and without the reader's own store.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from resnet_viz.paper import FINDINGS, SOURCE, TABLE_6
from resnet_viz.plots import (
    COLORS,
    curves_by_depth,
    errors_by_depth,
    layer_profile,
    lesion_profile,
    same_error_deeper,
)
from resnet_viz.ui.degradation import compare, curves_of, errors_of, name_of
from resnet_viz.ui.figures import draw_once, show_figure
from resnet_viz.ui.groups import PARAMETER as GRID
from resnet_viz.ui.language import _, said
from resnet_viz.ui.recorded import (
    asked_of,
    error_in_words,
    first_to_last,
    group_of,
    name_some,
    norms_of,
    say_answer,
    say_group,
)
from resnet_viz.ui.subjects import PARAMETER as NETS

SMALL, DEEP = 20, 56  # layers of the recorded pairs that the laboratory takes apart
VANISHED = 0.01  # next to the picture, against the last layers: below it gradients would be called vanishing


@dataclass(frozen=True)
class Step:
    """What one step shows: a figure (JSON) and its words, what was found, where it comes from, and a page's address."""

    key: str
    figure: str
    alt: str
    finding: str
    origin: str
    page: str
    invitation: str
    state: dict[str, str] = field(default_factory=dict)


def show_colors() -> None:
    """How plain and residual nets are told apart, in every figure."""
    names = {"plain": ("■", _("plain: no shortcuts")), "resnet": ("●", _("residual: a shortcut around every block"))}
    marks = [
        f'<span style="white-space: nowrap"><span style="color: {COLORS[family][0]}">{mark}</span> {name}</span>'
        for family, (mark, name) in names.items()
    ]
    st.html(f'<p style="margin: 0">{" &emsp; ".join(marks)}</p>')


def tell(number: int, title: str, why: str, make: Callable[[], Step]) -> None:
    """One step: words on the left, which are there first, and the figure with its origin on the right."""
    left, right = st.columns([2, 3], gap="large")
    left.markdown(f"### {number}. {title}")
    left.markdown(why)
    step = make()
    left.markdown(step.finding)
    left.page_link(step.page, label=step.invitation, icon=":material/play_circle:", query_params=step.state or None)
    with right:
        show_figure(step.figure, key=step.key, alt=step.alt)
        st.caption(step.origin)


def a_deeper_net_exists() -> Step:
    """Step 1: trained nets with blocks appended that pass on what they get, and the error of both."""
    asked = asked_of("identity", SMALL)
    evaluated = asked.frame[asked.frame["mode"] == "evaluation"].sort_values("largest_difference", kind="stable")
    best = evaluated.drop_duplicates("net").set_index("net")
    layers = [run.spec["depth"] for run in asked.runs]
    errors = pd.DataFrame(
        {
            "net": list(asked.families),
            "layers": layers,
            "deeper_layers": [n + 2 * int(best["appended"].iloc[0]) for n in layers],
            "error": best.loc[list(asked.families), "error_before"].to_numpy(),
            "deeper_error": best.loc[list(asked.families), "error_after"].to_numpy(),
        }
    )
    first = errors.iloc[0]
    are_same = bool(best["same_bits"].all())
    finding = _(
        "**{name}** has **{error:.1f} %** test error. With {blocks} blocks more that pass on what they get it is a net "
        "of {deeper} layers, with **{after:.1f} %**.",
        name=first["net"],
        error=100 * first["error"],
        blocks=int(best["appended"].iloc[0]),
        deeper=int(first["deeper_layers"]),
        after=100 * first["deeper_error"],
    )
    same = _("Both pairs of nets give the same answers, to the bit.") if are_same else ""
    return Step(
        "built",
        _draw(lambda: same_error_deeper(errors, asked.families), f"built {asked.study.id}"),
        _("Test error of {names} as trained, and with layers appended that pass on", names=_names(asked.families)),
        f"{finding} {same}".strip(),
        say_answer(asked),
        "pages/identity.py",
        _("Try it: append blocks, and train on"),
        {NETS: asked.runs[0].comparison},
    )


def a_deeper_net_is_worse() -> Step:
    """Step 2: training errors of plain nets of several depths on CIFAR-10; over seeds on the small data set."""
    group, small = group_of("cifar10"), group_of("digits")
    plain = group.of("plain")
    errors, over_seeds = errors_of(plain), errors_of(small.of("plain"))
    shallow, deep = SMALL, int(errors["depth"].max())
    finding = _(
        "On CIFAR-10 plain-{deep} ends at **{deep_error}** *training* error, plain-{shallow} at **{shallow_error}**.",
        deep=deep,
        shallow=shallow,
        deep_error=error_in_words(errors, "plain", deep),
        shallow_error=error_in_words(errors, "plain", shallow),
    )
    again = _(
        "Again on digits: {deep_error} against {shallow_error}.",
        deep_error=error_in_words(over_seeds, "plain", deep),
        shallow_error=error_in_words(over_seeds, "plain", shallow),
    )
    found = compare(over_seeds, (("plain", deep), ("plain", shallow)), "train")
    meaning = (
        _("Worse on the very pictures that it learns from: this is **not overfitting**. It is called degradation.")
        if found.winner == name_of("plain", shallow)
        else _("Over these seeds that is no difference: no degradation can be claimed from them.")
    )
    return Step(
        "degradation",
        _draw(lambda: curves_by_depth(curves_of(group, plain)), f"degradation {name_some(plain)}"),
        _("Training and test error of plain nets by training step, a shade for each depth; the darker, the deeper"),
        f"{finding} {again} {meaning}",
        _("Training error dotted, test error solid; the darker, the deeper.") + f" {say_group(group, plain)}",
        "pages/degradation.py",
        _("Try it: all depths, and a grid of your own"),
        {GRID: group.key},
    )


def gradients_arrive() -> Step:
    """Step 3: the gradient norms that the deepest plain and residual net of step 2 had while they learned."""
    group = group_of("cifar10")
    deep = max(run.spec["depth"] for run in group.of("plain"))
    runs = [run for run in group.of("plain", "resnet") if run.spec["depth"] == deep]
    norms = norms_of(group.key, deep)
    ratios = [first_to_last(one) for one in norms]
    middle = runs[0].total_steps // 2
    sentences = [
        _(
            "In **{name}** the first third of the layers gets **{ratio:.2g}** times the gradient of the last third "
            "(median over {count} recorded steps; {low:.3g} to {high:.3g}).",
            name=one.name,
            ratio=ratio.median(),
            count=len(ratio),
            low=ratio.min(),
            high=ratio.max(),
        )
        for one, ratio in zip(norms, ratios, strict=True)
    ]
    meaning = (
        _("At no recorded step do they vanish (below {limit:g}); and yet the plain net learns badly.", limit=VANISHED)
        if min(ratio.min() for ratio in ratios) >= VANISHED
        else _("At some steps the ratio is below {limit:g}: there they vanish.", limit=VANISHED)
    )
    published = _(
        "The paper: {finding} ({source}).",
        finding=said(FINDINGS["no_vanishing"].text),
        source=FINDINGS["no_vanishing"].source,
    )
    return Step(
        "gradients",
        _draw(lambda: layer_profile(norms, middle), f"gradients {name_some(runs)}"),
        _("Gradient norm of {names} by layer in the middle of the training", names=_names(one.name for one in norms)),
        f"{' '.join(sentences)} {meaning} {published}",
        _("The norms that the optimizer used, of the runs of step 2.") + f" {say_group(group, runs)}",
        "pages/initialization.py",
        _("Try it: draw a net, and look at its gradients"),
        {"start_depth": str(deep)},
    )


def the_shortcut_helps() -> Step:
    """Step 4: training and test errors of plain and residual nets against depth, over seeds."""
    group = group_of("digits")
    runs = group.of("plain", "resnet")
    errors = errors_of(runs)
    deep = int(errors["depth"].max())
    found = compare(errors, (("plain", deep), ("resnet", deep)), "train")
    finding = _(
        "With {depth} layers the plain net ends at **{plain}** *training* error, the residual net at **{residual}**: "
        "{verdict}.",
        depth=deep,
        plain=error_in_words(errors, "plain", deep),
        residual=error_in_words(errors, "resnet", deep),
        verdict=said(found.words) if found.p is None else f"{said(found.words)} (p = {found.p:.2g})",
    )
    published = _(
        "Published, after 64,000 steps on CIFAR-10: ResNet-{shallow} {shallow_error:.2f} %, ResNet-{deep} "
        "{deep_error:.2f} % test error ({source}).",
        shallow=SMALL,
        shallow_error=TABLE_6[SMALL].test_error,
        deep=deep,
        deep_error=TABLE_6[deep].test_error,
        source=SOURCE,
    )
    return Step(
        "shortcut",
        _draw(lambda: errors_by_depth(errors), f"shortcut {name_some(runs)}"),
        _("Final training and test error of plain and residual nets by their number of layers"),
        f"{finding} {published}",
        _("Lines: means; bands: from the least to the largest error. Welch's t-test over the seeds.")
        + f" {say_group(group, runs)}",
        "pages/train.py",
        _("Try it: train both, and watch"),
        {"depth": str(deep)},
    )


def blocks_can_go() -> Step:
    """Step 5: the error of a plain net and of residual nets without each of their blocks."""
    small, deep = asked_of("lesions", SMALL), asked_of("lesions", DEEP)
    lost = deep.of("plain")["net"].iloc[0]
    frame = pd.concat([small.frame, deep.of("resnet")], ignore_index=True)
    families = {net: family for net, family in (small.families | deep.families).items() if net != lost}
    rises = {net: (100 * (rows["error"] - rows["intact"])).dropna() for net, rows in frame.groupby("net", sort=False)}
    sentences = [
        _(
            "**{name}**: **{rise:+.0f} points** ({low:+.0f} to {high:+.0f}, {count} blocks).",
            name=net,
            rise=rise.median(),
            low=rise.min(),
            high=rise.max(),
            count=len(rise),
        )
        for net, rise in rises.items()
    ]
    return Step(
        "lesions",
        _draw(lambda: lesion_profile(frame, families), f"lesions {small.study.id} {deep.study.id}"),
        _("Test error of {names} without each block; dotted: with all of them", names=_names(families)),
        _("How much the error rises without one block, in the median:")
        + "\n"
        + "".join(f"\n- {one}" for one in sentences),
        _(
            "Dotted: with all blocks. {lost} is not shown, for it has little to lose: {error:.0f} % with all of them.",
            lost=lost,
            error=100 * deep.of("plain")["intact"].iloc[0],
        )
        + f" {say_answer(small)} {say_answer(deep)}",
        "pages/lesions.py",
        _("Try it: take out blocks, or swap them"),
        {NETS: small.runs[0].comparison},
    )


def _draw(make: Callable[[], go.Figure], state: str) -> str:
    (figure,) = draw_once(lambda: [make()], "home", f"home {state}")
    return figure


def _names(nets: Iterable[str]) -> str:
    return _(" and ").join(nets)
