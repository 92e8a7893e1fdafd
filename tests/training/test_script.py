"""Does the script of a run repeat it, alone and to the bit?"""

import ast
import subprocess
import sys
from dataclasses import asdict
from itertools import cycle
from typing import Any

import pandas as pd
import pytest

from resnet_viz.nets import NetSpec
from resnet_viz.settings import Settings
from resnet_viz.training import ConfigError, preset
from resnet_viz.training.config import AUGMENTATIONS, OPTIMIZERS, SCHEDULES
from resnet_viz.training.script import SOURCES, is_exact, to_script
from tests.conftest import work_on

FACTS = {
    "device": "CPU, 2 cores",
    "precision": "fp32",
    "threads": 1,
    "versions": {"torch": "2"},
    "form": {"size": 32, "classes": ["a"] * 10, "mean": [0.5] * 3, "std": [0.5] * 3},
}
CASES: list[tuple[NetSpec, dict[str, Any]]] = [
    (NetSpec("plain", 8), {"iterations": 25, "augmentation": "crop_flip", "more_epochs": (1,)}),
    (
        NetSpec("resnet", 8, "B", zero_last_norm=True),
        {"iterations": 12, "augmentation": "mixup", "optimizer": "adamw", "label_smoothing": 0.1, "clip_norm": 1.0},
    ),
    (
        NetSpec("resnet", 8, "gated", survival=0.5),
        {"iterations": 60, "augmentation": "cutout", "subset": 600, "held_out": 99, "warm_up": True, "batch_size": 16},
    ),
]


ALONE = """
import os, runpy, sys
for folder in sys.argv[1:]:
    os.chdir(folder)
    runpy.run_path("run.py", run_name="__main__")
sys.exit(any(name.startswith("resnet_viz") for name in sys.modules))
"""


@pytest.mark.process
def test_the_script_repeats_the_curve_to_the_bit(store, tmp_path):
    runs = {}  # by the folder of their script; one process runs them all, for it takes long to start
    for spec, changes in CASES:
        config = preset("digits", precision="fp32", threads=1, device="cpu", **changes)
        (run,) = store.add_comparison([(asdict(spec), asdict(config))])
        run = work_on(store, Settings(), run)
        source = to_script(run.spec, run.config, run.facts, run.id)
        assert is_exact(config, run.facts)
        assert "the same to the bit" in source
        runs[folder := tmp_path / run.id] = run
        folder.mkdir()
        (folder / "run.py").write_text(source)
    done = subprocess.run([sys.executable, "-I", "-c", ALONE, *runs], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    for folder, run in runs.items():
        curve, recorded = pd.read_csv(folder / "curve.csv", float_precision="round_trip"), store.steps(run.id)
        assert curve.astype(recorded.dtypes).equals(recorded), run.spec
        assert f"test error {run.test_error:.2%}" in done.stdout


@pytest.mark.process
def test_scripts_of_all_data_sets_are_clean(tmp_path):
    recipes = [
        {"optimizer": optimizer, "schedule": schedule, "augmentation": augmentation}
        for optimizer, schedule, augmentation in zip(cycle(OPTIMIZERS), SCHEDULES, AUGMENTATIONS, strict=False)
    ]
    for dataset in ("digits", *SOURCES):
        for number, changes in enumerate(recipes):
            config = preset(dataset, "paper", 110, **changes)
            source = to_script(asdict(NetSpec("resnet", 110)), asdict(config), FACTS, "abcd")
            ast.parse(source)
            (tmp_path / f"{dataset}_{number}.py").write_text(source)
    assert subprocess.run([sys.executable, "-m", "ruff", "check", "--isolated", "--line-length=120", "."],
                          cwd=tmp_path).returncode == 0  # fmt: skip


def test_what_a_script_cannot_repeat_gets_a_sentence():
    spec = asdict(NetSpec("resnet", 8))
    with pytest.raises(ConfigError, match="not on: A folder of pictures"):
        to_script(spec, asdict(preset("folder", folder="/x")), FACTS)
    with pytest.raises(ConfigError, match="began with the trained net of run abcd"):
        to_script(spec, asdict(preset("digits", start="abcd")), FACTS)
    with pytest.raises(ConfigError, match="nothing to repeat"):
        to_script(spec, asdict(preset("digits")), {})


@pytest.mark.parametrize(
    ("fact", "reason"),
    [
        ({"device": "NVIDIA H100"}, "a GPU adds in another order"),
        ({"precision": "bf16"}, "trained in bf16"),
        ({"steps_by_threads": {"1": 3, "2": 4}}, "the number of threads changed"),
    ],
)
def test_a_script_says_where_the_curve_will_not_be_the_same_to_the_bit(fact, reason):
    config = preset("digits")
    assert not is_exact(config, FACTS | fact)
    source = to_script(asdict(NetSpec("resnet", 8)), asdict(config), FACTS | fact)
    assert reason in source.partition("import")[0]
