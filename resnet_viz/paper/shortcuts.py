"""Which shortcuts and which order of a block were published as better? He et al. 2016 (arXiv 1603.05027)."""

from resnet_viz.paper.conditions import Conditions, PublishedError

SHORTCUTS_SOURCE = "He et al. 2016, Table 1"
ORDERS_SOURCE = "He et al. 2016, Table 2"
PREACTIVATION_SOURCE = "He et al. 2016, Table 3"
FAILS_ABOVE = 20.0  # %: what Table 1 calls a failure
_CIFAR_10, _CIFAR_100 = Conditions(data="CIFAR-10"), Conditions(data="CIFAR-100")

# ResNet-110: what the shortcut is, and the error; the options of NetSpec are those that a name is given for.
SHORTCUT_ERRORS = tuple(
    PublishedError("resnet", 110, error, SHORTCUTS_SOURCE, _CIFAR_10, variant, shortcut, "original")
    for variant, shortcut, error in (
        ("identity", "A", 6.61),
        ("constant scaling, shortcut 0, branch 1", "", None),
        ("constant scaling, shortcut 0.5, branch 1", "", None),
        ("constant scaling, shortcut 0.5, branch 0.5", "scaling", 12.35),
        ("exclusive gating, bias 0 to -5", "", None),
        ("exclusive gating, bias -6", "exclusive", 8.70),
        ("exclusive gating, bias -7", "", 9.81),
        ("shortcut-only gating, bias 0", "", 12.86),
        ("shortcut-only gating, bias -6", "gated", 6.91),
        ("1x1 convolution", "C", 12.22),
        ("dropout 0.5", "dropout", None),
    )
)

ORDER_ERRORS = tuple(
    PublishedError("resnet", depth, error, ORDERS_SOURCE, _CIFAR_10, variant, order=order)
    for variant, order, *errors in (
        ("original", "original", 6.61, 5.93),
        ("BN after addition", "bn_after", 8.17, 6.50),
        ("ReLU before addition", "relu_before", 7.84, 6.14),
        ("ReLU-only pre-activation", "relu_preact", 6.71, 5.91),
        ("full pre-activation", "preact", 6.37, 5.46),
    )
    for depth, error in zip((110, 164), errors, strict=True)
)

PREACTIVATION_ERRORS = tuple(
    PublishedError("resnet", depth, error, PREACTIVATION_SOURCE, conditions, variant, order=order)
    for conditions, depth, *errors in (
        (_CIFAR_10, 110, 6.61, 6.37),
        (_CIFAR_10, 164, 5.93, 5.46),
        (_CIFAR_10, 1001, 7.61, 4.92),
        (_CIFAR_100, 164, 25.16, 24.33),
        (_CIFAR_100, 1001, 27.82, 22.71),
    )
    for variant, order, error in zip(("original", "pre-activation"), ("original", "preact"), errors, strict=True)
)
