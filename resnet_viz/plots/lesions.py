"""What is lost with a block? The error without each block, and by the number of blocks deleted or swapped."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from resnet_viz.plots.style import SYMBOLS, lay_out, pick_colors


def lesion_profile(errors: pd.DataFrame, families: Mapping[str, str]) -> go.Figure:
    """Error in % without each block, one line a net, dotted where nothing is deleted.

    `errors` as lab.error_without_each_block gives them, with a column net; `families` by net, for the color.
    """
    figure = go.Figure()
    for (net, family), color in zip(families.items(), pick_colors(families.values()), strict=True):
        part = errors[errors["net"] == net]
        figure.add_scatter(
            x=part["position"].to_numpy(),
            y=part["error"].to_numpy() * 100,
            customdata=part["block"].to_numpy(),
            name=net,
            mode="lines+markers",
            line={"color": color},
            marker={"size": 8, "symbol": SYMBOLS[family]},
            hovertemplate="%{customdata} deleted: %{y:.1f} %",
        )
        figure.add_hline(y=100 * part["intact"].iloc[0], line={"color": color, "dash": "dot", "width": 1})
    lay_out(figure, x="deleted block (1 is next to the picture)", y="test error, %")
    return figure.update_yaxes(rangemode="tozero")


def lesion_counts(errors: pd.DataFrame, families: Mapping[str, str]) -> go.Figure:
    """Error in % by the number of blocks deleted, and of pairs swapped: medians of the draws, with their range.

    `errors` as lab.error_by_lesions gives them, with a column net.
    """
    titles = {"deleted": "blocks deleted", "swapped": "pairs of blocks swapped"}
    figure = make_subplots(1, 2, shared_yaxes=True, subplot_titles=list(titles.values()))
    for column, what in enumerate(titles, start=1):
        for (net, family), color in zip(families.items(), pick_colors(families.values()), strict=True):
            part = errors[(errors["net"] == net) & (errors["what"] == what)]
            groups = part.groupby("count")["error"]
            middle, low, high = (100 * values for values in (groups.median(), groups.min(), groups.max()))
            figure.add_scatter(
                x=middle.index.to_numpy(),
                y=middle.to_numpy(),
                error_y={
                    "array": np.asarray(high - middle),
                    "arrayminus": np.asarray(middle - low),
                    "thickness": 1,
                },
                name=net,
                legendgroup=net,
                showlegend=column == 1,
                mode="lines+markers",
                line={"color": color},
                marker={"size": 7, "symbol": SYMBOLS[family]},
                hovertemplate="%{x} " + what + ": %{y:.1f} %",
                row=1,
                col=column,
            )
    lay_out(figure, x="how many", y="", panels=True)
    figure.update_yaxes(title="test error, %", rangemode="tozero", col=1)
    return figure
