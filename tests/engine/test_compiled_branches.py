"""torch.cond in eager mode: it compiles its branches, which no recording sees and no quantized module survives."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from qviz.document.configuration import Rule
from qviz.document.graph import Kind
from qviz.document.plan import Plan
from qviz.document.snapshot import Snapshot
from qviz.engine.loading.source import Loaded
from qviz.engine.recording import module_graph
from qviz.engine.serving.run import run_loaded
from tests.engine.conftest import TORCH_WARNS

pytestmark = [pytest.mark.filterwarnings(each) for each in TORCH_WARNS]

X = torch.ones(2, 4)


class Chooses(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.one, self.other, self.last = nn.Linear(4, 4), nn.Linear(4, 4), nn.Linear(4, 4)

    def chosen(self, x: torch.Tensor) -> torch.Tensor:
        return torch.cond(x.sum() > 0, lambda y: self.one(y), lambda y: self.other(y), (x,))  # noqa: PLW0108

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.last(self.chosen(x))


class ChoosesInPython(Chooses):
    def chosen(self, x: torch.Tensor) -> torch.Tensor:
        return self.one(x) if x.sum() > 0 else self.other(x)


def run(model: nn.Module, *floats: str) -> Snapshot:
    rules = tuple(Rule("module_name", each) for each in floats)
    plan = Plan(source="module", flow="eager-dynamic", measure=False, rules=rules)
    return run_loaded(Loaded(model.eval(), (X,)), plan, lambda _: None)


def test_the_branch_taken_is_drawn_and_the_stop_is_at_its_module():
    snapshot = run(Chooses())
    assert [each.target for each in snapshot.stages[0].graph.nodes if each.op == "call_module"] == ["one", "last"]
    assert {each.target for each in snapshot.stages[-1].graph.nodes if each.kind is Kind.QUANTIZED_OP} == {
        "one",
        "last",
    }
    (first, *others) = snapshot.findings
    assert (first.code, first.nodes) == ("converted_does_not_run.compiled_branch", ("one",))
    assert "nothing_quantized" not in {each.rule for each in others}
    assert snapshot.run.status == "done"


def test_with_the_branches_in_float_or_a_python_if_it_runs():
    for snapshot in (run(Chooses(), "one", "other"), run(ChoosesInPython())):
        assert "converted_does_not_run" not in {each.rule for each in snapshot.findings}
        assert any(node.kind is Kind.QUANTIZED_OP for node in snapshot.stages[-1].graph.nodes)


def test_a_model_that_runs_but_not_while_it_is_written_down_is_drawn_as_its_modules(monkeypatch: pytest.MonkeyPatch):
    def stops(*_: Any) -> Any:
        raise RuntimeError

    monkeypatch.setattr("qviz.engine.recording.recorded_run._branch_taken", stops)
    captured = module_graph.draw(Chooses().eval(), Loaded(Chooses(), (X,)).inputs)
    assert module_graph.is_module_tree(captured.graph)
    assert [node.target for node in captured.graph.graph.nodes if node.op == "call_module"] == ["one", "other", "last"]
