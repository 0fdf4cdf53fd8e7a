from __future__ import annotations

import msgspec
import pytest

from qviz.analysis.verdicts.verdict import judge
from qviz.document.kept import kept_finding
from qviz.document.snapshot import Facts, Finding, Level, ObserverFact
from tests.factories import baseline, node, snapshot, stage


def finding(level: Level = Level.ERROR, *nodes: str, rule: str = "rule", message: str = "") -> Finding:
    return kept_finding(rule, level, "captured", nodes, message, "", "")


ALL = tuple(finding(level, level.value) for level in Level)


@pytest.mark.parametrize(("fail_on", "failing"), [("never", 0), ("error", 1), ("warning", 2), ("info", 3)])
def test_a_level_fails_with_all_above_it(fail_on, failing):
    assert len(judge(snapshot(findings=ALL), fail_on).failing) == failing


def test_what_is_accepted_does_not_fail_and_what_is_gone_is_stale():
    gone = finding(Level.ERROR, "gone")
    verdict = judge(snapshot(findings=ALL), "info", baseline(snapshot(findings=ALL), [ALL[0], gone]))
    assert [each.finding for each in verdict.failing] == [*ALL[1:]]
    assert [entry.nodes for entry in verdict.stale] == [("gone",)]
    assert verdict.has_baseline


def test_a_failed_run_makes_nothing_stale():
    assert judge(snapshot(status="failed"), "error", baseline(snapshot(), [ALL[0]])).stale == ()


def test_a_run_that_was_cut_short_is_asked_by_the_rules():
    prepared = stage("prepared", node("x", kind="input"), node("obs", "x", kind="observer"))
    facts = {"prepared": {"obs": Facts(observer=ObserverFact(calibrated=False))}}
    verdict = judge(snapshot(prepared, facts=facts, status="failed"), "warning")
    assert [each.finding.rule for each in verdict.failing] == ["never_calibrated"]


def test_coverage_is_that_of_the_converted_stage():
    verdict = judge(snapshot(), "error")
    assert verdict.coverage is not None
    assert (verdict.coverage.low, verdict.coverage.total) == (2, 2)
    only_captured = msgspec.structs.replace(snapshot(), stages=snapshot().stages[:1])
    assert judge(only_captured, "error").coverage is None
