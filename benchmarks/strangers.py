"""Which measure tells strangers best? Familiarity beside what the probabilities alone tell, for every recorded net.

    python -m benchmarks.strangers > benchmarks/strangers.md

For each net whose data are on this machine (RESNET_VIZ_DATA) and each measure the threshold warns of 5 % of half of the
held-out pictures; the table has the share of the other half below it, and of each foreign kind the share above it.
"""

from collections.abc import Callable, Iterator, Mapping
from statistics import mean, median

import torch
from torch import Tensor, nn

from benchmarks.machine import describe
from resnet_viz.data import is_at_hand, normalize
from resnet_viz.explain.strangers import BATCH, WARNED, calibrate, features, foreign_pictures
from resnet_viz.runs import RunStore, recorded_stores
from resnet_viz.settings import Settings
from resnet_viz.studies import Subject, load_subject

PICTURES = 1000  # held-out ones at most
# How much a net knows a picture, from its scores (B, classes).
MEASURES: dict[str, Callable[[Tensor], Tensor]] = {
    "largest probability": lambda scores: scores.softmax(1).amax(1),
    "minus the entropy": lambda scores: -torch.special.entr(scores.softmax(1)).sum(1),
    "largest score": lambda scores: scores.amax(1),
    "energy": lambda scores: scores.logsumexp(1),
}


def subjects() -> Iterator[tuple[str, Subject]]:
    """Recorded nets whose data are on this machine, each with the name of its set."""
    settings = Settings()
    store = RunStore(settings.store_url)
    for name, recorded in recorded_stores().items():
        for run in recorded.runs():
            if run.weights and is_at_hand(run.config["dataset"], settings.data_root):
                yield name, load_subject(store, settings, run.id)


@torch.no_grad()
def scores(net: nn.Module, x: Tensor) -> Tensor:
    """The scores (B, classes) of pictures."""
    return torch.cat([net.eval()(part) for part in x.split(BATCH)])


def measure_all(subject: Subject) -> tuple[dict[str, Tensor], dict[str, dict[str, Tensor]]]:
    """By measure, the values of held-out pictures, and by kind those of foreign ones."""
    net, form = subject.net, subject.data.form
    shown = foreign_pictures(form, subject.config.dataset)
    foreign = {kind: normalize(torch.from_numpy(pictures), form) for kind, pictures in shown.items()}
    held_out, _ = subject.test(PICTURES)
    held_out = held_out[torch.randperm(len(held_out), generator=torch.Generator().manual_seed(0))]
    means = calibrate(net, *subject.train(PICTURES), held_out, {}).means
    own, others = {}, {}
    for kind, x in {"": held_out, **foreign}.items():
        answers = scores(net, x)
        values = {"familiarity": (features(net, x) @ means.T).amax(1)}
        values |= {title: measure(answers) for title, measure in MEASURES.items()}
        if kind:
            others[kind] = values
        else:
            own = values
    return own, others


def rates(own: Tensor, foreign: Mapping[str, Tensor]) -> tuple[float, dict[str, float]]:
    """False alarms among the second half of the net's own pictures, and what is missed of each foreign kind."""
    half = len(own) // 2
    threshold = own[:half].quantile(WARNED)
    missed = {kind: float((values >= threshold).float().mean()) for kind, values in foreign.items()}
    return float((own[half:] < threshold).float().mean()), missed


def main() -> None:
    """Print a table for each set of nets that see the same foreign kinds, and one of all."""
    print("# Measures of what is strange\n")
    print(describe())
    print("Missed: the share of foreign pictures that a measure does not warn of; lower is better. Of up to")
    print(f"{PICTURES:,} held-out pictures half set the threshold, which warns of {WARNED:.0%} of these.")
    last = ""
    means: dict[str, list[float]] = {}
    alarms: dict[str, list[float]] = {}
    for name, subject in subjects():
        own, others = measure_all(subject)
        if name != last:
            print(f"\n| net | set | measure | false alarms | {' | '.join(others)} | mean missed |")
            print(f"|---|---|---|---|{'---|' * (len(others) + 1)}")
            last = name
        for title in own:
            false, missed = rates(own[title], {kind: values[title] for kind, values in others.items()})
            alarms.setdefault(title, []).append(false)
            means.setdefault(title, []).append(mean(missed.values()))
            cells = " | ".join(f"{share:.2f}" for share in missed.values())
            spec = subject.spec.name
            print(f"| {spec} | {name} | {title} | {false:.3f} | {cells} | {means[title][-1]:.2f} |", flush=True)
    best = [min(means, key=lambda title: means[title][i]) for i in range(len(means["familiarity"]))]
    print("\n| measure | median false alarms | median of mean missed | nets that it misses least for |")
    print("|---|---|---|---|")
    for title in means:
        count = f"{best.count(title)} of {len(best)}"
        print(f"| {title} | {median(alarms[title]):.3f} | {median(means[title]):.2f} | {count} |")


if __name__ == "__main__":
    main()
