"""What does a net look like from afar? Its weighted layers and poolings in order, long stages folded."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd

from resnet_viz.nets.options import NO_SHORTCUT, ORDERS, SHORTCUTS, title
from resnet_viz.nets.spec import NetSpec
from resnet_viz.nets.table import layers

DRAWN = ("convolution", "fully connected", "max pooling", "average pooling")
FOLD = "fold"
ENDS = 1  # blocks of a folded stage that are shown at its start, and at its end
LEAST_FOLDED = 2  # a fold that hides fewer blocks would save nothing


@dataclass(frozen=True)
class Box:
    """One box of a drawing: a layer, or a fold that stands for several blocks.

    `label` is short, `about` says all. `block` numbers the block within its part from 1 on (0: none);
    `shortcut` is the way around that block: "", "identity", or "resized" by a projection or subsampling.
    """

    label: str
    about: str
    kind: str
    part: str
    block: int
    shortcut: str
    map_side: int


def net_outline(spec: NetSpec, size: int | None = None, unfolded: Collection[int] = ()) -> list[Box]:
    """The boxes of a net from the picture to the scores; stages (from 1) not named in `unfolded` are folded.

    Raises SpecError where the pictures are too small for the net.
    """
    table = layers(spec, size)
    rows = [
        (row, *_place(row.name, spec))
        for row in _rows(table[table["kind"].isin(DRAWN)])
        if ".shortcut" not in row.name and ".gate" not in row.name
    ]
    last = {part: block for _, part, block in rows if block}  # of each part: rows are in order
    side = spec.size if size is None else size
    boxes: list[Box] = []
    for row, part, block in rows:
        hidden = last.get(part, 0) - 2 * ENDS
        is_folded = block and hidden >= LEAST_FOLDED and int(part.removeprefix("stage")) not in unfolded
        shape = row.output_shape
        before, side = side, shape[1] if len(shape) == 3 else 1
        if not is_folded or not ENDS < block <= last[part] - ENDS:
            way = _way_around(part, block, spec)
            boxes.append(Box(_label(row, before // side), _about(row), row.kind, part, block, way, side))
        elif boxes[-1].kind != FOLD:
            about = f"{hidden} more of the same in {part}; unfold the stage to see them"
            boxes.append(Box(f"... {hidden} more", about, FOLD, part, block, "", side))
    return boxes


def _way_around(part: str, block: int, spec: NetSpec) -> str:
    if spec.shortcut == NO_SHORTCUT or not block:
        return ""
    changes = block == 1 and (part != "stage1" or spec.block == "bottleneck")
    return "resized" if changes or spec.shortcut == "C" else "identity"


def _place(name: str, spec: NetSpec) -> tuple[str, int]:
    """The part and the block of a layer; in a VGG net a 3x3 layer counts as a block, to fold by."""
    part, layer, *_ = name.split(".")
    if layer.startswith("block"):
        return part, int(layer.removeprefix("block"))
    if spec.family == "vgg" and layer.startswith("conv"):
        return part, int(layer.removeprefix("conv"))
    return part, 0


def _rows(table: pd.DataFrame) -> Iterator[Any]:
    return table.itertuples(index=False)  # many times as fast as dicts, and a net has thousands


def _label(row: Any, stride: int) -> str:
    shrinks = f", /{stride}" if stride > 1 else ""
    if row.kind == "convolution":
        return f"{row.kernel}x{row.kernel} conv, {row.output_shape[0]}{shrinks}"
    if row.kind == "fully connected":
        return f"fc, {row.output_shape[0]}"
    return {"max pooling": f"max pool{shrinks}", "average pooling": "avg pool"}[row.kind]


def _about(row: Any) -> str:
    return (
        f"{row.name}: {' x '.join(map(str, row.output_shape))}, {row.parameters:,} parameters, "
        f"{row.multiply_adds / 1e6:,.2f} million multiply-adds, sees {row.receptive_field} pixels a side"
    )


@dataclass(frozen=True)
class BlockOutline:
    """One block in detail: what stands before its branch, in it, around it and after the addition.

    Each step is a (label, about) pair; `join` is the sign where the two ways meet, "" in a plain net. The way
    around leaves behind the steps of `before` if it is a projection (`projects`), else before them. `formula` is
    what the block computes, in LaTeX: F is the branch, g a gate, b 0 or 1, W_s a projection, S subsampling.
    """

    before: list[tuple[str, str]]
    branch: list[tuple[str, str]]
    around: list[tuple[str, str]]
    after: list[tuple[str, str]]
    join: str
    projects: bool
    formula: str


def block_outline(spec: NetSpec, size: int | None = None, name: str = "stage1.block2") -> BlockOutline:
    """The steps of a block, not of VGG: by default one that keeps sizes, or stage 2's where each stage has only one."""
    table = layers(spec, size)
    rows = table[table["name"].str.startswith(f"{name}.")]
    if rows.empty:
        return block_outline(spec, size, "stage2.block1")  # not the very first: it may have no start of its own
    steps: dict[str, list[tuple[str, str]]] = {"before": [], "branch": [], "shortcut": [], "gate": [], "after": []}
    for row in _rows(rows):
        place = row.name.removeprefix(f"{name}.").partition(".")[0]
        label = _label(row, 1) if row.kind == "convolution" else row.kind.removesuffix(" shortcut")
        steps[place].append((label, _about(row)))
    join = "" if spec.shortcut == NO_SHORTCUT else "⊕"
    around = [("gate: " + label, about) for label, about in steps["gate"]] + steps["shortcut"]
    labels = [label for label, _ in steps["shortcut"]]
    projects = any("conv" in label for label in labels)
    carried = "W_s x" if projects else "S x" if "subsampling" in labels else "x"
    return BlockOutline(
        steps["before"], steps["branch"], around, steps["after"], join, projects, _formula(spec, carried)
    )


