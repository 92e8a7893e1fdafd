"""Which runs are laid side by side, which pairs of them are compared, and what do the numbers mean in words?"""

from dataclasses import replace
from typing import Any

import pandas as pd
import pytest
from scipy.stats import ttest_ind

from resnet_viz.nets import NetSpec
from resnet_viz.paper import CIFAR_ERRORS
from resnet_viz.runs import RunStatus
from resnet_viz.training import TrainingConfig, preset
from resnet_viz.ui.degradation import _shorten, compare, errors_of, name_of, pairs_of, say_training, verdicts
from resnet_viz.ui.groups import HERE, _groups_of, key_of, say_runs
from resnet_viz.ui.published import conditions_of
from resnet_viz.ui.recorded import error_in_words, name_some
from tests.ui.making import make_run


def run_of(family: str, depth: int, recipe=None, **changes):
    return make_run(NetSpec(family, depth), recipe, **changes)


def groups_of(*runs):
    store: Any = None  # is only passed on
    return _groups_of(runs, HERE, store)


PAIRS = [run_of(family, depth) for family in ("plain", "resnet") for depth in (20, 56)]


def test_nets_that_differ_in_depth_family_and_seed_are_one_group():
    again = [run_of("plain", 20, {"seed": 1, "threads": 1, "precision": "bf16", "device": "cpu"})]
    (group,) = groups_of(*again, *PAIRS)
    assert [run.id for run in group.runs] == [run.id for run in [PAIRS[0], *again, *PAIRS[1:]]]
    assert group.key == key_of([NetSpec("resnet", 20)], preset("digits"))


def test_one_depth_is_no_group():
    assert groups_of(run_of("plain", 20), run_of("resnet", 20)) == []


@pytest.mark.parametrize(
    "other",
    [
        run_of("plain", 32, {"epochs": 9}),
        run_of("plain", 32, {"start": "abcd"}),
        make_run(NetSpec("plain", 32, width=8)),
        make_run(NetSpec("resnet", 32, "B")),
        make_run(NetSpec("resnet", 32, survival=0.5)),
    ],
)
def test_another_recipe_block_or_shortcut_stands_apart(other):
    (group,) = groups_of(*PAIRS, other)
    assert other not in group.runs


def test_two_kinds_of_shortcuts_are_two_groups_with_the_same_plain_nets():
    others = [make_run(NetSpec("resnet", depth, "B")) for depth in (20, 56)]
    first, second = groups_of(*PAIRS, *others)
    assert [list(group.runs) for group in (first, second)] == [PAIRS, [*PAIRS[:2], *others]]
    assert first.key != second.key
    assert " layers · B · " in second.title


def test_of_a_net_trained_twice_the_newest_that_finished_counts():
    older, newer = run_of("plain", 20, created_at=1.0), run_of("plain", 20, created_at=2.0)
    stopped = run_of("plain", 20, created_at=3.0, status=RunStatus.STOPPED)
    (group,) = groups_of(stopped, older, newer, run_of("plain", 56))
    assert [run.created_at for run in group.runs if run.spec["depth"] == 20] == [2.0]


def test_a_group_tells_its_data_budget_depths_and_seeds():
    (group,) = groups_of(*PAIRS, run_of("plain", 20, {"seed": 1}))
    assert "· 5 epochs · 20, 56 layers · 2 seeds · trained here · " in group.title
    assert group.title.endswith(group.key)
    (group,) = groups_of(*(run_of("plain", depth, {"subset": 500, "iterations": 2000}) for depth in (20, 56)))
    assert ", 500 pictures · 2,000 steps · 20, 56 layers · 1 seed · " in group.title


def test_runs_that_diverged_are_counted_and_left_out():
    (group,) = groups_of(*PAIRS, run_of("plain", 56, {"seed": 1}, status=RunStatus.DIVERGED))
    assert len(group.finished) == 4
    assert len(group.of("plain")) == 2
    told = say_runs(group, group.finished)
    assert told.startswith("4 runs, trained here, seed 0: ")
    assert ", 1,400 training pictures, 5 epochs, batches of 64; CPU (fp32); " in told
    assert told.endswith(" 1 runs diverged and are left out.")


def with_errors(family: str, depth: int, *errors: float):
    return [run_of(family, depth, {"seed": seed}, train_error=error, test_error=error + 0.1)
            for seed, error in enumerate(errors)]  # fmt: skip


DEEP, SHALLOW = (0.70, 0.75, 0.66), (0.02, 0.03, 0.01)
ERRORS = errors_of([*with_errors("plain", 20, *SHALLOW), *with_errors("plain", 56, *DEEP),
                    *with_errors("resnet", 56, *SHALLOW)])  # fmt: skip


def test_errors_are_a_row_a_run():
    assert ERRORS.iloc[3].tolist() == ["plain", 56, 0, 0.70, 0.70 + 0.1]
    assert len(ERRORS) == 9


def test_compared_are_families_in_every_depth_and_depths_in_every_family():
    assert pairs_of(ERRORS) == [
        (("plain", 56), ("resnet", 56)),
        (("plain", 56), ("plain", 20)),
    ]


