"""The other FX flows against the count by hand, on every sample and every model of torch's tests."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn
from torch.ao.quantization import (
    QConfigMapping,
    default_dynamic_qconfig,
    default_embedding_qat_qconfig,
    float16_dynamic_qconfig,
    float_qparams_weight_only_qconfig,
    float_qparams_weight_only_qconfig_4bit,
    get_default_qat_qconfig_mapping,
)
from torch.ao.quantization.quantize_fx import convert_fx, prepare_fx, prepare_qat_fx
from torch.fx import GraphModule
from torch.fx.passes.shape_prop import ShapeProp

from qviz.document.graph import Kind
from qviz.document.query import count_kinds
from qviz.document.snapshot import Stage
from qviz.engine.recording.extract import record
from tests.engine.test_counts import MODELS, agrees, models


def of_types(qconfig: Any, *types: type) -> QConfigMapping:
    mapping = QConfigMapping()
    for each in types:
        mapping.set_object_type(each, qconfig)
    return mapping


EMBEDDINGS = (nn.Embedding, nn.EmbeddingBag)
MAPPINGS = {
    "dynamic": QConfigMapping().set_global(default_dynamic_qconfig),
    "quint8": of_types(float_qparams_weight_only_qconfig, *EMBEDDINGS),
    "quint4x2": of_types(float_qparams_weight_only_qconfig_4bit, *EMBEDDINGS),
    "float16": QConfigMapping().set_global(float16_dynamic_qconfig),
}


def converts_alike(prepared: GraphModule, before: Stage, inputs: tuple[torch.Tensor, ...]) -> Stage:
    converted = convert_fx(prepared)
    after, _ = record("converted", converted, inputs, before)
    ShapeProp(converted).propagate(*inputs)
    agrees(after, converted)
    return after


@pytest.mark.parametrize("name", models(one_in=1))
@pytest.mark.parametrize("mapping", MAPPINGS)
def test_fx_without_calibration(name: str, mapping: str) -> None:
    torch.manual_seed(0)
    model, inputs = MODELS[name]()
    kinds = [type(each) for each in model.modules()]
    prepared = prepare_fx(model.eval(), MAPPINGS[mapping], inputs)
    before, _ = record("prepared", prepared, inputs)
    agrees(before, prepared)
    after = converts_alike(prepared, before, inputs)
    wanted = (nn.Linear, nn.LSTM) if mapping in ("dynamic", "float16") else EMBEDDINGS
    assert bool(count_kinds(after.graph).get(Kind.QUANTIZED_OP)) or not any(each in wanted for each in kinds)


@pytest.mark.parametrize("name", models(one_in=2))
def test_fx_qat(name: str) -> None:
    torch.manual_seed(0)
    model, inputs = MODELS[name]()
    inputs = tuple(torch.cat([each, each]) for each in inputs)  # a batch norm does not train on a batch of one
    mapping = get_default_qat_qconfig_mapping("x86").set_object_type(nn.Embedding, default_embedding_qat_qconfig)
    mapping.set_object_type(nn.EmbeddingBag, default_embedding_qat_qconfig)
    prepared = prepare_qat_fx(model.train(), mapping, inputs)
    prepared(*inputs)
    before, facts = record("prepared", prepared, inputs)
    agrees(before, prepared)
    watching = {node.id for node in before.graph.nodes if node.kind.value in ("fake_quant", "observer")}
    assert watching <= {each for each in facts if (fact := facts[each].observer) and fact.calibrated is not False}
    converts_alike(prepared.eval(), before, inputs)
