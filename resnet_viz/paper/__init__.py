"""What was published? Numbers with their source; nothing else in the project is printed as the papers'."""

from resnet_viz.paper.cifar10 import SOURCE, TABLE_6, PublishedNet

__all__ = ["SOURCE", "TABLE_6", "PublishedNet"]
