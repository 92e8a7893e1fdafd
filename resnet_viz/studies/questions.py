"""What can be asked in the background? Each question: an experiment of the lab, its parameters, and what it costs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from resnet_viz import lab
from resnet_viz.explain.strangers import FOREIGN
from resnet_viz.nets import NetSpec
from resnet_viz.studies.cost import Passes
from resnet_viz.studies.slices import learned_from, nets_by_epoch
from resnet_viz.studies.strangers import measure_strangers
from resnet_viz.studies.subjects import Subject, Tell, tell_part
from resnet_viz.studies.trust import CHECKED, measure_trust, passes_of_trust
from resnet_viz.studies.untrained import load_untrained
from resnet_viz.training.loop import CALIBRATION

Params = dict[str, Any]
DIGITS = 1400  # training pictures of digits, where a question takes all that there are


@dataclass(frozen=True)
class Question:
    """One kind of question: its title, and its parameters beside "runs" as they are unless changed.

    `answer(subjects, params, tell)` gives one frame; with subjects it has a column net, the subject's name.
    `work(specs, params)` says what it takes, for the time that is told before.
    """

    title: str
    defaults: Params
    answer: Callable[[Sequence[Subject], Params, Tell], pd.DataFrame]
    work: Callable[[Sequence[NetSpec], Params], list[Passes]]


def each_net(subjects: Sequence[Subject], tell: Tell, measure: Callable[[Subject, Tell], pd.DataFrame]) -> pd.DataFrame:
    """The frames of one measurement of every net, one under the other, with a column net."""
    frames = []
    for i, subject in enumerate(subjects):
        frame = measure(subject, partial(tell_part, tell, i, len(subjects)))
        frames.append(frame.assign(net=subject.name))
    return pd.concat(frames, ignore_index=True)


def _lesions(subjects: Sequence[Subject], params: Params, tell: Tell) -> pd.DataFrame:
    def measure(subject: Subject, tell: Tell) -> pd.DataFrame:
        x, labels = subject.test(params["pictures"])
        return lab.error_without_each_block(subject.net, x, labels, tell)

    return each_net(subjects, tell, measure)


def _more_lesions(subjects: Sequence[Subject], params: Params, tell: Tell) -> pd.DataFrame:
    def measure(subject: Subject, tell: Tell) -> pd.DataFrame:
        x, labels = subject.test(params["pictures"])
        return lab.error_by_lesions(subject.net, x, labels, params["draws"], tell)

    return each_net(subjects, tell, measure)


def _identity(subjects: Sequence[Subject], params: Params, tell: Tell) -> pd.DataFrame:
    def measure(subject: Subject, tell: Tell) -> pd.DataFrame:
        x, labels = subject.test(params["pictures"])
        seen, _ = subject.train(CALIBRATION)
        return lab.compare_with_appended(subject.net, params["appended"], x, labels, seen, tell)

    return each_net(subjects, tell, measure)


def _growth(spec: NetSpec, params: Params) -> float:
    """How many times as many blocks a net has with those that are appended."""
    return 1 + params["appended"] / sum(spec.layout.blocks)


def _responses(subjects: Sequence[Subject], params: Params, tell: Tell) -> pd.DataFrame:
    def measure(subject: Subject, tell: Tell) -> pd.DataFrame:
        return lab.layer_responses(subject.net, subject.test(params["pictures"])[0], tell)

    return each_net(subjects, tell, measure)


def _initialization(subjects: Sequence[Subject], params: Params, tell: Tell) -> pd.DataFrame:
    asked = load_untrained(params)
    return lab.compare_initializations(asked.specs, params["seeds"], asked.x, asked.labels, tell)


def _shattering(subjects: Sequence[Subject], params: Params, tell: Tell) -> pd.DataFrame:
    asked = load_untrained(params)
    return lab.gradient_shattering(asked.specs, asked.x, params["seeds"], params["points"], tell)


def _passes_of_draws(specs: Sequence[NetSpec], params: Params, forward: float, backward: float) -> list[Passes]:
    """Work of nets that are drawn with every seed; what they are drawn from, or switch with, takes no time."""
    draws = len(params["seeds"])
    kinds = [replace(spec, initialization="he", activation="relu") for spec in specs]
    return [Passes(spec, draws * forward, draws * backward) for spec in kinds]


def pairs_of(depths: Sequence[int], **properties: Any) -> list[str]:
    """The slugs of a plain and a residual net of each depth."""
    return [NetSpec(family, depth, **properties).to_slug() for depth in depths for family in ("plain", "resnet")]


STARTS: list[Params] = [  # with batch norm as in the paper; without it, drawn in three ways; and with sigmoids
    {},
    {"batch_norm": False},
    {"batch_norm": False, "initialization": "normal"},
    {"batch_norm": False, "initialization": "xavier"},
    {"batch_norm": False, "activation": "sigmoid"},
]


def _surface(subjects: Sequence[Subject], params: Params, tell: Tell) -> pd.DataFrame:
    """Two directions a seed, the same draws for every net; no two seeds share one."""
    along = np.linspace(-params["reach"], params["reach"], params["points"])

    def measure(subject: Subject, tell: Tell) -> pd.DataFrame:
        x, labels = learned_from(subject, params["pictures"])
        two = [lab.filter_normalized_direction(subject.net, 2 * params["seed"] + k) for k in range(2)]
        return lab.loss_surface(subject.net, x, labels, two[0], two[1], along, along, params["norms"], tell)

    return each_net(subjects, tell, measure)


def _trajectory(subjects: Sequence[Subject], params: Params, tell: Tell) -> pd.DataFrame:
    """Rows what = "slice" (a, b, loss, error) and "path" (also epoch and plane_loss); share_a and share_b in all."""

    def measure(subject: Subject, tell: Tell) -> pd.DataFrame:
        x, labels = learned_from(subject, params["pictures"])
        nets = nets_by_epoch(subject)
        plane = lab.principal_directions(nets)
        a, b = (_around(plane.path[name], params["points"]) for name in "ab")
        final = list(nets.values())[-1]
        surface = lab.loss_surface(final, x, labels, plane.first, plane.second, a, b, params["norms"], tell)
        path = lab.losses_on_path(nets, plane, x, labels, params["norms"])
        both = pd.concat([surface.assign(what="slice"), path.assign(what="path")], ignore_index=True)
        return both.assign(share_a=plane.shares[0], share_b=plane.shares[1])

    return each_net(subjects, tell, measure)


def _around(path: "pd.Series[float]", points: int) -> np.ndarray:
    """Evenly spread places from one end of a path to the other, and a quarter of its extent beyond both."""
    low, high = path.min(), path.max()
    return np.linspace(low - (high - low) / 4, high + (high - low) / 4, points)


def _passes_of_slice(specs: Sequence[NetSpec], params: Params) -> list[Passes]:
    return [Passes(spec, params["points"] ** 2 * params["pictures"]) for spec in specs]


def _flow(subjects: Sequence[Subject], params: Params, tell: Tell) -> pd.DataFrame:
    def measure(subject: Subject, tell: Tell) -> pd.DataFrame:
        return lab.gradient_shares(subject.net, *subject.test(params["pictures"]), tell)

    return each_net(subjects, tell, measure)


def _paths(subjects: Sequence[Subject], params: Params, tell: Tell) -> pd.DataFrame:
    def measure(subject: Subject, tell: Tell) -> pd.DataFrame:
        x, labels = subject.test(params["pictures"])
        return lab.path_lengths(subject.net, x, labels, params["paths"], params["seed"], tell)

    return each_net(subjects, tell, measure)


def _passes_of_paths(specs: Sequence[NetSpec], params: Params) -> list[Passes]:
    """A path goes back through half of the branches in the mean, and that is half of a step without the weights'."""
    lengths = [1 + sum(spec.layout.blocks) for spec in specs]
    return [
        Passes(spec, 0, params["pictures"] * (params["paths"] + 1) * count / 4)
        for spec, count in zip(specs, lengths, strict=True)
    ]


