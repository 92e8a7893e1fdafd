"""How does the reader want to see curves? Smoothed, against what, on which axes, with bands of seeds, live or paused.

Every choice is in the URL by a key of its own, where it differs from the default.
"""

from collections.abc import Sequence

import streamlit as st

from resnet_viz.plots import ABSCISSAS, Y_SCALES, View
from resnet_viz.runs import Run
from resnet_viz.ui.language import _
from resnet_viz.ui.links import choose_by_key, say_in_url
from resnet_viz.ui.watch import refresh_interval

FIGURES = {"both": "Loss and error", "loss": "Loss", "error": "Error"}
AXES = {"step": "Step", "epoch": "Epoch", "time": "Time"}
Y_AXES = {"usual": "as usual", "linear": "linear", "log": "logarithmic"}
assert tuple(AXES) == tuple(ABSCISSAS)
assert tuple(Y_AXES) == Y_SCALES
HELD = "held"  # in the URL, and in the session with a comparison's id: figures do not follow the training
SMOOTHEST = 0.99


def choose_view(runs: Sequence[Run]) -> tuple[str, View]:
    """A row of controls: which of FIGURES to show, and how."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        shown = choose_by_key("show", _("Show"), FIGURES)
        x = choose_abscissa("x_of_curves")
        smoothing = st.slider(
            _("Smoothing"),
            0.0,
            SMOOTHEST,
            0.0,
            0.01,
            key="smoothing",
            bind="query-params",
            width=170,
            help=_("The weight of the past in a moving average. The faint line is what was measured."),
        )
        with st.popover(_("Axes and seeds"), icon=":material/tune:"):
            x_log = st.toggle(_("Logarithmic x axis"), key="xlog", bind="query-params")
            y = choose_by_key("y", _("Y axis"), Y_AXES)
            st.caption(_("As usual: the loss is logarithmic, the error linear."))
            bands = st.toggle(
                _("Seeds as a band"),
                key="bands",
                bind="query-params",
                help=_(
                    "Runs that differ in nothing but their seed become one line, their mean, with a band around it."
                ),
            )
        offer_hold(runs)
    return shown, View(x, x_log, y, smoothing, bands)


def choose_abscissa(key: str) -> str:
    """What curves are drawn against: a key of AXES."""
    return choose_by_key("x", _("Against"), AXES, key)


def live_interval(runs: Sequence[Run]) -> float | None:
    """Seconds between looks at the store: None once nothing runs, and while the reader has paused the figures."""
    return None if _is_held(runs) else refresh_interval(runs)


def offer_hold(runs: Sequence[Run]) -> None:
    """Let figures of nets that train stand still, while the training goes on, and follow it again."""
    if refresh_interval(runs) is None:
        return
    is_held, key = _is_held(runs), _key(runs)
    say_in_url(HELD, "1" if is_held else "", key)
    if is_held:
        icon = ":material/play_arrow:"
        st.button(_("Follow again"), key="follow", icon=icon, on_click=_hold, args=[key, False], type="primary")
    else:
        note = _("What is shown stands still until you let it follow; the training goes on.")
        st.button(_("Hold"), key="hold", icon=":material/pause:", on_click=_hold, args=[key, True], help=note)


def _is_held(runs: Sequence[Run]) -> bool:
    """Whether the reader has paused the figures of these runs; said by the session, for the address can be older."""
    return bool(st.session_state.setdefault(_key(runs), HELD in st.query_params))


def _key(runs: Sequence[Run]) -> str:
    return f"{HELD}_{runs[0].comparison if runs else ''}"


def _hold(key: str, is_held: bool) -> None:
    st.session_state[key] = is_held
