"""What does a net learn from? Data sets, safe decoding, and the way from a picture to a net's input."""

from resnet_viz.data.cache import ImageData
from resnet_viz.data.datasets import DATASETS, SIZES, count_folder, is_at_hand, load_dataset, picture_size
from resnet_viz.data.download import DatasetError, Progress
from resnet_viz.data.images import ImageError, decode_image
from resnet_viz.data.inspect import count_classes, find_warnings, pick_samples, preview_augmentation
from resnet_viz.data.options import AUGMENTATIONS
from resnet_viz.data.pictures import PictureFormat, encode_png, enlarge_pixels, fit_picture, normalize, see_picture
from resnet_viz.data.shapes import shape_masks

__all__ = [
    "AUGMENTATIONS",
    "DATASETS",
    "SIZES",
    "DatasetError",
    "ImageData",
    "ImageError",
    "PictureFormat",
    "Progress",
    "count_classes",
    "count_folder",
    "decode_image",
    "encode_png",
    "enlarge_pixels",
    "find_warnings",
    "fit_picture",
    "is_at_hand",
    "load_dataset",
    "normalize",
    "pick_samples",
    "picture_size",
    "preview_augmentation",
    "see_picture",
    "shape_masks",
]
