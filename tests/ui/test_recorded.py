"""What do tables of nets, verdicts on claims and gradients of a training come to?"""

import pandas as pd
import pytest

from resnet_viz.nets import ConvNet, NetSpec, build_net
from resnet_viz.plots import Norms
from resnet_viz.studies import Finding, Verdict
from resnet_viz.ui.architecture import MARK, costs_of_parts, differences, mark_differences, onnx_of, table_1
from resnet_viz.ui.claims import _origin, count_verdicts
from resnet_viz.ui.recorded import first_to_last
from resnet_viz.ui.trust_table import _cell


def test_table_1_is_within_two_percent_of_the_paper():
    table = table_1()
    assert len(table) == 9
    assert table["difference, %"].abs().max() < 2


def test_rows_in_which_nets_differ_are_marked():
    frame = differences([NetSpec("plain", 20), NetSpec("resnet", 20)])
    assert frame.columns.tolist() == ["1. plain-20", "2. ResNet-20 (A)"]
    marked = [name for name in frame.index if name.startswith("≠ ")]
    assert len(marked) > 0
    assert all(frame.loc[name].nunique() == 2 for name in marked)
    html = mark_differences(frame).to_html()
    assert html.count(MARK.partition(": ")[2]) > 0


def test_the_parts_of_a_net_cost_what_the_whole_costs():
    costs = costs_of_parts(NetSpec("resnet", 20))
    assert list(costs) == ["stem", "stage1", "stage2", "stage3", "head"]
    assert sum(parameters for parameters, _adds in costs.values()) == 269_722
    assert costs["head"] == (650, 640)  # 64 to 10, with a bias


def test_an_onnx_file_of_an_imported_net_has_its_weights_and_one_of_a_spec_its_layers(monkeypatch):
    written: list[ConvNet] = []
    monkeypatch.setattr("resnet_viz.nets.to_onnx", written.append)
    imported = build_net(NetSpec("resnet", 8))
    onnx_of(imported.spec, imported)
    onnx_of(NetSpec("plain", 8), None)
    assert written[0] is imported
    assert written[1].spec == NetSpec("plain", 8)


def test_verdicts_are_counted_by_their_words():
    findings = [Finding(Verdict.HOLDS, ""), Finding(Verdict.HOLDS, ""), Finding(Verdict.UNTESTED, "")]
    assert count_verdicts(findings) == f"{Verdict.HOLDS} **2**, {Verdict.UNTESTED} **1**"


def test_a_verdict_names_its_first_runs_and_its_studies():
    assert _origin(Finding(Verdict.HOLDS, "", ("a", "b"), ("s",))) == "Runs a, b; study s."
    assert _origin(Finding(Verdict.HOLDS, "", tuple("abcdefgh"))) == "Runs a, b, c, d, e, f and 2 more."
    assert _origin(Finding(Verdict.HOLDS, "", (), ("s", "t"))) == "Study s, t."


def test_first_and_last_layers_are_thirds_without_the_classifier():
    frame = pd.DataFrame([[8.0, 4.0, 1.0, 1.0, 2.0, 2.0, 99.0]], columns=[f"layer{i}" for i in range(7)], index=[1])
    assert first_to_last(Norms("net", "plain", frame)).tolist() == [pytest.approx(6.0 / 2.0)]


def test_a_mean_is_told_with_its_error_where_there_is_one():
    assert _cell(0.12345, 0.0123) == "0.123 ± 0.012"
    assert _cell(0.12345, float("nan")) == "0.123"
