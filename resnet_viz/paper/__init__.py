"""What was published? Numbers with their source; nothing else in the project is printed as the papers'."""

from resnet_viz.paper.cifar10 import SOURCE, TABLE_6, PublishedNet
from resnet_viz.paper.imagenet import IMAGENET_NETS, IMAGENET_SOURCE, TORCHVISION, ImageNetNet

__all__ = [
    "IMAGENET_NETS",
    "IMAGENET_SOURCE",
    "SOURCE",
    "TABLE_6",
    "TORCHVISION",
    "ImageNetNet",
    "PublishedNet",
]
