"""What is chosen on the page Saliency? Methods and their parameters, Grad-CAM's layer, the class, the epoch."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import streamlit as st
from PIL import Image

from resnet_viz import explain, nets, training
from resnet_viz.data import ImageError, decode_image, see_picture
from resnet_viz.explain import METHODS, NOISES, AttributionConfig, Parameter
from resnet_viz.explain.methods import NOISE_PARAMETERS
from resnet_viz.plots import SCALES, net_drawing
from resnet_viz.runs.recorded import store_of
from resnet_viz.ui.attributions import FINAL, Asked, probabilities_of
from resnet_viz.ui.candidates import Candidate
from resnet_viz.ui.classify import CARRIED, is_bright
from resnet_viz.ui.figures import show_figure
from resnet_viz.ui.language import _, said, sentence
from resnet_viz.ui.links import linked, say_in_url
from resnet_viz.ui.services import run_store
from resnet_viz.ui.text import plain, refuse

if TYPE_CHECKING:
    from resnet_viz.nets.outline import Box

FIRST_METHODS = ("saliency", "integrated_gradients", "grad_cam", "occlusion")
TEST_SET, MY_OWN, CARRIED_HERE = "test set", "my own", "from Classify"
OWN, TRUE = "each net's own answer", "the true class"
LAST_LAYER = "the last stage"
MOST_METHODS, MOST_BESIDE = 6, 8
SCALES_SHORT = {"row": "one for each row", "map": "one for each map"}


def choose_method_names(key: str, first: tuple[str, ...], help: str | None = None) -> list[str]:
    """The names of methods; in the URL as ?methods=saliency,occlusion where they are not the first."""
    wished = [name for name in st.query_params.get("methods", "").split(",") if name in METHODS]
    names = st.multiselect(
        _("Methods"),
        list(METHODS),
        wished[:MOST_METHODS] or list(first),
        format_func=lambda name: METHODS[name].title,
        max_selections=MOST_METHODS,
        key=key,
        help=help,
    )
    if not names:
        st.info(_("Choose at least one method."))
        st.stop()
    say_in_url("methods", "" if tuple(names) == first else ",".join(names), key)
    return names


def choose_methods() -> list[AttributionConfig]:
    """The methods, each with its parameters, and noise for all of them."""
    names = choose_method_names("methods", FIRST_METHODS)
    with st.popover(_("Parameters"), icon=":material/tune:", width="stretch"):
        noise = {name: _choose(f"noise_{name}", parameter) for name, parameter in NOISE_PARAMETERS.items()}
        st.caption(_("Noise is put around the picture for every method: NoiseTunnel of Captum."))
        return [_choose_parameters(name, noise) for name in names]


def _choose_parameters(name: str, noise: dict[str, Any]) -> AttributionConfig:
    method = METHODS[name]
    if method.parameters:
        st.markdown(f"**{method.title}**")
    chosen = {key: _choose(f"{name}_{key}", parameter) for key, parameter in method.parameters.items()}
    return AttributionConfig(name, chosen, **noise)


def _choose(key: str, parameter: Parameter) -> Any:
    """The control of one parameter."""
    if parameter.choices:
        options = list(parameter.choices)
        return st.selectbox(
            said(parameter.title),
            options,
            options.index(str(parameter.default)),
            lambda name: said(parameter.choices[name]),
            key,
            said(parameter.help) or None,
        )
    is_whole = isinstance(parameter.default, int)
    return st.number_input(
        said(parameter.title),
        int(parameter.least) if is_whole else float(parameter.least),
        int(parameter.most) if is_whole else float(parameter.most),
        int(parameter.default) if is_whole else float(parameter.default),
        key=key,
        help=said(parameter.help) or None,
    )


def explain_methods(configs: Sequence[AttributionConfig]) -> None:
    """What each of the methods does, and who found it."""
    with st.expander(_("What these methods do"), icon=":material/help:"):
        for config in configs:
            about = config.about
            sums = _(" **Its shares add up** to the change of the score.") if about.is_complete else ""
            st.markdown(f"**{about.title}.** {said(about.note)}{sums} ({about.source})")
        if noise := next((config.noise for config in configs), ""):
            st.markdown(_("Under noise: {noises}.", noises=said(NOISES[noise])))


def choose_layer(candidates: Sequence[Candidate], specs: Sequence[nets.NetSpec]) -> list[str]:
    """The layer that Grad-CAM looks at in each net, chosen in the drawing of the first."""
    spec = specs[0]
    names = explain.cam_layers(spec)
    with st.expander(_("The layer that Grad-CAM looks at"), icon=":material/account_tree:"):
        chosen = st.selectbox(
            _("Layer of {name}", name=candidates[0].name),
            ["", *reversed(names)],
            format_func=lambda name: name or _(LAST_LAYER),
            key="layer",
        )
        st.caption(_("Or click a block in the drawing. Other nets are looked at as far along their own way."))
        boxes = nets.net_outline(spec, candidates[0].form.size)
        show_figure(
            net_drawing(cast(Any, boxes), candidates[0].form.size),
            key=f"drawing_{spec.to_slug()}",
            on_click=lambda point: _take_clicked(point, boxes, names),
            alt=_("{name}, layer by layer; a click chooses the layer that Grad-CAM looks at", name=spec.name),
        )
    return [explain.same_place(chosen, spec, other) for other in specs]


def _take_clicked(point: dict[str, Any], boxes: "Sequence[Box]", names: Sequence[str]) -> None:
    row = round(point["y"])
    if 0 <= row < len(boxes):
        box = boxes[row]
        ways = (f"{box.part}.block{box.block}", f"{box.part}.act{box.block}", box.part)
        st.session_state["layer"] = next((name for name in ways if name in names), "")


def with_layer(config: AttributionConfig, layer: str) -> AttributionConfig:
    """The config that looks at a layer, if it looks at one."""
    return replace(config, layer=layer) if config.about.uses_layer else config


def choose_target(classes: Sequence[str], truth: int | None) -> str:
    """Whose score is explained: OWN, TRUE (where it is known) or the name of a class."""
    options = [OWN, *([TRUE] if truth is not None else []), *classes]
    wished = st.query_params.get("class", "")
    key = f"target_{len(options)}"
    chosen = st.selectbox(
        _("Class to explain"),
        options,
        options.index(wished) if wished in options else 0,
        format_func=lambda name: _(name) if name in (OWN, TRUE) else name,
        key=key,
    )
    say_in_url("class", "" if chosen == OWN else chosen, key)
    return chosen


def target_of(chosen: str, classes: Sequence[str], truth: int | None, answered: int) -> int:
    """The number of the class that is explained for a net that answered so; its own where it does not know it."""
    if chosen == TRUE and truth is not None:
        return truth
    return list(classes).index(chosen) if chosen in classes else answered


@dataclass(frozen=True)
class Epochs:
    """Which epochs are looked at: one, or all of them beside one another."""

    chosen: int = FINAL
    beside: tuple[int, ...] = ()


def choose_epochs(candidates: Sequence[Candidate]) -> Epochs:
    """The slider through the epochs that the runs of these nets have kept; nothing where none has."""
    kept = sorted({epoch for one in candidates if one.run is not None for epoch in training.kept_epochs(one.run)})
    if len(kept) < 2:
        return Epochs()
    options = [*kept, FINAL]
    slider, toggle = st.columns([3, 1], vertical_alignment="bottom")
    chosen = slider.select_slider(
        _("Epoch of training"),
        options,
        FINAL,
        format_func=lambda epoch: _("end") if epoch == FINAL else str(epoch),
        key="epoch",
        help=_("0 is before the first step. Nets whose run kept no epochs are shown at their end."),
    )
    if toggle.toggle(
        _("All epochs"),
        key="beside",
        bind="query-params",
        help=_("Every epoch beside the others, for the first method."),
    ):
        return Epochs(chosen, tuple(kept[:: -(-len(kept) // MOST_BESIDE)]))
    return Epochs(chosen)


def epoch_of(candidate: Candidate, epoch: int) -> int:
    """The epoch, or the end where the run has not kept it."""
    if candidate.run is None or epoch not in training.kept_epochs(candidate.run):
        return FINAL
    return epoch


@dataclass(frozen=True, eq=False)
class Shown:
    """A picture that nets are asked about: RGB, what it is called, its class where that is known."""

    image: Image.Image
    title: str
    classes: tuple[str, ...]
    label: int | None = None
    invert: bool = False

    def truth_for(self, candidate: Candidate) -> int | None:
        """The picture's class, if the net knows the same classes."""
        return self.label if candidate.form.classes == self.classes else None

    def as_seen_by(self, candidate: Candidate) -> np.ndarray:
        """The picture as a net takes it, uint8 (H, W, C)."""
        return see_picture(self.image, candidate.form, self.invert)


