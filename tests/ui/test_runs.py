"""Which runs does a search find, and what stands of them in the table and its file?"""

from dataclasses import asdict, replace
from io import StringIO

import pandas as pd
import pytest

from resnet_viz.nets import NetSpec
from resnet_viz.runs import RunStatus
from resnet_viz.ui.runs_search import Entry, Wanted, say_count
from resnet_viz.ui.runs_table import count_parameters, frame_of, say_recipe
from tests.ui.making import make_run

PAIR = [make_run(NetSpec(family, 8), name="my best" * is_best, note="see the Résumé" * is_best)
        for family, is_best in (("plain", True), ("resnet", False))]  # fmt: skip
DEEPER = make_run(NetSpec("resnet", 14), status=RunStatus.STOPPED, sweep="sweep1")
ENTRIES = [
    Entry(PAIR[0], ("week 3",), is_recorded=False),
    Entry(PAIR[1], ("week 3", "baseline"), is_recorded=False),
    Entry(DEEPER, (), is_recorded=False),
]
ARCHIVED = Entry(replace(DEEPER, archived_at=1.0), (), is_recorded=False)
CONFIG = {"epochs": 5, "optimizer": "sgd", "peak_lr": 0.1, "schedule": "steps", "batch_size": 128}


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (Wanted(words="BEST"), [0]),
        (Wanted(words="résumé week"), [0]),
        (Wanted(words="resnet-14"), [2]),
        (Wanted(words="best resnet-14"), []),
        (Wanted(words="sweep1"), [2]),
        (Wanted(words=PAIR[1].id), [1]),
        (Wanted(status=("finished",)), [0, 1]),
        (Wanted(status=("finished", "stopped")), [0, 1, 2]),
        (Wanted(family=("plain",)), [0]),
        (Wanted(depth=("8",), family=("resnet",)), [1]),
        (Wanted(data=("cifar10",)), []),
        (Wanted(tag=("week 3",)), [0, 1]),
        (Wanted(tag=("week 3", "baseline")), [1]),
        (Wanted(shelf="archived"), []),
        (Wanted(shelf="all"), [0, 1, 2]),
        (Wanted(), [0, 1, 2]),
    ],
)
def test_search_and_filters_find_runs_by_all_that_is_known_of_them(wanted, found):
    assert [i for i, entry in enumerate(ENTRIES) if wanted.fits(entry)] == found


def test_what_is_archived_is_found_where_it_is_asked_for():
    assert [Wanted(shelf=shelf).fits(ARCHIVED) for shelf in ("current", "archived", "all")] == [False, True, True]


def test_the_count_names_filters_and_the_archive():
    assert say_count(2, ENTRIES, Wanted()) == "2 of 3 runs are shown; 0 of all are archived."
    told = say_count(0, [*ENTRIES, ARCHIVED], Wanted(status=("finished",), tag=("*week*",)))
    assert told == "0 of 4 runs are shown; 1 of all are archived. Filters: finished, \\*week\\*."


def test_a_recipe_is_said_in_a_few_words():
    assert say_recipe(CONFIG) == "5 epochs, sgd 0.1, steps, batch 128"
    more = {"iterations": 64_000, "augmentation": "crop_flip", "subset": 5_000}
    assert say_recipe(CONFIG | more) == "64,000 steps, sgd 0.1, steps, batch 128, crop_flip, 5,000 pictures"
    assert say_recipe(CONFIG | {"more_epochs": [2, 3]}).startswith("10 epochs")


def test_the_table_has_errors_in_percent_and_their_gap_in_points():
    row = frame_of(ENTRIES).iloc[1]
    assert (row["test error"], row["training error"], row["gap"]) == pytest.approx((20, 10, 10))
    assert (row["net"], row["data"], row["seed"], row["status"]) == ("ResNet-8 (A)", "digits", 0, "finished")


def test_the_file_has_the_whole_table_and_no_formula():
    entry = Entry(make_run(name="=cmd", note="@x\nsecond line"), ("-1",), is_recorded=False)
    (row,) = pd.read_csv(StringIO(frame_of([entry]).to_csv(index=False))).to_dict("records")
    assert row["run"] == entry.run.id
    assert (row["name"], row["note"], row["tags"]) == ("'=cmd", "'@x second line", "'-1")
    assert {"test error", "parameters", "comparison", "started"} <= set(row)


def test_a_mark_says_which_runs_are_set_apart():
    pinned = Entry(replace(DEEPER, pinned_at=1.0), (), is_recorded=False)
    recorded = Entry(DEEPER, (), is_recorded=True)
    assert frame_of([*ENTRIES[:1], pinned, ARCHIVED, recorded])["mark"].tolist() == [
        "", "pinned", "archived", "recorded",
    ]  # fmt: skip


def test_parameters_are_counted_once_the_data_are_known():
    spec = NetSpec("plain", 8, in_channels=1)
    assert count_parameters(make_run(spec)) is None
    assert count_parameters(make_run(spec, facts={"spec": asdict(spec), "form": {"size": 16}})) == 75_002
