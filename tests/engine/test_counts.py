"""Nodes, edges and kinds against a count of its own, on every sample and every model of torch's tests.

The count below asks isinstance and operator names and shares nothing with qviz's classification.
"""

from __future__ import annotations

import importlib.util
import inspect
import operator
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.ao.nn.intrinsic as nni
import torch.testing._internal.common_quantization as torch_models
from torch import nn
from torch.ao.nn.quantized.reference.modules.utils import ReferenceQuantizedModule
from torch.ao.quantization import FakeQuantizeBase, ObserverBase
from torch.ao.quantization.quantization_mappings import (
    get_default_dynamic_quant_module_mappings,
    get_default_static_quant_module_mappings,
)
from torch.ao.quantization.quantize_fx import convert_fx
from torch.ao.quantization.quantize_pt2e import convert_pt2e
from torch.fx import GraphModule, Node
from torch.fx.passes.shape_prop import ShapeProp

from qviz.document.query import count_kinds
from qviz.document.samples import SAMPLES
from qviz.document.snapshot import Stage
from qviz.engine.recording.extract import record
from tests.engine.small_models import exported, fx_prepared, pt2e_prepared
from tests.sweeps import some

SAMPLE_FILES = Path(__file__).parents[2] / "resources" / "samples"
QUANTIZED_CLASSES = (
    *get_default_static_quant_module_mappings().values(),
    *get_default_dynamic_quant_module_mappings().values(),
    ReferenceQuantizedModule,
)
TORCH_QUANTIZED = (torch.quint8, torch.qint8, torch.qint32)
MOVES_ONLY = (torch.flatten, torch.cat, torch.reshape, torch.transpose, torch.squeeze, operator.getitem)
MOVES_ONLY_METHODS = ("view", "reshape", "flatten", "permute", "transpose", "contiguous", "chunk", "size", "squeeze")

NOT_STRICT = {"LinearReluAddModel", "ConvReluAddModel"}
"""They assign a module in forward, which torch.export takes only in non-strict mode."""


def load_sample(file: str) -> tuple[nn.Module, tuple[Any, ...]]:
    spec = importlib.util.spec_from_file_location(f"sample_{Path(file).stem}", SAMPLE_FILES / file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.model(), module.example_inputs()


def torch_model(name: str) -> tuple[nn.Module, tuple[Any, ...]]:
    class_ = getattr(torch_models, name)
    needs_engine = any(
        each.name == "qengine" and each.default is each.empty for each in inspect.signature(class_).parameters.values()
    )
    model = class_(qengine="fbgemm") if needs_engine else class_()
    return model, model.get_example_inputs()


def torch_model_names() -> Iterator[str]:
    for name, each in vars(torch_models).items():
        if inspect.isclass(each) and issubclass(each, nn.Module) and hasattr(each, "get_example_inputs"):
            yield name


MODELS: dict[str, Callable[[], tuple[nn.Module, tuple[Any, ...]]]] = {
    **{f"sample:{each.name}": partial(load_sample, each.file) for each in SAMPLES},
    **{name: partial(torch_model, name) for name in torch_model_names()},
}


def models(one_in: int) -> list[Any]:
    """Return all models; those of the suite are one in so many."""
    large = "sample:seed"  # 314 million weights; sample:seed-small has the same modules
    return [*some([name for name in MODELS if name != large], one_in), pytest.param(large, marks=pytest.mark.slow)]


def count_by_hand(module: GraphModule) -> Counter[str]:
    return Counter(kind_by_hand(module, node) for node in module.graph.nodes)


def kind_by_hand(module: GraphModule, node: Node) -> str:
    ends = {"placeholder": "input", "output": "output", "get_attr": "constant"}
    if node.op in ends:
        return ends[node.op]
    if node.op == "call_module":
        return module_by_hand(module.get_submodule(str(node.target)), node)
    return method_by_hand(node) if node.op == "call_method" else function_by_hand(node)


def method_by_hand(node: Node) -> str:
    if node.target == "dequantize":
        return "dequantize"
    return "op" if node.target in MOVES_ONLY_METHODS or not fed_quantized(node) else "quantized_op"


def function_by_hand(node: Node) -> str:
    namespace, _, name = str(node.target).partition(".")
    if namespace == "quantized_decomposed":
        return next(kind for kind in ("dequantize", "quantize", "choose_qparams") if name.startswith(kind))
    if node.target in (torch.quantize_per_tensor, torch.quantize_per_channel):
        return "quantize"
    if namespace == "quantized":
        return "quantized_op"
    return "op" if node.target in MOVES_ONLY or not fed_quantized(node) else "quantized_op"


def module_by_hand(child: nn.Module, node: Node) -> str:
    if isinstance(child, FakeQuantizeBase):
        return "fake_quant"
    if isinstance(child, ObserverBase):
        return "observer"
    if isinstance(child, QUANTIZED_CLASSES):
        return "quantized_op"
    if isinstance(child, nni.modules.fused._FusedModule):
        return "fused_op"
    return "op" if isinstance(child, nn.Flatten | nn.Identity) or not fed_quantized(node) else "quantized_op"


def fed_quantized(node: Node) -> bool:
    metadata = [each.meta.get("tensor_meta") for each in node.all_input_nodes]
    return any(getattr(each, "dtype", None) in TORCH_QUANTIZED for each in metadata)


def agrees(stage: Stage, module: GraphModule) -> None:
    assert len(stage.graph.nodes) == len(module.graph.nodes)
    edges = {
        (producer.name, node.name, position)
        for node in module.graph.nodes
        for position, producer in enumerate(node.all_input_nodes)
    }
    assert {tuple(edge) for edge in map(_plain, stage.graph.edges)} == edges
    assert len(stage.graph.edges) == sum(len(node.all_input_nodes) for node in module.graph.nodes)
    assert {kind.value: count for kind, count in count_kinds(stage.graph).items()} == count_by_hand(module)


def _plain(edge: Any) -> tuple[str, str, int]:
    return edge.from_id, edge.to_id, edge.input_index


@pytest.mark.parametrize("name", models(one_in=2))
def test_fx_static(name: str) -> None:
    torch.manual_seed(0)
    model, inputs = MODELS[name]()
    prepared = fx_prepared(model, inputs)
    before, facts = record("prepared", prepared, inputs)
    agrees(before, prepared)
    observed = {node.id for node in before.graph.nodes if node.kind.value == "observer"}
    assert {each for each in facts if (fact := facts[each].observer) and fact.calibrated is not False} == observed
    converted = convert_fx(prepared)
    after, _ = record("converted", converted, inputs, before)
    ShapeProp(converted).propagate(*inputs)
    agrees(after, converted)


@pytest.mark.filterwarnings("ignore:erase_node.* on an already erased node:UserWarning")
@pytest.mark.parametrize("name", models(one_in=2))
def test_pt2e_static(name: str) -> None:
    torch.manual_seed(0)
    model, inputs = MODELS[name]()
    captured = exported(model.eval(), inputs, strict=name not in NOT_STRICT)
    stage, _ = record("captured", captured, inputs)
    agrees(stage, captured)
    prepared = pt2e_prepared(captured, inputs)
    before, _ = record("prepared", prepared, inputs, stage)
    agrees(before, prepared)
    converted = convert_pt2e(prepared)
    after, _ = record("converted", converted, inputs, before)
    agrees(after, converted)


def test_strict_capture_is_left_out_only_where_torch_refuses_it() -> None:
    for name in NOT_STRICT:
        model, inputs = MODELS[name]()
        with pytest.raises(AssertionError, match="Mutating module attribute relu during export"):
            exported(model.eval(), inputs)
