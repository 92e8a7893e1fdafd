"""How long does a reader wait from the click on Start to the first point on the curve?

python -m benchmarks.first_point > benchmarks/first_point.md

As the page does it: workers wait with torch loaded, a click queues the default pair (plain-56 and ResNet-56 on
digits) and hands out the jobs. The clock runs from there until a training step of each net can be read in the store;
then the runs are stopped. The page itself looks every two seconds, or sooner after the click.
"""

import os
import statistics
import tempfile
import time
from dataclasses import asdict

from benchmarks.machine import describe

ROUNDS, READY_SECONDS = 5, 20.0


def wait_for_first_steps() -> list[float]:
    """Seconds until each of both nets has a step in the store; a spare worker is ready for each."""
    from resnet_viz.nets import NetSpec
    from resnet_viz.runs import RunStore
    from resnet_viz.settings import Settings
    from resnet_viz.training import prepare_workers, preset, start_workers

    settings = Settings()
    store = RunStore(settings.store_url)
    prepare_workers()
    time.sleep(READY_SECONDS)
    start = time.monotonic()
    wanted = [(asdict(NetSpec(family, 56)), asdict(preset("digits"))) for family in ("plain", "resnet")]
    runs = store.add_comparison(wanted)
    start_workers(store, settings)
    seen: dict[str, float] = {}
    while len(seen) < len(runs):
        for run in runs:
            if run.id not in seen and store.run(run.id).step:
                seen[run.id] = time.monotonic() - start
        time.sleep(0.02)
    for run in runs:
        store.request(run.id, "stop")
    while any(run.status.is_active for run in store.runs()):
        time.sleep(0.1)
    return sorted(seen.values())


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as home:
        os.environ["RESNET_VIZ_HOME"] = home
        rounds = [wait_for_first_steps() for _ in range(ROUNDS)]
    print("# The first point\n")
    print(describe())
    print("| | first net, s | second net, s |")
    print("|---|---|---|")
    for number, (first, second) in enumerate(rounds, 1):
        print(f"| round {number} | {first:.2f} | {second:.2f} |")
    first, second = (statistics.median(column) for column in zip(*rounds, strict=True))
    print(f"| **median** | **{first:.2f}** | **{second:.2f}** |")


if __name__ == "__main__":
    main()
