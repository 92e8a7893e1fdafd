"""What did the paper find on CIFAR-10? He et al. 2015 (arXiv 1512.03385), Table 6, and counts that follow from it."""

from dataclasses import dataclass

SOURCE = "He et al. 2015, Table 6"


@dataclass(frozen=True)
class PublishedNet:
    """One residual net of Table 6: test error in %, and its exact parameters by shortcut option."""

    depth: int
    test_error: float
    parameters: dict[str, int]


TABLE_6 = {
    net.depth: net
    for net in (
        PublishedNet(20, 8.75, {"A": 269_722, "B": 272_474, "C": 283_962}),
        PublishedNet(32, 7.51, {"A": 464_154, "B": 466_906, "C": 489_594}),
        PublishedNet(44, 7.17, {"A": 658_586, "B": 661_338, "C": 695_226}),
        PublishedNet(56, 6.97, {"A": 853_018, "B": 855_770, "C": 900_858}),
        PublishedNet(110, 6.43, {"A": 1_727_962, "B": 1_730_714, "C": 1_826_202}),
        PublishedNet(1202, 7.93, {"A": 19_421_274, "B": 19_424_026, "C": 20_538_714}),
    )
}
