"""Does every page speak the reader's language, whole, and English where nobody asked for another?"""

import ast
import dataclasses
import re

import pytest
from babel.messages.pofile import read_po

from resnet_viz.nets import ORDERS, SHORTCUTS, title
from resnet_viz.runs import RunStatus, recorded_stores
from resnet_viz.studies import Verdict
from resnet_viz.training import TrainingConfig
from resnet_viz.ui.catalog import Catalog, holes
from resnet_viz.ui.language import FOLDER, LANGUAGES
from resnet_viz.ui.locale.collect import collect
from tests.pages.opening import PAGES, ROOT, open_app
from tests.pages.words import texts

CHINESE = re.compile(r"[一-鿿]")
# Programs and formulas, addresses, names of layers and files, signs of Streamlit and plotly: no sentences.
CODE = re.compile(
    r"`[^`]*`|\$[^$]*\$|\]\([^)]*\)|<style>.*?</style>|<[^>]*>|%\{[^}]*\}|:\w+-badge|:material/\w+:"
    r"|[!-~]*[/_][!-~]*|[a-z]+\.[a-z]+",
    re.DOTALL,
)
# What stays as it is in every language: who wrote what, methods, nets and machines.
NAMES = re.compile(
    r"[A-Z]\w+( and [A-Z]\w+)? (et al\.|\d{4})|(Integrated|Input x) Gradients?|Guided (Backprop|Grad-CAM)"
    r"|Layer Grad-CAM|Feature Ablation|Gradient SHAP|(NVIDIA|Apple) GPU|CIFAR ResNet"
)
WORDS = re.compile(r"[A-Za-z]{2,}(?: [A-Za-z]{2,})+")  # two or more in a row
STATES = {  # in which pages show recorded runs, and maps that take no time
    "train": {"runs": ",".join(run.id for run in recorded_stores()["digits"].runs()[-2:])},
    "runs": {"recorded": "1"},
    "saliency": {"methods": "saliency"},
}
OTHERS = sorted(set(LANGUAGES) - {"en"})


def english(text: str) -> list[str]:
    """The runs of English words in a text, without what stays English."""
    return WORDS.findall(NAMES.sub("·", CODE.sub("·", text)))


def catalog_of(code: str) -> dict[str, str]:
    with (FOLDER / f"{code}.po").open("rb") as file:
        return {str(one.id): str(one.string) for one in read_po(file) if one.id}


