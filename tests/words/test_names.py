"""Every kind, stage, level and rule has its name in the catalog."""

from __future__ import annotations

from qviz.analysis.findings.catalog import CATALOG
from qviz.document.flows import FLOWS, Method, Mode
from qviz.document.graph import Kind
from qviz.document.snapshot import Level
from qviz.words import names
from qviz.words.language import ENGLISH


def test_everything_with_an_id_has_a_name():
    stages = {stage for flow in FLOWS for stage in flow.stages}
    codes = [
        *(f"kind.{each.value}" for each in Kind),
        *(f"level.{each.value}" for each in Level),
        *(f"rule.{each}" for each in CATALOG),
        *(f"stage.{each}" for each in stages),
        *(each.label for each in (*FLOWS, *Mode, *Method)),
    ]
    assert [code for code in codes if code not in ENGLISH.statements] == []


def test_names():
    assert names.kind("fake_quant") == "fake quantize"
    assert (names.kinds("observer", 1), names.kinds("observer", 2)) == ("1 observer", "2 observers")
    assert names.stage("prepared") == "Prepared"
    assert names.stage("prepared · mine") == "Prepared · mine"
    assert names.stage("folded") == "Folded"  # a stage that another package's flow brings
    assert names.rule("float_island") == "Float island"
    assert names.rule("my_rule") == "My rule"
