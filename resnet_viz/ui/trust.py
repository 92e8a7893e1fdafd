"""Can a map be trusted? Its checks as jobs of the server, and what they came to in a table, curves and pictures."""

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import streamlit as st

from resnet_viz import explain
from resnet_viz.explain import AttributionConfig
from resnet_viz.plots import CheckedMap, cascade_curves, color_maps, deletion_curves
from resnet_viz.ui.attributions import TIMES_FORWARD, Asked, Wanted, agree_to, net_after
from resnet_viz.ui.figures import show_figure
from resnet_viz.ui.jobs import jobs, run_jobs, show_jobs, wait_a_moment
from resnet_viz.ui.language import _, listed
from resnet_viz.ui.pictures import show_pictures
from resnet_viz.ui.saliency import choose_method_names
from resnet_viz.ui.services import nets_lock
from resnet_viz.ui.tables import show_table

if TYPE_CHECKING:
    from resnet_viz.explain.jobs import Job

FIRST_METHODS = ("saliency", "integrated_gradients", "guided_backprop", "grad_cam")
STAYS, CHANGES = "does not change", "changes"
FORMULAS = {
    "Deletion and insertion (Petsiuk et al. 2018)": r"""
$$A = \int_0^1 p_c(x_s)\,ds$$

$p_c$ is the probability of the class and $x_s$ the picture in which the share $s$ of the pixels, those the map names
first, is gray (deletion), or is there while the others are blurred (insertion). A map that names what the net needs has
a **small** area under deletion and a **large** one under insertion. The gray line is pixels in random order: a map
beside it says nothing about the net that dice would not.""",
    "Infidelity (Yeh et al. 2019)": r"""
$$\frac{\min_\beta\,\mathbb{E}_I\,(\beta\,I^\top\varphi - \Delta_I)^2}{\mathbb{E}_I\,\Delta_I^2}$$

The change of the score $\Delta_I = f_c(x) - f_c(x - I)$ that the map $\varphi$ foretells when a random square goes to
gray, against the change that comes. $I$ is what is taken away; for maps whose pixels are shares of the score it is 1 in
the square and 0 elsewhere. **0 is best**: every change foretold; 1 is no better than to foretell none.""",
    "Max-sensitivity (Yeh et al. 2019)": r"""
$$\max_{\|\delta\|_\infty \le r} \frac{\|\varphi(x + \delta) - \varphi(x)\|}{\|\varphi(x)\|}$$

How far the map goes when the picture changes by less than an eye would see. **Small is better**: two pictures that
nobody can tell apart should not have two explanations.""",
    "Completeness error": r"""
$$\frac{\big|\sum_i \varphi_i - (f_c(x) - f_c(x'))\big|}{|f_c(x) - f_c(x')|}$$

$x'$ is the baseline. Only methods that promise this sum are asked. **0 is best**; an error says that the method has too
few points on its way, or lost something in the layers.""",
    "Random weights (Adebayo et al. 2018)": r"""
$$\rho_k = \operatorname{Spearman}\big(|\varphi|,\ |\varphi_k|\big)$$

$\varphi_k$ is the map of the same net with its last $k$ parts drawn anew, as before training, from the head on. A map
that stays the same although nothing of the training is left shows the picture, not the net. **Small is better.**""",
}


@dataclass(frozen=True, eq=False)
class Checked:
    """What the checks of one map came to: of a picture, for a class, in one way."""

    maps: np.ndarray  # (1 + parts, H, W), the trained net's first
    parts: list[str]
    likeness: np.ndarray  # (1 + parts,)
    stays: bool
    curves: pd.DataFrame
    numbers: dict[str, float]


@dataclass(frozen=True, eq=False)
class Chance:
    """Pixels in random order: the mean curves of several orders, and their mean areas."""

    curves: pd.DataFrame
    areas: dict[str, float]


def choose_checked_methods() -> list[AttributionConfig]:
    """The methods that are checked, with their parameters as they begin; in the URL where they are not the first."""
    help = _("With their parameters as they begin. The page Saliency has them all.")
    names = choose_method_names("checked_methods", FIRST_METHODS, help)
    return [AttributionConfig(name) for name in names]


def show_checks(wanted: Sequence[Wanted]) -> None:
    """Everything that is measured of these maps: a table, the curves, and the maps under random weights.

    What takes long is said first, and begun with a click; it comes one by one, with the time left and a way to stop.
    """
    found = _make_checks(wanted)
    if not found:
        return
    show_jobs(found)
    chances = dict(zip(_chance_keys(wanted), (job.result for job in found[len(wanted) :]), strict=True))
    ready = [
        (one, job.result, chances[_chance_key(one)])
        for one, job in zip(wanted, found, strict=False)
        if job.result is not None and chances[_chance_key(one)] is not None
    ]
    if not ready:
        return
    _show_table(ready)
    _show_curves([_drawn(*one) for one in ready])
    _show_cascades(ready)


