"""How rough is the ground? The loss on a plane of weights, as contours and as heights, and a training's way on it."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from resnet_viz.plots.numbers import for_people
from resnet_viz.plots.style import lay_out

FLOOR = 1e-6  # stands for a loss of zero on a logarithmic scale
STEPS = (0.05, 0.1, 0.2, 0.25, 0.5, 1.0, 2.0)  # between two contours, in decades
MOST_LEVELS, MOST_TICKS = 14, 6
COLORSCALE = "Viridis"
GRAY = "rgba(128,128,128,0.6)"  # seen on white and on black
HEIGHT, HEIGHT_3D = 400, 440
FONT = {"color": "#888"}  # as well
AXIS = {"gridcolor": "rgba(128,128,128,0.35)", "showbackground": False, "tickfont": FONT}


@dataclass(frozen=True)
class LossScale:
    """One color, one height and one set of contours for all nets: decades (log10 of the loss) from low to high."""

    low: float
    high: float

    @property
    def step(self) -> float:
        """Decades between two contours."""
        fits = [step for step in STEPS if (self.high - self.low) / step <= MOST_LEVELS]
        return fits[0] if fits else STEPS[-1]

    @property
    def ticks(self) -> dict[str, list[float] | list[str]]:
        """Whole decades, not more than MOST_TICKS, or contours where there are not two of them, written as losses."""
        span = self.high - self.low
        step = np.ceil(span / MOST_TICKS) if span >= 2 else self.step
        places = np.arange(np.ceil(self.low / step), np.floor(self.high / step) + 1) * step
        return {"tickvals": places.tolist(), "ticktext": [say_loss(10.0**place, 2) for place in places]}


def say_loss(loss: float, digits: int = 3) -> str:
    """A loss to read: 0.0204, 17.3, 69,280, and from a million on a power of ten."""
    if not np.isfinite(loss):
        return "not finite"
    return f"{loss:,.0f}" if 100 <= loss < 1e6 else for_people(f"{loss:.{digits}g}")


def loss_scale(losses: pd.DataFrame) -> LossScale:
    """The scale that holds all losses of a frame; what is not finite is left out."""
    logs = _log(losses["loss"].dropna().to_numpy())
    low, high = (float(logs.min()), float(logs.max())) if len(logs) else (0.0, 1.0)
    return LossScale(low, max(high, low + STEPS[0]))


def loss_contours(surface: pd.DataFrame, name: str, scale: LossScale) -> go.Figure:
    """Contours of one net's loss, each `scale.step` decades above the last; a cross where the net stands.

    `surface` as lab.loss_surface gives it.
    """
    figure = go.Figure(_contour(surface, name, scale))
    _mark(figure, [0.0], [0.0], "the trained net")
    lay_out(figure, x="a (1: as far as each filter is long)", y="b", height=HEIGHT)
    figure.update_layout(hovermode="closest", showlegend=False, title={"text": name, "x": 0, "font": {"size": 15}})
    return figure.update_yaxes(scaleanchor="x", constrain="domain").update_xaxes(constrain="domain")


def loss_landscape(surface: pd.DataFrame, name: str, scale: LossScale) -> go.Figure:
    """The same loss as heights, log10 of it, to turn around; all nets on the same heights and colors."""
    x, y, z, text = _grid(surface)
    figure = go.Figure(
        go.Surface(
            x=x,
            y=y,
            z=z,
            text=text,
            cmin=scale.low,
            cmax=scale.high,
            colorscale=COLORSCALE,
            showscale=False,
            contours={"z": {"show": True, "color": GRAY, "width": 1, **_levels(scale)}},
            hovertemplate="a %{x:.2f}, b %{y:.2f}: loss %{text}<extra>" + name + "</extra>",
        )
    )
    figure.update_layout(
        height=HEIGHT_3D,
        margin={"l": 0, "r": 0, "t": 40, "b": 0},
        paper_bgcolor="rgba(0,0,0,0)",
        title={"text": name, "x": 0, "font": {"size": 15}},
        scene={
            "xaxis": {"title": {"text": "a", "font": FONT}, **AXIS},
            "yaxis": {"title": {"text": "b", "font": FONT}, **AXIS},
            "zaxis": {
                "title": {"text": "loss, nats", "font": FONT},
                "range": [scale.low, scale.high],
                **AXIS,
                **scale.ticks,
            },
            "aspectmode": "cube",
            "camera": {"eye": {"x": 1.6, "y": -1.6, "z": 1.1}, "center": {"x": 0, "y": 0, "z": -0.15}},
        },
    )
    return figure


def training_path(surface: pd.DataFrame, path: pd.DataFrame, name: str, scale: LossScale) -> go.Figure:
    """Contours of one net's loss on the plane of its training, and the way from its start to its end.

    `path` as lab.losses_on_path gives it, with columns share_a and share_b, the parts of its variance.
    """
    figure = go.Figure(_contour(surface, name, scale))
    figure.add_scatter(
        x=path["a"].to_numpy(),
        y=path["b"].to_numpy(),
        customdata=path[["epoch", "loss", "plane_loss"]].to_numpy(),
        mode="lines+markers",
        line={"color": "white", "width": 2},
        marker={"size": 7, "color": "white", "line": {"color": "black", "width": 1}},
        hovertemplate="epoch %{customdata[0]:.0f}: loss %{customdata[1]:.3g}, of the plane here "
        "%{customdata[2]:.3g}<extra>" + name + "</extra>",
    )
    _mark(figure, path["a"].iloc[[0, -1]], path["b"].iloc[[0, -1]], "start and end", ["circle-open", "x"])
    for row, said in ((path.iloc[0], "start"), (path.iloc[-1], "end")):
        figure.add_annotation(
            x=row["a"], y=row["b"], text=said, showarrow=False, yshift=14, font={"color": "white"}, bgcolor="#333"
        )
    share_a, share_b = path["share_a"].iloc[0], path["share_b"].iloc[0]
    lay_out(
        figure,
        x=f"first direction ({share_a:.0%} of the variance)",
        y=f"second direction ({share_b:.0%})",
        height=HEIGHT,
    )
    return figure.update_layout(
        hovermode="closest", showlegend=False, title={"text": name, "x": 0, "font": {"size": 15}}
    )


def _contour(surface: pd.DataFrame, name: str, scale: LossScale) -> go.Contour:
    x, y, z, text = _grid(surface)
    return go.Contour(
        x=x,
        y=y,
        z=z,
        text=text,
        zmin=scale.low,
        zmax=scale.high,
        colorscale=COLORSCALE,
        contours=_levels(scale),
        line={"width": 0.7, "color": "rgba(255,255,255,0.5)"},
        colorbar={"title": {"text": "loss, nats", "side": "right"}, "thickness": 12, **scale.ticks},
        hovertemplate="a %{x:.2f}, b %{y:.2f}: loss %{text}<extra>" + name + "</extra>",
    )


def _levels(scale: LossScale) -> dict[str, float]:
    first = float(np.floor(scale.low / scale.step) * scale.step)
    return {"start": first, "end": scale.high, "size": scale.step}


def _grid(surface: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The a of each column (A,), the b of each row (B,), log10 of the loss (B, A), and the loss in words."""
    losses = surface.pivot(index="b", columns="a", values="loss")
    values = losses.to_numpy()
    words = np.array([[say_loss(value) for value in row] for row in values])
    return losses.columns.to_numpy(), losses.index.to_numpy(), _log(values).round(4), words


def _log(losses: np.ndarray) -> np.ndarray:
    return np.log10(np.maximum(losses, FLOOR))


def _mark(
    figure: go.Figure, x: list[float] | pd.Series, y: list[float] | pd.Series, said: str, symbol: str | list[str] = "x"
) -> None:
    marker = {"symbol": symbol, "size": 10, "color": "white", "line": {"color": "black", "width": 1}}
    figure.add_scatter(x=np.asarray(x), y=np.asarray(y), mode="markers", marker=marker, hovertemplate=said, name="")