def _formula(spec: NetSpec, carried: str) -> str:
    if spec.family != "resnet":
        return r"H(x) = F(x)"
    branch = r"F(x)" if spec.survival == 1 else r"b \cdot F(x)"
    total = {
        "scaling": rf"\tfrac{{1}}{{2}} {branch} + \tfrac{{1}}{{2}} {carried}",
        "exclusive": rf"g(x) \cdot {branch} + (1 - g(x)) \cdot {carried}",
        "gated": rf"{branch} + (1 - g(x)) \cdot {carried}",
        "dropout": rf"{branch} + \mathrm{{dropout}}({carried})",
    }.get(spec.shortcut, f"{branch} + {carried}")
    return rf"H(x) = {total}"


def compare_specs(specs: Collection[NetSpec]) -> pd.DataFrame:
    """What the nets have: one row a property, one column a net (numbered, as names can be equal), all text.

    The index is the property; a last column `differs` is true where the nets are not all the same.
    """
    columns = {number: _properties(spec) for number, spec in enumerate(specs, 1)}
    frame = pd.DataFrame(columns)
    frame["differs"] = frame.nunique(axis=1) > 1
    return frame


def _properties(spec: NetSpec) -> pd.Series:
    table = layers(spec)
    stages = table[table["name"].str.startswith("stage")]
    is_vgg = spec.family == "vgg"
    return pd.Series(
        {
            "family": spec.family,
            "depth": str(spec.depth),
            "made for": f"{spec.size} x {spec.size} pixels",
            "blocks a stage": " + ".join(map(str, spec.layout.blocks)) + (" (single layers)" if is_vgg else ""),
            "filters": ", ".join(map(str, spec.layout.widths)),
            "block": "" if is_vgg else spec.block + (f", stride in {spec.stride_in}" if spec.block != "basic" else ""),
            "shortcut": title(SHORTCUTS[spec.shortcut]) if spec.shortcut in SHORTCUTS else "none",
            "block order": "" if is_vgg else title(ORDERS[spec.order]),
            "batch norm": "yes" if spec.batch_norm else "no",
            "activation": spec.activation,
            "initialization": spec.initialization + (", last norm of a branch zero" if spec.zero_last_norm else ""),
            "stochastic depth": "no" if spec.survival == 1 else f"survival {spec.survival:g} of the last block",
            "parameters": f"{table['parameters'].sum():,}",
            "multiply-adds": f"{table['multiply_adds'].sum() / 1e6:,.1f} million",
            "receptive field": f"{stages['receptive_field'].max()} pixels a side",
        }
    )