def _make_checks(wanted: Sequence[Wanted]) -> "list[Job]":
    """Jobs of the checks of each map, then those of chance; none until a reader wants to wait for them."""
    works: dict[str, tuple[str, Callable[[Wanted], Any], Wanted]] = {
        _key(one): (f"Checks: {one.title}", _check_work, one) for one in wanted
    }
    works |= {_chance_key(one): (f"Random order for {one.asked.name}", _chance_work, one) for one in wanted}
    new = [key for key in works if jobs().find(key) is None]
    seconds = {key: _seconds(works[key][2], works[key][1] is _chance_work) for key in new}
    if not agree_to(
        seconds, _("the checks of {count} maps", count=len(wanted)), _("Check the maps"), ":material/verified:"
    ):
        return []
    found = run_jobs([(key, title, work(one), seconds.get(key, 0.0)) for key, (title, work, one) in works.items()])
    wait_a_moment(found)
    return found


def _key(wanted: Wanted) -> str:
    return f"checks {wanted.key}"


def _chance_key(wanted: Wanted) -> str:
    return f"chance {wanted.asked.weights} {wanted.asked.shown} {wanted.target}"


def _chance_keys(wanted: Sequence[Wanted]) -> list[str]:
    return list(dict.fromkeys(map(_chance_key, wanted)))


def _seconds(wanted: Wanted, is_chance: bool) -> float:
    """How long checks take, from the time that the net needs for some pictures."""
    once = replace(wanted, config=AttributionConfig("saliency")).seconds / TIMES_FORWARD  # a picture forward
    curve = 2 * (explain.STEPS + 1) * once
    if is_chance:
        return explain.ORDERS * curve
    return curve + 4 * explain.DRAWS * once + explain.MAPS * wanted.seconds


def _own_net(asked: Asked) -> Callable[[], Any]:
    """Gives a copy of the net that a job alone asks: Captum hangs hooks on a net for as long as a map takes."""
    shared, lock = net_after(asked.candidate, asked.epoch), nets_lock()

    def copy() -> Any:
        with lock:
            return deepcopy(shared)

    return copy


def _check_work(wanted: Wanted) -> Callable[[Callable[[float], None]], Checked]:
    asked, own_net = wanted.asked, _own_net(wanted.asked)

    def work(tell: Callable[[float], None]) -> Checked:
        x = explain.to_input([asked.picture], asked.candidate.form)
        return _check(own_net(), x, wanted.target, wanted.config, tell)

    return work


def _check(net: Any, x: Any, target: int, config: AttributionConfig, tell: Callable[[float], None]) -> Checked:
    """All checks of one map of x (1, C, H, W)."""
    found = explain.check(net, x, target, config, tell)
    numbers = {str(name): float(value) for name, value in found.numbers.iloc[0].items()}
    cascade = found.cascade
    return Checked(
        cascade.maps[:, 0],
        list(cascade.parts),
        cascade.similarity[:, 0],
        bool(cascade.stays[0]),
        found.curves,
        numbers,
    )


def _chance_work(wanted: Wanted) -> Callable[[Callable[[float], None]], Chance]:
    asked, own_net = wanted.asked, _own_net(wanted.asked)

    def work(tell: Callable[[float], None]) -> Chance:
        x = explain.to_input([asked.picture], asked.candidate.form)
        curves = explain.chance_curves(own_net(), x, wanted.target, tell=tell)
        return Chance(curves, {str(name): float(value) for name, value in explain.areas(curves).iloc[0].items()})

    return work


def _drawn(wanted: Wanted, checked: Checked, chance: Chance) -> CheckedMap:
    return CheckedMap(
        wanted.config.title,
        wanted.asked.name,
        wanted.asked.candidate.family,
        checked.curves,
        chance.curves,
        ["trained", *checked.parts[1:]],
        checked.likeness,
    )


Ready = Sequence[tuple[Wanted, Checked, Chance]]
COLUMNS = {  # how each number is called, and which way is better
    "deletion": ("deletion ↓", "Area under the probability while the pixels that the map names first go. Lower."),
    "random deletion": ("random", "The same with pixels in random order: a map should be below."),
    "insertion": ("insertion ↑", "Area under the probability while these pixels come. Higher."),
    "random insertion": ("random", "The same with pixels in random order: a map should be above."),
    "infidelity": ("infidelity ↓", "0: the map foretells every change of the score; 1: none."),
    "sensitivity": ("sensitivity ↓", "How far the map goes at most when the picture hardly changes. Lower."),
    "completeness": ("sum error ↓", "How far the sum of the map is from the score. Empty: not promised."),
    "similarity": (
        "likeness ↓",
        "Mean rank correlation with the maps of nets whose weights are random.",
    ),
}


