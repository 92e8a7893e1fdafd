"""Can a reader find runs, keep order among them, and compare any of them, on the page Runs?"""

from collections.abc import Sequence

import pytest
from streamlit.testing.v1 import AppTest

from resnet_viz.nets import NetSpec
from resnet_viz.runs import Owner, Run, RunShelf, RunStatus, RunStore, recorded_stores
from resnet_viz.runs.shelf import MOST_TAGS
from resnet_viz.settings import Settings
from resnet_viz.training import preset
from resnet_viz.ui.runs_table import CHOSEN
from tests.pages.figures import figures
from tests.pages.opening import box, new_page, open_page, press, rerun, text_of

CONFIG = {"epochs": 5, "optimizer": "sgd", "peak_lr": 0.1, "schedule": "steps", "batch_size": 128}
MARKUP = "<b>x</b> **y** $z$ :smile:"


def open_runs(chosen: Sequence[str] = (), **link: str | list[str]) -> AppTest:
    """The page with rows selected before, and with what a link says."""
    page = new_page("runs", **link)
    if chosen:
        page.session_state[CHOSEN] = list(chosen)
    return rerun(page)


def shown(page: AppTest) -> list[str]:
    return page.dataframe[0].value["run"].tolist() if page.dataframe else []


def form(page: AppTest, kind: str, label: str):
    (widget,) = [one for one in page.get(kind) if one.label == label and one.key.startswith("runs_edit")]
    return widget


@pytest.fixture
def runs(store, finish) -> list[Run]:
    """plain-8, ResNet-8 and ResNet-14 on digits, ended; the last was stopped. The store lists the newest first."""
    pair = finish(store, [(NetSpec(family, 8), preset("digits", seed=1)) for family in ("plain", "resnet")],
                  [(0.30, 0.40), (0.05, 0.10)])  # fmt: skip
    deeper = finish(store, [(NetSpec("resnet", 14), preset("digits", seed=2))], [(0.02, 0.08)], RunStatus.STOPPED)
    return [*pair, *deeper]


def test_an_empty_page_says_what_to_do_first(home):
    page = open_runs()
    assert "Nothing was trained here yet" in page.info[0].value
    assert not page.dataframe


def test_the_table_has_what_a_person_compares(runs):
    page = open_runs()
    frame = page.dataframe[0].value.set_index("run")
    assert shown(page) == [runs[2].id, runs[0].id, runs[1].id]  # the newest first, a comparison in its order
    row = frame.loc[runs[1].id]
    assert (row["net"], row["data"], row["seed"], row["status"]) == ("ResNet-8 (A)", "digits", 1, "finished")
    assert (row["test error"], row["training error"], row["gap"]) == pytest.approx((10, 5, 5))
    assert row["recipe"] == "5 epochs, sgd 0.05, one_cycle, batch 64"
    assert (row["device"], row["precision"]) == ("CPU", "fp32")
    assert "3 of 3 runs are shown; 0 of all are archived." in text_of(page)


def test_a_run_that_has_not_begun_has_no_numbers_and_no_crash(store):
    store.add_comparison([({"family": "plain", "depth": 8}, {"dataset": "digits", "seed": 0} | CONFIG)])
    page = open_runs()
    assert page.dataframe[0].value["status"].tolist() == ["queued"]
    assert page.dataframe[0].value[["test error", "gap", "parameters"]].isna().all(axis=None)
    assert any(button.label == "Look again" for button in page.button)


def test_search_and_filters_stand_in_the_link_only_where_they_differ_from_the_default(store, runs):
    RunShelf(store).tag([runs[1].id], add=["week 3"])
    page = open_runs()
    assert not {"q", "show", "status", "tag", "recorded"} & page.query_params.keys()
    page.text_input(key="runs_q").input("resnet")
    page.multiselect(key="runs_tag").set_value(["week 3"])
    rerun(page)
    assert (page.query_params["q"], page.query_params["tag"]) == ("resnet", "week 3")
    assert shown(page) == [runs[1].id]
    assert "Filters: week 3" in text_of(page)
    page.text_input(key="runs_q").input("")
    page.multiselect(key="runs_tag").set_value([])
    assert not {"q", "tag"} & rerun(page).query_params.keys()


def test_a_link_brings_search_and_filters_back_and_nonsense_in_it_is_left_out(store, runs):
    page = open_runs(q="resnet", depth=["14", "99"], show="nonsense")
    assert shown(page) == [runs[2].id]
    assert page.query_params["depth"] == "14"
    page = open_runs(q="nowhere to be found")
    assert "No run is such" in text_of(page)


