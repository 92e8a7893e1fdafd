"""Which maps stand where? Nets beside one another and methods below, or the epochs of each net."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from resnet_viz.explain import AttributionConfig
from resnet_viz.plots import MapRow, difference_map
from resnet_viz.ui.attributions import Asked, Wanted, probabilities_of
from resnet_viz.ui.candidates import Candidate
from resnet_viz.ui.figures import show_figure
from resnet_viz.ui.language import _
from resnet_viz.ui.links import linked
from resnet_viz.ui.saliency import Epochs, Shown, epoch_of, target_of, with_layer

if TYPE_CHECKING:
    from resnet_viz.explain.jobs import Job


@dataclass(frozen=True, eq=False)
class Choice:
    """What a reader chose: nets, a picture, whose score is explained and how, and Grad-CAM's layer of each net."""

    candidates: Sequence[Candidate]
    shown: Shown
    target: str
    configs: Sequence[AttributionConfig]
    layers: Sequence[str]
    epochs: Epochs

    def ask(self, candidate: Candidate, epoch: int) -> Asked:
        """A net after an epoch, and the picture as it takes it."""
        return Asked(candidate, self.shown.as_seen_by(candidate), epoch_of(candidate, epoch))

    @property
    def asked(self) -> list[Asked]:
        """Every net after the epoch chosen."""
        return [self.ask(one, self.epochs.chosen) for one in self.candidates]


@dataclass(frozen=True, eq=False)
class Grid:
    """Maps by row and column, with the names of both."""

    columns: list[str]
    titles: list[str]
    rows: list[list[Wanted]]

    @property
    def wanted(self) -> list[Wanted]:
        """All of them, row by row."""
        return [one for row in self.rows for one in row]

    @property
    def pictures(self) -> list[np.ndarray]:
        """What the net of each column sees."""
        return [one.asked.picture for one in self.rows[0]]

    def fill(self, found: "Sequence[Job]") -> list[MapRow]:
        """The maps that are there, in rows; `found` are the jobs of `wanted`."""
        maps = iter(found)
        rows = []
        for title, row in zip(self.titles, self.rows, strict=True):
            values = tuple(map_of(next(maps)) for _ in row)
            rows.append(MapRow(title, values, row[0].config.signed))
        return rows


def map_of(job: "Job") -> np.ndarray | None:
    """The map (H, W) of a job: the sum over channels of what it found; None while there is nothing."""
    return None if job.result is None else job.result.sum(0)


def plan_grid(choice: Choice) -> Grid:
    """The maps of a choice: nets by methods; with all epochs beside one another, epochs by nets for one method."""
    if choice.epochs.beside:
        columns = [_("start") if epoch == 0 else _("epoch {epoch}", epoch=epoch) for epoch in choice.epochs.beside]
        nets = [one for one in choice.candidates if epoch_of(one, choice.epochs.beside[0]) == choice.epochs.beside[0]]
        rows = [[_want(choice, choice.ask(one, e), choice.configs[0]) for e in choice.epochs.beside] for one in nets]
        return Grid(columns, [one.name for one in nets], rows)
    asked = choice.asked
    rows = [[_want(choice, one, config) for one in asked] for config in choice.configs]
    return Grid([one.name for one in asked], [config.title for config in choice.configs], rows)


def _want(choice: Choice, asked: Asked, config: AttributionConfig) -> Wanted:
    candidate = asked.candidate
    answered = int(probabilities_of(asked).argmax())
    truth = choice.shown.truth_for(candidate)
    target = target_of(choice.target, candidate.form.classes, truth, answered)
    layer = choice.layers[list(choice.candidates).index(candidate)]
    return Wanted(asked, target, with_layer(config, layer))


def show_difference(grid: Grid, rows: Sequence[MapRow]) -> None:
    """Two maps of one row, one minus the other, where the reader wants that."""
    with st.expander(_("The difference of two maps"), icon=":material/difference:"):
        places = list(range(len(grid.columns)))
        if len(places) < 2:
            st.info(_("Choose two nets to see the difference of their maps."))
            return
        which, one, other = st.columns(3)
        titles = list(range(len(rows)))
        key, name = f"difference_row_{len(rows)}", "row"
        r = linked(which.selectbox, _("Row"), titles, key, 0, name, format_func=lambda i: rows[i].title)
        key, name, title = f"minuend_{len(places)}", "from", grid.columns.__getitem__
        first = linked(one.selectbox, _("From"), places, key, 0, name, format_func=title)
        key, name = f"taken_{len(places)}", "minus"
        second = linked(other.selectbox, _("Minus"), places, key, 1, name, format_func=title)
        maps = [rows[r].maps[i] for i in (first, second)]
        names = (grid.columns[first], grid.columns[second])
        if maps[0] is None or maps[1] is None:
            st.info(_("One of these maps is not there yet."))
        elif maps[0].shape != maps[1].shape:
            st.info(
                _(
                    "{first} and {second} see pictures of different sizes; choose two that see the same.",
                    first=names[0],
                    second=names[1],
                )
            )
        else:
            show_figure(
                difference_map(maps[0], maps[1], names),
                key="difference",
                alt=_(
                    "{title}: where {first} looks more than {second}",
                    title=rows[r].title,
                    first=names[0],
                    second=names[1],
                ),
            )
            st.caption(
                _(
                    "Absolute values, each map divided by its own sum: a pixel's share in what the net looks at, "
                    "whatever the size of its scores. Rank correlation of both: {rank_correlation:.2f}.",
                    rank_correlation=_rank_correlation(maps[0], maps[1]),
                )
            )


def _rank_correlation(first: np.ndarray, second: np.ndarray) -> float:
    """Spearman's, of absolute values."""
    from scipy.stats import spearmanr

    return float(spearmanr(np.abs(first).ravel(), np.abs(second).ravel()).statistic)