@pytest.fixture(scope="module")
def recorded_home(tmp_path_factory):
    """A home in which nothing was trained: pages show recorded runs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RESNET_VIZ_HOME", str(tmp_path_factory.mktemp("home")))
        patch.delenv("RESNET_VIZ_DATABASE_URL", raising=False)
        patch.setattr("resnet_viz.ui.trust.agree_to", lambda *_: False)  # checks take longer than this test has
        yield


def look_at(page: str, code: str, **state: str) -> list[str]:
    """The texts of a page in a language, as a link with this state shows it."""
    return list(texts(open_app(page, lang=code, **state)))


@pytest.mark.parametrize("code", OTHERS)
def test_a_catalog_has_every_text_and_no_other(code):
    assert set(catalog_of(code)) == set(collect()), "run python -m resnet_viz.ui.locale.collect"
    assert not [text for text, translated in catalog_of(code).items() if not translated]


@pytest.mark.parametrize("code", OTHERS)
def test_a_translation_has_the_places_of_its_text(code):
    for text, translated in catalog_of(code).items():
        assert sorted(holes(text)) == sorted(holes(translated)), text


@pytest.mark.parametrize("page", PAGES)
def test_a_page_in_chinese_shows_no_english_but_names(recorded_home, page):
    shown = look_at(page, "zh", **STATES.get(page, {}))
    assert any(CHINESE.search(text) for text in shown)
    assert not {text: english(text) for text in shown if english(text)}


def test_there_is_no_chinese_in_the_sources_but_the_name_of_the_language():
    """English is written in the code; so a page in English has no Chinese, whatever it shows."""
    found = {
        part.value
        for path in [ROOT / "app.py", *(ROOT / "pages").glob("*.py"), *(ROOT / "resnet_viz").rglob("*.py")]
        for part in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(part, ast.Constant) and isinstance(part.value, str) and CHINESE.search(part.value)
        if "一-鿿" not in part.value  # a pattern that finds Chinese
    }
    assert found == {LANGUAGES["zh"]}


@pytest.mark.parametrize("page", ["train", "gradients", "runs"])
def test_what_was_trained_here_is_told_in_chinese(trained_home, page):
    shown = look_at(page, "zh")
    assert any(trained_home[0].id in text for text in shown) or page == "gradients"
    assert not {text: english(text) for text in shown if english(text)}


@pytest.mark.parametrize(
    ("page", "state"),
    [
        ("train", {"data": "folder", "folder": "/nowhere"}),
        ("train", {"specs": "resnet-21-A"}),
        ("architecture", {"compare": "nonsense,resnet-21-A"}),
        ("degradation", {"grid": "nonsense"}),
    ],
)
def test_a_refusal_is_told_in_chinese(home, page, state):
    shown = look_at(page, "zh", **state)
    assert not {text: english(text) for text in shown if english(text)}


@pytest.fixture
def planted() -> Catalog:
    """A catalog in capitals, to be told from what is in none."""
    texts = [
        "The net of {depth} layers has {error} % error: {words}{test}.",
        "within the noise of these seeds",
        " (p = {p} by the test)",
        "{winner} beats {loser}",
        "{width} filters wide",
        "{gone}, {tries} times in a row",
        "the finding",
        "layer %{customdata}",
        "no batch norm",
    ]
    return Catalog({text: re.sub(r"\{+\w+\}+|\w+", lambda one: one[0] if "{" in one[0] else one[0].upper(), text)
                    for text in texts} | {", ": "，", " and ": " 和 ", " (": "（", ")": "）", ".": "。"})  # fmt: skip


@pytest.mark.parametrize(
    ("english", "said"),
    [
        ("within the noise of these seeds", "WITHIN THE NOISE OF THESE SEEDS"),
        ("Within the noise of these seeds", "WITHIN THE NOISE OF THESE SEEDS"),  # as the beginning of a sentence
        (
            "The net of 56 layers has 3.1 % error: plain-20 beats plain-56 (p = 0.01 by the test).",
            "THE NET OF 56 LAYERS HAS 3.1 % ERROR: plain-20 BEATS plain-56 (P = 0.01 BY THE TEST).",
        ),
        ("ResNet-20 (A, 8 filters wide)", "ResNet-20（A，8 FILTERS WIDE）"),
        ("plain-56 (no batch norm) and ResNet-20 (A)", "plain-56（NO BATCH NORM）和 ResNet-20 (A)"),
        ("it ended (killed, or so), 3 times in a row", "it ended (killed, or so), 3 TIMES IN A ROW"),
        ("The finding. A name.", "THE FINDING。A name."),
        ("layer %{customdata}<extra>ResNet-56 (A)</extra>", "LAYER %{customdata}<extra>ResNet-56 (A)</extra>"),
    ],
)
def test_a_sentence_is_found_whole_or_in_pieces(planted, english, said):
    assert planted.say(english) == said


@pytest.mark.parametrize("name", ["ResNet-20 (A)", "cat, dog and (others)", "", " ", "**", "a: b; c. D", "3 (", ") ("])
def test_what_is_in_no_catalog_stays_as_it_is(planted, name):
    assert planted.say(name) == name


def test_a_text_without_end_is_not_looked_for(planted):
    text = "a beats b (" * 3000
    assert planted.say(text) == text


@pytest.mark.parametrize("code", OTHERS)
def test_every_state_every_field_and_every_option_has_its_word(code):
    known = catalog_of(code)
    fields = {field.name for field in dataclasses.fields(TrainingConfig)}
    options = {title(text) for options in (SHORTCUTS, ORDERS) for text in options.values()} - set(SHORTCUTS)
    assert {*map(str, RunStatus), *map(str, Verdict), *fields, *options} <= set(known)