def test_a_name_a_note_and_tags_are_saved_and_shown_as_text(store, runs):
    page = open_runs([runs[0].id])
    form(page, "text_input", "Name").input(MARKUP)
    form(page, "text_area", "Note").input("=1+1")
    form(page, "multiselect", "Tags").set_value([MARKUP[:20]])
    press(page, "Save")
    run = store.run(runs[0].id)
    assert (run.name, run.note, RunShelf(store).tags()) == (MARKUP, "=1+1", {run.id: [MARKUP[:20]]})
    row = page.dataframe[0].value.set_index("run").loc[run.id]
    assert (row["name"], row["note"]) == (MARKUP, "'=1+1")  # harmless in a spreadsheet
    press(page, "Delete…")
    assert "**y**" not in text_of(page)
    assert "<b>x" not in text_of(page).replace("\\<", "")


def test_two_tabs_do_not_lose_each_others_tags_or_names(store, runs):
    page = open_runs([runs[0].id])
    shelf = RunShelf(store)
    shelf.edit([runs[0].id], name="from elsewhere", add=["theirs"])
    form(page, "multiselect", "Tags").set_value(["mine"])
    press(page, "Save")
    assert shelf.tags()[runs[0].id] == ["mine", "theirs"]
    assert store.run(runs[0].id).name == "from elsewhere"
    assert form(page, "text_input", "Name").value == "from elsewhere"


def test_several_runs_are_tagged_at_once_and_only_common_tags_are_taken_away(store, runs):
    shelf = RunShelf(store)
    shelf.tag([runs[0].id, runs[1].id], add=["common"])
    shelf.tag([runs[0].id], add=["own"])
    page = open_runs([runs[0].id, runs[1].id])
    tags = form(page, "multiselect", "Tags that all of them have")
    assert tags.value == ["common"]
    tags.set_value(["new"])
    press(page, "Save")
    assert shelf.tags() == {runs[0].id: ["new", "own"], runs[1].id: ["new"]}


def test_a_tag_too_many_gets_a_sentence_and_nothing_is_saved(store, runs):
    RunShelf(store).tag([runs[0].id], add=[f"t{i}" for i in range(MOST_TAGS)])
    page = open_runs([runs[0].id])
    form(page, "text_input", "Name").input("x")
    form(page, "multiselect", "Tags").set_value([*form(page, "multiselect", "Tags").value, "one more"])
    press(page, "Save")
    assert "A run can have 20 tags" in page.error[0].value
    assert store.run(runs[0].id).name == ""


def test_pinned_runs_stand_first_and_stay_selected(store, runs):
    page = open_runs([runs[1].id])
    press(page, "Pin")
    assert shown(page)[0] == runs[1].id
    assert page.dataframe[0].value["mark"].tolist() == ["pinned", "", ""]
    assert "**Selected: 1**" in text_of(page)
    press(page, "Undo")
    assert shown(page) == [runs[2].id, runs[0].id, runs[1].id]
    assert any(button.label == "Pin" for button in page.button)


def test_runs_are_archived_and_undo_brings_them_back(store, runs):
    page = open_runs([runs[0].id, runs[2].id])
    press(page, "Archive")
    assert shown(page) == [runs[1].id]
    assert "Runs archived: 2." in text_of(page)
    assert "**Selected" not in text_of(page)  # no other row takes their place
    press(rerun(page), "Undo")
    assert shown(page) == [runs[2].id, runs[0].id, runs[1].id]
    assert [button.label for button in page.button if button.label == "Undo"] == []
    assert all(run.archived_at is None for run in store.runs())
    assert "**Selected: 2**" in text_of(page)  # as before


def test_archived_runs_are_shown_where_they_are_asked_for_and_can_be_restored(store, runs):
    RunShelf(store).archive([runs[0].id])
    page = open_runs([runs[0].id], show="archived")
    assert shown(page) == [runs[0].id]
    press(page, "Restore")
    assert store.run(runs[0].id).archived_at is None
    assert shown(page) == []
    assert "Nothing is archived." in text_of(page)
    press(page, "Undo")
    assert shown(page) == [runs[0].id]


def test_deleting_asks_first_and_says_what_goes(store, runs):
    home = Settings().home
    (home / "weights").mkdir(exist_ok=True)
    (home / "weights" / f"{runs[0].id}.1.2.state").write_text("x")
    page = open_runs([runs[0].id, runs[1].id])
    press(page, "Delete…")
    question = text_of(page)
    assert "Runs: **2**" in question
    assert "weights, checkpoints" in question
    assert runs[0].id in question
    press(page, "Keep them")
    assert len(store.runs()) == 3
    press(page, "Delete…")
    press(page, "Delete")
    assert [run.id for run in store.runs()] == [runs[2].id]
    assert list((home / "weights").iterdir()) == []
    assert "Runs deleted: 2." in text_of(page)
    assert shown(page) == [runs[2].id]