def test_without_the_paper_s_shallow_net_the_deepest_is_compared_with_the_shallowest():
    errors = errors_of([run_of("plain", depth) for depth in (8, 14, 32)])
    assert pairs_of(errors) == [(("plain", 32), ("plain", 8))]


def test_verdicts_have_the_numbers_of_the_test():
    deep, shallow = (0.70, 0.75, 0.50), (0.02, 0.20)
    errors = errors_of([*with_errors("plain", 56, *deep), *with_errors("plain", 20, *shallow)])
    (row,) = verdicts(errors, "train").to_dict("records")
    test = ttest_ind(deep, shallow, equal_var=False)
    interval = test.confidence_interval()
    assert (row["nets"], row["runs"]) == ("plain-56 against plain-20", "3 against 2")
    assert row["verdict"] == "plain-20 beats plain-56"
    assert row["difference"] == pytest.approx(100 * (0.65 - 0.11))
    assert row["interval"] == f"{100 * interval.low:+.1f} to {100 * interval.high:+.1f}"
    assert row["p"] == f"{test.pvalue:.3f}"


def test_a_p_too_small_for_three_digits_is_told_as_such():
    assert verdicts(ERRORS, "train")["p"].tolist() == ["below 0.001"] * 2


def test_a_verdict_on_test_errors_is_of_these():
    found = compare(ERRORS.assign(test_error=[0.1] * 3 + [0.5, 0.6, 0.7] + [0.2] * 3), pairs_of(ERRORS)[0], "test")
    assert found.difference == pytest.approx(40.0)


@pytest.mark.parametrize(
    ("deep", "shallow", "meaning"),
    [
        (DEEP, SHALLOW, "that is **not overfitting**"),
        (SHALLOW, DEEP, "Here depth helps to fit."),
        ((0.1, 0.2, 0.3), (0.1, 0.2, 0.31), "No degradation can be claimed from these seeds"),
        ((0.7,), (0.2,), "The difference is +50.0 points; two seeds of each are the least that can be tested."),
    ],
)
def test_what_a_deeper_net_is_worth_follows_its_training_errors(deep, shallow, meaning):
    errors = errors_of([*with_errors("plain", 56, *deep), *with_errors("plain", 20, *shallow)])
    (told,) = say_training(errors)
    assert told.startswith(f"**plain-56** ends at **{100 * sum(deep) / len(deep):.1f} %** *training* error")
    assert meaning in told


def test_an_error_is_told_with_the_range_of_its_seeds():
    assert error_in_words(ERRORS, "plain", 56) == "70.3 % (66.0 to 75.0, 3 seeds)"
    assert error_in_words(ERRORS[ERRORS["seed"] == 0], "plain", 56) == "70.0 % (one seed)"
    assert error_in_words(ERRORS[ERRORS["seed"] == 0], "plain", 56, "test") == "80.0 % (one seed)"


def test_of_many_runs_the_first_are_named():
    runs = [replace(PAIRS[0], id=letter) for letter in "abcdef"]
    assert name_some(runs[:4]) == "a, b, c, d"
    assert name_some(runs) == "a, b, c, d and 2 more"


def test_families_are_named_as_papers_name_them():
    assert [name_of(family, 18) for family in ("plain", "resnet", "vgg")] == ["plain-18", "ResNet-18", "VGG-18"]


def test_a_table_has_what_differs_by_name_alone():
    told = "not comparable; differs in: epochs (5 against 182), width (8 against 16); one seed"
    assert _shorten(told) == "no: epochs, width"
    assert _shorten("comparable") == "comparable"


PAPER = next(one for one in CIFAR_ERRORS if one.depth == 56).conditions


def test_the_paper_s_recipe_is_comparable():
    config = preset("cifar10", "paper", 56)
    assert PAPER.verdict(conditions_of(NetSpec("resnet", 56), config, 45_000)) == "comparable"


@pytest.mark.parametrize(
    ("part", "changes"),
    [
        ("epochs", {"iterations": 32_000}),
        ("optimizer", {"optimizer": "adam"}),
        ("optimizer", {"nesterov": True}),
        ("learning rate", {"schedule": "cosine"}),
        ("weight decay", {"weight_decay": 5e-4}),
        ("augmentation", {"augmentation": "cutout"}),
        ("extras", {"label_smoothing": 0.1}),
        ("extras", {"clip_norm": 1.0}),
        ("extras", {"start": "abcd"}),
    ],
)
def test_any_change_of_the_paper_s_recipe_is_told(part, changes):
    config: TrainingConfig = preset("cifar10", "paper", 56, **changes)
    assert list(PAPER.differences(conditions_of(NetSpec("resnet", 56), config, 45_000))) == [part]


@pytest.mark.parametrize(
    ("part", "spec"),
    [
        ("width", NetSpec("resnet", 56, width=32)),
        ("shortcut", NetSpec("resnet", 56, "B")),
        ("extras", NetSpec("resnet", 56, order="preact")),
    ],
)
def test_any_change_of_the_paper_s_net_is_told(part, spec):
    config = preset("cifar10", "paper", 56)
    assert list(PAPER.differences(conditions_of(spec, config, 45_000))) == [part]


def test_frames_without_runs_are_empty():
    assert isinstance(errors_of([]), pd.DataFrame)
    assert pairs_of(errors_of([])) == []
