"""Do the documents say what there is? Every page has one, every link leads somewhere, every measurement is named."""

import re
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from resnet_viz.nets import NetSpec
from resnet_viz.runs import recorded_stores
from tests.docs.documents import DOCUMENTS, NAMES, ROOT, anchors_of, links_of

PAGES = sorted(path.stem for path in (ROOT / "pages").glob("*.py"))
MOST_BYTES = 3_000_000  # of all pictures
HERE = "http://127.0.0.1:8501/"  # where the lesson opens pages


@pytest.mark.parametrize("path", DOCUMENTS, ids=NAMES)
def test_a_relative_link_leads_to_a_file_and_a_heading_that_are_there(path):
    for link in links_of(path):
        parts = urlsplit(link)
        if parts.scheme:
            continue
        target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
        assert target.exists(), link
        if parts.fragment and target.suffix == ".md":
            assert parts.fragment in anchors_of(target), link


@pytest.mark.parametrize("name", PAGES)
def test_a_page_has_a_document_with_its_picture(name):
    document = ROOT / "docs" / "pages" / f"{name}.md"
    assert f"{name}.png" in links_of(document)
    assert (document.parent / f"{name}.png").stat().st_size > 10_000
    assert len(document.read_text().splitlines()) <= 120


def test_the_list_of_documents_names_all_of_them():
    listed = {(ROOT / "docs" / link.partition("#")[0]).resolve() for link in links_of(ROOT / "docs" / "README.md")}
    assert {path for path in DOCUMENTS if path.is_relative_to(ROOT / "docs")} - listed == {ROOT / "docs" / "README.md"}


def test_no_document_is_left_of_a_page_that_is_gone():
    assert sorted(path.stem for path in (ROOT / "docs" / "pages").glob("*.md")) == PAGES


def test_every_measurement_is_named():
    named = {link.rpartition("/")[2] for link in links_of(ROOT / "docs" / "measurements.md")}
    assert {path.name for path in (ROOT / "benchmarks").glob("*.md")} <= named


@pytest.mark.parametrize("name", PAGES)
def test_a_parameter_that_a_document_names_is_read_by_the_code(name):
    links = (ROOT / "docs" / "pages" / f"{name}.md").read_text().partition("\n## Links\n")[2]
    code = "".join(path.read_text() for path in [*(ROOT / "resnet_viz" / "ui").glob("*.py"), *ROOT.glob("pages/*.py")])
    cells = re.findall(r"^\| (`.*?) \|", links, re.MULTILINE)
    for parameter in re.findall(r"`(\w+)`", " ".join(cells)):
        assert f'"{parameter}"' in code, parameter


def test_the_lesson_opens_pages_and_recorded_runs_that_are_there():
    runs = [run for store in recorded_stores().values() for run in store.runs()]
    recorded = {run.comparison for run in runs} | {f"run:{run.id}" for run in runs}
    links = [link for link in links_of(ROOT / "docs" / "lesson.md") if link.startswith(HERE)]
    assert len(links) > 5
    for link in links:
        parts = urlsplit(link)
        assert parts.path.strip("/") in {"", *PAGES}, link
        asked = parse_qs(parts.query)
        found = ",".join(one for key in ("comparison", "nets", "trio") for one in asked.get(key, []))
        assert set(filter(None, found.split(","))) <= recorded, link


def test_the_numbers_for_the_board_are_those_of_the_recorded_runs():
    rows = re.findall(
        r"^\| (plain|residual), .*?seed (\d).*? \|(.*)\|$", (ROOT / "docs" / "lesson.md").read_text(), re.M
    )
    told = {
        (NetSpec({"plain": "plain", "residual": "resnet"}[family], depth), int(seed)): float(cell)
        for family, seed, cells in rows
        for depth, cell in zip((8, 20, 32, 44, 56), cells.split("|"), strict=True)
    }
    assert len(told) == 30
    errors = {
        (NetSpec(**run.spec), run.config["seed"]): round(100 * run.test_error, 1)
        for run in recorded_stores()["digits"].runs()
        if not run.config.get("start")
    }
    assert told == {net: errors[net] for net in told}


def test_all_pictures_together_stay_small():
    assert sum(path.stat().st_size for path in (ROOT / "docs").rglob("*.png")) < MOST_BYTES
