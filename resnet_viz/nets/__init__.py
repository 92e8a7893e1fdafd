"""What is a network? Specs are light; what builds and stores nets imports torch when first used."""

from typing import TYPE_CHECKING

from resnet_viz.lazy import lazy_exports
from resnet_viz.nets.layout import FIRST_BOTTLENECK, possible_depths
from resnet_viz.nets.options import (
    ACTIVATIONS,
    BLOCKS,
    FAMILIES,
    INITIALIZATIONS,
    NO_SHORTCUT,
    ORDERS,
    SHORTCUTS,
    STEMS,
    STRIDES,
    title,
)
from resnet_viz.nets.spec import NetSpec, SpecError

if TYPE_CHECKING:
    from resnet_viz.nets.build import ConvNet, build_net
    from resnet_viz.nets.checkpoints import CheckpointError, load_checkpoint, read_checkpoint, save_checkpoint, to_bytes
    from resnet_viz.nets.export import ONNX_HINT, ExportError, has_onnx, to_onnx, to_python
    from resnet_viz.nets.identity import append_identity, explain_appending
    from resnet_viz.nets.outline import block_outline, compare_specs, net_outline
    from resnet_viz.nets.table import layer_table, weighted_layers

__all__ = [
    "ACTIVATIONS",
    "BLOCKS",
    "FAMILIES",
    "FIRST_BOTTLENECK",
    "INITIALIZATIONS",
    "NO_SHORTCUT",
    "ONNX_HINT",
    "ORDERS",
    "SHORTCUTS",
    "STEMS",
    "STRIDES",
    "CheckpointError",
    "ConvNet",
    "ExportError",
    "NetSpec",
    "SpecError",
    "append_identity",
    "block_outline",
    "build_net",
    "compare_specs",
    "explain_appending",
    "has_onnx",
    "layer_table",
    "load_checkpoint",
    "net_outline",
    "possible_depths",
    "read_checkpoint",
    "save_checkpoint",
    "title",
    "to_bytes",
    "to_onnx",
    "to_python",
    "weighted_layers",
]

__getattr__ = lazy_exports(
    {
        "ConvNet": "resnet_viz.nets.build",
        "build_net": "resnet_viz.nets.build",
        "CheckpointError": "resnet_viz.nets.checkpoints",
        "load_checkpoint": "resnet_viz.nets.checkpoints",
        "read_checkpoint": "resnet_viz.nets.checkpoints",
        "save_checkpoint": "resnet_viz.nets.checkpoints",
        "ONNX_HINT": "resnet_viz.nets.export",
        "ExportError": "resnet_viz.nets.export",
        "has_onnx": "resnet_viz.nets.export",
        "to_onnx": "resnet_viz.nets.export",
        "to_python": "resnet_viz.nets.export",
        "to_bytes": "resnet_viz.nets.checkpoints",
        "append_identity": "resnet_viz.nets.identity",
        "explain_appending": "resnet_viz.nets.identity",
        "block_outline": "resnet_viz.nets.outline",
        "compare_specs": "resnet_viz.nets.outline",
        "net_outline": "resnet_viz.nets.outline",
        "layer_table": "resnet_viz.nets.table",
        "weighted_layers": "resnet_viz.nets.table",
    }
)
