"""What is a block made of? Two 3x3 layers, and a shortcut around them (He et al. 2015, Fig. 2 and sec. 3.3)."""

import torch.nn.functional as F
from torch import Tensor, nn


class Subsample(nn.Module):
    """Option A where the map shrinks: every second pixel, and zeros for the new channels. No parameters."""

    def __init__(self, new_channels: int, stride: int) -> None:
        super().__init__()
        self.new_channels, self.stride = new_channels, stride

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) to (B, C + new, H / stride, W / stride)."""
        # A 1x1 average pool picks the same pixels as x[:, :, ::2, ::2], and its backward
        # keeps channels_last, which slicing does not.
        x = F.avg_pool2d(x, 1, self.stride)  # (B, C, H/2, W/2)
        before = self.new_channels // 2
        return F.pad(x, (0, 0, 0, 0, before, self.new_channels - before))  # (B, 2C, H/2, W/2)


def build_shortcut(option: str, inputs: int, outputs: int, stride: int) -> nn.Module:
    """The shortcut of one block: identity, subsampling or a 1x1 projection with batch norm."""
    shrinks = stride != 1 or inputs != outputs
    if option == "C" or (option == "B" and shrinks):
        return nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))
    return Subsample(outputs - inputs, stride) if shrinks else nn.Identity()


class Block(nn.Module):
    """Two 3x3 layers F(x); H(x) = F(x) + x with a shortcut, H(x) = F(x) without one.

    Every ReLU is a module used once and the addition makes a new tensor: hooks and Captum need both.
    """

    def __init__(self, inputs: int, outputs: int, stride: int, shortcut: nn.Module | None) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.relu1 = nn.ReLU()
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.shortcut = shortcut
        self.relu2 = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, H, W) to (B, outputs, H / stride, W / stride)."""
        out = self.relu1(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        if self.shortcut is not None:
            out = out + self.shortcut(x)
        return self.relu2(out)
