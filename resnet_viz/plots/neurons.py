"""Does a net fire every unit? The share of ReLU units above zero, and of those that never are, by layer."""

from collections.abc import Mapping

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from resnet_viz.plots.style import SYMBOLS, lay_out, pick_colors

PANELS = {
    "active": "above zero, of all pictures",
    "never": "above zero for no picture",
    "skipped": "layer not computed",
}
AXES = {"active": "units, %", "never": "units, %", "skipped": "batches, %"}


def unit_activity(units: pd.DataFrame, families: Mapping[str, str]) -> go.Figure:
    """Shares in % by ReLU, one panel each: units above zero, units that never are, and batches that left the layer out.

    `units` as lab.active_units gives them, of one mode, with a column net; `families` by net, for the color. ReLUs
    behind an addition are filled, the others open. The last panel is there where some layer was left out.
    """
    shown = [name for name in PANELS if name != "skipped" or (units["skipped"] > 0).any()]
    titles = [PANELS[name] for name in shown]
    figure = make_subplots(len(shown), 1, shared_xaxes=True, subplot_titles=titles, vertical_spacing=0.1)
    for (net, family), color in zip(families.items(), pick_colors(families.values()), strict=True):
        part = units[units["net"] == net]
        symbols = [SYMBOLS[family] + ("" if place == "after" else "-open") for place in part["place"]]
        for row, name in enumerate(shown, start=1):
            figure.add_scatter(
                x=part["position"].to_numpy(),
                y=100 * part[name].to_numpy(dtype=float),
                customdata=part["layer"].to_numpy(),
                name=net,
                legendgroup=net,
                showlegend=row == 1,
                mode="lines+markers",
                line={"color": color, "width": 1},
                marker={"size": 7, "symbol": symbols},
                hovertemplate="%{customdata}: %{y:.1f} %",
                row=row,
                col=1,
            )
    lay_out(figure, x="", y="", height=120 + 210 * len(shown), panels=True)
    figure.update_layout(legend_y=1.08)
    figure.update_xaxes(title="ReLU (1 is next to the picture)", row=len(shown))
    for row, name in enumerate(shown, start=1):
        figure.update_yaxes(title=AXES[name], rangemode="tozero", row=row)
    return figure
