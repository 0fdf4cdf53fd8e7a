from __future__ import annotations

from pathlib import Path

import msgspec

from qviz.analysis import findings
from qviz.analysis.findings.catalog import known_rules
from qviz.document.graph import Quant, Why
from qviz.document.kept import kept_finding
from qviz.document.snapshot import Facts, Finding, Level, ObserverFact, Stage
from tests.factories import node, qparams, snapshot, stage


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
        return kept_finding(f"{level.value}-{where}", level, "captured", (where,), "", "", "")

    given = (finding(Level.INFO, "a"), finding(Level.ERROR, "b"), finding(Level.ERROR, "a"))
    captured = stage("captured", node("a"), node("b"))
    whole = msgspec.structs.replace(snapshot(captured), findings=given)
    assert [each.rule for each in findings.find(whole)] == ["error-a", "error-b", "info-a"]


def test_the_documentation_lists_every_rule():
    text = (Path(__file__).parents[2] / "docs" / "findings.md").read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith("| `")]
    assert rows == [f"| `{each.id}` | {each.what} | {each.advice} |" for each in known_rules(())]


def test_what_an_annotation_lets_share_a_range_needs_equal_scales_and_nothing_else_does():
    def converted(left: float, right: float, output: float) -> Stage:
        return stage(
            "converted",
            node("x", kind="input"),
            node("y", kind="input"),
            node("q0", "x", kind="quantize"),
            node("q1", "y", kind="quantize"),
            node("dq0", "q0", kind="dequantize", quant=Quant(input=qparams(left))),
            node("dq1", "q1", kind="dequantize", quant=Quant(input=qparams(right))),
            node("add", "dq0", "dq1", target="aten.add.Tensor"),
            node("q2", "add", kind="quantize", quant=Quant(output=qparams(output))),
        )

    asked: dict[str, tuple[str, ...]] = {"subject": ("y",), "reader": ("add",), "asked_by": ("add",)}
    inputs = Why("observer.input", {**asked, "shares_range": ("add",), "shares_with": ("x",)})
    output = Why("observer.output", {"subject": ("add",), "shares_range": ("add",), "shares_with": ("x",)})
    for why, scales, expected in (
        (inputs, (0.1, 0.2, 0.1), [("add", "dq0", "dq1")]),
        (inputs, (0.1, 0.1, 0.2), []),
        (output, (0.1, 0.2, 0.1), []),
        (output, (0.1, 0.2, 0.2), [("add", "dq0", "q2")]),
        (Why("observer.input", asked), (0.1, 0.2, 0.1), []),
    ):
        prepared = stage("prepared", node("y", kind="input"), node("obs", "y", kind="observer", why=why))
        found = findings.find(snapshot(prepared, converted(*scales), flow="pt2e-static"))
        assert [each.nodes for each in found if each.rule == "scales_differ"] == expected


def test_scales_that_differ_are_told_with_the_digits_in_which_they_do():
    def told(one: float, other: float) -> str:
        made = stage(
            "converted",
            node("x", kind="input"),
            node("q0", "x", kind="quantize", quant=Quant(output=qparams(one))),
            node("dq0", "q0", kind="dequantize", quant=Quant(input=qparams(one))),
            node("y", "dq0", target="aten.permute.default"),
            node("q1", "y", kind="quantize", quant=Quant(output=qparams(other))),
        )
        (found,) = [each for each in findings.find(snapshot(made)) if each.rule == "scales_differ"]
        return found.reason

    assert "scale 0.1, zero" in told(0.1, 0.2)
    text = told(0.00784313772, 0.00784313679)
    assert "0.00784313772" in text
    assert "0.00784313679" in text
