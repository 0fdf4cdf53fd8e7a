"""Graphs that the caller prepared: twice, for training with observers alone, by a quantizer that is not known."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from torch import nn
from torch.ao.quantization.quantize_pt2e import convert_pt2e, prepare_pt2e, prepare_qat_pt2e
from torch.ao.quantization.quantizer.x86_inductor_quantizer import (
    X86InductorQuantizer,
    get_default_x86_inductor_quantization_config,
)
from torch.ao.quantization.quantizer.xnnpack_quantizer import XNNPACKQuantizer, get_symmetric_quantization_config
from torch.fx import GraphModule

from qviz.document.snapshot import Finding, Level, Snapshot
from qviz.engine.recording.given_graphs import record_graphs

ROWS = torch.linspace(-1, 1, 64).reshape(8, 8)
IMAGES = torch.linspace(-1, 1, 576).reshape(1, 4, 12, 12)


def quantizer(is_qat: bool = False) -> XNNPACKQuantizer:
    return XNNPACKQuantizer().set_global(get_symmetric_quantization_config(is_qat=is_qat))


def exported(model: nn.Module, inputs: torch.Tensor = ROWS) -> Any:
    torch._dynamo.reset()
    return torch.export.export(model, (inputs,), strict=True).module()


def layers() -> nn.Module:
    return nn.Sequential(nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 8)).eval()


def loud(snapshot: Snapshot) -> list[Finding]:
    return [each for each in snapshot.findings if each.level is not Level.INFO]


def test_a_graph_that_was_prepared_twice():
    once: Any = prepare_pt2e(exported(layers()), quantizer())
    once(ROWS)
    assert loud(record_graphs({"prepared": once})) == []
    twice: GraphModule = prepare_pt2e(once, quantizer())
    twice(ROWS)
    found = loud(record_graphs({"prepared": twice}))[0]
    assert (found.code, found.level) == ("applied_twice.observers", Level.ERROR)
    assert len(found.nodes) == 2


@pytest.mark.parametrize("is_qat", [False, True])
def test_training_with_observers_alone(is_qat: bool):
    prepared: Any = prepare_qat_pt2e(exported(layers().train()), quantizer(is_qat))
    prepared(ROWS)
    codes = [each.code for each in loud(record_graphs({"prepared": prepared}))]
    assert codes == ([] if is_qat else ["qat_without_fake_quant"])


def converted(model: nn.Module, inputs: torch.Tensor) -> Snapshot:
    captured = exported(model.eval(), inputs)
    prepared: Any = prepare_pt2e(exported(model, inputs), quantizer())
    prepared(inputs)
    kept = copy.deepcopy(prepared)
    return record_graphs({"captured": captured, "prepared": kept, "converted": convert_pt2e(prepared)})


def test_what_a_quantizer_that_is_not_known_left_in_float():
    """Whether it could annotate more is not known, so that it is no warning."""
    model = nn.Sequential(nn.Conv2d(4, 4, 3), nn.GELU(), nn.Conv2d(4, 4, 3))
    snapshot = converted(model, IMAGES)
    assert [each.code for each in snapshot.findings if each.rule == "float_island"] == ["float_island.not_annotated"]
    assert loud(snapshot) == []


@pytest.mark.parametrize("is_strict", [True, False])
def test_a_quantizer_that_had_no_source_fn_stack_to_read_is_a_guess(is_strict: bool):
    captured: Any = torch.export.export(layers(), (ROWS,), strict=is_strict).module()
    of_inductor = X86InductorQuantizer().set_global(get_default_x86_inductor_quantization_config())
    prepared: Any = prepare_pt2e(copy.deepcopy(captured), of_inductor)
    prepared(ROWS)
    told = loud(record_graphs({"captured": captured, "prepared": prepared, "converted": convert_pt2e(prepared)}))
    codes = ["nothing_quantized.not_observed", "captured_without_strict.in_hand"]
    assert [each.code for each in told] == ([] if is_strict else codes)


def test_where_another_quantizer_found_its_operators_nothing_is_guessed():
    captured: Any = torch.export.export(layers(), (ROWS,), strict=False).module()
    prepared: Any = prepare_pt2e(copy.deepcopy(captured), quantizer())
    prepared(ROWS)
    found = record_graphs({"captured": captured, "prepared": prepared}).findings
    assert "captured_without_strict" not in {each.rule for each in found}
