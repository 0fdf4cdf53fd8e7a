"""How much runs in low precision: sums that torch gives, and layers that a module drawn whole hides."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

import pytest
import torch
from torch import nn
from torch.fx import Graph, GraphModule, Proxy
from torch.fx.proxy import GraphAppendingTracer

from qviz.document.coverage import Coverage
from qviz.document.graph import Value
from qviz.document.plan import Plan
from qviz.document.snapshot import Snapshot
from qviz.engine.loading.forward import Arguments
from qviz.engine.loading.source import Loaded
from qviz.engine.nodes.macs import macs_of
from qviz.engine.serving.run import run_loaded

WIDTH, HEADS, HIDDEN, TOKENS = 16, 2, 24, 2 * 5
OF_LINEARS = TOKENS * 2 * WIDTH * HIDDEN
OF_LAYER = OF_LINEARS + TOKENS * 4 * WIDTH * WIDTH + TOKENS * 2 * 5 * WIDTH


class Encoder(nn.Module):
    """Two linears around layers that every flow but those of PT2E draws whole."""

    def __init__(self) -> None:
        super().__init__()
        self.before = nn.Linear(8, WIDTH)
        self.layer = nn.TransformerEncoderLayer(WIDTH, HEADS, HIDDEN, batch_first=True)
        self.after = nn.Linear(WIDTH, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.after(self.layer(self.before(x)))


OF_BOTH = TOKENS * (8 * WIDTH + WIDTH * 4)


def inspect(model: nn.Module, flow: str, *inputs: torch.Tensor, **fields: object) -> Snapshot:
    loaded = Loaded(model.eval(), Arguments(inputs, {}), None)
    return run_loaded(loaded, Plan(source="here", flow=flow, measure=False, **fields), lambda _: None)  # type: ignore[arg-type]


def shares(snapshot: Snapshot) -> dict[str, Any]:
    told = snapshot.summary["coverage"]
    assert isinstance(told, dict)
    return told


def test_a_layer_drawn_whole_counts_for_what_it_multiplies() -> None:
    snapshot = inspect(Encoder(), "fx-static", torch.randn(2, 5, 8))
    told = shares(snapshot)
    assert told["macs"] == [OF_BOTH, OF_BOTH + OF_LAYER]
    parameters = sum(each.numel() for each in Encoder().parameters())
    assert told["parameters"] == [8 * WIDTH + WIDTH + WIDTH * 4 + 4, parameters]
    assert told["operators"] == [2, 5], "two linears are low; two inside of the layer and its attention are not"
    (finding,) = [each for each in snapshot.findings if each.rule == "little_quantized"]
    assert finding.nodes == ("layer",)


def test_what_is_quantized_inside_of_a_layer_counts() -> None:
    told = shares(inspect(Encoder(), "eager-dynamic", torch.randn(2, 5, 8)))
    assert told["macs"] == [OF_BOTH + OF_LINEARS, OF_BOTH + OF_LAYER]
    assert told["operators"] == [4, 5]


@pytest.mark.parametrize("flow", ["fx-static", "pt2e-static"])
def test_all_of_a_convolution_with_its_batch_norm_is_low(flow: str) -> None:
    model = nn.Sequential(nn.Conv2d(3, 8, 3, groups=1), nn.BatchNorm2d(8), nn.ReLU(), nn.Flatten(), nn.Linear(288, 5))
    told = shares(inspect(model, flow, torch.randn(2, 3, 8, 8)))
    assert told["macs"] == [2 * 36 * 8 * 27 + 2 * 288 * 5] * 2
    assert told["parameters"] == [sum(each.numel() for each in model.parameters())] * 2


def test_a_dynamic_flow_is_judged_by_what_multiplies() -> None:
    model = nn.Sequential(nn.Conv2d(3, 8, 3), nn.Flatten(), nn.Linear(288, 5))
    assert "little_quantized" in {each.rule for each in inspect(model, "fx-dynamic", torch.randn(2, 3, 8, 8)).findings}
    rows = nn.Sequential(nn.Linear(8, 16), nn.Tanh(), nn.LayerNorm(16), nn.Softmax(-1), nn.Linear(16, 4))
    snapshot = inspect(rows, "fx-dynamic", torch.randn(3, 8))
    assert snapshot.findings == ()
    assert shares(snapshot)["macs"] == [3 * 8 * 16 + 3 * 16 * 4] * 2


def test_recurrent_layers_count_each_step() -> None:
    class Cells(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.steps = nn.LSTM(4, 6, num_layers=2, batch_first=True)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.steps(x)[0]

    told = shares(inspect(Cells(), "fx-dynamic", torch.randn(3, 7, 4)))
    matrices = 4 * 6 * (4 + 6) + 4 * 6 * (6 + 6)
    assert told["macs"] == [3 * 7 * matrices] * 2


@pytest.mark.parametrize(
    ("function", "shapes", "macs"),
    [
        (lambda a, b: a @ b, [(2, 3, 4), (4, 5)], 2 * 3 * 4 * 5),
        (torch.bmm, [(2, 3, 4), (2, 4, 5)], 2 * 3 * 4 * 5),
        (lambda a, b: torch.einsum("bij,bjk->bik", a, b), [(2, 3, 4), (2, 4, 5)], 2 * 3 * 4 * 5),
        (torch.addmm, [(5,), (3, 4), (4, 5)], 3 * 4 * 5),
        (nn.functional.conv1d, [(2, 3, 8), (4, 3, 3)], 2 * 6 * 4 * 9),
        (lambda a, b: nn.functional.conv_transpose2d(a, b, stride=2), [(2, 3, 4, 4), (3, 5, 2, 2)], 2 * 16 * 3 * 20),
        (
            nn.functional.scaled_dot_product_attention,
            [(2, 2, 5, 4), (2, 2, 6, 4), (2, 2, 6, 3)],
            2 * 2 * 5 * 6 * 7,
        ),
        (lambda a, b: a * b, [(3, 4), (3, 4)], 0),
    ],
)
def test_functions_count_what_they_multiply(
    function: Callable[..., torch.Tensor], shapes: list[tuple[int, ...]], macs: int
) -> None:
    graph = _traced(function, len(shapes))
    tensors = [torch.randn(shape) for shape in shapes]
    result = function(*tensors)
    (call,) = [node for node in graph.graph.nodes if node.op not in ("placeholder", "output")]
    inputs = [node for node in graph.graph.nodes if node.op == "placeholder"]
    values = {node.name: (Value(shape, "torch.float32"),) for node, shape in zip(inputs, shapes, strict=True)}
    values[call.name] = (Value(tuple(result.shape), "torch.float32"),)
    assert macs_of(graph, call, values).total == macs


def _traced(function: Callable[..., torch.Tensor], count: int) -> GraphModule:
    graph = Graph()
    tracer = GraphAppendingTracer(graph)
    proxies = [Proxy(graph.placeholder(f"x{number}"), tracer) for number in range(count)]
    result: Any = function(*proxies)
    graph.output(result.node)
    return GraphModule({}, graph)


def test_a_linear_in_low_precision_hides_no_product_of_activations() -> None:
    class Attending(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.fc = nn.Linear(4, 4)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            y = self.fc(x)
            return y @ y.transpose(-1, -2)

    snapshot = inspect(Attending(), "eager-dynamic", torch.randn(2, 50, 4))
    assert shares(snapshot)["macs"] == [100 * 16, 100 * 16 + prod((2, 50, 4, 50))]
    assert [each.rule for each in snapshot.findings] == ["little_quantized"]


def test_shares_that_are_not_known_are_left_out() -> None:
    assert Coverage("converted", 1, 2).shares() == {"operators": [1, 2]}