def choose_picture(candidates: Sequence[Candidate]) -> Shown:
    """A test picture of the first net's data, one of the reader's own, or the one that came from another page."""
    samples = _samples(candidates[0])
    carried = st.session_state.get(CARRIED)
    sources = [*([TEST_SET] if samples else []), MY_OWN, *([CARRIED_HERE] if carried else [])]
    first = CARRIED_HERE if carried else sources[0]
    key = f"source_{len(sources)}"
    source = st.segmented_control(_("Picture"), sources, default=first, required=True, format_func=_, key=key)
    form = candidates[0].form
    if source == TEST_SET:
        sample = f"sample_{candidates[0].key}"
        position = st.selectbox(
            _("Test picture"),
            range(len(samples)),
            _position_in_link(len(samples)),
            format_func=lambda i: _(
                "{name} ({number} of {count})", name=form.classes[samples[i][0]], number=i + 1, count=len(samples)
            ),
            key=sample,
            help=_("From the part that no net was trained on."),
        )
        say_in_url("picture", str(position) if position else "", sample)
        label, png = samples[position]
        return Shown(
            decode_image(png), _("a test picture: {classes}", classes=form.classes[label]), form.classes, label
        )
    if source == CARRIED_HERE and carried:
        name, image = carried
        return Shown(image, name, form.classes, None, _choose_inversion(image, candidates))
    return _upload(candidates)


