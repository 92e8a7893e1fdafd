"""The answers that ship with the project: what the laboratory asks of recorded nets, and what it takes here.

python -m benchmarks.recorded_studies [KIND ...] > benchmarks/recorded_studies.md

Every question of the claims is asked as the page Claims asks it, about the recorded nets, and the answers are written
to recorded/studies.sqlite; with KINDs only these are asked again, and the other answers stay. For each the time is told
that the page announces before, from steps of small nets measured in the same run, and the time that it took.
"""

import argparse
import sqlite3
import sys
import tempfile
import time
from pathlib import Path

import torch

from benchmarks.machine import describe
from resnet_viz.data import is_at_hand
from resnet_viz.nets import NetSpec
from resnet_viz.runs import Owner, Run, RunStatus, RunStore, StudyStore, find_run, recorded_stores
from resnet_viz.runs.recorded import RECORDED
from resnet_viz.settings import Settings
from resnet_viz.studies import CLAIMS, QUESTIONS, Evidence
from resnet_viz.studies.cost import BATCH, START, estimate_answer
from resnet_viz.studies.worker import answer
from resnet_viz.training import Pace, TrainingConfig, count_cores, measure_pace, resolve_device

ANSWERS = RECORDED / "studies.sqlite"
SIZE = 16  # of digits, where no trained nets are asked
BESIDE = NetSpec("resnet", 20, survival=0.5)  # asked which units rest, beside the pair of its depth


def questions(store: RunStore) -> list[tuple[str, dict]]:
    """Every question of the claims with its parameters, each once."""
    evidence, found = Evidence(store), []
    for again in [claim.again for claims in CLAIMS.values() for claim in claims if claim.again]:
        if not again.question:
            continue
        kind = again.question
        defaults = QUESTIONS[kind].defaults
        if "specs" in defaults:
            asked = [defaults]
        else:
            pairs = [evidence.pair(depth) for depth in again.depths]
            groups = [[run for run in pair if run.spec["family"] in again.families] for pair in pairs if pair]
            asked = [defaults | {"runs": [run.id for run in runs]} for runs in groups]
        found += [(kind, params) for params in asked if (kind, params) not in found]
    return found + further(evidence)


def further(evidence: Evidence) -> list[tuple[str, dict]]:
    """What pages show at once beside what claims ask."""
    one, beside = [evidence.pair(56)[1].id], [run.id for run in evidence.runs(BESIDE) if run.weights]
    three = [run.id for run in evidence.pair(20)] + beside
    fifty_six = [run.id for run in evidence.pair(56)]
    shapes = [run.id for run in recorded_stores()["shapes"].runs() if run.weights]
    without_norm = [f"{slug}~batch_norm.0" for slug in QUESTIONS["shattering"].defaults["specs"]]
    return [
        ("flow", QUESTIONS["flow"].defaults | {"runs": one}),
        ("neurons", QUESTIONS["neurons"].defaults | {"runs": three}),
        ("shattering", QUESTIONS["shattering"].defaults | {"specs": without_norm}),
        *(("trust", QUESTIONS["trust"].defaults | {"runs": asked}) for asked in (fifty_six, shapes)),
        *(("strangers", QUESTIONS["strangers"].defaults | {"runs": [run.id]}) for run in _at_hand()),
    ]


def _at_hand() -> list[Run]:
    """Recorded runs with weights whose pictures are on this machine."""
    runs = [run for recorded in recorded_stores().values() for run in recorded.runs() if run.weights]
    return [run for run in runs if is_at_hand(run.config["dataset"], Settings().data_root)]


def specs_of(store: RunStore, params: dict) -> list[NetSpec]:
    """The nets that a question is about, as they are asked."""
    if "runs" in params:
        return [NetSpec(**find_run(store, run_id).facts["spec"]) for run_id in params["runs"]]
    return [NetSpec.from_slug(slug) for slug in params["specs"]]


def size_of(store: RunStore, params: dict) -> int:
    """The side of the pictures that a question is about."""
    return max((find_run(store, run_id).facts["form"]["size"] for run_id in params.get("runs", [])), default=SIZE)


def announce(kind: str, params: dict, specs: list[NetSpec], size: int, paces: dict[object, Pace]) -> float:
    """The time that the page tells before."""
    work = QUESTIONS[kind].work(specs, params)
    config = TrainingConfig(batch_size=BATCH, precision="fp32")
    for one in work:
        key = _kind_of(one.spec), size
        if key not in paces:
            paces[key] = measure_pace(one.spec, config, size, resolve_device("auto"), "fp32", 1)
    return estimate_answer(work, [paces[_kind_of(one.spec), size] for one in work])


def _kind_of(spec: NetSpec) -> object:
    return tuple(value for name, value in vars(spec).items() if name not in ("depth", "appended"))


def keep(temporary: RunStore) -> None:
    """Write the answers to recorded/, in place of earlier ones to the same questions."""
    ANSWERS.touch() if not ANSWERS.exists() else None
    target = RunStore(f"sqlite:///{ANSWERS}")
    new = StudyStore(temporary).studies()
    StudyStore(temporary).copy([study.id for study in new], target)
    target.engine.dispose()
    with sqlite3.connect(ANSWERS) as raw:
        for study in new:
            earlier = "kind = :kind AND id != :id AND params = (SELECT params FROM studies WHERE id = :id)"
            raw.execute(f"DELETE FROM studies WHERE {earlier}", {"kind": study.kind, "id": study.id})
        raw.execute("UPDATE studies SET owner_host = '', owner_pid = 0, owner_started = 0")
        raw.commit()
        raw.execute("PRAGMA journal_mode=DELETE")
        raw.execute("VACUUM")


def main() -> None:
    """Ask, keep, and print the table."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("kinds", nargs="*", choices=[[], *QUESTIONS])
    wanted = parser.parse_args().kinds
    print("# Studies\n")
    print(describe())
    print(f"Of recorded nets, and of nets before training; {count_cores()} threads. Announced: by the page, before.\n")
    print("| question | nets | announced, s | took, s | times as long |\n|---|---|---|---|---|")
    torch.set_num_threads(count_cores())
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(home=Path(folder))
        store = RunStore(settings.store_url)
        found = [(kind, params) for kind, params in questions(store) if not wanted or kind in wanted]
        asked, paces = StudyStore(store), dict[object, Pace]()
        for kind, params in found:
            specs = specs_of(store, params)
            expected = announce(kind, params, specs, size_of(store, params), paces)
            asked.ask(kind, params)
            study = asked.claim(Owner.here())
            assert study is not None
            start = time.monotonic()
            answer(store, settings, study)
            took = time.monotonic() - start + START
            ended = asked.study(study.id)
            if ended.status is not RunStatus.FINISHED:
                sys.exit(f"{kind}: {ended.message}")
            names = " and ".join(spec.name for spec in specs) if len(specs) < 4 else f"{len(specs)} nets"
            print(f"| {kind} | {names} | {expected:.0f} | {took:.0f} | {took / expected:.2f} |", flush=True)
        keep(store)


if __name__ == "__main__":
    main()
