from __future__ import annotations

import pytest

from qviz.document.api_entries import entry_for, entry_of, entry_of_node, load_entries
from qviz.document.flows import FLOWS
from qviz.document.graph import Kind
from qviz.document.plan import Plan, expected_stages
from tests.factories import node, value


def test_every_name_stands_once_and_says_something():
    entries = load_entries()
    assert len({entry.name for entry in entries}) == len(entries) > 300
    assert all(entry.line.endswith(".") for entry in entries)
    assert all(entry.example for entry in entries if entry.what != "option")
    stays = {entry.name.rpartition(".")[0] for entry in entries if entry.what != "option" and not entry.later}
    assert stays == {"torch.export", "torch.fx", "torch.ops.higher_order"}


def test_flows_and_stages_are_those_that_there_are():
    flows = {flow.id for flow in FLOWS}
    plans = [Plan(source="m", flow=flow, reference=True, lower=True) for flow in flows]
    stages = {stage for plan in plans for stage in expected_stages(plan)}
    for entry in load_entries():
        assert set(entry.flows) <= flows
        assert set(entry.stages) <= stages


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("torch.ao.quantization.prepare", "torch.ao.quantization.prepare"),
        ("HistogramObserver", "torch.ao.quantization.HistogramObserver"),
        ("quantized_decomposed.quantize_per_tensor.default", "torch.ops.quantized_decomposed.quantize_per_tensor"),
        ("torch.quantize_per_tensor", "torch.quantize_per_tensor"),
        ("ConvReLU2d", "torch.ao.nn.intrinsic.ConvReLU2d"),
        ("is_qat", "is_qat"),
    ],
)
def test_what_graphs_and_plans_write_is_found(written: str, name: str):
    found = entry_for(written)
    assert found is not None
    assert found.name == name


@pytest.mark.parametrize(
    ("kind", "module_type", "dtype", "stage", "name"),
    [
        (Kind.OP, "Linear", "torch.float32", "original", None),
        (Kind.QUANTIZED_OP, "Linear", "torch.quint8", "converted", "torch.ao.nn.quantized.Linear"),
        (Kind.QUANTIZED_OP, "Linear", "torch.float32", "converted", "torch.ao.nn.quantized.dynamic.Linear"),
        (Kind.QUANTIZED_OP, "Linear", "torch.float32", "reference", "torch.ao.nn.quantized.reference.Linear"),
        (Kind.FUSED_OP, "ConvReLU2d", "torch.float32", "prepared", "torch.ao.nn.intrinsic.ConvReLU2d"),
        (Kind.QUANTIZED_OP, "ConvReLU2d", "torch.quint8", "converted", "torch.ao.nn.intrinsic.quantized.ConvReLU2d"),
        (Kind.OBSERVER, "HistogramObserver", "torch.float32", "prepared", "torch.ao.quantization.HistogramObserver"),
    ],
)
def test_a_node_is_told_from_the_float_module_of_the_same_name(
    kind: Kind, module_type: str, dtype: str, stage: str, name: str | None
):
    made = node("n", kind=kind, type=module_type, values=[value(1, 8, dtype=dtype)])
    found = entry_of_node(made, stage)
    assert (found.name if found else None) == name


@pytest.mark.parametrize("written", ["Linear", "aten.conv2d.default", "MyBlock", ""])
def test_what_is_none_of_torchs_quantization_has_no_entry(written: str):
    assert entry_for(written) is None


def test_each_flow_begins_with_something_known():
    assert all(entry_of(flow.api) for flow in FLOWS)
