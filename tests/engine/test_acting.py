"""What the window writes into a plan is taken by torch, and does what it says."""

from __future__ import annotations

import msgspec
import pytest
import torch

from qviz.analysis.acting.leave_in_float import leave_in_float
from qviz.analysis.acting.observers import ObserverChoice, choose_observer, fix_range, per_channel
from qviz.analysis.acting.target import EditTarget, NoEdit, PlanEdit, target_of_node
from qviz.analysis.inspecting.inspected_run import InspectedRun, NodePlace, RunParts
from qviz.analysis.linking.index import LinkIndex
from qviz.document.graph import Kind, QParams
from qviz.document.plan import Plan
from qviz.document.snapshot import Snapshot
from qviz.engine.loading.source import Loaded
from qviz.engine.serving.run import run_loaded


class Two(torch.nn.Module):
    """Two layers, so that one can stay quantized."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = torch.nn.Linear(4, 4), torch.nn.Linear(4, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.second(self.first(x))


def ran(plan: Plan) -> Snapshot:
    torch.manual_seed(0)
    loaded = Loaded(Two().eval(), (torch.randn(8, 4),))
    return run_loaded(loaded, msgspec.structs.replace(plan, measure=False), lambda _: None)


def inspected(result: Snapshot) -> InspectedRun:
    return InspectedRun(RunParts(result.stages, LinkIndex(result.links), result.facts, result.findings, result.summary))


def target(run: InspectedRun, plan: Plan, path: str = "first") -> EditTarget:
    node = next(each for each in run.parts.stages[0].whole.nodes if each.place == path and each.kind is Kind.OP)
    found = target_of_node(run, plan, NodePlace("captured", node.id))
    assert isinstance(found, EditTarget)
    return found


def params(run: InspectedRun, path: str, side: str) -> QParams | None:
    for node in run.parts.stages[-1].whole.nodes:
        if node.place == path and node.kind.computes and node.quant is not None:
            found = getattr(node.quant, side)
            return found if isinstance(found, QParams) else None
    return None


def after(edit: PlanEdit | NoEdit) -> InspectedRun:
    assert isinstance(edit, PlanEdit), edit
    result = ran(edit.plan)
    assert result.run.status == "done"
    assert [each.rule for each in result.findings if each.rule == "rule_matches_nothing"] == []
    return inspected(result)


@pytest.mark.parametrize("flow", ["fx-static", "pt2e-static"])
def test_the_layer_that_was_chosen_stays_in_float_and_the_other_does_not(flow: str):
    plan = Plan("module", flow)
    run = inspected(ran(plan))
    assert len(run.low) == 2
    left = after(leave_in_float(run, plan, target(run, plan)))
    nodes = left.index(left.judged_stage or "").nodes
    assert [nodes[each].place for each in left.floats] == ["first"]
    assert [nodes[each].place for each in left.low] == ["second"]


@pytest.mark.parametrize("flow", ["fx-static", "pt2e-static"])
def test_the_weight_that_was_chosen_changes_its_scales(flow: str):
    plan = Plan("module", flow)
    run = inspected(ran(plan))
    was, other = params(run, "first", "weight"), params(run, "second", "weight")
    changed = after(per_channel(run, plan, target(run, plan)))
    now = params(changed, "first", "weight")
    assert was is not None
    assert now is not None
    assert isinstance(was.scale, tuple) is not isinstance(now.scale, tuple)
    assert params(changed, "second", "weight") == other


def test_a_fixed_range_and_another_observer_hold_in_the_result():
    plan = Plan("module", "fx-static")
    run = inspected(ran(plan))
    second = target(run, plan, "second")
    fixed = params(after(fix_range(run, plan, second, -1.0, 1.0)), "second", "output")
    assert fixed is not None
    assert fixed.scale == pytest.approx(2 / 127)
    observed = after(choose_observer(run, plan, second, ObserverChoice(activation="MinMaxObserver")))
    types = [each.observer.type for each in observed.parts.stages[-2].whole.nodes if each.observer is not None]
    assert types == ["HistogramObserver", "HistogramObserver", "MinMaxObserver"]


def test_a_layer_that_reads_a_float_input_shares_its_range_with_it():
    plan = Plan("module", "fx-static")
    run = inspected(ran(plan))
    edit = fix_range(run, plan, target(run, plan), -1.0, 1.0)
    assert isinstance(edit, NoEdit)
    assert "input x" in edit.reason
