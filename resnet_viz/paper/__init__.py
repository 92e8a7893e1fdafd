"""What was published? Numbers with their source; nothing else in the project is printed as the papers'."""

from resnet_viz.paper.cifar10 import SOURCE, TABLE_6, PublishedNet
from resnet_viz.paper.conditions import Conditions, PublishedError
from resnet_viz.paper.errors import (
    AKAMASTER,
    AKAMASTER_SOURCE,
    ARTICLE,
    ARTICLE_MINUTES,
    ARTICLE_SOURCE,
    CIFAR_ERRORS,
    DEVIATION_110,
    ENSEMBLE_TOP_5,
    MEAN_110,
    SECTION_4_2,
    STOCHASTIC_DEPTH,
    TABLE_2,
    TABLE_3_SHORTCUTS,
    TRAINING_ERROR_1202,
    WITHOUT_SHORTCUTS,
)
from resnet_viz.paper.findings import FINDINGS, Finding
from resnet_viz.paper.imagenet import IMAGENET_NETS, IMAGENET_SOURCE, TORCHVISION, ImageNetNet
from resnet_viz.paper.shortcuts import FAILS_ABOVE, ORDER_ERRORS, PREACTIVATION_ERRORS, SHORTCUT_ERRORS

__all__ = [
    "AKAMASTER",
    "AKAMASTER_SOURCE",
    "ARTICLE",
    "ARTICLE_MINUTES",
    "ARTICLE_SOURCE",
    "CIFAR_ERRORS",
    "DEVIATION_110",
    "ENSEMBLE_TOP_5",
    "FAILS_ABOVE",
    "FINDINGS",
    "IMAGENET_NETS",
    "IMAGENET_SOURCE",
    "MEAN_110",
    "ORDER_ERRORS",
    "PREACTIVATION_ERRORS",
    "SECTION_4_2",
    "SHORTCUT_ERRORS",
    "SOURCE",
    "STOCHASTIC_DEPTH",
    "TABLE_2",
    "TABLE_3_SHORTCUTS",
    "TABLE_6",
    "TORCHVISION",
    "TRAINING_ERROR_1202",
    "WITHOUT_SHORTCUTS",
    "Conditions",
    "Finding",
    "ImageNetNet",
    "PublishedError",
    "PublishedNet",
]
