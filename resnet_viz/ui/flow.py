"""Which nets have two ways for a gradient, and what do the measured ones say in sentences?"""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from resnet_viz import lab
from resnet_viz.nets import NetSpec
from resnet_viz.paper import Finding
from resnet_viz.runs import Run
from resnet_viz.ui.comparisons import net_name
from resnet_viz.ui.language import _, listed

MOST_BLOCKS = 60  # a net of twice the blocks takes four times as long: twice the lengths, twice as far
MIDDLE = 0.9  # of the gradient, whose lengths are told
PUBLISHED_BLOCKS, PUBLISHED_LENGTHS = 54, (5, 17)  # of Veit et al. 2016


def fits(spec: NetSpec) -> bool:
    """Whether a net has blocks, and not too many of them."""
    return spec.family != "vgg" and sum(spec.layout.blocks) <= MOST_BLOCKS


def residual_ones(runs: Sequence[Run]) -> list[Run]:
    """The runs of residual nets; says which are left out, and ends the page where none is left."""
    plain = [net_name(run) for run in runs if run.spec["family"] == "plain"]
    residual = [run for run in runs if run.spec["family"] == "resnet"]
    if plain:
        if len(plain) > 1:
            told = _(
                "{names} have no shortcuts: one path leads through all blocks, and they are left out.",
                names=listed(plain),
            )
        else:
            told = _("{name} has no shortcuts: one path leads through all blocks, and it is left out.", name=plain[0])
        st.caption(told)
    if not residual:
        st.info(_("There is no residual net among these. Choose others above, or train one on the **Train** page."))
        st.stop()
    return residual


def tell_ways(net: str, shares: pd.DataFrame) -> str:
    """What `lab.gradient_shares` says of one net."""
    ordered = shares.sort_values("share")
    least, most = ordered.iloc[0], ordered.iloc[-1]
    more = int((shares["share"] > 0.5).sum())
    kept = (shares["shortcut"] / shares["arriving"]).median()
    return _(
        "**{net}**: the shortcut's part is the larger one in {more} of {count} blocks; its share is "
        "{median:.0%} in the median, from {lowest:.0%} in {lowest_block} to {highest:.0%} in {highest_block}. Of what "
        "arrives behind a block {kept:.0%} comes through its shortcut in the median. The cosine between both "
        "parts is {cosine:.2f} in the median, from {least:.2f} to {most:.2f}.",
        net=net,
        more=more,
        count=len(shares),
        median=shares["share"].median(),
        lowest=least["share"],
        lowest_block=least["block"],
        highest=most["share"],
        highest_block=most["block"],
        kept=kept,
        cosine=shares["cosine"].median(),
        least=shares["cosine"].min(),
        most=shares["cosine"].max(),
    )


def tell_lengths(net: str, lengths: pd.DataFrame) -> str:
    """What `lab.path_lengths` says of one net: which lengths carry the gradient, and how much cancels."""
    if lengths["contribution"].isna().any():
        return _("**{net}**: no gradient of these pictures can be measured; it is zero, or no number.", net=net)
    blocks = int(lengths["length"].max())
    low, high, of_paths = lab.middle_lengths(lengths, MIDDLE)
    mean = (lengths["length"] * lengths["contribution"]).sum()
    short = lengths.loc[lengths["length"] < blocks / 2, "contribution"].sum()
    factor = lengths["log10_gradient"].diff().median()
    added, alone = lengths["together"].sum(), lengths["alone"].sum()
    added_up = int(lengths.sort_values("together")["length"].iloc[-1])
    return _(
        "**{net}**: {paths:.3g} paths through {blocks} blocks, {length:g} long in the mean. With one more "
        "block on a path its gradient is {factor:.2g} times as strong in the median. The middle {middle:.0%} "
        "of the gradient comes along paths of **{low} to {high} blocks**, {mean:.1f} in the mean; they are "
        "**{of_paths:.3g} % of all paths**. Paths shorter than the mean of all carry {short:.0%}. But the "
        "norms of single paths do not add up: their sum is {alone:.3g} times the norm of the whole gradient, "
        "and the rest cancels. Where the paths of one length are added up first, the sum of the norms is "
        "{added:.2g} times the whole, and the largest is that of paths of {added_up} blocks.",
        net=net,
        paths=2.0**blocks,
        blocks=blocks,
        length=blocks / 2,
        factor=10**factor,
        middle=MIDDLE,
        low=low,
        high=high,
        mean=mean,
        of_paths=100 * of_paths,
        short=short,
        alone=alone,
        added=added,
        added_up=added_up,
    )


def tell_published(finding: Finding) -> str:
    """What Veit et al. say of their net, with the count that can be made again, and what makes the nets differ."""
    low, high = PUBLISHED_LENGTHS
    share = lab.share_of_paths(PUBLISHED_BLOCKS, low, high)
    return _(
        "**{source}**: {finding} (two layers a block; counted again with binomial coefficients: {share:.2%}). "
        "That is a net trained at length on CIFAR-10. Here the nets are others: with fewer blocks the same "
        "lengths are a far larger part of all paths, and it is the weakening per block that decides which "
        "lengths count. So compare the shape, and not the percentage.",
        source=finding.source,
        finding=finding.text,
        share=share,
    )