def _show_table(ready: Ready) -> None:
    rows = []
    for wanted, checked, chance in ready:
        random = {f"random {name}": value for name, value in chance.areas.items()}
        names = {"net": wanted.asked.name, "method": wanted.config.title}
        rows.append(names | checked.numbers | random | {"verdict": STAYS if checked.stays else CHANGES})
    table = pd.DataFrame(rows)[["net", "method", *COLUMNS, "verdict"]]
    show_table(table, columns=number_columns(), hide_index=True)
    failed = [_("{method} of {net}", method=row["method"], net=row["net"]) for row in rows if row["verdict"] == STAYS]
    if failed:
        st.warning(
            _(
                "{names}: does not change when the weights are random. Such a map shows edges of the picture, and "
                "says next to nothing about what this net has learned.",
                names=", ".join(failed),
            ),
            icon=":material/warning:",
        )
    with st.expander(_("What these numbers are"), icon=":material/function:"):
        for title, formula in FORMULAS.items():
            st.markdown(f"**{_(title)}**\n{_(formula)}")


def number_columns(names: Mapping[str, tuple[str, str]] = COLUMNS) -> dict[str, Any]:
    """How the numbers of a table of checks are shown, each with what it means."""
    columns: dict[str, Any] = {
        name: st.column_config.NumberColumn(_(title), format="%.3f", help=_(help), width="small")
        for name, (title, help) in names.items()
    }
    return columns | {
        "verdict": st.column_config.TextColumn(_("random weights"), help=_("Whether the map follows them."))
    }


def _show_curves(drawn: Sequence[CheckedMap]) -> None:
    nets = listed(dict.fromkeys(one.net for one in drawn))
    st.markdown(_("##### Without the pixels that the map names first, and with them alone"))
    show_figure(
        deletion_curves(drawn),
        key="deletion",
        alt=_(
            "Probability of the class for {nets} while pixels are deleted, and inserted, in the order of each map",
            nets=nets,
        ),
    )
    st.caption(
        _(
            "Pixels go to mean gray, and come back into the blurred picture. Gray line: the mean of {orders} "
            "random orders. A net that is unsure of the whole picture can be surer of a part of it.",
            orders=explain.ORDERS,
        )
    )


def _show_cascades(ready: Ready) -> None:
    """How much each map is like the trained net's, and the maps themselves."""
    drawn = [_drawn(*one) for one in ready]
    st.markdown(_("##### With random weights"))
    show_figure(
        cascade_curves(drawn, explain.STAYS),
        key="cascade",
        alt=_("Rank correlation of each map with that of the trained net while its weights are drawn anew"),
    )
    st.caption(
        _(
            "Step 0 is the trained net; then the head is drawn anew, the last blocks, and so on to the stem. "
            "Dotted: a map whose mean over steps 1 and on is above {stays:g} counts as one that does not change. "
            "A map that is nothing but zeros has no order of pixels, and a correlation of 0.",
            stays=explain.STAYS,
        )
    )
    for asked in dict.fromkeys(one.asked for one, *_rest in ready):
        _show_maps(asked, [(wanted, checked) for wanted, checked, _chance in ready if wanted.asked is asked])


def _show_maps(asked: Asked, ours: Sequence[tuple[Wanted, Checked]]) -> None:
    """The picture, and each method's maps of one net, step by step."""
    parts = ours[0][1].parts
    steps = ", ".join(f"{short_part(part)} ({step})" for step, part in enumerate(parts) if part)
    st.markdown(
        _(
            "**{name}**: the picture, the trained net's map (0), then parts drawn anew as far as {steps}.",
            name=asked.name,
            steps=steps,
        )
    )
    picture = np.broadcast_to(asked.picture, (1, *asked.picture.shape[:2], 3))
    for wanted, checked in ours:
        maps = color_maps(checked.maps, wanted.config.signed)
        st.caption(f"{wanted.config.title}: {'**' + _(STAYS) + '**' if checked.stays else _(CHANGES)}")
        show_pictures(
            np.concatenate([picture, maps])[None],
            [""],
            _("{title} of {name} while its weights are drawn anew", title=wanted.config.title, name=asked.name),
            ["", *map(str, range(len(parts)))],
        )


def short_part(name: str) -> str:
    """A part of a net in few letters: stage3.block2 is 3.2."""
    return name.replace("stage", "").replace("block", "")