def _samples(candidate: Candidate) -> list[tuple[int, bytes]]:
    if candidate.run is None:
        return []
    return store_of(run_store(), candidate.run.id).samples(candidate.run.id)


def _position_in_link(count: int) -> int:
    wished = st.query_params.get("picture", "")
    return int(wished) if wished.isdecimal() and int(wished) < count else 0


def _upload(candidates: Sequence[Candidate]) -> Shown:
    file = st.file_uploader(_("A picture of your own"), key="upload")  # told by content, not by name
    if file is None:
        st.info(_("Choose a PNG, JPEG, WebP, GIF or BMP file of up to 20 MB; it stays on this machine."))
        st.stop()
    try:
        image = decode_image(file.getvalue())
    except ImageError as error:
        refuse(error)
        st.stop()
    return Shown(image, _("your picture"), (), None, _choose_inversion(image, candidates))


def _choose_inversion(image: Image.Image, candidates: Sequence[Candidate]) -> bool:
    if all(candidate.form.channels == 3 for candidate in candidates):
        return False
    bright = is_bright(image)
    help = _("These nets learned bright strokes on black; ink on paper is the other way round.")
    return st.checkbox(_("Swap light and dark"), value=bright, key=f"invert_{bright}", help=help)


def choose_view() -> tuple[str, bool]:
    """The scale of the maps, and whether they lie on the picture."""
    scale, overlay = st.columns([3, 2], vertical_alignment="bottom")
    each = linked(
        scale.segmented_control,
        _("Color scale"),
        list(SCALES),
        "scale_of_maps",
        "row",
        name="scale",
        required=True,
        format_func=lambda name: _(SCALES_SHORT[name]),
        help=_("What 1 is: {scales}.", scales=_("; or ").join(map(said, SCALES.values()))),
    )
    return each, overlay.toggle(_("On top of the picture"), key="overlay", bind="query-params")


def say_answers(asked: Sequence[Asked], shown: Shown) -> None:
    """What the picture is, and what every net says to it."""
    parts = [plain(sentence(shown.title[:1].upper() + shown.title[1:]))]
    for one in asked:
        chances = probabilities_of(one)
        best = int(chances.argmax())
        parts.append(
            _(
                "**{name}** says **{classes}** with {chances:.1%}.",
                name=one.name,
                classes=plain(one.candidate.form.classes[best]),
                chances=chances[best],
            )
        )
    st.markdown(" ".join(parts))


def say_origins(candidates: Sequence[Candidate]) -> None:
    """Where the nets on the page are from."""
    st.caption(sentence("; ".join(f"{said(one.name)}: {plain(one.origin)}" for one in candidates)))
