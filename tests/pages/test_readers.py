"""Do several readers of one store keep what each of them chose, and is it a sentence where it does not answer?"""

from dataclasses import asdict

from resnet_viz.nets import NetSpec
from resnet_viz.runs import Owner, RunShelf, RunStatus, RunStore, RunWriter, StoreError, StudyStore, recorded_stores
from resnet_viz.studies import QUESTIONS
from resnet_viz.training import preset
from resnet_viz.ui.plan import SPECS
from resnet_viz.ui.subjects import is_recorded
from tests.pages.opening import open_app, open_page, open_script, press, press_key, rerun

DEEP = preset("digits", epochs=60)
AWAY = "the database does not answer (database is locked); try again in a moment"


def away(*_):
    raise StoreError(AWAY)


def told(page) -> list[str]:
    """What toasts say."""
    return [toast.value for toast in page.toast]


def test_an_open_page_leaves_what_another_reader_chose_and_shows_it(store):
    first, second = open_page("sweep"), open_page("sweep")
    first.number_input(key="at_once").set_value(3)
    rerun(first)
    assert store.chosen("at_once") == 3
    assert rerun(second).number_input(key="at_once").value == 3
    second.number_input(key="at_once").set_value(5)
    rerun(second)
    assert rerun(first).number_input(key="at_once").value == 5
    assert store.chosen("at_once") == 5


def test_a_net_that_is_composed_twice_is_trained_once(store):
    page = press(press(open_app("architecture"), "Add a net"), "Train these nets")
    slugs = page.session_state[SPECS].split(",")
    assert len(slugs) == len(set(slugs)) == 2  # of three, the last one twice
    page = open_page("train", specs="resnet-8-A,resnet-8-A,plain-8")
    press(page, "Start")
    assert [NetSpec(**run.spec).name for run in store.runs()] == ["ResNet-8 (A)", "plain-8"]


def test_a_run_that_cannot_be_stopped_now_gets_a_sentence(store, monkeypatch):
    store.add_comparison([(asdict(NetSpec("plain", 8)), asdict(DEEP))])
    page = open_page("train")
    monkeypatch.setattr(RunStore, "request", away)
    for label in ("Stop training", "Pause"):
        assert told(press(page, label)) == ["The database does not answer (database is locked); try again in a moment."]


def test_a_run_that_cannot_go_on_now_gets_a_sentence(store, monkeypatch):
    store.add_comparison([(asdict(NetSpec("plain", 8)), asdict(DEEP))])
    RunWriter(store, store.claim(Owner.here())).end(RunStatus.STOPPED)
    page = open_page("train")
    monkeypatch.setattr(RunStore, "resume", away)
    assert told(press(page, "Resume"))[0].startswith("The database does not answer")


def test_a_sweep_that_cannot_be_changed_now_gets_a_sentence(store, monkeypatch):
    store.add_comparison([(asdict(NetSpec(family, 8)), asdict(DEEP)) for family in ("plain", "resnet")], "sweep")
    RunWriter(store, store.claim(Owner.here())).end(RunStatus.STOPPED)
    page = open_page("sweep")
    for label, method in (("Stop all", "request"), ("Go on", "resume")):
        monkeypatch.setattr(RunStore, method, away)
        assert told(press(page, label))[0].startswith("The database does not answer")


def test_a_claim_that_cannot_be_asked_again_now_gets_a_sentence(store, monkeypatch):
    page = open_app("claims")
    monkeypatch.setattr(StudyStore, "ask", away)
    assert told(press_key(page, "again_lesions"))[0].startswith("The database does not answer")


def test_a_question_that_cannot_be_put_or_stopped_now_gets_a_sentence(lab_store, trained, monkeypatch):
    _, runs = trained
    page = open_page("lesions", nets=runs[0].comparison)
    with monkeypatch.context() as patch:
        patch.setattr(StudyStore, "ask", away)
        press_key(page, "ask_lesions")
    assert told(page)[0].startswith("The database does not answer")
    params = QUESTIONS["lesions"].defaults | {"runs": [run.id for run in runs], "pictures": 397}
    study = StudyStore(lab_store).ask("lesions", params)
    assert StudyStore(lab_store).claim(Owner.here()).id == study.id
    rerun(page)
    monkeypatch.setattr(StudyStore, "stop", away)
    assert told(press_key(page, f"stop_{study.id}"))[0].startswith("The database does not answer")


def test_progress_that_cannot_be_read_is_a_sentence(lab_store, trained, monkeypatch):
    _, runs = trained
    params = QUESTIONS["lesions"].defaults | {"runs": [run.id for run in runs], "pictures": 397}
    StudyStore(lab_store).ask("lesions", params)
    StudyStore(lab_store).claim(Owner.here())
    monkeypatch.setattr(StudyStore, "study", away)
    page = open_page("lesions", nets=runs[0].comparison)
    assert "The database does not answer" in page.warning[0].value.capitalize()


def test_waiting_for_the_machine_while_the_database_is_away_is_a_sentence(store, monkeypatch):
    def script():
        from resnet_viz.ui.plan import wait_for_machine

        wait_for_machine(lambda: False)

    monkeypatch.setattr(RunStore, "count_active", away)
    page = open_script(script)
    assert page.warning[0].value.startswith("the database does not answer")


def test_a_question_about_a_run_that_another_reader_deletes_is_gone(lab_store, trained, monkeypatch):
    _, runs = trained
    ids = [run.id for run in runs]
    study = StudyStore(lab_store).ask("lesions", QUESTIONS["lesions"].defaults | {"runs": ids, "pictures": 397})
    StudyStore(lab_store).claim(Owner.here())
    look = StudyStore.study

    def delete_first(studies, study_id):
        RunShelf(lab_store).delete(ids)
        return look(studies, study_id)

    monkeypatch.setattr(StudyStore, "study", delete_first)
    page = open_page("lesions", nets=runs[0].comparison)
    assert f"stop_{study.id}" not in [button.key for button in page.button]
    assert not any(runs[0].comparison in option for option in page.selectbox[0].options)


def test_which_runs_are_recorded_is_read_once(home, monkeypatch):
    run = recorded_stores()["digits"].runs()[0]
    assert is_recorded(run)
    monkeypatch.setattr(RunStore, "runs", away)
    assert is_recorded(run)


def test_the_state_of_runs_that_cannot_be_read_now_is_a_sentence(store, monkeypatch):
    def script():
        from resnet_viz.ui.services import run_store
        from resnet_viz.ui.surface import watch_kept

        watch_kept(run_store().runs())

    store.add_comparison([(asdict(NetSpec("plain", 8)), asdict(DEEP))])
    monkeypatch.setattr(RunStore, "run", away)
    page = open_script(script)
    assert page.warning[0].value.startswith("the database does not answer")
