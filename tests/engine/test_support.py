"""Proves every cell of the operator table by running it with torch: directly in eager mode, through qviz for PT2E."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn
from torch.ao.nn import quantizable
from torch.ao.quantization import (
    QuantWrapper,
    convert,
    float_qparams_weight_only_qconfig,
    get_default_qconfig,
    prepare,
    quantize_dynamic,
)

from qviz.analysis.regions import function_name
from qviz.analysis.verdicts.support import OPERATORS, used
from qviz.document.plan import Plan
from qviz.engine.loading.source import Loaded
from qviz.engine.serving.run import run_loaded

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")


class First(nn.Module):
    """Calls one module and gives its first output."""

    def __init__(self, inner: nn.Module, times: int = 1) -> None:
        super().__init__()
        self.inner = inner
        self.times = times

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.inner(x, x, x) if self.times == 3 else self.inner(x)
        return y[0] if isinstance(y, tuple) else y


BAG = torch.tensor([[1, 2, 3], [4, 5, 6]])
MODELS: dict[str, tuple[Callable[[], nn.Module], torch.Tensor]] = {
    "Linear": (lambda: First(nn.Linear(8, 8)), torch.randn(2, 8)),
    "Conv1d": (lambda: First(nn.Conv1d(4, 4, 3)), torch.randn(2, 4, 8)),
    "Conv2d": (lambda: First(nn.Conv2d(4, 4, 3)), torch.randn(2, 4, 8, 8)),
    "Conv3d": (lambda: First(nn.Conv3d(4, 4, 3)), torch.randn(2, 4, 6, 6, 6)),
    "LSTM": (lambda: First(nn.LSTM(8, 8)), torch.randn(3, 2, 8)),
    "GRU": (lambda: First(nn.GRU(8, 8)), torch.randn(3, 2, 8)),
    "RNNCell": (lambda: First(nn.RNNCell(8, 8)), torch.randn(2, 8)),
    "GRUCell": (lambda: First(nn.GRUCell(8, 8)), torch.randn(2, 8)),
    "LSTMCell": (lambda: First(nn.LSTMCell(8, 8)), torch.randn(2, 8)),
    "EmbeddingBag": (lambda: First(nn.EmbeddingBag(10, 12)), BAG),
    "Embedding": (lambda: First(nn.Embedding(10, 12)), BAG),
    "MultiheadAttention": (lambda: First(nn.MultiheadAttention(8, 2), times=3), torch.randn(3, 2, 8)),
    "Activations": (lambda: First(nn.Sequential(nn.Linear(8, 8), nn.Sigmoid(), nn.Hardswish())), torch.randn(2, 8)),
}


def quantized(module: nn.Module) -> set[str]:
    """Return the names of the classes in a model that compute with integers."""
    places = ("torch.ao.nn.quantized", "torch.ao.nn.intrinsic.quantized")
    casts = {"Quantize", "DeQuantize", "QFunctional", "LinearPackedParams", "EmbeddingPackedParams", "PackedParameter"}
    return {type(m).__name__ for m in module.modules() if type(m).__module__.startswith(places)} - casts


def statically(name: str) -> set[str]:
    make, x = MODELS[name]
    if name.startswith("Embedding"):
        model: Any = make().eval()
        model.inner.qconfig = float_qparams_weight_only_qconfig
    else:
        model = QuantWrapper(make().eval())
        model.qconfig = get_default_qconfig("x86")
    prepared = prepare(model)
    prepared(x)
    converted = convert(prepared)
    assert converted(x).dtype is torch.float32
    return quantized(converted)


def dynamically(name: str, **options: Any) -> set[str]:
    make, x = MODELS[name]
    model = quantize_dynamic(make().eval(), **options)
    model(x)
    return quantized(model)


STATIC_CLASSES = {name: {name} for name in MODELS} | {
    "LSTM": {"LSTM", "Linear"},
    "MultiheadAttention": {"MultiheadAttention", "Linear"},
    "Activations": {"Linear", "Hardswish"},  # Sigmoid stays the class it was and takes integers
}
"""What static quantization makes where it works."""


@pytest.mark.parametrize("row", OPERATORS, ids=lambda row: row.name)
def test_the_static_cell(row):
    if row.static.works:
        assert STATIC_CLASSES[row.name] <= statically(row.name)
    else:
        with pytest.raises((AttributeError, NotImplementedError)):
            statically(row.name)


@pytest.mark.parametrize("row", OPERATORS, ids=lambda row: row.name)
def test_the_dynamic_cell(row):
    if "quint8" in row.dynamic.how:
        assert dynamically(row.name) == set()  # as the note says
        assert dynamically(row.name, dtype=torch.quint8) == {row.name}
    elif row.name == "Activations":
        assert dynamically(row.name) == {"Linear"}  # the activations of the same model are not among them
    else:
        assert dynamically(row.name) == ({row.name} if row.dynamic.works else set())


def precision(name: str, flow: str, **plan: Any) -> dict[str, Any]:
    make, x = MODELS[name]
    snapshot = run_loaded(Loaded(make(), (x,)), Plan("m:M", flow=flow, **plan), lambda report: None)
    assert snapshot.run.error is None
    found: Any = snapshot.summary["precision"]
    nodes = {node.id: node for node in snapshot.stages[-1].graph.nodes}
    return {side: [function_name(nodes[i]) for i in found[side]] for side in ("low", "float")}


@pytest.mark.parametrize("name", ["LSTM", "MultiheadAttention"])
def test_the_custom_modules_are_those_that_the_table_names(name):
    model = QuantWrapper(MODELS[name][0]().eval())
    model.qconfig = get_default_qconfig("x86")
    between = {type(m) for m in prepare(model).modules()}
    assert getattr(quantizable, name) in between


def test_a_static_embedding_keeps_float_activations():
    make, x = MODELS["Embedding"]
    model: Any = make().eval()
    model.inner.qconfig = float_qparams_weight_only_qconfig
    converted = convert(prepare(copy.deepcopy(model)))
    assert converted(x).dtype is torch.float32
    assert converted.inner.weight().dtype is torch.quint8


def test_pt2e_sees_the_linears_of_attention():
    for flow in ("pt2e-static", "pt2e-dynamic"):
        assert precision("MultiheadAttention", flow)["low"].count("linear") == 2


@pytest.mark.parametrize("flow", ["fx-static", "fx-dynamic"])
def test_fx_leaves_attention_in_float(flow):
    assert precision("MultiheadAttention", flow) == {"low": [], "float": ["multiheadattention"]}


def test_convolutions_under_pt2e():
    assert precision("Conv3d", "pt2e-static") == {"low": [], "float": ["conv3d"]}
    for name in ("Conv1d", "Conv2d", "Conv3d"):
        assert precision(name, "pt2e-dynamic")["low"] == []
    assert precision("Conv2d", "pt2e-dynamic", quantizer="x86_inductor")["low"] == ["conv2d"]
    for name in ("Conv1d", "Conv3d"):
        assert precision(name, "pt2e-dynamic", quantizer="x86_inductor")["low"] == []


def test_activations_under_fx_and_pt2e():
    assert precision("Activations", "fx-static")["low"] == ["linear", "sigmoid", "hardswish"]
    assert precision("Activations", "fx-dynamic")["float"] == ["sigmoid", "hardswish"]
    assert precision("Activations", "pt2e-static")["float"] == ["sigmoid", "hardswish"]


def test_pt2e_fails_on_a_gru():
    make, x = MODELS["GRU"]
    snapshot = run_loaded(Loaded(make(), (x,)), Plan("m:M", flow="pt2e-static"), lambda report: None)
    assert snapshot.run.error is not None
    assert snapshot.run.error.step == "preparing"


def test_what_a_model_uses_is_found_by_its_modules_and_by_its_graph():
    assert used(["Net", "Conv2d", "ReLU"], []) == {"Conv2d", "Activations"}
    assert used([], ["linear", "lstm", "view", "embedding_bag"]) == {"Linear", "LSTM", "EmbeddingBag"}
    assert used(["Net"], ["add"]) == frozenset()
