"""Why did the net answer so? Its predictions, and Captum's attributions of them to pixels."""

from typing import TYPE_CHECKING

from resnet_viz.explain.layers import cam_layers, same_place
from resnet_viz.explain.methods import BASELINES, METHODS, NOISES, AttributionConfig, AttributionError, Parameter
from resnet_viz.lazy import lazy_exports

if TYPE_CHECKING:
    from resnet_viz.explain.attribution import attribute, count_passes, pictures_at_once, to_map
    from resnet_viz.explain.checks import DRAWS, ORDERS, STEPS, areas, deletion_insertion, mass_inside, pointing_hits
    from resnet_viz.explain.prediction import class_probabilities, entropy, to_input
    from resnet_viz.explain.randomization import STAYS, Cascade, randomize, rank_correlation
    from resnet_viz.explain.trust import MAPS, Checks, chance_curves, check

__all__ = [
    "BASELINES",
    "DRAWS",
    "MAPS",
    "METHODS",
    "NOISES",
    "ORDERS",
    "STAYS",
    "STEPS",
    "AttributionConfig",
    "AttributionError",
    "Cascade",
    "Checks",
    "Parameter",
    "areas",
    "attribute",
    "cam_layers",
    "chance_curves",
    "check",
    "class_probabilities",
    "count_passes",
    "deletion_insertion",
    "entropy",
    "mass_inside",
    "pictures_at_once",
    "pointing_hits",
    "randomize",
    "rank_correlation",
    "same_place",
    "to_input",
    "to_map",
]

__getattr__ = lazy_exports(
    dict.fromkeys(("attribute", "count_passes", "pictures_at_once", "to_map"), "resnet_viz.explain.attribution")
    | dict.fromkeys(("class_probabilities", "entropy", "to_input"), "resnet_viz.explain.prediction")
    | dict.fromkeys(
        ("DRAWS", "ORDERS", "STEPS", "areas", "deletion_insertion", "mass_inside", "pointing_hits"),
        "resnet_viz.explain.checks",
    )
    | dict.fromkeys(("STAYS", "Cascade", "randomize", "rank_correlation"), "resnet_viz.explain.randomization")
    | dict.fromkeys(("MAPS", "Checks", "chance_curves", "check"), "resnet_viz.explain.trust")
)
