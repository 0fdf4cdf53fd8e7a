"""Runs are kept, named by what they do otherwise, and limited; what the user named or pinned stays."""

from __future__ import annotations

from dataclasses import replace

import pytest
from msgspec.structs import replace as changed

from qviz.document.configuration import Quantizer, QuantizerRule, Rule
from qviz.document.plan import Plan
from qviz.document.snapshot import Run, RunError, Snapshot
from qviz.session import kept_runs
from qviz.session.kept_runs import ShelvedRuns
from qviz.session.plan_differences import difference
from qviz.session.project import Project

IN_FLOAT = Quantizer(rules=(QuantizerRule("module_name", "fc", enabled=False),))
PLAN = Plan(source="net.py:Net", flow="fx-static")


def project(plan: Plan = PLAN, error: RunError | None = None) -> Project:
    run = Run(plan.source, plan.flow or "", "failed" if error else "done", {}, {}, "", error)
    return replace(Project.of_plan(plan), snapshot=Snapshot("qviz", 2, run, (), (), {}, (), {}, ()))


def test_a_run_is_named_by_what_it_does_otherwise():
    in_float = changed(PLAN, rules=(Rule("module_name", "fc"),))
    runs = ShelvedRuns().kept(project()).kept(project(in_float)).kept(project(in_float))
    assert [each.number for each in runs.runs] == [3, 2, 1]
    assert [each.name for each in runs.runs] == ["the same again", "fc in float", "FX static"]
    assert difference(in_float, PLAN) == "no rule for fc"


@pytest.mark.parametrize(
    ("plan", "name"),
    [
        (changed(PLAN, flow="pt2e-static"), "PT2E static"),
        (changed(PLAN, backend="qnnpack"), "backend qnnpack"),
        (changed(PLAN, quantizer_options=Quantizer(per_channel=False)), "per tensor"),
        (
            changed(PLAN, quantizer_options=Quantizer(rules=(QuantizerRule("module_name", "fc", enabled=False),))),
            "fc in float",
        ),
        (changed(PLAN, inputs=("1x4",)), "other inputs"),
    ],
)
def test_every_choice_has_words(plan: Plan, name: str):
    assert difference(PLAN, plan) == name


def test_a_name_of_ones_own_stays_and_an_empty_one_goes_back():
    runs = ShelvedRuns().kept(project()).renamed(1, " mine ")
    assert runs.runs[0].name == "mine"
    assert runs.renamed(1, "").runs[0].name == "FX static"


def test_the_oldest_goes_unless_it_is_pinned(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(kept_runs, "MOST", 2)
    runs = ShelvedRuns().kept(project()).pinned(1, True)
    for _ in range(3):
        runs = runs.kept(project())
    assert [each.number for each in runs.runs] == [4, 3, 1]
    assert [each.number for each in runs.removed(3).runs] == [4, 1]


def test_a_run_that_stopped_says_so_and_is_found_by_its_result():
    stopped = project(error=RunError("preparing", "RuntimeError", "stopped.unknown"))
    runs = ShelvedRuns().kept(project()).kept(stopped)
    assert runs.runs[0].about == "Preparation failed"
    assert runs.shown(stopped) is runs.runs[0]
    assert runs.shown(Project.of_plan(PLAN)) is None


def test_a_run_that_was_canceled_says_so_and_not_that_nothing_was_found():
    made = project()
    assert made.snapshot is not None
    canceled = changed(made.snapshot, run=changed(made.snapshot.run, status="cancelled"))
    runs = ShelvedRuns().kept(replace(made, snapshot=canceled))
    assert runs.runs[0].about == "Canceled"
    assert ShelvedRuns().kept(made).runs[0].about == "0 findings"


def test_a_run_with_another_beside_it_is_still_that_run():
    runs = ShelvedRuns().kept(project()).kept(project())
    second = runs.runs[0]
    assert second.project.snapshot is not None
    pair = second.project.with_other(second.project.snapshot, "Run 1", is_before=True)
    assert runs.shown(pair) is second
    assert runs.updated(pair) is runs, "what is kept of a run is that run alone"
