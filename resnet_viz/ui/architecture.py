"""What does the Architecture page compute? Tables of nets beside the published ones, and files to take away."""

from functools import lru_cache
from typing import Any

import pandas as pd
import streamlit as st

from resnet_viz import nets
from resnet_viz.nets import NetSpec
from resnet_viz.paper import IMAGENET_NETS
from resnet_viz.plots import block_drawing, net_drawing
from resnet_viz.ui.language import cached, said
from resnet_viz.ui.services import freeze_imports

MARK = "background-color: rgba(240, 228, 66, 0.28)"  # see-through, for both themes


@cached(st.cache_resource, "Loading torch; this takes some seconds after the start of the server…")
def load_nets() -> None:
    """Have torch loaded before the page's first table."""
    nets.layer_table(NetSpec())
    freeze_imports()


def differences(specs: list[NetSpec]) -> pd.DataFrame:
    """What the nets have, one column a net; rows in which they differ begin with ≠."""
    frame = nets.compare_specs(specs)
    differs = frame.pop("differs")
    frame = frame.set_axis([f"{number}. {spec.name}" for number, spec in enumerate(specs, 1)], axis=1)
    frame.index = [f"≠ {said(name)}" if differs[name] else name for name in frame.index]
    return frame


def mark_differences(frame: pd.DataFrame) -> Any:
    """A Styler that puts a color behind the rows in which nets differ."""
    return frame.style.apply(lambda row: [MARK if row.name.startswith("≠") else ""] * len(row), axis=1)


@lru_cache(maxsize=200)
def draw_net(spec: NetSpec, unfolded: tuple[int, ...]) -> tuple[str, int]:
    """A net's drawing as JSON, and its height in pixels; made once for all readers, and not again for its neighbour."""
    drawing = net_drawing(nets.net_outline(spec, unfolded=unfolded), spec.size)
    return drawing.to_json(), drawing.layout.height


@lru_cache(maxsize=200)
def draw_block(spec: NetSpec) -> tuple[str, str]:
    """The drawing of a net's block as JSON, and the block's formula; made once for all readers."""
    block = nets.block_outline(spec)
    drawing = block_drawing(block.before, block.branch, block.around, block.after, block.join, block.projects)
    return drawing.to_json(), block.formula


def costs_of_parts(spec: NetSpec) -> dict[str, tuple[int, int]]:
    """Parameters and multiply-adds of stem, stage1, ..., head."""
    table = nets.layer_table(spec)
    costs: dict[str, tuple[int, int]] = {}
    for name, parameters, adds in zip(table["name"], table["parameters"], table["multiply_adds"], strict=True):
        part = name.partition(".")[0]
        before = costs.get(part, (0, 0))
        costs[part] = (before[0] + parameters, before[1] + adds)
    return costs


@st.cache_data(show_spinner=False)
def table_1() -> pd.DataFrame:
    """He et al. 2015, Table 1 and the nets beside it, rebuilt: blocks, and multiply-adds against the published."""
    rows = []
    for published in IMAGENET_NETS:
        family, depth = published.family, published.depth
        shortcut = "A" if depth < nets.FIRST_BOTTLENECK else "B"
        spec = NetSpec(family, depth, shortcut, classes=1000, stem="imagenet", batch_norm=family != "vgg")
        table = nets.layer_table(spec)
        ours = int(table["multiply_adds"].sum())
        sides = table[table["name"].str.startswith("stage")].groupby(table["name"].str.partition(".")[0])
        rows.append(
            {
                "net": spec.name,
                "blocks (VGG: layers) a stage": " + ".join(map(str, spec.layout.blocks)),
                "map sides": ", ".join(str(shape[1]) for shape in sides["output_shape"].last()),
                "parameters": int(table["parameters"].sum()),
                "multiply-adds, ours": ours / 1e9,
                "published": published.flops / 1e9,
                "difference, %": 100 * (ours / published.flops - 1),
            }
        )
    return pd.DataFrame(rows)


def source_of(spec: NetSpec) -> str:
    """The net as a Python file that runs alone."""
    return nets.to_python(spec)


def onnx_of(spec: NetSpec, imported: "nets.ConvNet | None") -> bytes:
    """The net as ONNX, with the imported weights if there are some, else untrained."""
    return nets.to_onnx(imported or nets.build_net(spec))
