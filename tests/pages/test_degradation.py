"""Does the page of degradation tell recorded and own runs as they are, and start a grid of one's own?"""

import pytest
from scipy import stats

from resnet_viz.nets import NetSpec
from resnet_viz.paper import ARTICLE
from resnet_viz.runs import RunStatus, RunStore, recorded_stores
from resnet_viz.training import preset
from resnet_viz.ui.degradation import published_beside
from resnet_viz.ui.groups import find_groups, key_of, say_runs
from tests.pages.figures import figures
from tests.pages.opening import box, open_page, press, rerun, text_of

DEPTHS = (20, 56)
ERRORS = {  # of three seeds, training and test
    ("plain", 20): [(0.02, 0.03), (0.03, 0.04), (0.01, 0.03)],
    ("plain", 56): [(0.70, 0.71), (0.75, 0.74), (0.66, 0.65)],
    ("resnet", 20): [(0.010, 0.02), (0.012, 0.03), (0.014, 0.025)],
    ("resnet", 56): [(0.009, 0.02), (0.013, 0.03), (0.014, 0.020)],
}


@pytest.fixture
def own(store, finish) -> tuple[RunStore, str]:
    """A store with plain and residual nets of two depths and three seeds, and the key of their group."""
    for seed in range(3):
        for depth in DEPTHS:
            wanted = [(NetSpec(family, depth), preset("digits", seed=seed)) for family in ("plain", "resnet")]
            finish(store, wanted, [ERRORS[family, depth][seed] for family in ("plain", "resnet")])
    return store, key_of([NetSpec("resnet", 20)], preset("digits"))


def test_epochs_that_runs_went_on_for_are_counted(store, finish):
    config = preset("digits", epochs=5, more_epochs=(5,))
    finish(store, [(NetSpec("plain", depth), config) for depth in DEPTHS], [(0.1, 0.1), (0.5, 0.5)])
    group = find_groups()[key_of([NetSpec("plain", 20)], config)]
    assert " · 10 epochs · " in group.title
    assert ", 10 epochs, " in say_runs(group, group.finished)


def test_recorded_runs_fill_the_page_of_a_reader_who_has_none(home):
    page = open_page("degradation")
    runs = [run for run in recorded_stores()["digits"].runs() if run.spec["family"] == "plain"]
    deep = [100 * run.train_error for run in runs if run.spec["depth"] == 56 and not run.config["start"]]
    assert len(deep) == 3
    assert f"**plain-56** ends at **{sum(deep) / 3:.1f} %** *training* error" in text_of(page)
    assert len(figures(page)) == 2
    assert "recorded, seeds 0, 1, 2" in text_of(page)
    assert "**Training error**: VGG-34" in text_of(page)


def test_own_runs_are_a_group_and_their_verdicts_are_those_of_the_test(own):
    page = open_page("degradation", grid=own[1])
    table = page.dataframe[0].value.set_index("nets")
    plain, resnet = ([errors[0] for errors in ERRORS[family, 56]] for family in ("plain", "resnet"))
    row = table.loc["plain-56 against ResNet-56"]
    assert row["verdict"] == "ResNet-56 beats plain-56"
    assert row["difference"] == pytest.approx(100 * (sum(plain) - sum(resnet)) / 3)
    expected = stats.ttest_ind(plain, resnet, equal_var=False).pvalue
    assert row["p"] == f"{expected:.3f}" if expected >= 0.001 else "below 0.001"
    assert table.loc["plain-56 against plain-20", "verdict"] == "plain-20 beats plain-56"
    assert table.loc["ResNet-56 against ResNet-20", "verdict"] == "within the noise of these seeds"
    assert "not overfitting" in text_of(page)
    page.button_group(key="error_of_verdicts").select("test")
    assert rerun(page).dataframe[0].value.set_index("nets").loc[
        "plain-20 against ResNet-20", "difference"
    ] == pytest.approx(100 * (0.10 - 0.075) / 3)


def test_runs_of_another_recipe_or_another_block_are_no_part_of_a_group(own, finish):
    store, key = own
    count = len(find_groups()[key].runs)
    others = [
        (NetSpec("resnet", 32, width=8), preset("digits")),
        (NetSpec("resnet", 32, "B"), preset("digits")),
        (NetSpec("plain", 32), preset("digits", epochs=6)),
        (NetSpec("plain", 32), preset("digits", start="abcd")),
    ]
    finish(store, others, [(0.1, 0.1)] * 4)
    assert len(find_groups()[key].runs) == count
    finish(store, [(NetSpec("plain", 32), preset("digits", threads=1, precision="bf16"))], [(0.1, 0.1)])
    assert len(find_groups()[key].runs) == count + 1


def test_a_net_that_was_trained_twice_counts_once_and_one_that_diverged_not_at_all(own, finish):
    store, key = own
    finish(store, [(NetSpec("plain", 56), preset("digits"))], [(0.1, 0.1)])
    finish(store, [(NetSpec("plain", 56), preset("digits", seed=9))], [(0.9, 0.9)], RunStatus.DIVERGED)
    group = find_groups()[key]
    found = [run.train_error for run in group.finished if (run.spec["depth"], run.config["seed"]) == (56, 0)]
    assert sorted(map(float, filter(None, found))) == [0.009, 0.1]  # the residual net, and the newer of two plain ones
    assert "1 runs diverged and are left out" in text_of(open_page("degradation", grid=key))


def test_published_numbers_stand_beside_with_what_differs(own):
    group = find_groups()[own[1]]
    rows = published_beside(group).to_dict("records")
    table = {(row["source"], row["net"]): row for row in rows}
    row = table["He et al. 2015, Table 6", "ResNet-56"]
    assert (row["published"], row["runs"]) == (6.97, 3)
    assert row["here"] == pytest.approx(100 * sum(test for _, test in ERRORS["resnet", 56]) / 3)
    for part in ("data (", "epochs (5 against 182)", "batch (64 against 128)", "augmentation (none against crop"):
        assert part in row["verdict"]
    assert "width" not in row["verdict"]
    missing = table["He et al. 2015, Table 6", "ResNet-110"]
    assert (missing["runs"], missing["verdict"]) == (0, "no such net among these runs")
    assert (published_beside(group, ARTICLE)["runs"] == 0).all()


def test_a_link_to_runs_that_are_not_here_says_so(home):
    page = open_page("degradation", grid="../../x")
    assert "There are no runs ../../x on this machine" in text_of(page)


def test_a_grid_is_started_watched_and_chosen(store):
    page = open_page("degradation", depths_of_grid="8")
    assert "Choose at least two depths." in text_of(page)
    page.multiselect(key="depths_of_grid").set_value([8, 14])
    page.number_input(key="seeds_of_grid").set_value(2)
    page.toggle(key="vgg_of_grid").set_value(True)
    assert "**12 runs**" in text_of(rerun(page))
    press(page, "Run the grid")
    runs = store.runs()
    assert len(runs) == 12
    assert len({one.sweep for one in runs}) == 1
    assert {(one.spec["family"], one.spec["depth"], one.config["seed"]) for one in runs} == {
        (family, depth, seed)
        for family, depths in (("plain", (8, 14)), ("resnet", (8, 14)), ("vgg", (18, 34)))
        for depth in depths
        for seed in (0, 1)
    }
    picker = box(page, "Runs")
    assert "trained here" in picker.options[picker.index]
    assert "None of these runs has finished yet" in text_of(page)
    for one in runs:
        store.request(one.id, "stop")
    assert "None of these runs has finished yet" in text_of(rerun(page))
