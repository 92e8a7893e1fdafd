"""How is it built? Up to four nets side by side: drawn whole, block by block, and counted."""

from functools import partial

import streamlit as st

from resnet_viz import nets
from resnet_viz.nets import NetSpec
from resnet_viz.paper import IMAGENET_SOURCE
from resnet_viz.plots import stage_bars
from resnet_viz.ui.architecture import (
    costs_of_parts,
    differences,
    draw_block,
    draw_net,
    load_nets,
    mark_differences,
    onnx_of,
    source_of,
    table_1,
)
from resnet_viz.ui.compose import choose_specs, choose_unfolded
from resnet_viz.ui.figures import show_figure
from resnet_viz.ui.files import File, offer_files
from resnet_viz.ui.imports import import_net, imported_net
from resnet_viz.ui.language import _, said
from resnet_viz.ui.links import linked
from resnet_viz.ui.plan import compose
from resnet_viz.ui.tables import show_table

TALLEST, FRAME = 640, 48  # pixels of a drawing before it scrolls, and of what is around it

st.title(_("How is it built?"))
st.markdown(
    _(
        "A residual net is a plain one with ways around its blocks: $H(x) = F(x) + x$. Compose up to four nets and "
        "compare them; a link to this page holds your choice."
    )
)
load_nets()
specs = choose_specs()
names = [f"{number}. {spec.name}" for number, spec in enumerate(specs, 1)]
if st.button(_("Train these nets"), icon=":material/play_arrow:"):
    compose(specs)
    st.switch_page("pages/train.py")

st.markdown(_("##### What differs"))
show_table(
    differences(specs),
    style=mark_differences,
    height="content",
    alt=_("Properties of the nets; rows in which they differ are marked with ≠"),
)

st.markdown(_("##### The whole net"))
unfolded = choose_unfolded(specs)
for number, (spec, column) in enumerate(zip(specs, st.columns(max(2, len(specs)), gap="medium"), strict=False), 1):
    drawing, height = draw_net(spec, tuple(unfolded))
    with column, st.container(height=min(TALLEST, height + FRAME)):
        show_figure(
            drawing,
            key=f"net_{number}",
            alt=_("{name}, layer by layer from the picture to the scores", name=spec.name),
        )

st.markdown(_("##### One block"))


def show_block(spec: NetSpec, key: str) -> None:
    """One block with its formula."""
    if spec.family == "vgg":
        st.markdown(
            _("{name} has no blocks: 3x3 layers follow each other, and pooling halves the map.", name=spec.name)
        )
        return
    drawing, formula = draw_block(spec)
    st.markdown(f"${formula}$")  # wraps in a narrow column
    if spec.family == "resnet":
        st.caption(said(nets.SHORTCUTS[spec.shortcut]))
    show_figure(drawing, key=key, alt=_("The steps of one block of {name}", name=spec.name))


for number, (spec, column) in enumerate(zip(specs, st.columns(max(2, len(specs)), gap="medium"), strict=False), 1):
    with column:
        st.caption(said(spec.name))
        show_block(spec, key=f"block_{number}")

with st.expander(_("Basic block and bottleneck"), icon=":material/compress:"):
    st.markdown(
        _(
            "ResNet-50 swaps the two 3x3 layers of ResNet-34 for a bottleneck: 1x1 to a quarter of the filters, 3x3, "
            "1x1 back. The block is four times as wide and costs about the same."
        )
    )
    for depth, column in zip((34, 50), st.columns(2, gap="large"), strict=True):
        spec = NetSpec("resnet", depth, "B", stem="imagenet")
        table = nets.layer_table(spec)
        block = table[table["name"].str.startswith("stage1.block2.")]
        with column:
            st.caption(
                _(
                    "{name}: {parameters:,} parameters, {multiply_adds:,.0f} million multiply-adds on 56 x 56",
                    name=spec.name,
                    parameters=block["parameters"].sum(),
                    multiply_adds=block["multiply_adds"].sum() / 1000000.0,
                )
            )
            show_block(spec, key=f"kind_{depth}")

st.markdown(_("##### Where parameters and multiply-adds are"))
show_figure(
    stage_bars([(name, spec.family, costs_of_parts(spec)) for spec, name in zip(specs, names, strict=True)]),
    key="stages",
    alt=_("Parameters and multiply-adds of every stage, net beside net"),
)

st.markdown(_("##### Every layer"))
places = range(len(specs))
spec = specs[linked(st.selectbox, _("Net"), places, "layers_of", 0, format_func=names.__getitem__)]
table = nets.layer_table(spec)
table["output_shape"] = [" x ".join(map(str, shape)) for shape in table["output_shape"]]
st.caption(
    _(
        "{name} on {size} x {size} pixels: {count:,} layers, **{parameters:,}** parameters, "
        "**{multiply_adds:,}** multiply-adds a picture (of convolutions and linear layers, as the papers count "
        "FLOPs). The receptive field is the side of what one output number depends on.",
        name=spec.name,
        size=spec.size,
        count=len(table),
        parameters=table["parameters"].sum(),
        multiply_adds=table["multiply_adds"].sum(),
    )
)
show_table(
    table,
    hide_index=True,
    height=320,
    columns={
        "output_shape": _("output shape"),
        "parameters": st.column_config.NumberColumn(format="localized"),
        "multiply_adds": st.column_config.NumberColumn(_("multiply-adds"), format="localized"),
        "receptive_field": _("receptive field"),
    },
    alt=_("Every layer of {name}", name=spec.name),
)
imported = imported_net(spec)
files = [
    File(_("Table as CSV"), f"{spec.to_slug()}.csv", lambda: table.to_csv(index=False), icon=":material/download:"),
    File(
        _("Net as Python"),
        "net.py",
        lambda: source_of(spec),
        icon=":material/code:",
        help=_("A file that needs torch alone."),
    ),
    File(
        _("Net as ONNX"),
        f"{spec.to_slug()}.onnx",
        lambda: onnx_of(spec, imported),
        icon=":material/deployed_code:",
        help=_("With the imported weights, else untrained.") if nets.has_onnx() else nets.ONNX_HINT,
        disabled=not nets.has_onnx(),
    ),
]
if imported is not None:
    files.append(
        File(
            _("Imported weights"),
            f"{spec.to_slug()}.safetensors",
            partial(nets.to_bytes, imported),
            icon=":material/download:",
            help=_("A safetensors file that fits the net as Python."),
        )
    )
offer_files(*files)

with st.expander(_("Import a net"), icon=":material/upload_file:"):
    import_net()

with st.expander(_("The paper's nets for ImageNet, rebuilt"), icon=":material/table:"):
    show_table(
        table_1(),
        hide_index=True,
        columns={
            "parameters": st.column_config.NumberColumn(format="localized"),
            "multiply-adds, ours": st.column_config.NumberColumn(format="%.2f G"),
            "published": st.column_config.NumberColumn(format="%.1f G"),
            "difference, %": st.column_config.NumberColumn(format="%+.1f"),
        },
        alt=_("Multiply-adds of our nets beside the published ones"),
    )
    st.caption(
        _(
            "Published: {imagenet_source}, rounded there. Shortcut A up to 34 layers, B beyond, the stride in "
            "the first 1x1 layer. Counted here on 224 x 224 pixels with 1000 classes.",
            imagenet_source=IMAGENET_SOURCE,
        )
    )
