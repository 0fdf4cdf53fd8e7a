"""Nodes, edges and kinds of the dynamic and QAT flows of PT2E against the count by hand, on torch's own test models."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from torch.ao.quantization import move_exported_model_to_eval
from torch.ao.quantization.quantize_pt2e import convert_pt2e, prepare_qat_pt2e

from qviz.engine.recording.extract import record
from tests.engine.small_models import exported, pt2e_prepared, quantizer
from tests.engine.test_counts import MODELS, NOT_STRICT, agrees

USUAL = {
    "SingleLayerLinearModel",
    "LinearAddModel",
    "ConvTransposeModel",
    "TwoLayerConvModel",
    "LinearReluLinearModel",
    "ConvReluAddModel",
    "FunctionalLinearReluModel",
    "FunctionalConvReluConvModel",
}
"""Without batch norms, whose QAT conversion exports every pattern anew: 6 seconds each."""


def models() -> Iterator[object]:
    for name in MODELS:
        if not name.startswith("sample:"):
            yield pytest.param(name, marks=() if name in USUAL else pytest.mark.slow)


@pytest.mark.parametrize("name", list(models()))
def test_pt2e_dynamic(name: str) -> None:
    torch.manual_seed(0)
    model, inputs = MODELS[name]()
    captured = exported(model.eval(), inputs, strict=name not in NOT_STRICT)
    stage, _ = record("captured", captured, inputs)
    agrees(stage, captured)
    prepared = pt2e_prepared(captured, inputs, is_dynamic=True)
    before, _ = record("prepared", prepared, inputs, stage)
    agrees(before, prepared)
    converted = convert_pt2e(prepared)
    after, _ = record("converted", converted, inputs, before)
    agrees(after, converted)


@pytest.mark.parametrize("name", list(models()))
def test_pt2e_qat(name: str) -> None:
    torch.manual_seed(0)
    model, inputs = MODELS[name]()
    inputs = tuple(torch.cat([each, each]) for each in inputs)  # a batch norm does not train on a batch of one
    captured = exported(model.train(), inputs, strict=name not in NOT_STRICT)
    stage, _ = record("captured", captured, inputs)
    agrees(stage, captured)
    prepared = prepare_qat_pt2e(captured, quantizer(is_qat=True))
    prepared(*inputs)
    before, facts = record("prepared", prepared, inputs, stage)
    agrees(before, prepared)
    watching = {node.id for node in before.graph.nodes if node.kind.value == "fake_quant"}
    assert {each for each in facts if (fact := facts[each].observer) and fact.calibrated is not False} == watching
    move_exported_model_to_eval(prepared)
    converted = convert_pt2e(prepared)
    after, _ = record("converted", converted, inputs, before)
    agrees(after, converted)
