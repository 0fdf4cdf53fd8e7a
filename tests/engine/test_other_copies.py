"""Graphs of copies of torch.ao, as torchao has them: the same names and forms, other classes.

With ``torchao==0.13.0`` installed, ``pytest -m slow`` also counts what its own graphs hold.
"""

from __future__ import annotations

import copy
import importlib.util
import sys
import types
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn
from torch.ao.quantization import observer
from torch.ao.quantization.quantize_pt2e import convert_pt2e
from torch.ao.quantization.quantizer import quantizer as specs
from torch.fx import GraphModule, symbolic_trace

import qviz
from qviz.document.graph import Kind
from qviz.errors import QvizError
from tests.engine.small_models import NET_INPUTS, Net, exported, pt2e_prepared


@pytest.fixture
def other(monkeypatch: pytest.MonkeyPatch) -> Callable[[GraphModule], GraphModule]:
    """Return what gives the observers and annotations of a prepared graph classes of another copy of torch.ao."""
    observers, annotations = (_copied(each, monkeypatch) for each in (observer, specs))

    def remade(thing: Any) -> Any:
        made = copy.copy(thing)
        if type(thing).__module__ == specs.__name__:
            object.__setattr__(made, "__class__", getattr(annotations, type(thing).__name__))
        return made

    def changed(own: GraphModule) -> GraphModule:
        prepared = copy.deepcopy(own)
        for child in prepared.modules():
            if isinstance(child, observer.ObserverBase):
                child.__class__ = getattr(observers, type(child).__name__)
        for node in prepared.graph.nodes:
            annotation = node.meta.get("quantization_annotation")
            if annotation is not None:
                made = remade(annotation)
                made.input_qspec_map = {key: remade(spec) for key, spec in annotation.input_qspec_map.items()}
                made.output_qspec = remade(annotation.output_qspec)
                node.meta["quantization_annotation"] = made
        return prepared

    return changed


def _copied(module: types.ModuleType, monkeypatch: pytest.MonkeyPatch) -> types.ModuleType:
    """Return a module of torch, executed once more: its classes are others, with the same names."""
    assert module.__file__ is not None
    spec = importlib.util.spec_from_file_location(f"other_{module.__name__}", module.__file__)
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, made)
    spec.loader.exec_module(made)
    return made


def test_a_prepared_graph_of_another_copy_is_read_like_that_of_torch(other: Callable[[GraphModule], GraphModule]):
    own = pt2e_prepared(exported(Net().eval(), NET_INPUTS), NET_INPUTS)
    changed = other(own)
    assert not any(isinstance(each, observer.ObserverBase) for each in changed.modules())
    want, have = (qviz.snapshot({"prepared": each}).stage("prepared").graph.nodes for each in (own, changed))
    assert [(node.id, node.kind, node.why) for node in have] == [(node.id, node.kind, node.why) for node in want]
    assert Counter(node.kind for node in have)[Kind.OBSERVER] > 3


def test_links_and_casts_are_those_of_torch(other: Callable[[GraphModule], GraphModule]):
    own = pt2e_prepared(exported(Net().eval(), NET_INPUTS), NET_INPUTS)
    converted = convert_pt2e(copy.deepcopy(own))
    want, have = (qviz.snapshot({"prepared": each, "converted": converted}).document for each in (own, other(own)))
    assert have.links == want.links
    assert [node.why for node in have.stages[1].graph.nodes] == [node.why for node in want.stages[1].graph.nodes]


class PackedTensor(torch.Tensor):
    """A tensor subclass as ``quantize_`` of torchao puts one into float modules."""


PackedTensor.__module__ = "torchao.dtypes.packed"


def packed() -> nn.Sequential:
    first = nn.Linear(4, 4)
    first.weight = nn.Parameter(first.weight.detach().as_subclass(PackedTensor), requires_grad=False)
    return nn.Sequential(first, nn.ReLU(), nn.Linear(4, 2))


def test_a_weight_that_is_a_tensor_subclass_is_a_quantized_one():
    first, relu, last = qviz.snapshot({"quantized": symbolic_trace(packed())}).stage("quantized").graph.nodes[1:4]
    assert (first.kind, relu.kind, last.kind) == (Kind.QUANTIZED_OP, Kind.OP, Kind.OP)
    assert first.why is not None
    assert first.why.code == "quantized.weight_subclass"
    assert relu.why is not None
    assert not relu.why.stays_float


def test_a_model_that_torchao_has_quantized_is_refused_by_its_layers():
    with pytest.raises(QvizError, match="The weights of 0 are quantized already, by torchao"):
        qviz.inspect(packed().eval(), (torch.randn(1, 4),), flow="fx-static")


def _network(name: str) -> tuple[nn.Module, tuple[Any, ...]]:
    torch.manual_seed(0)
    if name != "transformer":
        return getattr(pytest.importorskip("torchvision.models"), name)(), (torch.randn(2, 3, 64, 64),)
    layer = nn.TransformerEncoderLayer(32, 4, 64, batch_first=True)
    return nn.TransformerEncoder(layer, 2, enable_nested_tensor=False), (torch.randn(2, 5, 32),)


def _of_torchao(name: str, is_qat: bool) -> dict[str, GraphModule]:
    """Return a network that torchao prepared and converted."""
    steps = pytest.importorskip("torchao.quantization.pt2e.quantize_pt2e")
    quantizers = pytest.importorskip("torchao.testing.pt2e._xnnpack_quantizer")
    model, inputs = _network(name)
    captured: Any = torch.export.export(model.train(is_qat), inputs, strict=True).module()
    config = quantizers.get_symmetric_quantization_config(is_per_channel=True, is_qat=is_qat)
    prepare = steps.prepare_qat_pt2e if is_qat else steps.prepare_pt2e
    prepared = prepare(captured, quantizers.XNNPACKQuantizer().set_global(config))
    prepared(*inputs)
    kept = copy.deepcopy(prepared)
    if is_qat:
        pytest.importorskip("torchao.quantization.pt2e").move_exported_model_to_eval(prepared)
    return {"prepared": kept, "converted": steps.convert_pt2e(prepared)}


def _counted_by_name(graph: GraphModule) -> Counter[str]:
    """Count by the names of operators and classes alone."""
    of_operations = {"placeholder": "input", "output": "output", "get_attr": "constant"}
    of_names = {"FakeQuant": "fake_quant", "Observer": "observer", "dequantize_": "dequantize", "quantize_": "quantize"}
    found = Counter[str]()
    for node in graph.graph.nodes:
        name = str(node.target).rpartition("quantized_decomposed.")[2]
        if node.op == "call_module":
            name = type(graph.get_submodule(str(node.target))).__name__
        kinds = [kind for part, kind in of_names.items() if part in name]
        found[of_operations.get(node.op) or (kinds[0] if kinds else "op")] += 1
    return found


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("is_qat", [False, True])
@pytest.mark.parametrize("name", ["mobilenet_v2", "resnet18", "transformer"])
def test_counts_per_kind_are_those_by_name(name: str, is_qat: bool):
    graphs = _of_torchao(name, is_qat)
    for stage in qviz.snapshot(graphs).stages:
        nodes = stage.graph.nodes
        assert Counter(node.kind.value for node in nodes) == _counted_by_name(graphs[stage.name])
        watching = [node.why for node in nodes if node.kind in (Kind.OBSERVER, Kind.FAKE_QUANT)]
        assert bool(watching) is (stage.name == "prepared")
        assert all(why is not None and not why.stays_float for why in watching)
