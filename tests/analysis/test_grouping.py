"""One cause is one finding: what is the same elsewhere is a place of it, what follows from it stands under it."""

from __future__ import annotations

import msgspec

from qviz.analysis import findings
from qviz.analysis.findings.evidence import Evidence
from qviz.analysis.findings.grouping import grouped
from qviz.analysis.verdicts.acceptance import Acceptance
from qviz.analysis.verdicts.finding_places import FindingPlaces
from qviz.analysis.verdicts.verdict import judge
from qviz.document.baseline import Accepted, Baseline
from qviz.document.causes import by_cause, reference
from qviz.document.graph import Quant
from qviz.document.snapshot import Finding, FindingReference, Level, Snapshot
from qviz.words import say
from tests.factories import baseline, node, qparams, snapshot, stage

LETTERS = "abcdef"


def run() -> Snapshot:
    nodes = (node(each, "x", path=f"block{each}", type="BatchNorm2d", target=f"block{each}.bn") for each in LETTERS)
    return snapshot(stage("captured", node("x", kind="input"), *nodes))


def lost(where: str, level: Level = Level.WARNING, **args: object) -> Finding:
    args = {"value": 1e-6, "step": 0.1, **args}
    return Finding("constant_lost", level, "captured", (where,), "constant_lost", {"subject": (where,)}, args)  # type: ignore[arg-type]


def test_the_same_at_several_places_is_one_finding_that_names_them_all():
    (found,) = grouped([lost(each, step=number) for number, each in enumerate(LETTERS)], Evidence(run()))
    assert found.nodes == tuple(LETTERS)
    assert found.roles["subject"] == ("a",)
    assert found.message.endswith("at a is quantized to zero; the same at 5 other places: b, c, d and 2 more")
    assert say(found, "reason") == lost("a", step=0).reason


def test_another_cause_or_level_is_another_finding():
    evidence = Evidence(run())
    assert len(grouped([lost("a"), lost("b", Level.INFO)], evidence)) == 2
    assert len(grouped([lost("a", operator="add"), lost("b", operator="mul")], evidence)) == 2
    assert len(grouped([lost("a", cause={"code": "one"}), lost("b", cause={"code": "other"})], evidence)) == 2
    whole = [msgspec.structs.replace(lost(each), nodes=(), roles={}) for each in "ab"]
    assert len(grouped(whole, evidence)) == 2, "of the whole model"


def test_the_name_of_the_place_is_no_cause():
    evidence = Evidence(run())
    (found,) = grouped([lost("a", module="blocka"), lost("b", module="blockb.bn")], evidence)
    assert found.nodes == ("a", "b")
    assert len(grouped([lost("a", module="blockb"), lost("b", module="blocka")], evidence)) == 2


def test_places_that_were_accepted_one_by_one_are_accepted_together():
    here = run()
    (together,) = grouped([lost(each) for each in "abc"], Evidence(here))
    places = FindingPlaces(here)
    apart = baseline(here, [lost(each) for each in "abcd"])
    assert len(Acceptance(apart, places).entries(together)) == 3
    assert Acceptance(baseline(here, [lost("a"), lost("b")]), places).entry(together) is None
    assert [each.nodes for each in judge(msgspec.structs.replace(here, findings=(together,)), "info", apart).stale] == [
        ("d",)
    ]
    old = tuple(Accepted("constant_lost", "captured", (each,)) for each in "abc")
    assert len(Acceptance(Baseline("qviz-baseline", 1, old), places).entries(together)) == 3


def test_a_place_less_needs_no_new_baseline():
    here = run()
    (before,) = grouped([lost(each) for each in "abc"], Evidence(here))
    acceptance = Acceptance(baseline(here, [before]), FindingPlaces(here))
    (fewer,) = grouped([lost(each) for each in "ac"], Evidence(here))
    assert acceptance.entry(fewer) is not None
    assert acceptance.entry(lost("b")) is not None
    assert acceptance.entry(lost("d")) is None


RESULT = node("output", "conv", kind="output")
STUB = Finding("missing_quant_stub", Level.ERROR, "captured", ("conv",), "missing_quant_stub")
STOPS = Finding(
    "converted_does_not_run", Level.ERROR, "converted", ("conv",), "converted_does_not_run.float_into_quantized"
)


def without_stub(*given: Finding) -> Snapshot:
    low = Quant(weight=qparams(dtype="torch.qint8"), output=qparams())
    return snapshot(
        stage("captured", node("x", kind="input"), node("conv", "x", path="conv", type="Conv2d"), RESULT),
        stage(
            "converted",
            node("x", kind="input"),
            node("conv", "x", kind="quantized_op", path="conv", type="Conv2d", quant=low),
            RESULT,
        ),
        findings=given,
    )


def test_one_missing_stub_is_one_error_with_two_consequences():
    found = findings.find(without_stub(STUB, STOPS))
    (group,) = by_cause(found)
    assert group.cause.rule == "missing_quant_stub"
    assert [each.rule for each in group.consequences] == ["float_into_quantized", "converted_does_not_run"]
    verdict = judge(msgspec.structs.replace(without_stub(), findings=found), "error")
    assert verdict.counts[Level.ERROR] == 1
    assert [each.finding.rule for each in verdict.failing] == ["missing_quant_stub"]


def test_a_consequence_without_its_cause_stands_for_itself():
    found = findings.find(without_stub(STOPS))
    (group,) = by_cause(found)
    assert group.cause.rule == "float_into_quantized"
    assert [each.rule for each in group.consequences] == ["converted_does_not_run"]
    accepting = baseline(without_stub(), [STUB])
    whole = msgspec.structs.replace(without_stub(), findings=findings.find(without_stub(STUB, STOPS)))
    verdict = judge(whole, "error", accepting)
    assert [each.finding.rule for each in verdict.failing] == ["float_into_quantized", "converted_does_not_run"]


def test_a_cause_is_as_bad_as_what_follows_from_it():
    mild = msgspec.structs.replace(STUB, level=Level.WARNING)
    assert [each.level for each in findings.find(without_stub(mild, STOPS))] == [Level.ERROR] * 3


def test_findings_that_name_each_other_are_all_shown():
    one, other = lost("a"), lost("b")
    first = msgspec.structs.replace(one, because_of=reference(other))
    second = msgspec.structs.replace(other, because_of=reference(one))
    groups = by_cause([first, second])
    assert sum(1 + len(each.consequences) for each in groups) == 2
    assert by_cause([msgspec.structs.replace(one, because_of=FindingReference("gone", "captured"))])
