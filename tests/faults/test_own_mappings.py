"""Mappings and qconfigs of the user's own of which torch drops a part without a word."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn
from torch.ao.nn.intrinsic import LinearReLU
from torch.ao.quantization import (
    MinMaxObserver,
    QConfig,
    QConfigMapping,
    default_observer,
    default_weight_observer,
    get_default_qconfig_mapping,
)
from torch.ao.quantization.backend_config import BackendConfig, get_native_backend_config
from torch.ao.quantization.quantize_fx import convert_fx, prepare_fx

import qviz
from qviz.document.plan import Plan
from qviz.document.snapshot import Finding, Level, Snapshot
from qviz.engine.loading.source import Loaded
from qviz.engine.serving.run import run_loaded

ROWS = torch.linspace(-1, 1, 64).reshape(8, 8)


def of_first_call() -> QConfigMapping:
    return get_default_qconfig_mapping("x86").set_module_name_object_type_order("", nn.Linear, 0, None)


def of_a_second_call() -> QConfigMapping:
    return get_default_qconfig_mapping("x86").set_module_name_object_type_order("body", nn.Linear, 1, None)


def of_another_function() -> QConfigMapping:
    return get_default_qconfig_mapping("x86").set_module_name_object_type_order("", torch.matmul, 0, None)


def all_linears() -> QConfigMapping:
    return get_default_qconfig_mapping("x86").set_object_type(nn.Linear, None)


def all_linears_fused_too() -> QConfigMapping:
    return all_linears().set_object_type(LinearReLU, None)


def all_linears_and_the_body() -> QConfigMapping:
    return all_linears().set_module_name("body", None)


def unsigned_weights() -> QConfigMapping:
    unsigned = MinMaxObserver.with_args(dtype=torch.quint8)
    return QConfigMapping().set_global(QConfig(default_observer, unsigned))


def signed_weights() -> QConfigMapping:
    return QConfigMapping().set_global(QConfig(default_observer, default_weight_observer))


class Tower(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.body, self.head = nn.Sequential(nn.Linear(8, 8), nn.ReLU()), nn.Linear(8, 8)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.body(x))


def run(mapping: str, backend: str = "x86") -> Snapshot:
    torch.manual_seed(0)
    plan = Plan(source="tower", flow="fx-static", qconfig=f"{__name__}:{mapping}", backend=backend)
    return run_loaded(Loaded(Tower().eval(), (ROWS,)), plan, lambda _: None)


def codes(snapshot: Snapshot) -> list[str]:
    return [each.code for each in snapshot.findings]


@pytest.mark.parametrize("mapping", ["of_a_second_call", "of_another_function"])
def test_a_call_that_is_not_made(mapping: str):
    (found,) = [each for each in run(mapping).findings if each.level is not Level.INFO]
    assert found.code == "rule_matches_nothing.no_such_call"
    assert found.message.startswith("set_module_name_object_type_order(")


def test_a_call_that_is_made():
    assert codes(run("of_first_call")) == ["left_by_rule.qconfig"]


def test_none_is_not_handed_on_to_fused_types():
    (found,) = [each for each in run("all_linears").findings if each.level is not Level.INFO]
    assert (found.code, found.nodes) == ("rule_passes_fused", ("body_0",))
    assert "set_object_type(torch.nn.Linear, None)" in found.message
    assert "LinearReLU" in found.hint


@pytest.mark.parametrize("mapping", ["all_linears_fused_too", "all_linears_and_the_body"])
def test_fused_types_that_are_left_out_by_another_rule(mapping: str):
    assert "rule_passes_fused" not in codes(run(mapping))


def test_weights_of_a_dtype_that_convert_does_not_take():
    found: Finding = run("unsigned_weights").findings[0]
    assert (found.code, found.level, found.nodes) == ("asked_but_float.weight_listed", Level.ERROR, ("body_0", "head"))
    assert (found.args["weight_dtype"], found.args["listed"]) == ("torch.quint8", "torch.qint8")
    assert found.hint == "Use a weight observer of qint8."


def test_weights_of_a_dtype_that_it_takes():
    assert "asked_but_float.weight_listed" not in codes(run("signed_weights"))
    assert "nothing_quantized" not in {each.rule for each in run("signed_weights").findings}


@pytest.mark.parametrize("is_same", [True, False])
def test_a_backend_that_convert_alone_was_given_and_that_lists_no_linear(is_same: bool):
    net = nn.Sequential(nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 8)).eval()
    full = get_native_backend_config()
    own = BackendConfig("own")
    for each in full.configs:
        if is_same or each.pattern is not nn.Linear:
            own.set_backend_pattern_config(each)
    prepared = prepare_fx(net, get_default_qconfig_mapping("x86"), (ROWS,), backend_config=full)
    prepared(ROWS)
    before = copy.deepcopy(prepared)
    found = qviz.snapshot({"prepared": before, "converted": convert_fx(prepared, backend_config=own)}).findings
    said = [(each.code, each.nodes) for each in found if each.rule == "asked_but_float"]
    assert said == ([] if is_same else [("asked_but_float.weight_unlisted", ("_2",))])
