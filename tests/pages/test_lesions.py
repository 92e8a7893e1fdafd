"""Does the page of lesions ask, answer, and let a reader delete blocks?"""

from pathlib import Path

from streamlit.testing.v1 import AppTest

from resnet_viz.runs import StudyStore

PAGE = str(Path(__file__).parents[2] / "pages" / "lesions.py")


def open_page(runs) -> AppTest:
    page = AppTest.from_file(PAGE, default_timeout=60)
    page.query_params["nets"] = runs[0].comparison
    return page.run()


def test_lesions_are_asked_for_answered_and_tried_by_hand(lab_store, trained):
    _, runs = trained
    page = open_page(runs)
    assert not page.exception
    page.button(key="ask_lesions").click().run()
    assert not page.exception
    (study,) = StudyStore(lab_store).studies("lesions")
    assert study.params["runs"] == [run.id for run in runs]
    shown = "\n".join(element.value for element in [*page.markdown, *page.caption])
    assert "Without one of 1 blocks" in shown
    assert study.id in shown
    assert all(run.id in shown for run in runs)
    page.button_group(key="deleted_blocks").select("stage1.block1").run()
    assert not page.exception
    assert [metric.label for metric in page.metric] == ["plain-8", "ResNet-8 (A)"]
    assert all(metric.delta.endswith("points") for metric in page.metric)
