"""What is measured? Experiments on nets: a spec or a trained net in, a DataFrame out."""

from typing import TYPE_CHECKING

from resnet_viz.lazy import lazy_exports

if TYPE_CHECKING:
    from resnet_viz.lab.blocks import blocks_of, can_be_deleted
    from resnet_viz.lab.flow import gradient_shares, middle_lengths, path_lengths, share_of_paths
    from resnet_viz.lab.identity import compare_with_appended, ways_to_append
    from resnet_viz.lab.initialization import (
        GRADIENT_LIMIT,
        GradientScale,
        compare_initializations,
        gradient_scale,
        gradients_at_initialization,
        gradients_by_layer,
        layer_outputs,
    )
    from resnet_viz.lab.lesions import error_by_lesions, error_with, error_without_each_block, lesion_counts
    from resnet_viz.lab.neurons import UnitSummary, active_units, summarize_units
    from resnet_viz.lab.responses import LayerComparison, compare_layers, layer_responses, response_layers
    from resnet_viz.lab.shattering import (
        gradient_autocorrelation,
        gradient_shattering,
        half_width,
        input_gradients_along_a_line,
        noise_autocorrelation,
    )
    from resnet_viz.lab.surface import (
        NORMS,
        Plane,
        filter_normalized_direction,
        loss_surface,
        losses_on_path,
        principal_directions,
        random_walk_shares,
        roughness,
        second_differences,
        share_below,
    )
    from resnet_viz.lab.verdict import FITS, OVERFITS, UNFIT, Comparison, Overfit, compare_errors, judge_overfitting

__all__ = [
    "FITS",
    "GRADIENT_LIMIT",
    "NORMS",
    "OVERFITS",
    "UNFIT",
    "Comparison",
    "GradientScale",
    "LayerComparison",
    "Overfit",
    "Plane",
    "UnitSummary",
    "active_units",
    "blocks_of",
    "can_be_deleted",
    "compare_errors",
    "compare_initializations",
    "compare_layers",
    "compare_with_appended",
    "error_by_lesions",
    "error_with",
    "error_without_each_block",
    "filter_normalized_direction",
    "gradient_autocorrelation",
    "gradient_scale",
    "gradient_shares",
    "gradient_shattering",
    "gradients_at_initialization",
    "gradients_by_layer",
    "half_width",
    "input_gradients_along_a_line",
    "judge_overfitting",
    "layer_outputs",
    "layer_responses",
    "lesion_counts",
    "loss_surface",
    "losses_on_path",
    "middle_lengths",
    "noise_autocorrelation",
    "path_lengths",
    "principal_directions",
    "random_walk_shares",
    "response_layers",
    "roughness",
    "second_differences",
    "share_below",
    "share_of_paths",
    "summarize_units",
    "ways_to_append",
]

HOMES = {  # module of this room: what it offers
    "blocks": ("blocks_of", "can_be_deleted"),
    "flow": ("gradient_shares", "middle_lengths", "path_lengths", "share_of_paths"),
    "identity": ("compare_with_appended", "ways_to_append"),
    "initialization": (
        "GRADIENT_LIMIT",
        "GradientScale",
        "compare_initializations",
        "gradient_scale",
        "gradients_at_initialization",
        "gradients_by_layer",
        "layer_outputs",
    ),
    "lesions": ("error_by_lesions", "error_with", "error_without_each_block", "lesion_counts"),
    "neurons": ("UnitSummary", "active_units", "summarize_units"),
    "responses": ("LayerComparison", "compare_layers", "layer_responses", "response_layers"),
    "shattering": (
        "gradient_autocorrelation",
        "gradient_shattering",
        "half_width",
        "input_gradients_along_a_line",
        "noise_autocorrelation",
    ),
    "surface": (
        "NORMS",
        "Plane",
        "filter_normalized_direction",
        "loss_surface",
        "losses_on_path",
        "principal_directions",
        "random_walk_shares",
        "roughness",
        "second_differences",
        "share_below",
    ),
    "verdict": ("FITS", "OVERFITS", "UNFIT", "Comparison", "Overfit", "compare_errors", "judge_overfitting"),
}
__getattr__ = lazy_exports({name: f"resnet_viz.lab.{home}" for home, names in HOMES.items() for name in names})
