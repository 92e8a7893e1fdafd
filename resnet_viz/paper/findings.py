"""What do the papers say in words? Findings that stand in the text, or in a figure's caption, and not in a table."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One sentence about what was found, and the paper it is from."""

    text: str
    source: str


FINDINGS = {
    "plain_110": Finding("the error of plain-110 stays above 60 %", "He et al. 2015, caption of Fig. 6"),
    "no_vanishing": Finding(
        "the difficulty of plain nets is unlikely to be caused by vanishing gradients: with batch norm their backward "
        "gradients have healthy norms",
        "He et al. 2015, sec. 4.1",
    ),
    "paths": Finding(
        "in a net of 110 layers, 54 blocks, most of the gradient comes from paths that are 10 to 34 layers deep; "
        "paths through 5 to 17 blocks are 0.45 % of all",
        "Veit et al. 2016",
    ),
    "lesions": Finding(
        "deleting one block of a ResNet hardly changes its error; deleting one layer of a VGG net takes it to chance",
        "Veit et al. 2016",
    ),
    "shattering": Finding(
        "the correlation of gradients falls exponentially with depth in plain nets, and sublinearly with shortcuts",
        "Balduzzi et al. 2017",
    ),
}
