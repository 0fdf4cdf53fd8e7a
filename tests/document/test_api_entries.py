from __future__ import annotations

import pytest

from qviz.document.api_entries import BEGINS, entry_for, entry_of, load_entries
from qviz.document.plan import FLOWS, Plan, expected_stages


def test_every_name_stands_once_and_says_something():
    entries = load_entries()
    assert len({entry.name for entry in entries}) == len(entries) > 300
    assert all(entry.line.endswith(".") for entry in entries)
    assert all(entry.example for entry in entries if entry.what != "option")
    assert all(entry.later for entry in entries if entry.what != "option")


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


@pytest.mark.parametrize("written", ["aten.conv2d.default", "MyBlock", ""])
def test_what_is_none_of_torchs_quantization_has_no_entry(written: str):
    assert entry_for(written) is None


def test_each_flow_begins_with_something_known():
    assert set(BEGINS) == {flow.id for flow in FLOWS}
    assert all(entry_of(name) for name in BEGINS.values())
