"""How does it look? Frames and arrays in, plotly figures out."""

from resnet_viz.plots.answers import Answer, class_bars
from resnet_viz.plots.architecture import block_drawing, net_drawing, stage_bars
from resnet_viz.plots.counts import class_counts
from resnet_viz.plots.curves import ABSCISSAS, USUAL, Y_SCALES, Curve, View, error_curves, loss_curves
from resnet_viz.plots.degradation import curves_by_depth, error_gaps, errors_by_depth
from resnet_viz.plots.flow import gradient_ways, path_contributions
from resnet_viz.plots.gradients import LayerView, Norms, layer_heatmap, layer_profile
from resnet_viz.plots.identity import before_and_after, error_against_start, same_error_deeper
from resnet_viz.plots.initialization import initialization_profile
from resnet_viz.plots.lesions import lesion_counts, lesion_profile
from resnet_viz.plots.neurons import unit_activity
from resnet_viz.plots.numbers import for_people
from resnet_viz.plots.responses import response_profile, weight_profile
from resnet_viz.plots.saliency import SCALES, MapRow, difference_map, saliency_grid
from resnet_viz.plots.shattering import correlation_by_depth, correlation_by_lag
from resnet_viz.plots.style import COLORS, pick_colors
from resnet_viz.plots.surface import LossScale, loss_contours, loss_landscape, loss_scale, say_loss, training_path
from resnet_viz.plots.trust import CheckedMap, cascade_curves, color_maps, deletion_curves, method_dots

__all__ = [
    "ABSCISSAS",
    "COLORS",
    "SCALES",
    "USUAL",
    "Y_SCALES",
    "Answer",
    "CheckedMap",
    "Curve",
    "LayerView",
    "LossScale",
    "MapRow",
    "Norms",
    "View",
    "before_and_after",
    "block_drawing",
    "cascade_curves",
    "class_bars",
    "class_counts",
    "color_maps",
    "correlation_by_depth",
    "correlation_by_lag",
    "curves_by_depth",
    "deletion_curves",
    "difference_map",
    "error_against_start",
    "error_curves",
    "error_gaps",
    "errors_by_depth",
    "for_people",
    "gradient_ways",
    "initialization_profile",
    "layer_heatmap",
    "layer_profile",
    "lesion_counts",
    "lesion_profile",
    "loss_contours",
    "loss_curves",
    "loss_landscape",
    "loss_scale",
    "method_dots",
    "net_drawing",
    "path_contributions",
    "pick_colors",
    "response_profile",
    "saliency_grid",
    "same_error_deeper",
    "say_loss",
    "stage_bars",
    "training_path",
    "unit_activity",
    "weight_profile",
]
