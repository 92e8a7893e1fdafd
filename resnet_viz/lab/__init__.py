"""What is measured? Experiments on nets: a spec or a trained net in, a DataFrame out."""

from typing import TYPE_CHECKING

from resnet_viz.lazy import lazy_exports

if TYPE_CHECKING:
    from resnet_viz.lab.blocks import blocks_of, can_be_deleted
    from resnet_viz.lab.lesions import error_by_lesions, error_with, error_without_each_block, lesion_counts

__all__ = [
    "blocks_of",
    "can_be_deleted",
    "error_by_lesions",
    "error_with",
    "error_without_each_block",
    "lesion_counts",
]

HOMES = {  # module of this room: what it offers
    "blocks": ("blocks_of", "can_be_deleted"),
    "lesions": ("error_by_lesions", "error_with", "error_without_each_block", "lesion_counts"),
}
__getattr__ = lazy_exports({name: f"resnet_viz.lab.{home}" for home, names in HOMES.items() for name in names})
