"""Are gradients and signals of one size at every depth? Both of them by layer, before training begins."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from resnet_viz.plots.style import LOG_AXIS, SYMBOLS, lay_out, pick_colors

QUANTITIES = {  # column: title of the axis
    "gradient": "gradient norm ‖∂L/∂W‖",
    "activation": "standard deviation of the output",
}
TICKS, FEW = 8, 1.5  # powers of ten that are written on an axis: at most, and so few that others are written too


def initialization_profile(layers: pd.DataFrame, families: Mapping[str, str], quantity: str = "gradient") -> go.Figure:
    """A quantity of every layer, one line a net, on a logarithmic axis, which has no place for 0, inf and NaN.

    `layers` as lab.gradients_at_initialization gives them, with a column net; `families` by net, for the color.
    """
    figure = go.Figure()
    for (net, family), color in zip(families.items(), pick_colors(families.values()), strict=True):
        part = layers[layers["net"] == net].sort_values("position")
        values = part[quantity].to_numpy(float)
        figure.add_scatter(
            x=part["position"].to_numpy(),
            y=np.where(np.isfinite(values) & (values > 0), values, np.nan),
            customdata=part["layer"].to_numpy(),
            name=net,
            mode="lines+markers",
            line={"color": color, "width": 2},
            marker={"size": 5 if len(part) < 120 else 3, "symbol": SYMBOLS[family]},
            hovertemplate="%{customdata}: %{y:.2e}",
        )
    lay_out(figure, x="layer (1 is next to the picture)", y=QUANTITIES[quantity])
    drawn = np.concatenate([trace.y for trace in figure.data])
    return figure.update_yaxes(**LOG_AXIS | {"dtick": _step(drawn), "minor": None})


def _step(values: np.ndarray) -> int | str:
    """From one tick of the axis to the next: powers of ten, or 1, 2 and 5 of each where there are few of them."""
    powers = np.log10(values[np.isfinite(values)])
    span = powers.max() - powers.min() if len(powers) else 0.0
    return int(np.ceil(span / TICKS)) if span > FEW else "D2"
