"""What is a network? Specs are light; what builds and stores nets imports torch when first used."""

from typing import TYPE_CHECKING

from resnet_viz.lazy import lazy_exports
from resnet_viz.nets.spec import FAMILIES, NO_SHORTCUT, SHORTCUTS, NetSpec, SpecError

if TYPE_CHECKING:
    from resnet_viz.nets.build import ConvNet, build_net
    from resnet_viz.nets.checkpoints import CheckpointError, load_checkpoint, save_checkpoint
    from resnet_viz.nets.table import layer_table, weighted_layers

__all__ = [
    "FAMILIES",
    "NO_SHORTCUT",
    "SHORTCUTS",
    "CheckpointError",
    "ConvNet",
    "NetSpec",
    "SpecError",
    "build_net",
    "layer_table",
    "load_checkpoint",
    "save_checkpoint",
    "weighted_layers",
]

__getattr__ = lazy_exports(
    {
        "ConvNet": "resnet_viz.nets.build",
        "build_net": "resnet_viz.nets.build",
        "CheckpointError": "resnet_viz.nets.checkpoints",
        "load_checkpoint": "resnet_viz.nets.checkpoints",
        "save_checkpoint": "resnet_viz.nets.checkpoints",
        "layer_table": "resnet_viz.nets.table",
        "weighted_layers": "resnet_viz.nets.table",
    }
)
