"""Does Home tell its story from recorded runs, with numbers that follow them, and open pages set up to try it?"""

from dataclasses import replace
from statistics import fmean, median
from urllib.parse import parse_qs

from resnet_viz.plots import COLORS
from resnet_viz.runs import StudyStore, recorded_stores
from resnet_viz.ui import home as story
from resnet_viz.ui import recorded
from resnet_viz.ui.groups import recorded_groups
from tests.pages.figures import figures
from tests.pages.opening import open_app, text_of

STEPS = ["built", "degradation", "gradients", "shortcut", "lesions"]
TRIED_ON = ["identity", "degradation", "initialization", "train", "lesions"]


def errors_of_digits(family: str, depth: int, name: str = "train_error") -> list[float]:
    """Errors in % of the recorded runs of the common recipe, read past the code of the page."""
    found = [
        run
        for run in recorded_stores()["digits"].runs()
        if (run.spec["family"], run.spec["depth"], run.config["epochs"]) == (family, depth, 5)
        and (
            family == "plain" or (run.spec["shortcut"], run.spec["order"], run.spec["survival"]) == ("A", "original", 1)
        )
        and not run.spec["zero_last_norm"]
    ]
    by_seed = {run.config["seed"]: 100 * getattr(run, name) for run in found}
    assert sorted(by_seed) == [0, 1, 2]
    return list(by_seed.values())


def test_the_story_has_five_steps_each_with_a_figure_an_origin_and_a_page_to_try_it(home):
    page = open_app()
    assert not page.error
    assert list(figures(page)) == STEPS
    assert all(len(figure["data"]) >= 2 and figure["alt"] for figure in figures(page).values())
    for line in figures(page)["built"]["data"]:  # the same error with more layers
        assert line["x"] == [20, 38]
        assert line["y"][0] == line["y"][1] > 0
    links = [link.proto for link in page.get("page_link")][: len(STEPS)]
    assert [link.page for link in links] == TRIED_ON
    assert all("Runs " in caption.value and "seed" in caption.value for caption in page.caption)
    assert len(page.caption) == len(STEPS)
    kinds = [
        element.proto.component_name if element.type == "bidi_component" else element.type for element in page.main
    ]
    assert kinds.index("title") < kinds.index("markdown") < kinds.index("figure")  # words are there first
    (colors,) = [element.proto.body for element in page.get("html") if "plain" in element.proto.body]
    assert all(color in colors for color in (COLORS["plain"][0], COLORS["resnet"][0]))


def test_numbers_are_those_of_the_recorded_runs(home):
    text = text_of(open_app())
    for family in ("plain", "resnet"):
        errors = errors_of_digits(family, 56)
        assert f"{fmean(errors):.1f} % ({min(errors):.1f} to {max(errors):.1f}, 3 seeds)" in text
    cifar = {(run.spec["family"], run.spec["depth"]): run for run in recorded_stores()["short"].runs()}
    assert f"plain-56 ends at **{100 * cifar['plain', 56].train_error:.1f} % (one seed)**" in text
    studies = StudyStore(recorded_stores()["studies"])
    (frame,) = [
        frame
        for frame in (studies.answer(study.id) for study in studies.studies("lesions"))
        if "plain-20" in set(frame["net"])
    ]
    for net, rows in frame.groupby("net"):
        rises = [100 * (row["error"] - row["intact"]) for _, row in rows.iterrows() if row["error"] == row["error"]]
        assert f"**{net}**: **{median(rises):+.0f} points**" in text


def test_the_verdict_follows_the_runs(monkeypatch):
    found = recorded_groups()
    said = story.a_deeper_net_is_worse().finding
    assert "**not overfitting**" in said

    def alike(group):
        runs = [replace(run, train_error=0.5 + 0.01 * run.config["seed"]) for run in group.runs]
        return replace(group, runs=tuple(runs))

    monkeypatch.setattr(recorded, "recorded_groups", lambda: {key: alike(group) for key, group in found.items()})
    said = story.a_deeper_net_is_worse().finding
    assert "no degradation can be claimed" in said
    assert "not overfitting" not in said


def test_try_it_opens_pages_that_stand_as_the_steps_do(home):
    expected = {
        "identity": "plain-20 and ResNet-20 (A)",
        "degradation": "CIFAR-10 · 10 epochs",
        "initialization": "plain-56",
        "train": "plain-56",
        "lesions": "plain-20 and ResNet-20 (A)",
    }
    for link in [link.proto for link in open_app().get("page_link")][: len(STEPS)]:
        page = open_app(link.page, **{name: values[0] for name, values in parse_qs(link.query_string).items()})
        assert not [info.value for info in page.info if "There are no runs" in info.value]
        choices = " ".join(str(box.options[box.index]) for box in page.selectbox)
        assert expected[link.page] in f"{choices} {text_of(page)}"


def test_the_story_is_told_where_the_database_does_not_answer(home, monkeypatch):
    monkeypatch.setenv("RESNET_VIZ_DATABASE_URL", "postgresql+psycopg://x:y@127.0.0.1:9/x")
    page = open_app()
    assert list(figures(page)) == STEPS
    assert len(page.error) == 1
