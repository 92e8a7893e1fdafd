"""Are the published errors those of the reference beside the checkout, and do conditions say what differs?"""

import re

import pytest

from resnet_viz.paper import (
    AKAMASTER,
    ARTICLE,
    ARTICLE_MINUTES,
    CIFAR_ERRORS,
    DEVIATION_110,
    ENSEMBLE_TOP_5,
    FINDINGS,
    MEAN_110,
    ORDER_ERRORS,
    PREACTIVATION_ERRORS,
    SECTION_4_2,
    SHORTCUT_ERRORS,
    STOCHASTIC_DEPTH,
    TABLE_2,
    TABLE_3_SHORTCUTS,
    TRAINING_ERROR_1202,
    WITHOUT_SHORTCUTS,
    Conditions,
)


@pytest.fixture(scope="module")
def text(request) -> str:
    return (request.getfixturevalue("shared") / "REFERENCE.md").read_text()


def row(text: str, start: str) -> str:
    return next(line for line in text.splitlines() if line.startswith(start))


def numbers(text: str) -> list[float]:
    return [float(number) for number in re.findall(r"\d+\.\d+", text)]


def test_imagenet_table_2_equals_the_reference(text):
    said = row(text, "| Table 2,")
    for one in TABLE_2:
        kind = "ResNet" if one.family == "resnet" else "plain"
        assert one.error == float(re.search(rf"{kind}-{one.depth}(?: \(A\))? (\d+\.\d+)", said)[1])


def test_table_6_and_the_readme_equal_the_reference(text):
    assert len(CIFAR_ERRORS) == len(AKAMASTER) == 6
    for one in CIFAR_ERRORS:
        cells = [cell.strip() for cell in row(text, f"| ResNet-{one.depth} |").split("|")]
        assert (one.error, AKAMASTER[one.depth]) == (numbers(cells[4])[0], float(cells[5]))
    assert f"({MEAN_110} ± {DEVIATION_110} over 5)" in row(text, "| ResNet-110 |")
    assert f"(training error < {TRAINING_ERROR_1202})" in row(text, "| ResNet-1202 |")


def test_nets_without_shortcuts_equal_the_reference(text):
    found = re.findall(r"(\d+) (\d+\.\d+)/(\d+\.\d+)", row(text, "- [L18]"))
    pairs = {(one.depth, one.family): one.error for one in WITHOUT_SHORTCUTS}
    assert pairs == {
        (int(depth), family): float(error)
        for depth, *errors in found
        for family, error in zip(("resnet", "plain"), errors, strict=True)
    }
    assert "300 epochs, weight decay 5e-4" in row(text, "- [L18]")
    assert {(one.conditions.epochs, one.conditions.weight_decay) for one in WITHOUT_SHORTCUTS} == {(300, 5e-4)}


def test_stochastic_depth_equals_the_reference(text):
    said = row(text, "- [S16]")
    assert [one.error for one in STOCHASTIC_DEPTH] == numbers(said)
    for one in STOCHASTIC_DEPTH:
        assert re.search(rf"{one.error} with {one.variant}", said)


def test_the_articles_accuracies_equal_the_reference(text):
    said = row(text, "VGG-style nets on CIFAR-10")
    for one in ARTICLE:
        assert re.search(rf"{one.depth} layers (?:reach )?{100 - one.error:.0f} %", said)
    assert "({} and {} minutes".format(*ARTICLE_MINUTES.values()) in said


def test_shortcuts_equal_the_reference(text):
    said = row(text, "Table 1, ResNet-110")
    errors = [one.error for one in SHORTCUT_ERRORS if one.error is not None]
    known = [number for number in numbers(said) if number not in (0.5,)]
    assert errors == known
    assert sum(one.error is None for one in SHORTCUT_ERRORS) == 4  # 0/1, 0.5/1, exclusive with bias 0 to -5, dropout
    assert "exclusive gating: initial gate bias 0 to -5 fails, -6 8.70, -7 9.81" in said.lower()
    assert "bias 0 12.86, -6 6.91" in said


def test_orders_equal_the_reference(text):
    said = row(text, "Table 2, ResNet-110 / ResNet-164").lower()
    for one in ORDER_ERRORS:
        pair = re.search(rf"\b{one.variant.lower()} (\d+\.\d+)/(\d+\.\d+)", said)
        assert one.error == float(pair[1 if one.depth == 110 else 2])


def test_preactivation_equals_the_reference(text):
    first, second = row(text, "Table 3, original -> pre-activation").split("CIFAR-100")
    for data, said in (("CIFAR-10", first), ("CIFAR-100", second)):
        found = re.findall(r"(\d+) (\d+\.\d+) -> (\d+\.\d+)", said)
        mine = [one for one in PREACTIVATION_ERRORS if one.conditions.data == data]
        flat = [(int(depth), float(error)) for depth, *errors in found for error in errors]
        assert [(one.depth, one.error) for one in mine] == flat


def test_every_number_of_a_finding_stands_in_the_reference(text):
    for finding in FINDINGS.values():
        for number in re.findall(r"\d+(?:\.\d+)?", finding.text):
            assert re.search(rf"(?<![\d.]){re.escape(number)}(?![\d])", text), (number, finding.text)


def test_the_recipe_of_section_4_2_equals_the_reference(text):
    said = row(text, "Recipe of sec. 4.2")
    for part in ("batch 128", "momentum 0.9", "weight decay 1e-4", "lr 0.1", "end at 64k", "45k/5k"):
        assert part in said
    assert (SECTION_4_2.batch, SECTION_4_2.weight_decay, SECTION_4_2.pictures) == (128, 1e-4, 45_000)
    assert SECTION_4_2.epochs * SECTION_4_2.pictures == pytest.approx(64_000 * SECTION_4_2.batch)


def test_conditions_say_what_differs_what_is_not_told_and_what_is_the_same():
    mine = Conditions(data="CIFAR-10", epochs=10, width=16, extras="none")
    assert mine.verdict(mine) == "comparable"
    told = Conditions(data="CIFAR-10", epochs=182.04, width=16)
    assert told.verdict(mine) == "differs in: epochs (10 against 182)"
    assert Conditions(data="ImageNet").verdict(mine) == (
        "differs in: data (CIFAR-10 against ImageNet); not told here: epochs, width"
    )
    assert Conditions(data="CIFAR-10").verdict(mine) == "the same in: data; not told here: epochs, width"
    assert Conditions(weight_decay=5e-4).differences(Conditions(weight_decay=1e-4)) == {
        "weight decay": "0.0001 against 0.0005"
    }
    assert Conditions(epochs=182.0).verdict(Conditions(epochs=182.04)) == "comparable"


def test_imagenet_tables_3_and_5_equal_the_reference(text):
    table_3 = row(text, "| Table 3")
    for shortcut, error in TABLE_3_SHORTCUTS.items():
        assert f"{shortcut} {error:.2f}/" in table_3
    assert f"ResNet {ENSEMBLE_TOP_5}" in row(text, "| Table 5")
