"""What is a network? Specs are light; what builds and stores nets imports torch when first used."""

from typing import TYPE_CHECKING

from resnet_viz.lazy import lazy_exports
from resnet_viz.nets.layout import possible_depths
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
)
from resnet_viz.nets.spec import NetSpec, SpecError

if TYPE_CHECKING:
    from resnet_viz.nets.build import ConvNet, build_net
    from resnet_viz.nets.checkpoints import CheckpointError, load_checkpoint, read_checkpoint, save_checkpoint
    from resnet_viz.nets.export import ExportError, to_onnx, to_python
    from resnet_viz.nets.table import layer_table, weighted_layers

__all__ = [
    "ACTIVATIONS",
    "BLOCKS",
    "FAMILIES",
    "INITIALIZATIONS",
    "NO_SHORTCUT",
    "ORDERS",
    "SHORTCUTS",
    "STEMS",
    "STRIDES",
    "CheckpointError",
    "ConvNet",
    "ExportError",
    "NetSpec",
    "SpecError",
    "build_net",
    "layer_table",
    "load_checkpoint",
    "possible_depths",
    "read_checkpoint",
    "save_checkpoint",
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
        "ExportError": "resnet_viz.nets.export",
        "to_onnx": "resnet_viz.nets.export",
        "to_python": "resnet_viz.nets.export",
        "layer_table": "resnet_viz.nets.table",
        "weighted_layers": "resnet_viz.nets.table",
    }
)
