"""Graphs that higher-order operators call, in PT2E flows: explained, named, or captured so that there are none."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn
from torch.ao.quantization.quantize_pt2e import convert_pt2e, prepare_pt2e
from torch.ao.quantization.quantizer.xnnpack_quantizer import XNNPACKQuantizer, get_symmetric_quantization_config

from qviz.document.causes import by_cause
from qviz.document.graph import Json, Kind, Node
from qviz.document.plan import Plan
from qviz.document.snapshot import Level, Snapshot
from qviz.engine.loading.forward import Arguments
from qviz.engine.loading.source import Loaded
from qviz.engine.serving.run import run_loaded

ROW = (torch.linspace(-1, 1, 16).reshape(2, 8),)


class NoGrad(nn.Module):
    """A linear in a region, between two others."""

    def __init__(self) -> None:
        super().__init__()
        self.before, self.inside, self.behind = (nn.Linear(8, 8) for _ in range(3))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.before(x)
        with torch.no_grad():
            x = self.inside(x)
        return self.behind(x)


class Autocast(NoGrad):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.before(x)
        with torch.autocast("cpu", enabled=False):
            x = self.inside(x)
        return self.behind(x)


class Rotary(NoGrad):
    """Cosines of a buffer, as language models compute them: in a region inside another."""

    def __init__(self) -> None:
        super().__init__()
        self.turns: torch.Tensor
        self.register_buffer("turns", torch.linspace(0, 1, 8))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        with torch.no_grad(), torch.autocast("cpu", enabled=False):
            turned = self.turns.cos()
        return self.behind(self.before(x) * turned)


class InnerRegion(NoGrad):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.before(x)
        with torch.no_grad(), torch.autocast("cpu", enabled=False):
            x = self.inside(x)
        return self.behind(x)


class Branching(NoGrad):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        def rise(x: torch.Tensor) -> torch.Tensor:
            return self.inside(x).relu()

        return self.behind(torch.cond(x.sum() > 0, rise, self.inside, (self.before(x),)))


def run(model: nn.Module, flow: str) -> Snapshot:
    torch.manual_seed(0)
    return run_loaded(Loaded(model.eval(), Arguments(ROW, {}), None), Plan(flow=flow), lambda _: None)


def stays_float(snapshot: Snapshot) -> Json:
    found = snapshot.summary["precision"]
    assert isinstance(found, dict)
    return found["float"]


def inside(snapshot: Snapshot, stage: int = -1) -> list[Node]:
    return [node for node in snapshot.stages[stage].whole.nodes if "/" in node.id and node.kind is Kind.OP]


def test_a_model_under_no_grad_is_captured_so_that_all_of_it_is_quantized() -> None:
    snapshot = run(NoGrad(), "pt2e-static")
    (found,) = snapshot.findings
    assert (found.rule, found.level) == ("captured_without_grad", Level.INFO)
    assert found.args["file"] == "test_subgraphs.py"
    assert stays_float(snapshot) == []
    assert "with torch.no_grad():\n    captured = torch.export.export(" in snapshot.run.python
    assert not inside(snapshot)


class Sign(torch.autograd.Function):
    """Multiplies by signs, and has a gradient of its own."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        return nn.functional.linear(x, weight.sign())

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        return grads[0], None


class CallsFunction(NoGrad):
    def __init__(self, is_function: bool = True) -> None:
        super().__init__()
        self.is_function = is_function

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x, weight = self.before(x), self.inside.weight
        if self.is_function:
            return self.behind(Sign.apply(x, weight))
        return self.behind(nn.functional.linear(x, weight + (weight.sign() - weight).detach()))


@pytest.mark.filterwarnings("ignore:.*autograd.function.Function.* should not be:DeprecationWarning")  # dynamo's own
def test_a_function_with_a_gradient_of_its_own_is_not_told_as_a_grad_mode() -> None:
    (found,) = run(CallsFunction(), "pt2e-static").findings
    assert found.code == "captured_without_grad.function"
    assert run(CallsFunction(is_function=False), "pt2e-static").findings == ()


