"""What do the pictures look like, and how many are there? Grids and counts."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from resnet_viz.plots.style import HEIGHT, lay_out

GAP = 2  # pixels between pictures
LEAST_SIDE = 64  # of a picture on the screen
TRAIN, TEST = "#5B6770", "#A9B4BC"  # no family's color: the data belong to all nets


def picture_grid(pictures: np.ndarray, rows: Sequence[str], columns: Sequence[str] = ()) -> go.Figure:
    """Pictures uint8 (R, C, H, W, channels) in rows and columns with their names, every pixel a square."""
    count_r, count_c, height, width, channels = pictures.shape
    canvas = np.zeros((count_r * (height + GAP) - GAP, count_c * (width + GAP) - GAP, 4), np.uint8)
    for r in range(count_r):
        for c in range(count_c):
            top, left = r * (height + GAP), c * (width + GAP)
            canvas[top : top + height, left : left + width, :3] = np.broadcast_to(pictures[r, c], (height, width, 3))
            canvas[top : top + height, left : left + width, 3] = 255
    assert channels in (1, 3)
    figure = go.Figure(go.Image(z=canvas, colormodel="rgba256", hoverinfo="skip"))
    middles = [r * (height + GAP) + height / 2 for r in range(count_r)]
    across = [c * (width + GAP) + width / 2 for c in range(count_c)]
    figure.update_layout(
        height=max(LEAST_SIDE, height) * count_r + 48,
        margin={"l": 8, "r": 8, "t": 32 if columns else 8, "b": 8},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        dragmode=False,
    )
    figure.update_yaxes(tickvals=middles, ticktext=list(rows), automargin=True, showgrid=False, fixedrange=True)
    figure.update_xaxes(tickvals=across, ticktext=list(columns), side="top", showgrid=False, fixedrange=True)
    figure.update_xaxes(visible=bool(columns))
    return figure


def class_counts(counts: pd.DataFrame) -> go.Figure:
    """Training and test pictures of every class, from columns class, train, test."""
    bars = [
        go.Bar(x=counts["class"], y=counts[part], name=title, marker_color=color, hovertemplate="%{y:,}")
        for part, title, color in (("train", "training", TRAIN), ("test", "test", TEST))
    ]
    figure = lay_out(go.Figure(bars), x="class", y="pictures", height=HEIGHT)
    return figure.update_layout(barmode="group", xaxis_type="category")  # digits are names here
