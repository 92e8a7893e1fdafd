"""What is measured? Experiments on nets: a spec or a trained net in, a DataFrame out."""

from typing import TYPE_CHECKING

from resnet_viz.lazy import lazy_exports

if TYPE_CHECKING:
    from resnet_viz.lab.lesions import error_by_lesions, error_with, error_without_each_block, lesion_counts

__all__ = ["error_by_lesions", "error_with", "error_without_each_block", "lesion_counts"]

__getattr__ = lazy_exports(
    dict.fromkeys(
        ("error_by_lesions", "error_with", "error_without_each_block", "lesion_counts"), "resnet_viz.lab.lesions"
    )
)
