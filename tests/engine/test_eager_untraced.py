"""Eager flows convert what no trace follows: the graph is one run, or the modules alone."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from torch import nn

from qviz.document.graph import Kind
from qviz.document.plan import Plan
from qviz.document.snapshot import Snapshot
from qviz.engine.loading.forward import Arguments
from qviz.engine.loading.source import Loaded
from qviz.engine.recording import module_graph
from qviz.engine.serving.run import run_loaded


class Cache:
    """Of a kind that no FX graph can hold."""


@dataclasses.dataclass
class Result:
    values: torch.Tensor
    cache: Cache


def decorated(forward: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(forward)
    def inner(*args: Any, **kwargs: Any) -> Any:
        return forward(*args, **kwargs)

    return inner


class Branch(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc, self.out = nn.Linear(4, 4), nn.Linear(4, 2)

    def forward(self, x: torch.Tensor) -> Any:
        x = self.fc(input=x)
        return self.out(x if x.sum() < 1e9 else -x)


class ReturnsAnObject(Branch):
    def forward(self, x: torch.Tensor) -> Any:
        return super().forward(x), Cache()


class ReturnsADataclass(Branch):
    def forward(self, x: torch.Tensor) -> Any:
        return Result(super().forward(x), Cache())


class TakesStars(Branch):
    def forward(self, *args: torch.Tensor, **more: Any) -> Any:
        return {"values": super().forward(args[0]), "dtype": args[0].dtype, "size": len}


class Decorated(Branch):
    """torch.fx patches the decorator's code with the variables of what is inside."""

    @decorated
    def forward(self, x: torch.Tensor, y: Any = None, **more: Any) -> Any:
        return self.out(self.fc(x))


class Vmapped(Branch):
    def forward(self, x: torch.Tensor) -> Any:
        return super().forward(torch.func.vmap(lambda row: row * 2)(x))


class Generates(Branch):
    def forward(self, x: torch.Tensor) -> Any:
        def rows() -> Iterator[torch.Tensor]:
            yield from (super(Generates, self).forward(row) for row in x if row.sum() < 1e9)

        return torch.stack(list(rows()))


MODELS = (Branch, ReturnsAnObject, ReturnsADataclass, TakesStars, Decorated, Vmapped, Generates)


def run(module: nn.Module, flow: str) -> Snapshot:
    loaded = Loaded(module.eval(), (torch.ones(2, 4),))
    return run_loaded(loaded, Plan(source="module", flow=flow, measure=False), lambda _: None)


@pytest.mark.parametrize("flow", ["eager-dynamic", "eager-static"])
@pytest.mark.parametrize("of", MODELS, ids=lambda of: of.__name__)
def test_what_no_trace_follows_is_converted(of: type[nn.Module], flow: str):
    snapshot = run(of(), flow)
    assert snapshot.run.error is None
    assert "recorded_by_running" in {each.rule for each in snapshot.findings}
    converted = snapshot.stage("converted").graph
    assert {node.target for node in converted.nodes if node.kind is Kind.QUANTIZED_OP} == {"fc", "out"}


def test_edges_lead_through_modules_that_are_called_by_keyword():
    edges = {(edge.from_id, edge.to_id) for edge in run(ReturnsADataclass(), "eager-dynamic").stages[0].graph.edges}
    assert {("x", "fc"), ("fc", "out"), ("out", "output")} <= edges


def test_a_write_into_a_tensor_is_drawn_and_what_python_reads_is_no_dead_branch():
    class Writes(Branch):
        def forward(self, x: torch.Tensor) -> Any:
            y = super().forward(x)
            y[:, 0] = self.fc(x).sum().item()
            y[:, 1] = self.out(x)[:, 0]
            return y

    snapshot = run(Writes(), "eager-dynamic")
    assert [node.target for node in snapshot.stages[0].graph.nodes].count("_operator.setitem") == 2
    assert "dead_branch" not in {each.rule for each in snapshot.findings}


class Inner(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(4, 4))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x @ self.weight if x.sum() < 1e9 else x


def test_functions_of_a_recorded_run_stand_in_the_modules_that_call_them():
    model = nn.Sequential(nn.Sequential(Inner()), nn.Linear(4, 2))
    graph = run(model, "eager-dynamic").stages[-1].graph
    assert [node.place for node in graph.nodes if node.target.endswith("matmul")] == ["0.0"]
    assert {group.path: group.type for group in graph.groups}["0.0"] == "Inner"


def test_the_limit_of_cpython_is_named():
    (finding,) = [each for each in run(Decorated(), "eager-dynamic").findings if each.rule == "recorded_by_running"]
    assert "CPython" in finding.reason
    assert "co_varnames is too small" in finding.reason


@pytest.mark.parametrize("flow", ["eager-dynamic", "eager-static"])
def test_what_cannot_be_drawn_as_a_run_is_shown_as_its_modules(flow: str, monkeypatch: pytest.MonkeyPatch):
    def fails(*_: Any) -> None:
        raise SyntaxError("invalid syntax (<eval_with_key>.0, line 24)")

    monkeypatch.setattr(module_graph, "record_run", fails)
    snapshot = run(Branch(), flow)
    assert snapshot.run.error is None
    assert [node.target for node in snapshot.stages[0].graph.nodes] == ["fc", "out", "output"]
    assert {node.kind for node in snapshot.stage("converted").graph.nodes} == {Kind.QUANTIZED_OP, Kind.OUTPUT}
    found = {each.rule for each in snapshot.findings}
    assert "drawn_as_modules" in found
    assert "dead_branch" not in found
    if flow == "eager-static":
        watchers = [node for node in snapshot.stage("prepared").graph.nodes if node.kind is Kind.OBSERVER]
        assert len(watchers) == 2


def test_a_recorded_run_leaves_no_hook_behind():
    """torch's handle forgets one of its tables; strict capture warns of it ever after."""
    run_loaded(Loaded(Branch().eval(), torch.ones(2, 4)), Plan(flow="eager-dynamic"), lambda _: None)
    assert not torch.nn.modules.module._has_any_global_hook()


class Keeps(nn.Module):
    """Keeps what it computes once, as LeViT keeps its biases in eval mode."""

    def __init__(self) -> None:
        super().__init__()
        self.fc, self.bias = nn.Linear(4, 4), nn.Parameter(torch.ones(2, 4))
        self.cache: dict[str, Any] = {"before": 1}
        self.seen: list[Any] = []
        self.last: Any = None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if "bias" not in self.cache:
            self.cache["bias"] = self.bias[:1] * 2
            self.seen.append(self.cache["bias"])
        self.last = self.fc(x) + self.cache["bias"]
        self.new = self.last
        return self.last


def test_what_a_trace_leaves_in_a_model_is_taken_out_before_the_next():
    model = Keeps().eval()
    module_graph.draw(model, Arguments((torch.ones(2, 4),)))
    assert (model.cache, model.seen, model.last, hasattr(model, "new")) == ({"before": 1}, [], None, False)
    snapshot = run_loaded(Loaded(model, Arguments((torch.ones(2, 4),))), Plan(flow="eager-dynamic"), lambda _: None)
    assert snapshot.run.error is None
    assert [each.rule for each in snapshot.findings if each.rule == "converted_does_not_run"] == []
    assert "fc" in [node.id for node in snapshot.stage("converted").graph.nodes]
