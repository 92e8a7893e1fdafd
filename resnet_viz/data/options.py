"""What can be chosen of the pictures that a net learns from? The dict feeds controls and configuration."""

AUGMENTATIONS = {
    "none": "none",
    "crop_flip": "crop and flip: 4 pixels of padding, a random crop, a mirror image in half of cases, as in the paper",
    "cutout": "cutout: crop and flip, then a square of half the side left blank (DeVries and Taylor 2017)",
    "mixup": "mixup: crop and flip, then two pictures and their labels in one (Zhang et al. 2018)",
}
