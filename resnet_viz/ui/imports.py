"""What net is in this file? Weights of others come in through the browser or by their path."""

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from resnet_viz import nets
from resnet_viz.settings import Settings
from resnet_viz.ui.compose import add_net
from resnet_viz.ui.language import _
from resnet_viz.ui.text import plain, refuse

_IMPORTED = "imported_net"  # in the session: (name of the file, net)


@dataclass(frozen=True)
class File:
    """A checkpoint that a reader chose: what tells it from others, its name, and how its net is loaded."""

    source: str
    name: str
    load: "Callable[[], nets.ConvNet]"

    def read(self) -> "nets.ConvNet | None":
        """The net in it; None, with a sentence on the page, where there is none."""
        with st.spinner(_("Reading the file…")):
            try:
                return self.load()
            except nets.CheckpointError as error:
                refuse(error)
                return None


def choose_file(key: str) -> File | None:
    """The two controls of a checkpoint, and what was chosen."""
    left, right = st.columns(2, gap="large")
    file = left.file_uploader(_("A safetensors file"), ["safetensors"], key=f"{key}_file")
    path = right.text_input(
        _("Or the path of a file on this machine"),
        key=f"{key}_path",
        placeholder=_("/path/to/resnet56.th"),
        help=_("Pickled files (.pt, .pth, .th) are read from this disk only, and weights only: nothing in them runs."),
        disabled=Settings().demo,  # which reads nothing of the machine that it stands on
    ).strip()
    if file is not None:
        return File(file.file_id, file.name, lambda: nets.read_checkpoint(file.getvalue(), file.name))
    if not path or Settings().demo:
        return None
    return File(path, path.rpartition("/")[2], lambda: nets.load_checkpoint(path))


def import_net() -> None:
    """The controls that read a checkpoint; the net that was found is added to those on the page."""
    st.markdown(
        _(
            "Our own checkpoints, torchvision's ResNet and VGG weights, and CIFAR ResNets in the names `conv1`, "
            "`layer1.0.conv1`, `linear`. Family, depth and shortcut are recognized from the tensors. A file of more "
            "than 20 MB comes in by its path."
        )
    )
    file = choose_file("import")
    net = file.read() if file is not None else None
    if file is None or net is None:
        return
    _take(file.source, file.name, net)
    spec = net.spec
    assumed = ""
    if net.recognized:
        stride = _("; the stride is in the 3x3 layers") if spec.block == "bottleneck" else ""
        way = (
            _("shortcut A (a plain net has the same tensors)") if spec.shortcut == "A" else _("ReLU after the addition")
        )
        assumed = _(" Taken as published, as tensors do not tell it: {way}{stride}.", way=way, stride=stride)
    st.success(
        _(
            "{file} holds **{net}**, {classes} classes, {channels} input channels.{assumed}",
            file=plain(file.name),
            net=spec.name,
            classes=spec.classes,
            channels=spec.in_channels,
            assumed=assumed,
        )
    )


def _take(source: str, name: str, net: "nets.ConvNet") -> None:
    known = st.session_state.get(_IMPORTED)
    st.session_state[_IMPORTED] = (source, name, net)
    if known is None or known[0] != source:
        add_net(net.spec)
        st.rerun()


def imported_net(spec: nets.NetSpec) -> "nets.ConvNet | None":
    """The imported net if it is one of this spec."""
    _, _, net = st.session_state.get(_IMPORTED, (None, None, None))
    return net if net is not None and net.spec == spec else None