@pytest.mark.parametrize("is_function", [True, False])
@pytest.mark.filterwarnings("ignore:.*autograd.function.Function.* should not be:DeprecationWarning")  # dynamo's own
def test_training_says_that_no_gradient_passes_such_a_function(is_function: bool) -> None:
    snapshot = run(CallsFunction(is_function), "pt2e-qat")
    found = {each.code: each for each in snapshot.findings if each.level is not Level.INFO}
    assert [*found] == (["capture_differs.backward", "float_in_subgraph.autograd_function"] if is_function else [])
    if is_function:
        line = "torch.autograd.Function makes that graph, see test_subgraphs.py:"
        assert line in found["float_in_subgraph.autograd_function"].reason
    graph: Any = torch.export.export(CallsFunction(is_function), ROW, strict=True).module()
    graph(*ROW).sum().backward()
    assert (graph.before.weight.grad is None) is is_function


def test_training_keeps_the_region_and_names_what_stays_in_float() -> None:
    snapshot = run(NoGrad(), "pt2e-qat")
    (found,) = (each for each in snapshot.findings if each.rule == "float_in_subgraph")
    assert (found.level, found.code) == (Level.WARNING, "float_in_subgraph.no_grad_in_training")
    (linear,) = inside(snapshot)
    assert found.nodes == (linear.id,)
    assert linear.why is not None
    assert linear.why.code == "float.in_subgraph"
    assert "torch.no_grad() in forward() makes that graph, see test_subgraphs.py:" in linear.why.evidence
    assert stays_float(snapshot) == [linear.id]


def test_training_captures_under_no_grad_where_no_gradient_is_lost() -> None:
    snapshot = run(Rotary(), "pt2e-qat")
    assert snapshot.run.error is None
    assert "captured_without_grad" in {each.rule for each in snapshot.findings}


def test_a_graph_in_a_graph_that_torch_loses_is_named() -> None:
    snapshot = run(InnerRegion(), "pt2e-qat")
    assert snapshot.run.error is not None
    assert snapshot.run.error.code == "stop.nested_graph_lost"
    assert run(InnerRegion(), "pt2e-static").run.error is None


@pytest.mark.parametrize(
    ("model", "code"), [(Autocast, "float_in_subgraph.autocast"), (Branching, "float_in_subgraph.control_flow")]
)
def test_what_no_quantizer_reaches_is_named(model: type[NoGrad], code: str) -> None:
    snapshot = run(model(), "pt2e-static")
    (found,) = (each for each in snapshot.findings if each.rule == "float_in_subgraph")
    assert found.code == code
    assert set(found.nodes) <= {node.id for node in inside(snapshot)}
    assert all(node.why.code == "float.in_subgraph" for node in inside(snapshot) if node.why)
    kept = {link.from_ids: link.relation for link in snapshot.links if link.to_stage == "converted"}
    assert {kept[node.id,] for node in inside(snapshot)} == {"same"}
    (call,) = (node for node in snapshot.stages[-1].graph.nodes if node.target.startswith("higher_order."))
    assert call.why is not None
    assert call.why.code == "operator.calls_graph"
    (converted,) = (stage for stage in snapshot.stages if stage.name == "converted")
    whys = {node.id: node.why for node in converted.graph.nodes if node.why is not None}
    assert {whys[each].code for each in call.why.roles["graphs"]} == {"constant.graph"}
    frames = {node.why.code for graph in (converted.subgraphs or {}).values() for node in graph.nodes if node.why}
    assert frames >= {"input.of_graph", "output.of_graph"}


class AllAutocast(NoGrad):
    """All of forward() stands in the region: nothing is left outside for a quantizer to annotate."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            return self.behind(self.inside(self.before(x)))


def test_a_region_around_the_whole_model_is_why_nothing_is_quantized() -> None:
    snapshot = run(AllAutocast(), "pt2e-static")
    first = by_cause(snapshot.findings)[0]
    assert (first.cause.code, first.cause.level) == ("float_in_subgraph.autocast", Level.ERROR)
    assert "nothing_quantized" in {each.rule for each in first.consequences}


def test_torch_observes_nothing_inside() -> None:
    """What the reasons say, in torch alone."""
    torch._dynamo.reset()
    captured = torch.export.export(NoGrad().eval(), ROW).module()
    assert isinstance(captured, torch.fx.GraphModule)
    quantizer = XNNPACKQuantizer().set_global(get_symmetric_quantization_config())
    prepared = prepare_pt2e(captured, quantizer)
    prepared(*ROW)
    converted = convert_pt2e(prepared)
    (region,) = (each for each in converted.children() if isinstance(each, torch.fx.GraphModule))
    assert [str(node.target) for node in region.graph.nodes if node.op == "call_function"] == ["aten.linear.default"]
