"""How many pictures are there? Counts by class."""

import pandas as pd
import plotly.graph_objects as go

from resnet_viz.plots.style import HEIGHT, as_text, lay_out

TRAIN, TEST = "#5B6770", "#A9B4BC"  # no family's color: the data belong to all nets


def class_counts(counts: pd.DataFrame) -> go.Figure:
    """Training and test pictures of every class, from columns class, train, test."""
    names = counts["class"].map(as_text)
    bars = [
        go.Bar(x=names, y=counts[part], name=title, marker_color=color, hovertemplate="%{y:,}")
        for part, title, color in (("train", "training", TRAIN), ("test", "test", TEST))
    ]
    figure = lay_out(go.Figure(bars), x="class", y="pictures", height=HEIGHT)
    return figure.update_layout(barmode="group", xaxis_type="category")  # digits are names here
