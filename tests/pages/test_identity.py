"""Does the page of the identity argument measure, train on with the right nets, and tell what became of them?"""

from sqlalchemy import select, update
from streamlit.testing.v1 import AppTest

from resnet_viz.nets import NetSpec
from resnet_viz.runs import RunStore, StudyStore
from resnet_viz.runs.schema import runs as table
from resnet_viz.training import TrainingConfig
from tests.pages.opening import open_page, press_key, rerun, text_of


def open_identity(runs, **link) -> AppTest:
    return open_page("identity", nets=runs[0].comparison, **link)


def went_on(runs, appended, **changes):
    """What is queued where these runs go on with blocks appended."""
    return [
        (NetSpec(run.spec["family"], 8, appended=appended),
         TrainingConfig(**(run.config | {"start": run.id, "epochs": 3, "peak_lr": 0.02} | changes)))
        for run in runs
    ]  # fmt: skip


def test_the_same_net_with_more_layers_is_measured_and_told(lab_store, trained):
    _, runs = trained
    page = open_identity(runs, appended="2")
    press_key(page, "ask_identity")
    (study,) = StudyStore(lab_store).studies("identity")
    assert study.params == {"appended": 2, "pictures": 397, "runs": [run.id for run in runs]}
    shown = text_of(page)
    assert "**ResNet-8 (A)** with 2 blocks more: the same to the bit in evaluation (zero branch); the same" in shown
    assert "the same to the bit in evaluation (Dirac, unit statistics); no way gives the same in training" in shown
    assert study.id in shown
    table = page.table[0].value
    assert table["outputs"].str.startswith("the same").tolist() == [True, False, False, False, True, True]
    for run in runs:
        assert f"{run.test_error:.1%}" in table.loc[NetSpec(**run.spec).name, "error before"].tolist()


def test_training_on_queues_each_net_with_blocks_appended_from_where_it_stands(lab_store, trained):
    _, runs = trained
    page = open_identity(runs, appended="3")
    page.number_input(key="more_epochs").set_value(2)
    press_key(rerun(page), "train_on")
    new = [run for run in lab_store.runs() if run.comparison != runs[0].comparison]
    assert len({run.comparison for run in new}) == 1
    assert [NetSpec(**run.spec) for run in new] == [NetSpec(run.spec["family"], 8, appended=3) for run in runs]
    for run, start in zip(new, runs, strict=True):
        changed = {"start": start.id, "epochs": 2, "peak_lr": 0.02}
        assert TrainingConfig(**run.config) == TrainingConfig(**(start.config | changed))
        assert page.button(key=f"stop_{run.id}").label == "Stop training"
    assert "have not been trained on" not in text_of(page)


def test_what_training_on_came_to_is_told_from_its_runs(lab_store, trained, finish):
    _, runs = trained
    ends = [run.test_error + change for run, change in zip(runs, (0.08, 0.01), strict=True)]
    ended = finish(lab_store, went_on(runs, 1), [(0.1, end) for end in ends])
    page = open_identity(runs, appended="1")
    shown = text_of(page)
    assert "##### ResNet-8 (A) kept what it had, plain-8 lost what it had" in shown
    for start, run, change in zip(runs, ended, ("+8.0", "+1.0"), strict=True):
        name = NetSpec(**start.spec).name
        assert f"**{name}** began at {start.test_error:.1%} test error and ends at **{run.test_error:.1%}**" in shown
        assert f"{change} points" in shown
        assert f"run {run.id} from {start.id} (seed 0)" in shown
    assert "Over all seeds" not in shown
    page.slider(key="appended").set_value(4)
    assert "not been trained on with 4 blocks appended yet" in text_of(rerun(page))


def test_epochs_that_a_run_went_on_for_are_counted(lab_store, trained, finish):
    _, runs = trained
    finish(lab_store, went_on(runs, 1, epochs=5, more_epochs=(5,)), [(0.1, run.test_error) for run in runs])
    assert "; 10 epochs, peak learning rate" in text_of(open_identity(runs, appended="1"))


def test_other_seeds_of_the_same_recipe_are_told_beside_and_other_recipes_are_not(lab_store, trained, finish):
    _, runs = trained
    changes = {0: 0.05, 1: -0.06, 2: 0.01}
    for seed, change in changes.items():
        errors = [(0.1, run.test_error + change) for run in runs]
        finish(lab_store, went_on(runs, 1, seed=seed), errors)
    finish(lab_store, went_on(runs, 2), [(0.1, 0.9)] * 2)
    page = open_identity(runs, appended="1")
    shown = text_of(page)
    told = "3 runs: the error changes by +1.0 points in the median, from -6.0 to +5.0."
    assert "##### plain-8 and ResNet-8 (A) kept what they had" in shown  # the newest
    assert f"**plain-8**, {told}" in shown
    assert f"**ResNet-8 (A)**, {told}" in shown


def test_recorded_runs_that_went_on_are_shown_at_once_and_led_to(lab_store, trained, finish, tmp_path, monkeypatch):
    _, runs = trained
    ended = finish(lab_store, went_on(runs, 1), [(0.1, run.test_error) for run in runs])
    shipped = RunStore(f"sqlite:///{tmp_path}/shipped.sqlite")
    lab_store.copy_runs([run.id for run in [*runs, *ended]], shipped)
    monkeypatch.setenv("RESNET_VIZ_HOME", str(tmp_path / "other"))
    for name in ("resnet_viz.runs.recorded.recorded_stores", "resnet_viz.ui.subjects.recorded_stores"):
        monkeypatch.setattr(name, lambda: {"shipped": shipped})
    recorded = {run.id: (run, shipped) for run in shipped.runs()}
    monkeypatch.setattr("resnet_viz.ui.subjects.recorded_runs", lambda: recorded)
    page = open_identity(runs, appended="1")
    shown = text_of(page)
    for start, run in zip(runs, ended, strict=True):
        assert f"run {run.id} from {start.id} (seed 0, recorded)" in shown
    keys = [str(button.key) for button in page.button]
    assert not [key for key in keys if key.startswith(("stop_", "go_on_", "resume_"))]
    page.slider(key="appended").set_value(2)
    assert "show_those" not in [button.key for button in rerun(page).button]


def test_nets_that_nobody_trained_on_lead_to_those_that_were(lab_store, trained, finish):
    _, runs = trained
    others = lab_store.add_comparison([(run.spec, run.config | {"seed": 7}) for run in runs])
    give_weights(lab_store, [run.id for run in others], [run.id for run in runs])
    ended = finish(lab_store, went_on(others, 1), [(0.1, run.test_error) for run in runs])
    page = open_identity(runs, appended="1")
    assert "not been trained on with 1 blocks appended yet" in text_of(page)
    button = page.button(key="show_those")
    assert button.label == "Show plain-8 and ResNet-8 (A), seed 7, which have been"
    assert f"run {ended[0].id} from {others[0].id}" in text_of(press_key(page, "show_those"))


def give_weights(store, ids, sources):
    """Let runs look as if they had trained: with the weights, facts and errors of others."""
    columns = (table.c.status, table.c.facts, table.c.weights, table.c.step, table.c.train_error, table.c.test_error)
    with store.write() as db:
        for run_id, source in zip(ids, sources, strict=True):
            row = db.execute(select(*columns).where(table.c.id == source)).mappings().one()
            db.execute(update(table).where(table.c.id == run_id).values(dict(row)))


def test_a_link_that_makes_no_sense_does_not_break_the_page(lab_store, trained):
    page = open_identity(trained[1], appended="1000", more_epochs="x")
    assert page.slider(key="appended").value == 9