def _neurons(subjects: Sequence[Subject], params: Params, tell: Tell) -> pd.DataFrame:
    def measure(subject: Subject, tell: Tell) -> pd.DataFrame:
        x, _ = subject.train(params["pictures"])
        return lab.active_units(subject.net, x, subject.config.batch_size, params["seed"], tell)

    return each_net(subjects, tell, measure)


def _passes_of_neurons(specs: Sequence[NetSpec], params: Params) -> list[Passes]:
    # Twice through the net, and each map is looked at once more.
    return [Passes(spec, 4 * (params["pictures"] or DIGITS)) for spec in specs]


def _trust(subjects: Sequence[Subject], params: Params, tell: Tell) -> pd.DataFrame:
    return each_net(subjects, tell, lambda subject, tell: measure_trust(subject, params, tell))


def _strangers(subjects: Sequence[Subject], params: Params, tell: Tell) -> pd.DataFrame:
    return each_net(subjects, tell, lambda subject, tell: measure_strangers(subject, params["pictures"], tell))


QUESTIONS: dict[str, Question] = {
    "lesions": Question(
        "The error without each block",
        {"pictures": 397},
        _lesions,
        lambda specs, params: [
            Passes(spec, params["pictures"] * (1 + sum(spec.layout.blocks)) * 0.6) for spec in specs
        ],
    ),
    "more_lesions": Question(
        "The error by the number of blocks deleted, and of blocks swapped",
        {"pictures": 397, "draws": 5},
        _more_lesions,
        lambda specs, params: [
            Passes(spec, params["pictures"] * params["draws"] * 2 * len(lab.lesion_counts(spec))) for spec in specs
        ],
    ),
    "identity": Question(
        "Error and outputs with blocks appended that are the identity",
        {"appended": 9, "pictures": 397},
        _identity,
        lambda specs, params: [
            Passes(spec, 2 * params["pictures"] * (1 + len(lab.ways_to_append(spec)) * _growth(spec, params)))
            for spec in specs
        ],
    ),
    "responses": Question(
        "The response of every layer, and the size of its weights",
        {"pictures": 397},
        _responses,
        lambda specs, params: [Passes(spec, params["pictures"]) for spec in specs],
    ),
    "initialization": Question(
        "Gradients and scales of every layer before training",
        {
            "specs": [slug for start in STARTS for slug in pairs_of([56], **start)],
            "seeds": [0, 1, 2],
            "pictures": 64,
            "dataset": "digits",
        },
        _initialization,
        lambda specs, params: _passes_of_draws(specs, params, 0, params["pictures"]),
    ),
    "shattering": Question(
        "The correlation of input gradients along lines between pictures",
        {
            "specs": pairs_of([8, 14, 20, 32, 56, 110]),
            "seeds": [0, 1, 2],
            "points": 256,
            "pictures": 1000,
            "dataset": "digits",
        },
        _shattering,
        lambda specs, params: _passes_of_draws(specs, params, params["points"], params["points"]),
    ),
    "surface": Question(
        "The loss on a plane of random directions",
        {"points": 21, "reach": 1.0, "pictures": 200, "seed": 0, "norms": "running"},
        _surface,
        _passes_of_slice,
    ),
    "trajectory": Question(
        "The loss on the plane of the training's way",
        {"points": 21, "pictures": 200, "norms": "batch"},
        _trajectory,
        _passes_of_slice,
    ),
    "flow": Question(
        "The gradient through each block's shortcut and through its branch",
        {"pictures": 397},
        _flow,
        lambda specs, params: [Passes(spec, 0, params["pictures"]) for spec in specs],
    ),
    "paths": Question(
        "The gradient along paths of every length",
        {"pictures": 32, "paths": 60, "seed": 0},
        _paths,
        _passes_of_paths,
    ),
    "neurons": Question(
        "Which units fire for how many of the training pictures",
        {"pictures": 0, "seed": 0},
        _neurons,
        _passes_of_neurons,
    ),
    "trust": Question(
        "Which maps can be trusted",
        {"pictures": 20, "methods": CHECKED, "seed": 0},
        _trust,
        passes_of_trust,
    ),
    "strangers": Question(
        "Which pictures look like nothing that the net was trained on",
        {"pictures": 1000},
        _strangers,
        lambda specs, params: [Passes(spec, 2 * params["pictures"] + 5 * FOREIGN) for spec in specs],
    ),
}
