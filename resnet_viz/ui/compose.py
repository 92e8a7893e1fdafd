"""Which nets does the reader compose? Up to four, side by side, each with its own controls, all in the URL."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from resnet_viz.nets import (
    ACTIVATIONS,
    FIRST_BOTTLENECK,
    INITIALIZATIONS,
    ORDERS,
    SHORTCUTS,
    STRIDES,
    NetSpec,
    SpecError,
    possible_depths,
)
from resnet_viz.ui.language import _, described, said, titled
from resnet_viz.ui.links import say_in_url
from resnet_viz.ui.text import plain, refuse

PARAMETER, UNFOLDED = "compare", "unfold"  # in the URL
MOST = 4
SEPARATOR = ","
DEFAULT = ("plain-20", "resnet-20-A")
KINDS: dict[str, dict[str, str]] = {
    "plain, CIFAR": {"family": "plain", "stem": "cifar", "block": "basic"},
    "residual, CIFAR": {"family": "resnet", "stem": "cifar", "block": "basic"},
    "plain bottleneck, CIFAR": {"family": "plain", "stem": "cifar", "block": "bottleneck"},
    "residual bottleneck, CIFAR": {"family": "resnet", "stem": "cifar", "block": "bottleneck"},
    "plain, ImageNet": {"family": "plain", "stem": "imagenet"},
    "residual, ImageNet": {"family": "resnet", "stem": "imagenet"},
    "VGG": {"family": "vgg"},
}
_SLOTS, _NEXT = "composed_slots", "composed_next"  # in the session: which columns there are, and the next one's number


def choose_specs() -> list[NetSpec]:
    """The controls of up to four nets in columns, and the nets they say."""
    _start()
    slots: list[int] = st.session_state[_SLOTS]
    specs = []
    for slot, column in zip(slots, st.columns(max(2, len(slots)), gap="medium"), strict=False):
        with column:
            specs.append(_choose_spec(slot, removable=len(slots) > 1))
    if len(slots) < MOST:
        st.button(_("Add a net"), icon=":material/add:", on_click=add_net, args=[specs[-1]])
    slugs = [spec.to_slug() for spec in specs]
    say_in_url(PARAMETER, "" if slugs == list(DEFAULT) else SEPARATOR.join(slugs), _SLOTS)
    return specs


def choose_unfolded(specs: Sequence[NetSpec]) -> list[int]:
    """The stages, from 1 on, that are drawn block by block."""
    stages = range(1, max(len(spec.layout.blocks) for spec in specs) + 1)
    linked = [stage for stage in stages if str(stage) in st.query_params.get(UNFOLDED, "")]
    unfolded = st.pills(
        _("Unfold"),
        stages,
        selection_mode="multi",
        default=linked,
        format_func=lambda stage: _("stage {stage}", stage=stage),
        key="unfolded",
        help=_(
            "Long stages show their first and last block. Solid: the identity. Dashed: a projection, or where "
            "sizes change."
        ),
    )
    # Not bound to the URL: st.switch_page fails while a bound control differs from its default.
    say_in_url(UNFOLDED, "".join(map(str, unfolded)), "unfolded")
    return unfolded


def add_net(spec: NetSpec) -> None:
    """Add a column for a net; where there are four, it takes the place of the last."""
    slots: list[int] = st.session_state[_SLOTS]
    if len(slots) == MOST:
        slots.pop()
    number = st.session_state[_NEXT]
    st.session_state[_NEXT] = number + 1
    st.session_state[_key(number)] = spec.to_slug()
    slots.append(number)


def _start() -> None:
    """Fill the columns from the URL when the page is opened by a link, else as they were left."""
    if _SLOTS in st.session_state:
        return
    st.session_state[_SLOTS], st.session_state[_NEXT] = [], 0
    for slug in st.query_params.get(PARAMETER, "").split(SEPARATOR)[:MOST]:
        try:
            if slug:
                add_net(NetSpec.from_slug(slug))
        except SpecError as error:
            st.error(_("The link names a net that does not exist: {error}.", error=plain(said(str(error)))))
    if not st.session_state[_SLOTS]:
        for slug in DEFAULT:
            add_net(NetSpec.from_slug(slug))


def _remove(slot: int) -> None:
    st.session_state[_SLOTS].remove(slot)


def _key(slot: int, field: str = "spec") -> str:
    return f"composed_{slot}_{field}"


# Every control starts from the net as it was left: its state ends with the page, and what is in a popover is drawn
# only when that is opened.


def _choose_spec(slot: int, removable: bool) -> NetSpec:
    start = NetSpec.from_slug(st.session_state[_key(slot)])
    name = st.empty()
    kind = st.selectbox(_("Kind of net"), list(KINDS), list(KINDS).index(_kind_of(start)), _, _key(slot, "kind"))
    fields: dict[str, Any] = dict(KINDS[kind])
    kept = ("in_channels", "classes", "width", "appended")
    fields |= {name: getattr(start, name) for name in kept}
    depths = possible_depths(fields["family"], fields.get("stem", "cifar"), fields.get("block", "basic"))
    nearest = min(depths, key=lambda depth: abs(depth - start.depth))
    fields["depth"] = st.select_slider(_("Depth"), depths, nearest, key=_key(slot, f"depth_{kind}"))
    if fields["family"] == "resnet":
        fields["shortcut"] = _choose(slot, "shortcut", _("Shortcut"), SHORTCUTS, start)
    with st.popover(_("More"), icon=":material/tune:", width="stretch"):
        fields |= _choose_more(slot, start, fields)
    if removable:
        st.button(_("Remove"), icon=":material/close:", key=_key(slot, "remove"), on_click=_remove, args=[slot])
    try:
        spec = NetSpec(**fields)
    except SpecError as error:
        refuse(error)
        spec = start
    st.session_state[_key(slot)] = spec.to_slug()
    name.markdown(f"**{said(spec.name)}**")
    return spec


def _choose_more(slot: int, start: NetSpec, fields: Mapping[str, Any]) -> dict[str, Any]:
    """The switches that are the same in most nets."""
    more: dict[str, Any] = {}
    is_bottleneck = fields.get("block") == "bottleneck" or (
        fields.get("stem") == "imagenet" and fields["depth"] >= FIRST_BOTTLENECK
    )
    if fields.get("stem") == "cifar":
        more["width"] = st.number_input(
            _("Filters of the first stage"), 1, 256, start.width, key=_key(slot, "width"), help=_("16 in the paper.")
        )
    if fields["family"] != "vgg":
        more["order"] = _choose(slot, "order", _("Block order"), ORDERS, start)
    if is_bottleneck:
        more["stride_in"] = _choose(slot, "stride_in", _("Stride"), STRIDES, start)
    more["batch_norm"] = st.toggle(_("Batch norm"), start.batch_norm, key=_key(slot, "batch_norm"))
    more["activation"] = _choose(slot, "activation", _("Activation"), ACTIVATIONS, start)
    more["initialization"] = _choose(slot, "initialization", _("Initialization"), INITIALIZATIONS, start)
    if fields["family"] == "resnet":
        more["zero_last_norm"] = st.toggle(
            _("Zero the last norm of each branch"), start.zero_last_norm, key=_key(slot, "zero_last_norm")
        )
        more["survival"] = st.slider(
            _("Survival of the last block"),
            0.1,
            1.0,
            start.survival,
            step=0.05,
            key=_key(slot, "survival"),
            help=_(
                "Stochastic depth (Huang et al. 2016): in training each block is left out at times, later ones more "
                "often. 1 leaves out none."
            ),
        )
    return more


def _choose(slot: int, field: str, label: str, options: Mapping[str, str], start: NetSpec) -> str:
    current = getattr(start, field)
    names = list(options)
    return st.selectbox(
        label,
        names,
        names.index(current) if current in options else 0,
        format_func=lambda name: titled(options[name]),
        key=_key(slot, field),
        help=described(options.values()),
    )


def _kind_of(spec: NetSpec) -> str:
    return next(
        title for title, fields in KINDS.items() if all(getattr(spec, name) == value for name, value in fields.items())
    )