def test_a_question_names_runs_that_start_from_what_is_deleted(store, runs, finish):
    (later,) = finish(store, [(NetSpec("plain", 8), preset("digits", start=runs[0].id))], [(0.3, 0.3)])
    page = press(open_runs([runs[0].id]), "Delete…")
    assert [later.id in warning.value for warning in page.warning] == [True]
    assert "keep what they have learned" in page.warning[0].value


def test_a_question_says_which_runs_could_not_begin_any_more(store, runs):
    (waiting,) = store.add_comparison([({"family": "plain", "depth": 8}, {"dataset": "digits", "seed": 0} | CONFIG
                                        | {"start": runs[0].id})])  # fmt: skip
    page = press(open_runs([runs[0].id]), "Delete…")
    (warning,) = page.warning
    assert "could not begin then" in warning.value
    assert waiting.id in warning.value


def test_selected_rows_stand_in_the_link_and_come_back_by_it(store, runs):
    page = open_runs([runs[0].id, runs[2].id])
    assert page.query_params["selected"] == f"{runs[2].id},{runs[0].id}"  # in the order of the table
    again = open_runs(selected=f"{runs[0].id},{runs[2].id},nobody")
    assert "**Selected: 2**" in text_of(again)
    assert "selected" not in open_runs().query_params


def test_a_run_at_work_is_not_deleted_or_archived_and_a_sentence_says_why(store, runs):
    store.resume(runs[2].id)
    store.claim(Owner.here())
    page = press(open_runs([runs[2].id, runs[0].id]), "Delete…")
    assert "A run that is at work cannot be deleted" in page.error[0].value
    assert not [button for button in page.button if button.label == "Delete"]
    page = press(open_runs([runs[2].id, runs[0].id]), "Archive")
    assert "is running and cannot be archived; stop it" in page.error[0].value
    assert len(store.runs()) == 3


def test_what_another_tab_has_deleted_gets_a_sentence(store, runs):
    page = open_runs([runs[0].id])
    RunShelf(store).delete([runs[0].id])
    press(page, "Pin")
    assert "it was deleted elsewhere" in page.error[0].value
    assert shown(page) == [runs[2].id, runs[1].id]


def test_any_runs_are_laid_side_by_side_with_names_that_tell_them_apart(store, runs):
    RunShelf(store).rename(runs[0].id, "<i>mine")
    recorded = recorded_stores()["digits"].runs()[0]
    page = open_runs([run.id for run in (*runs, recorded)], recorded="1")
    assert not figures(page)
    page.toggle(key="runs_curves").set_value(True)
    figure = figures(rerun(page))["runs_loss"]
    names = {trace["name"].removesuffix(", train").removesuffix(", test") for trace in figure["data"]}
    assert len(names) == 4
    assert any(name.startswith("&lt;i&gt;mine (plain-8)") for name in names)
    assert "Training loss (dotted)" in figure["alt"]


def test_recorded_runs_are_shown_where_they_are_asked_for_and_only_read(store, runs):
    count = sum(len(one.runs()) for one in recorded_stores().values())
    recorded = recorded_stores()["digits"].runs()[0]
    assert len(shown(open_runs())) == 3
    page = open_runs([recorded.id], recorded="1")
    assert len(shown(page)) == count + 3
    buttons = {button.label: button.disabled for button in page.button}
    assert buttons["Pin"]
    assert buttons["Archive"]
    assert buttons["Delete…"]
    assert not buttons["Open in Train"]
    assert "Recorded runs are only read" in text_of(page)
    page.toggle(key="runs_recorded").set_value(False)
    assert "recorded" not in rerun(page).query_params


def test_in_a_demonstration_recorded_runs_are_shown_and_nothing_can_be_changed(home, monkeypatch):
    monkeypatch.setenv("RESNET_VIZ_DEMO", "1")
    recorded = recorded_stores()["digits"].runs()[0]
    page = open_runs([recorded.id])
    assert recorded.id in shown(page)
    assert not [button for button in page.button if button.label == "Save"]


def test_archived_runs_are_not_offered_on_other_pages_and_names_are(store, runs):
    shelf = RunShelf(store)
    shelf.rename(runs[1].id, "my best")
    shelf.archive([runs[2].id])
    offered = box(open_page("train"), "Comparison").options
    assert any("my best (ResNet-8 (A))" in option for option in offered)
    assert not any("ResNet-14" in option for option in offered)
    assert RunStore(Settings().store_url).run(runs[2].id).test_error == pytest.approx(0.08)
