"""Which errors were published of nets that get deeper? With and without shortcuts, and with stochastic depth."""

from dataclasses import replace

from resnet_viz.paper.cifar10 import SOURCE, TABLE_6
from resnet_viz.paper.conditions import Conditions, PublishedError

CIFAR_10 = Conditions(data="CIFAR-10")
# He et al. 2015, sec. 4.2: 64,000 iterations with batches of 128 over 45,000 pictures.
SECTION_4_2 = Conditions(
    data="CIFAR-10",
    pictures=45_000,
    epochs=64_000 * 128 / 45_000,
    batch=128,
    optimizer="SGD, momentum 0.9",
    learning_rate="0.1, steps",
    weight_decay=1e-4,
    augmentation="crop and flip",
    shortcut="A",
    width=16,
)
_RATES = {110: "0.1, steps, warmed up", 1202: None}
CIFAR_ERRORS = tuple(
    PublishedError(
        "resnet",
        net.depth,
        net.test_error,
        SOURCE,
        replace(SECTION_4_2, learning_rate=_RATES.get(net.depth, SECTION_4_2.learning_rate)),
        shortcut="A",
    )
    for net in TABLE_6.values()
)
TRAINING_ERROR_1202 = 0.1  # %, below which the training error of ResNet-1202 is (He et al. 2015, Table 6)
MEAN_110, DEVIATION_110 = 6.61, 0.16  # % over five runs of ResNet-110 (He et al. 2015, Table 6)

AKAMASTER_SOURCE = "README of akamaster/pytorch_resnet_cifar10"
AKAMASTER = {20: 8.27, 32: 7.37, 44: 6.90, 56: 6.61, 110: 6.32, 1202: 6.18}  # test error, %, by depth of the ResNet

TABLE_2 = tuple(
    PublishedError(family, depth, error, "He et al. 2015, Table 2", Conditions(data="ImageNet", shortcut=shortcut),
                   "ImageNet, top-1", shortcut or "")
    for family, depth, shortcut, error in (
        ("plain", 18, None, 27.94),
        ("plain", 34, None, 28.54),
        ("resnet", 18, None, 27.88),
        ("resnet", 34, "A", 25.03),
    )
)  # fmt: skip

LI_SOURCE = "Li et al. 2018"
LI_CONDITIONS = Conditions(data="CIFAR-10", epochs=300, weight_decay=5e-4)
WITHOUT_SHORTCUTS = tuple(
    PublishedError(family, depth, error, LI_SOURCE, LI_CONDITIONS, variant)
    for depth, *errors in ((20, 7.37, 8.18), (56, 5.89, 13.31), (110, 5.79, 16.44))
    for family, variant, error in zip(("resnet", "plain"), ("", "without shortcuts"), errors, strict=True)
)

STOCHASTIC_SOURCE = "Huang et al. 2016"
STOCHASTIC_DEPTH = (
    PublishedError("resnet", 110, 6.41, STOCHASTIC_SOURCE, CIFAR_10, "constant depth"),
    PublishedError("resnet", 110, 5.23, STOCHASTIC_SOURCE, CIFAR_10, "stochastic depth"),
    PublishedError("resnet", 1202, 4.91, STOCHASTIC_SOURCE, CIFAR_10, "stochastic depth"),
)

ARTICLE_SOURCE = "the article"
ARTICLE_ACCURACY = {18: 80.0, 34: 72.0}  # %, VGG-style nets on CIFAR-10, by depth
ARTICLE_MINUTES = {18: 5, 34: 8}  # of training
ARTICLE = tuple(
    PublishedError("vgg", depth, 100 - accuracy, ARTICLE_SOURCE, CIFAR_10)
    for depth, accuracy in ARTICLE_ACCURACY.items()
)

TABLE_3_SHORTCUTS = {"A": 25.03, "B": 24.52, "C": 24.19}  # top-1 error of ResNet-34 on ImageNet, %, ten crops
ENSEMBLE_TOP_5 = 3.57  # top-5 error on the test set of ImageNet, % (He et al. 2015, Table 5)
