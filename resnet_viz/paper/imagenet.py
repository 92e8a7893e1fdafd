"""What did the paper build for ImageNet? He et al. 2015, Table 1 and sec. 3.3; exact counts from torchvision."""

from dataclasses import dataclass

IMAGENET_SOURCE = "He et al. 2015, Table 1 and sec. 3.3"
TORCHVISION = "torchvision's model documentation"


@dataclass(frozen=True)
class ImageNetNet:
    """One net for 224 x 224 pictures and 1000 classes: published multiply-adds, and torchvision's parameters."""

    family: str
    depth: int
    flops: float
    parameters: int | None = None  # option B, no batch norm in VGG
    with_batch_norm: int | None = None  # VGG alone


IMAGENET_NETS = (
    ImageNetNet("plain", 18, 1.8e9),
    ImageNetNet("plain", 34, 3.6e9, 21_623_848),
    ImageNetNet("resnet", 18, 1.8e9, 11_689_512),
    ImageNetNet("resnet", 34, 3.6e9, 21_797_672),
    ImageNetNet("resnet", 50, 3.8e9, 25_557_032),
    ImageNetNet("resnet", 101, 7.6e9, 44_549_160),
    ImageNetNet("resnet", 152, 11.3e9, 60_192_808),
    ImageNetNet("vgg", 16, 15.3e9, 138_357_544, 138_365_992),
    ImageNetNet("vgg", 19, 19.6e9, 143_667_240, 143_678_248),
)
