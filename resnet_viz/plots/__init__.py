"""How does it look? Frames and arrays in, plotly figures out."""

from resnet_viz.plots.answers import Answer, class_bars, saliency_maps
from resnet_viz.plots.architecture import block_drawing, net_drawing, stage_bars
from resnet_viz.plots.counts import class_counts
from resnet_viz.plots.curves import Curve, error_curves, loss_curves
from resnet_viz.plots.gradients import Norms, layer_heatmap, layer_profile
from resnet_viz.plots.lesions import lesion_counts, lesion_profile
from resnet_viz.plots.style import COLORS, pick_colors

__all__ = [
    "COLORS",
    "Answer",
    "Curve",
    "Norms",
    "block_drawing",
    "class_bars",
    "class_counts",
    "error_curves",
    "layer_heatmap",
    "layer_profile",
    "lesion_counts",
    "lesion_profile",
    "loss_curves",
    "net_drawing",
    "pick_colors",
    "saliency_maps",
    "stage_bars",
]
