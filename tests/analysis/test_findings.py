from __future__ import annotations

from pathlib import Path

import msgspec

from qviz.analysis import findings
from qviz.analysis.findings.catalog import CATALOG
from qviz.document.snapshot import Facts, Finding, Level, ObserverFact
from tests.factories import node, snapshot, stage


def test_an_observer_without_data_is_named():
    prepared = stage("prepared", node("x", kind="input"), node("obs", "x", kind="observer"))
    for calibrated, expected in ((False, [("obs",)]), (True, [])):
        facts = {"prepared": {"obs": Facts(observer=ObserverFact(calibrated=calibrated))}}
        whole = msgspec.structs.replace(snapshot(prepared), facts=facts)
        assert [each.nodes for each in findings.find(whole) if each.rule == "never_calibrated"] == expected


def test_a_conversion_that_quantized_nothing_is_an_error():
    nothing = stage("converted", node("x", kind="input"), node("fc", "x", path="fc", type="Linear"))
    something = stage(
        "converted", node("x", kind="input"), node("fc", "x", kind="quantized_op", path="fc", type="Linear")
    )
    assert [each.rule for each in findings.find(snapshot(nothing))] == ["nothing_quantized"]
    assert findings.find(snapshot(something)) == ()


def test_findings_are_sorted_by_level_then_by_place():
    def finding(level: Level, where: str) -> Finding:
        return Finding(f"{level.value}-{where}", level, "captured", (where,), "", "", "")

    given = (finding(Level.INFO, "a"), finding(Level.ERROR, "b"), finding(Level.ERROR, "a"))
    captured = stage("captured", node("a"), node("b"))
    whole = msgspec.structs.replace(snapshot(captured), findings=given)
    assert [each.rule for each in findings.find(whole)] == ["error-a", "error-b", "info-a"]


def test_the_documentation_lists_every_rule():
    text = (Path(__file__).parents[2] / "docs" / "findings.md").read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith("| `")]
    assert rows == [f"| `{each.id}` | {each.what} | {each.advice} |" for each in CATALOG]
