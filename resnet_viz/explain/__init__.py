"""Why did the net answer so? Its predictions, and Captum's attributions of them to pixels."""

from typing import TYPE_CHECKING

from resnet_viz.explain.layers import cam_layers, same_place
from resnet_viz.explain.methods import BASELINES, METHODS, NOISES, AttributionConfig, AttributionError, Parameter
from resnet_viz.lazy import lazy_exports

if TYPE_CHECKING:
    from resnet_viz.explain.attribution import attribute, count_passes, pictures_at_once, to_map
    from resnet_viz.explain.prediction import class_probabilities, to_input

__all__ = [
    "BASELINES",
    "METHODS",
    "NOISES",
    "AttributionConfig",
    "AttributionError",
    "Parameter",
    "attribute",
    "cam_layers",
    "class_probabilities",
    "count_passes",
    "pictures_at_once",
    "same_place",
    "to_input",
    "to_map",
]

__getattr__ = lazy_exports(
    dict.fromkeys(("attribute", "count_passes", "pictures_at_once", "to_map"), "resnet_viz.explain.attribution")
    | dict.fromkeys(("class_probabilities", "to_input"), "resnet_viz.explain.prediction")
)
