"""What can be chosen in a net? Each dict feeds the controls of a page and the check of a spec."""

FAMILIES = {
    "plain": "Plain: 3x3 convolutions one after the other",
    "resnet": "Residual: the same layers, with a shortcut over every block",
    "vgg": "VGG: stacks of 3x3 convolutions with max pooling between them",
}
STEMS = {
    "cifar": "CIFAR: a 3x3 convolution; three stages of 16, 32 and 64 filters, for pictures of 16 to 64 pixels",
    "imagenet": "ImageNet: a 7x7 convolution and max pooling; four stages of 64 to 512 filters, for 224 pixels",
}
BLOCKS = {
    "basic": "Basic: two 3x3 layers",
    "bottleneck": "Bottleneck: 1x1, 3x3 and 1x1 layers; the last one has four times the filters",
}
STRIDES = {
    "1x1": "In the first 1x1 layer: as in the paper",
    "3x3": "In the 3x3 layer: as in torchvision",
}
SHORTCUTS = {
    "A": "A: identity; where the map shrinks, subsampling and zero padding (no parameters)",
    "B": "B: identity; a 1x1 projection where sizes change",
    "C": "C: a 1x1 convolution at every block",
    "scaling": "Constant scaling: half the shortcut and half the branch",
    "exclusive": "Exclusive gating: a learned gate g weighs the branch, 1 - g the shortcut; its bias starts at -6",
    "gated": "Shortcut-only gating: 1 - g weighs the shortcut, the branch stays; its bias starts at -6",
    "dropout": "Dropout: of 0.5, on the shortcut",
}
NO_SHORTCUT = "none"
ORDERS = {
    "original": "Original: ReLU after the addition",
    "bn_after": "BN after addition: batch norm and ReLU after the addition",
    "relu_before": "ReLU before addition: nothing after the addition",
    "relu_preact": "ReLU-only pre-activation: ReLU before each convolution, batch norm after it",
    "preact": "Full pre-activation: batch norm and ReLU before each convolution",
}
ACTIVATIONS = {"relu": "ReLU", "tanh": "tanh", "sigmoid": "sigmoid"}
INITIALIZATIONS = {
    "he": "He: normal, variance 2 / fan-out",
    "xavier": "Xavier: normal, variance 2 / (fan-in + fan-out)",
    "orthogonal": "Orthogonal: rows or columns of length one at right angles",
    "normal": "Plain normal: standard deviation 0.01 in every convolution",
}


def title(option: str) -> str:
    """The short name at the start of an option's text: "A", "Constant scaling"."""
    return option.partition(":")[0]
